package route

import (
	"cmp"
	"maps"
	"slices"
)

// never is the lexical score of what cannot be a value.
const never = -20.0

// A child is what begins with one part at a node.
type child struct {
	key      string
	rows     []int
	count    int         // requests
	values   int         // words: more than one for a series
	once     int         // of them, how many were asked for once
	ids      int         // of them, how many have an identifier next
	outcomes map[int]int // requests by number of outcome
	order    []int       // keys of outcomes in the order of their first use
	lexical  float64
}

// children groups rows by their part at a position, sorted by key.
func (g *grower) children(list []int, at int, old *node) []*child {
	byKey := map[string]*child{}
	var out []*child
	for _, i := range list {
		r := &g.rows.list[i]
		if at >= len(r.keys) {
			continue
		}
		c := byKey[r.keys[at]]
		if c == nil {
			c = &child{key: r.keys[at], outcomes: map[int]int{}}
			byKey[c.key] = c
			out = append(out, c)
		}
		c.add(g, i, at, g.outcome(i, at, old))
	}
	for _, c := range out {
		c.values = 1
		if c.count == 1 {
			c.once = 1
		}
	}
	out = g.series(out)
	for _, c := range out {
		if c.key != "" {
			c.lexical = valueness(c.key)
			if g.rows.list[c.rows[0]].call {
				c.lexical = never
			}
		}
	}
	slices.SortFunc(out, func(a, b *child) int { return cmp.Compare(a.key, b.key) })
	return out
}

func (c *child) add(g *grower, i, at, o int) {
	r := &g.rows.list[i]
	c.rows = append(c.rows, i)
	c.count += r.count
	if at+1 < len(r.keys) && whole(r.keys[at+1]) {
		c.ids += r.count
	}
	if c.outcomes[o] == 0 {
		c.order = append(c.order, o)
	}
	c.outcomes[o] += r.count
}

// series joins words that differ in a number alone, such as order-1 and order-2,
// where at least three of them have an outcome in common.
func (g *grower) series(list []*child) []*child {
	groups, byKey := map[string][]*child{}, map[string]*child{}
	for _, c := range list {
		byKey[c.key] = c
		if !whole(c.key) {
			if s := withHoles(c.key, isNumber); s != c.key {
				groups[s] = append(groups[s], c)
			}
		}
	}
	joined := map[*child]bool{}
	var out []*child
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		members := groups[key]
		if len(members) < 3 || !alike(members) {
			continue
		}
		sum := &child{key: key, outcomes: map[int]int{}}
		if same := byKey[key]; same != nil {
			members = append(members, same)
		}
		for _, c := range members {
			joined[c] = true
			sum.join(c)
		}
		out = append(out, sum)
	}
	for _, c := range list {
		if !joined[c] {
			out = append(out, c)
		}
	}
	return out
}

func (c *child) join(other *child) {
	c.rows = append(c.rows, other.rows...)
	c.count += other.count
	c.values += other.values
	c.once += other.once
	c.ids += other.ids
	for _, o := range other.order {
		if c.outcomes[o] == 0 {
			c.order = append(c.order, o)
		}
		c.outcomes[o] += other.outcomes[o]
	}
}

// alike reports whether three of five children have one outcome in common.
func alike(list []*child) bool {
	count := map[int]int{}
	for _, c := range list {
		for _, o := range c.order {
			if count[o]++; 5*count[o] >= 3*len(list) {
				return true
			}
		}
	}
	return false
}
