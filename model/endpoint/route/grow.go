package route

import (
	"slices"
	"strings"
)

// A grower builds the trie of one recording.
type grower struct {
	rows     *rows
	share    []float64         // by print: how common it is among unrelated addresses
	routes   map[position]bool // keys that stand behind many different ones
	ends     [][]string        // by row: its template, once there is one
	rests    [][]int           // by row and position: what is behind it
	outcomes *outcomes
	values   map[string]places // where a word was a value
	words    map[string]places // where a word was none
	before   map[string]places // values of the round before
	fixed    map[string]places // words of the round before
}

// A position is a key and how many stand before it.
type position struct {
	at  int
	key string
}

// places are some of the positions at which a word was seen.
type places []string

const maxPlaces = 4

// fewRoutes: a word that stands behind so many different ones is a route.
const fewRoutes = 3

func (p places) with(at string) places {
	if len(p) >= maxPlaces || slices.Contains(p, at) {
		return p
	}
	return append(p, at)
}

// others counts the places that are not at.
func (p places) others(at string) int {
	n := len(p)
	if slices.Contains(p, at) {
		n--
	}
	return n
}

// grow builds the trie twice. In the first round the end of a path is compared by
// the words in it that stand behind many different ones, in the second by the
// template that the first found.
func grow(r *rows) *node {
	g := &grower{rows: r, routes: map[position]bool{}, values: map[string]places{}}
	g.shares()
	g.findRoutes()
	all := make([]int, len(r.list))
	for i := range all {
		all[i] = i
	}
	var root *node
	for range 2 {
		g.outcomes = newOutcomes()
		g.rests = make([][]int, len(r.list))
		for i := range g.rests {
			g.rests[i] = g.restsOf(i)
		}
		g.before, g.values = g.values, map[string]places{}
		g.fixed, g.words = g.words, map[string]places{}
		ends := make([][]string, len(r.list))
		root = g.node(all, 0, "", root, ends)
		g.ends = ends
	}
	root.prune()
	return root
}

// prune forgets the words of a wildcard that stands alone.
func (n *node) prune() {
	if len(n.wild) == 1 {
		n.wild[0].words = nil
	}
	for _, next := range n.literal {
		next.prune()
	}
	for _, w := range n.wild {
		w.next.prune()
	}
}

// shares estimates how often two unrelated addresses have one print: the share of
// the addresses, without their last part, that have it.
func (g *grower) shares() {
	type pair struct {
		parent string
		print  int
	}
	seen := map[pair]bool{}
	count := make([]float64, len(g.rows.prints))
	for _, r := range g.rows.list {
		p := pair{strings.Join(r.keys[:len(r.keys)-1], "/"), r.print}
		if !seen[p] {
			seen[p] = true
			count[r.print]++
		}
	}
	g.share = count
	for i := range g.share {
		g.share[i] = (g.share[i] + 0.5) / (float64(len(seen)) + 1)
	}
}

// findRoutes finds the keys that stand behind at least three different ones.
func (g *grower) findRoutes() {
	behind := map[position]places{}
	for _, r := range g.rows.list {
		for i := 1; i < len(r.keys); i++ {
			at := position{i, r.keys[i]}
			if len(behind[at]) < fewRoutes {
				behind[at] = behind[at].with(r.keys[i-1])
			}
			if len(behind[at]) >= fewRoutes {
				g.routes[at] = true
			}
		}
	}
}

// node decides what follows one beginning of a path. old is the node that the round
// before made there.
func (g *grower) node(list []int, at int, prefix string, old *node, ends [][]string) *node {
	n := &node{literal: map[string]*node{}}
	children := g.children(list, at, old)
	taken := map[*child]bool{}
	for _, w := range g.wildcards(children, at, prefix) {
		var pooled []int
		for _, c := range w.members {
			pooled = append(pooled, c.rows...)
			taken[c] = true
		}
		slices.Sort(pooled)
		for _, i := range pooled {
			ends[i] = append(ends[i], w.name)
		}
		w.next = g.node(pooled, at+1, prefix+"/{}", old.behind(w.members[0].key), ends)
		n.wild = append(n.wild, &w.wildcard)
	}
	for _, c := range children {
		if taken[c] {
			continue
		}
		if c.lexical <= 0.5 && (len(c.order) >= 2 || c.count >= 8) {
			g.words[c.key] = g.words[c.key].with(prefix)
		}
		for _, i := range c.rows {
			ends[i] = append(ends[i], c.key)
		}
		n.literal[c.key] = g.node(c.rows, at+1, prefix+"/"+c.key, old.behind(c.key), ends)
	}
	return n
}
