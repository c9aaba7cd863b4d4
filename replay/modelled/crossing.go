package modelled

import (
	"math/rand/v2"
	"slices"

	"github.com/starling-load/starling/model"
)

// A crossing is a place where walks can go from one recorded session to another: a step
// of a recorded session.
type crossing struct{ session, leg int }

// next is the step after it.
func (c crossing) next() crossing { return crossing{c.session, c.leg + 1} }

// crossings are the steps that the recorded sessions of one behavior made.
type crossings struct {
	source *source
	starts []crossing
	at     map[string][]crossing // by step
	odds   map[string]map[string]float64
	edges  map[string][]model.Edge
	seen   map[crossing]sight
}

// A sight is what choosing looks at in a recorded step.
type sight struct {
	past   past    // what the session had done when the step was over
	after  string  // the step that it made next, or model.End
	weight float64 // how much likelier that step is than it was in the recording
}

// A past is what a user has done so far, as far as the choice of the next step looks
// at it.
type past struct {
	write string   // the last step that changed something
	last  []string // the last steps, the latest first
}

// remembered is the number of steps of a past.
const remembered = 3

// add adds the step at c.
func (p *past) add(of *crossings, c crossing) {
	t := &of.source.tracks[c.session]
	l := t.legs[c.leg]
	if slices.ContainsFunc(t.acts[l.first:l.next], func(a model.Act) bool { return of.source.variantOf(&a).writes }) {
		p.write = l.step
	}
	p.last = append([]string{l.step}, p.last[:min(len(p.last), remembered-1)]...)
}

// compileCrossings collects the steps of the recorded sessions of a behavior.
func (s *source) compileCrossings(b *model.Behavior) crossings {
	c := crossings{source: s, at: map[string][]crossing{}, odds: map[string]map[string]float64{},
		edges: map[string][]model.Edge{}, seen: map[crossing]sight{}}
	for i := range b.Steps {
		c.edges[b.Steps[i].ID] = b.Steps[i].Next
	}
	for i := range s.tracks {
		t := &s.tracks[i]
		if t.behavior != b.Name || len(t.legs) == 0 {
			continue
		}
		c.starts = append(c.starts, crossing{i, 0})
		var p past
		for k, l := range t.legs {
			at := crossing{i, k}
			c.at[l.step] = append(c.at[l.step], at)
			p.add(&c, at)
			c.seen[at] = sight{past: past{p.write, slices.Clone(p.last)}, after: c.after(at)}
			if c.odds[l.step] == nil {
				c.odds[l.step] = map[string]float64{}
			}
			c.odds[l.step][c.after(at)]++
		}
	}
	for step, odds := range c.odds {
		for to := range odds {
			odds[to] /= float64(len(c.at[step]))
		}
		for _, at := range c.at[step] {
			x := c.seen[at]
			x.weight = c.edge(step, x.after).Odds / odds[x.after]
			c.seen[at] = x
		}
	}
	return c
}

// after names the step that the recorded session made after the one at c, or End.
func (c *crossings) after(at crossing) string {
	t := &c.source.tracks[at.session]
	if at.leg+1 == len(t.legs) {
		return model.End
	}
	return t.legs[at.leg+1].step
}

// A way is where a walk goes from a step.
type way struct {
	to    crossing
	think model.Think
	ends  bool // the session is over
	none  bool // there is no way on, so that the session is over although it has not come to its end
}

// next chooses where to go from the step at.
//
// Each recorded session that stood at this step counts as often as its next step has
// been made likelier or rarer than it was in the recording. A step to which nobody went
// from here is taken with its own odds. If no session that made the chosen step can be
// gone on with, another step is chosen, and if none can, the first choice stays.
func (c *crossings) next(from crossing, p *past, open func(crossing) bool, random *rand.Rand) way {
	step := c.source.tracks[from.session].legs[from.leg].step
	u := random.Float64()
	for _, e := range c.edges[step] {
		if c.odds[step][e.To] > 0 || e.Odds == 0 {
			continue
		}
		if u -= e.Odds; u < 0 { // added by hand
			return c.along(e, c.at[e.To], open, random)
		}
	}
	first := way{ends: true, none: true}
	left := filter(c.at[step], func(at crossing) bool { return c.seen[at].weight > 0 })
	for len(left) > 0 {
		alike := c.alike(left, p)
		chosen := c.draw(alike, random)
		to := c.seen[chosen].after
		if e := c.edge(step, to); to == model.End {
			return way{think: e.Think, ends: true}
		} else if first.none {
			first = way{to: chosen.next(), think: e.Think}
		}
		follows := func(at crossing) bool { return c.seen[at].after == to && open(at.next()) }
		for _, list := range [][]crossing{{chosen}, alike, left} {
			if ready := filter(list, follows); len(ready) > 0 {
				return way{to: ready[random.IntN(len(ready))].next(), think: c.edge(step, to).Think}
			}
		}
		left = filter(left, func(at crossing) bool { return c.seen[at].after != to })
	}
	return first
}

// draw chooses one of some recorded steps by their weights.
func (c *crossings) draw(of []crossing, random *rand.Rand) crossing {
	total := 0.0
	for _, at := range of {
		total += c.seen[at].weight
	}
	v := random.Float64() * total
	for _, at := range of {
		if v -= c.seen[at].weight; v < 0 {
			return at
		}
	}
	return of[len(of)-1]
}

// along goes on with a step that no session made from here.
func (c *crossings) along(e model.Edge, to []crossing, open func(crossing) bool, random *rand.Rand) way {
	if e.To == model.End || len(to) == 0 {
		return way{ends: true, none: e.To != model.End}
	}
	if ready := filter(to, open); len(ready) > 0 {
		to = ready
	}
	return way{to: to[random.IntN(len(to))], think: e.Think}
}

// edge returns the edge from a step to another. Its odds are 0 if there is none.
func (c *crossings) edge(from, to string) model.Edge {
	for _, e := range c.edges[from] {
		if e.To == to {
			return e
		}
	}
	return model.Edge{To: to}
}

// alike returns the recorded steps whose sessions had done what the walk has done: those
// that changed the same last; and of these, those that made the same last steps, as many
// as there are sessions that did. Each condition gives way where nobody meets it.
func (c *crossings) alike(at []crossing, p *past) []crossing {
	conditions := []func(crossing) bool{func(x crossing) bool { return c.seen[x].past.write == p.write }}
	for n := 2; n <= remembered; n++ {
		conditions = append(conditions, func(x crossing) bool { return sameLast(c.seen[x].past.last, p.last, n) })
	}
	for _, meets := range conditions {
		if some := filter(at, meets); len(some) > 0 {
			at = some
		}
	}
	return at
}

// sameLast reports whether two pasts have the same last n steps.
func sameLast(a, b []string, n int) bool {
	return slices.Equal(a[:min(len(a), n)], b[:min(len(b), n)])
}

func filter(list []crossing, keep func(crossing) bool) []crossing {
	var out []crossing
	for _, c := range list {
		if keep(c) {
			out = append(out, c)
		}
	}
	return out
}
