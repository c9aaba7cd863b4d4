package learn

import (
	"cmp"
	"slices"

	"github.com/starling-load/starling/model"
)

// Numbers of sessions that a guard needs as evidence.
const (
	minAfter = 2 // sessions that visited the endpoint after the marker
	minNever = 3 // sessions that visited both; fewer, but two at least, if the endpoint has no more
)

// A guards learns the guards of a model: what must have happened in a session before
// a request.
type guards struct {
	l      *learner
	m      *model.Model
	number map[string]int // of each endpoint, by name
	graph  []map[int][]int
	starts [][]int
	always map[pair][]int // endpoints visited since the marker before every visit to the endpoint
	after  map[pair]int   // sessions in which the endpoint follows the marker
	both   map[pair]int   // sessions that have both
}

// A pair is an endpoint and a marker: something is needed before the endpoint, since
// the last visit to the marker. Marker -1 is the start of the session.
type pair struct{ endpoint, marker int }

// needs adds guards to the endpoints of m. A walk then does not do what a state of
// the target forbids (an empty cart, a deleted record, a user who has logged out) and
// what therefore no recorded user did. Guards that the transitions imply are left out.
func (l *learner) needs(m *model.Model) {
	g := &guards{l: l, m: m, number: map[string]int{}, always: map[pair][]int{}, after: map[pair]int{}, both: map[pair]int{}}
	for i, e := range m.Endpoints {
		g.number[e.Name] = i
	}
	g.read()
	markers := g.markers()
	for _, x := range markers {
		g.observe(x)
	}
	for e := range m.Endpoints {
		if !l.assets[m.Endpoints[e].Name] {
			g.require(e, markers)
		}
	}
	never := map[int][]int{} // markers by endpoint
	for _, x := range markers {
		if x >= 0 {
			for _, e := range g.forbidden(x) {
				never[e] = append(never[e], x)
			}
		}
	}
	for e := range m.Endpoints {
		g.forbid(e, never[e])
	}
	for i := range m.Endpoints {
		slices.SortFunc(m.Endpoints[i].Needs, func(a, b model.Need) int {
			return cmp.Or(cmp.Compare(a.Since, b.Since), cmp.Compare(a.Endpoint, b.Endpoint))
		})
	}
}

// read copies the transitions as numbers.
func (g *guards) read() {
	for _, b := range g.m.Behaviors {
		next := map[int][]int{}
		for _, s := range b.Steps {
			for _, e := range s.Next {
				if e.To != model.End {
					next[g.number[s.ID]] = append(next[g.number[s.ID]], g.number[e.To])
				}
			}
		}
		var starts []int
		for _, e := range b.Start {
			starts = append(starts, g.number[e.To])
		}
		g.graph, g.starts = append(g.graph, next), append(g.starts, starts)
	}
}

// markers returns what can change the state of the target: the start of a
// session, writes, and answers that mostly set cookies (a logout by link).
func (g *guards) markers() []int {
	out := []int{-1}
	for i, e := range g.m.Endpoints {
		n, set := 0, 0
		for _, v := range g.l.sessions {
			for _, s := range v.exchanges {
				if s.Endpoint == e.Name {
					n++
					if s.Flow.Response.Headers.Has("Set-Cookie") {
						set++
					}
				}
			}
		}
		if e.Variants[0].Request.Method != "GET" && e.Variants[0].Request.Method != "HEAD" && e.Variants[0].Request.Method != "OPTIONS" || 10*set >= 9*n {
			out = append(out, i)
		}
	}
	return out
}

// observe notes, for each endpoint, what was visited before every visit to it, since
// the last visit to marker x. If x was not visited, it counts from the start.
func (g *guards) observe(x int) {
	for _, v := range g.l.sessions {
		since := map[int]bool{}
		marked := false
		follows, has := map[int]bool{}, map[int]bool{}
		for _, s := range v.exchanges {
			e := g.number[s.Endpoint]
			has[e] = true
			key := pair{e, x}
			if old, seen := g.always[key]; seen {
				g.always[key] = slices.DeleteFunc(old, func(a int) bool { return !since[a] })
			} else {
				list := []int{}
				for a := range since {
					list = append(list, a)
				}
				slices.Sort(list)
				g.always[key] = list
			}
			if marked {
				follows[e] = true
			}
			if e == x {
				marked = true
				clear(since)
			}
			since[e] = true
		}
		for e := range follows {
			g.after[pair{e, x}]++
		}
		if x < 0 || has[x] {
			for e := range has {
				g.both[pair{e, x}]++
			}
		}
	}
}

