package modelled

import (
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
)

// A crossing is a place where walks can go from one recorded session to another: a step
// of a recorded session.
type crossing struct{ session, leg int }

// crossings are the steps that the recorded sessions of one behavior made.
type crossings struct {
	source *source
	starts []crossing
	at     map[string][]crossing // by step
	odds   map[string]map[string]float64
	edges  map[string][]model.Edge
	pasts  map[crossing]past // what the session had done when the step was over
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
		edges: map[string][]model.Edge{}, pasts: map[crossing]past{}}
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
			c.pasts[at] = past{p.write, slices.Clone(p.last)}
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
// from here is taken with its own odds.
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
	weight := func(at crossing) float64 {
		after := c.after(at)
		return c.edge(step, after).Odds / c.odds[step][after]
	}
	candidates := c.alike(filter(c.at[step], func(at crossing) bool { return weight(at) > 0 }), p, open)
	weights := make([]float64, len(candidates))
	total := 0.0
	for i, at := range candidates {
		weights[i] = weight(at)
		total += weights[i]
	}
	v := random.Float64() * total
	for i, at := range candidates {
		if v -= weights[i]; v < 0 {
			e := c.edge(step, c.after(at))
			return way{to: crossing{at.session, at.leg + 1}, think: e.Think, ends: e.To == model.End}
		}
	}
	return way{ends: true, none: true}
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

// alike returns the recorded steps whose sessions can be gone on with: those whose next
// step has its values; of these, those that changed the same last; and of these, those
// that made the same last steps, as many as there are sessions that did. Each condition
// gives way where nobody meets it.
func (c *crossings) alike(at []crossing, p *past, open func(crossing) bool) []crossing {
	conditions := []func(crossing) bool{
		func(x crossing) bool { return c.after(x) == model.End || open(crossing{x.session, x.leg + 1}) },
		func(x crossing) bool { return c.pasts[x].write == p.write },
	}
	for n := 2; n <= remembered; n++ {
		conditions = append(conditions, func(x crossing) bool { return sameLast(c.pasts[x].last, p.last, n) })
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
	return strings.Join(a[:min(len(a), n)], "\x00") == strings.Join(b[:min(len(b), n)], "\x00")
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
