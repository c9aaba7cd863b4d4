package session

import (
	"cmp"
	"slices"
)

// tie adds weight to the tie of two connections.
func (c *carriers) tie(a, b, weight uint32) {
	if a == b {
		c.list[a].own += weight
	}
	if a == b || a == 0 || b == 0 {
		return
	}
	for _, end := range [...][2]uint32{{a, b}, {b, a}} {
		least := &c.list[end[0]].ties[0]
		for i := range c.list[end[0]].ties {
			t := &c.list[end[0]].ties[i]
			if t.carrier == end[1] {
				least = t
				break
			}
			if t.weight < least.weight {
				least = t
			}
		}
		if least.carrier == end[1] {
			least.weight += weight
		} else if least.weight <= weight {
			*least = tie{end[1], weight}
		}
	}
}

// bind finds the connections of one browser: those that are tied to each other more than
// to all others. The strongest ties come first.
func (c *carriers) bind() {
	for i := range c.list {
		c.list[i].with = uint32(i)
	}
	c.joined()
	type edge struct{ a, b, weight uint32 }
	var edges []edge
	for i := range c.list {
		l := &c.list[i]
		for _, t := range l.ties {
			if t.weight > 0 && !l.pooled && !c.list[t.carrier].pooled {
				edges = append(edges, edge{uint32(i), t.carrier, t.weight})
			}
		}
	}
	slices.SortFunc(edges, func(x, y edge) int {
		return cmp.Or(cmp.Compare(y.weight, x.weight), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
	})
	fetched := map[uint32][]fetch{} // by browsers of several connections
	has := func(n uint32) []fetch {
		if list, ok := fetched[n]; ok {
			return list
		}
		return c.list[n].cold[:c.list[n].colds]
	}
	for _, e := range edges {
		a, b := c.stands(e.a), c.stands(e.b)
		if a > b {
			a, b = b, a
			e.a, e.b = e.b, e.a
		}
		if a == b || c.apart(a, b) || !c.leads(e.a, b) || !c.leads(e.b, a) || twice(has(a), has(b)) {
			continue
		}
		all := append(slices.Clone(has(a)), has(b)...)
		fetched[a] = all[:min(len(all), maxFetched)]
		delete(fetched, b)
		c.merge(a, b)
	}
}

// apart reports whether two browsers name different users, or run in different processes.
func (c *carriers) apart(a, b uint32) bool {
	x, y := &c.list[a], &c.list[b]
	return x.roots[0] != 0 && y.roots[0] != 0 && x.roots[0] != y.roots[0] ||
		x.process != y.process && c.running.lasts(x.process) && c.running.lasts(y.process)
}

// merge makes two browsers one, unless they name different users. a stands for it.
func (c *carriers) merge(a, b uint32) {
	x, y := &c.list[a], &c.list[b]
	if a == b || x.roots[0] != 0 && y.roots[0] != 0 && x.roots[0] != y.roots[0] {
		return
	}
	y.with = a
	if x.roots[0] == 0 {
		x.roots[0] = y.roots[0]
	}
}

// maxFetched is the number of assets that are remembered of one browser.
const maxFetched = 48

// twice reports whether two connections fetched the same at about the same time. One
// browser keeps what it fetched.
func twice(a, b []fetch) bool {
	for _, x := range a {
		for _, y := range b {
			if x.asset == y.asset && max(x.second-y.second, y.second-x.second) < 60 {
				return true
			}
		}
	}
	return false
}

// leads reports whether a connection is tied to one other browser more than to any other,
// and not much less than to its own. Of two that it is tied to as much either may have sent
// its only request.
func (c *carriers) leads(n, browser uint32) bool {
	own, weight := c.stands(n), map[uint32]uint32{}
	for _, t := range c.list[n].ties {
		weight[c.stands(t.carrier)] += t.weight
	}
	to := weight[browser]
	for other, w := range weight {
		if other != own && (w > to || w == to && other != browser && c.list[n].flows == 1) {
			return false
		}
	}
	return to >= wholeTie/2 && 6*to > weight[own] && 4*to > c.list[n].own
}

// stands returns the connection that stands for all of a browser.
func (c *carriers) stands(n uint32) uint32 {
	for c.list[n].with != n {
		c.list[n].with = c.list[c.list[n].with].with
		n = c.list[n].with
	}
	return n
}
