package route

import (
	"slices"
	"strconv"
	"strings"
)

// An outcome is what a request looks like behind a position: the rest of its path,
// its method and the shape of its answer.
type outcome struct {
	number int
	print  int
	words  bool // in the rest of the path
	failed bool // the answer is an error
}

func (g *grower) outcome(i, at int, old *node) outcome {
	r := &g.rows.list[i]
	rest := slices.Clone(g.rest(r, i, at, old))
	var words []int
	for j, key := range rest {
		switch {
		case key == "":
		case holds(key), g.ends == nil && !g.routes[string(rune(at+1+j))+key]:
			rest[j] = "{}"
		default:
			words = append(words, j)
		}
	}
	end := "\x00" + strconv.Itoa(r.method) + " " + strconv.Itoa(r.print)
	o := outcome{print: r.print, words: len(words) > 0, failed: r.failed}
	o.number = number(g.suffix, strings.Join(rest, "/")+end)
	if _, known := g.masked[o.number]; !known && o.words {
		g.mask(o, rest, words, end)
	}
	return o
}

// mask notes what the outcome is if some of its words are values.
func (g *grower) mask(o outcome, rest []string, words []int, end string) {
	words = slices.DeleteFunc(words, func(j int) bool { return valueness(rest[j]) < -2 })
	words = words[:min(len(words), 3)]
	var out []int
	for bits := 1; bits < 1<<len(words); bits++ {
		some := slices.Clone(rest)
		for k, j := range words {
			if bits>>k&1 == 1 {
				some[j] = "{}"
			}
		}
		out = append(out, number(g.suffix, strings.Join(some, "/")+end))
	}
	g.masked[o.number] = out
}

// rest returns what stands behind a position: the keys, or their template. What
// stands behind a word that was no value is tried as if it were one.
func (g *grower) rest(r *row, i, at int, old *node) []string {
	if g.ends == nil {
		return r.keys[at+1:]
	}
	rest := g.ends[i][at+1:]
	if old == nil || old.literal[g.ends[i][at]] == nil || holds(r.keys[at]) {
		return rest
	}
	for _, w := range old.wild {
		if out := w.next.trial(r.keys[at+1:], r.first[at+1:]); out != nil {
			return out
		}
	}
	return rest
}

// trial returns the template of the rest of a path behind n. It is nil unless all
// of it is known there.
func (n *node) trial(keys, first []string) []string {
	out := make([]string, 0, len(keys))
	sure := len(keys) == 0
	for i, key := range keys {
		next, name := n.follow(key, first[i])
		if next == nil {
			return nil
		}
		if name == key || n.knows(key) {
			sure = true
		}
		out = append(out, name)
		n = next
	}
	if !sure {
		return nil
	}
	return out
}

// knows reports whether a word was seen as a value.
func (n *node) knows(key string) bool {
	for _, w := range n.wild {
		if w.words[key] {
			return true
		}
	}
	return false
}

// behind returns the node that the round before made behind a key.
func (n *node) behind(key string) *node {
	if n == nil {
		return nil
	}
	next, _ := n.follow(key, key)
	return next
}