// needed returns the endpoints that were always visited before e since x. The marker,
// e itself and assets are left out.
func (g *guards) needed(e, x int) []int {
	return slices.DeleteFunc(slices.Clone(g.always[pair{e, x}]), func(a int) bool {
		return a == x || a == e || g.l.assets[g.m.Endpoints[a].Name]
	})
}

// require adds the guards of e that neither the transitions nor another guard implies.
func (g *guards) require(e int, markers []int) {
	type guard struct{ a, x int }
	var open []guard
	for _, x := range markers {
		evidence := g.after[pair{e, x}]
		if x < 0 {
			evidence = g.both[pair{e, x}]
		}
		if evidence < minAfter {
			continue
		}
		for _, a := range g.needed(e, x) {
			if x >= 0 && !g.avoidable(x, -1, x) && slices.Contains(g.always[pair{a, -1}], x) {
				continue // x comes once and before a, so this equals the guard since the start
			}
			if g.avoidable(e, a, x) {
				open = append(open, guard{a, x})
			}
		}
	}
	for _, n := range open {
		implied := slices.ContainsFunc(open, func(o guard) bool {
			if o == n {
				return false
			}
			if o.a == n.a && n.x < 0 { // a visit since a marker is also one since the start
				return true
			}
			if o.a == n.a && o.x >= 0 && g.nearer(e, o.x, n.x) {
				return true
			}
			return o.x == n.x && slices.Contains(g.needed(o.a, n.x), n.a) && !slices.Contains(g.needed(n.a, n.x), o.a)
		})
		if !implied {
			g.add(e, n.a, n.x, max(g.after[pair{e, n.x}], boolInt(n.x < 0)*g.both[pair{e, n.x}]))
		}
	}
}

// nearer reports whether marker y was always visited between marker x and e. A guard
// since y then implies the same guard since x.
func (g *guards) nearer(e, y, x int) bool {
	return x >= 0 && slices.Contains(g.always[pair{e, x}], y) && !slices.Contains(g.always[pair{e, y}], x)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// add gives e the guard that a was visited since x. If a is -1, the guard is: never
// after x.
func (g *guards) add(e, a, x, sessions int) {
	n := model.Need{Sessions: sessions}
	if a >= 0 {
		n.Endpoint = g.m.Endpoints[a].Name
	}
	if x >= 0 {
		n.Since = g.m.Endpoints[x].Name
	}
	g.m.Endpoints[e].Needs = append(g.m.Endpoints[e].Needs, n)
}

// avoidable reports whether the transitions of some behavior lead from x (or
// the start) to e without a.
func (g *guards) avoidable(e, a, x int) bool {
	for b := range g.graph {
		todo := slices.Clone(g.starts[b])
		if x >= 0 {
			todo = slices.Clone(g.graph[b][x])
		}
		seen := map[int]bool{a: true} // if a is -1, which is no endpoint, nothing is avoided
		for len(todo) > 0 {
			at := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			if at == e {
				return true
			}
			if !seen[at] {
				seen[at] = true
				todo = append(todo, g.graph[b][at]...)
			}
		}
	}
	return false
}

// forbidden returns the endpoints that the transitions reach from x but no session
// visited after x. x itself is one of them if no session visited it twice. Endpoints
// that are reached only through them are left out.
func (g *guards) forbidden(x int) []int {
	found := map[int]bool{}
	for b := range g.graph {
		seen := map[int]bool{}
		todo := slices.Clone(g.graph[b][x])
		for len(todo) > 0 {
			at := todo[0]
			todo = todo[1:]
			if seen[at] {
				continue
			}
			seen[at] = true
			key := pair{at, x}
			enough := min(minNever, max(2, g.both[pair{at, -1}]))
			if g.after[key] == 0 && g.both[key] >= enough && !g.l.assets[g.m.Endpoints[at].Name] {
				found[at] = true
				continue
			}
			if at != x { // what follows a second visit to x is already looked at
				todo = append(todo, g.graph[b][at]...)
			}
		}
	}
	var list []int
	for e := range found {
		list = append(list, e)
	}
	slices.Sort(list)
	return list
}

// forbid adds "never after x" to e for the earliest of the markers. If y was always
// visited before x, "never after y" implies "never after x".
func (g *guards) forbid(e int, markers []int) {
	for _, x := range markers {
		implied := slices.ContainsFunc(markers, func(y int) bool {
			return y != x && y != e && slices.Contains(g.always[pair{x, -1}], y) && !slices.Contains(g.always[pair{y, -1}], x)
		})
		if !implied {
			g.add(e, -1, x, g.both[pair{e, x}])
		}
	}
}
