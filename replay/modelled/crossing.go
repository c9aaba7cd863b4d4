package modelled

import (
	"math/rand/v2"
	"slices"

	"github.com/starling-load/starling/model"
)

// A crossing is a place where walks can go from one recorded session to another: a step
// of a recorded session.
type crossing struct{ session, leg int32 }

// next is the step after it.
func (c crossing) next() crossing { return crossing{c.session, c.leg + 1} }

// crossings are the steps that the recorded sessions of one behavior made.
type crossings struct {
	source *source
	starts []crossing
	ids    map[string]int32 // of steps, from 1
	edges  map[string][]model.Edge
	ways   map[context][]ways
}

// ways are the recorded steps with one past, after which their sessions made the same one.
type ways struct {
	after string // or model.End
	odds  float64
	from  []crossing
}

// A context is what a walk has in common with recorded sessions: the step at hand, what
// changed something last, and the last steps.
type context struct {
	step  int32
	write int32 // 0: nothing
	any   bool  // what changed something does not count
	count int   // of the last steps that count
	last  [remembered]int32
}

// remembered is the number of steps of a past.
const remembered = 3

// A past is what a user has done so far, as far as the choice of the next step looks
// at it.
type past struct {
	write int32             // the last step that changed something
	last  [remembered]int32 // the last steps, the latest first; 0: there were fewer
}

// add adds the step at c.
func (p *past) add(of *crossings, c crossing) {
	t := &of.source.tracks[c.session]
	l := t.legs[c.leg]
	id := of.ids[l.step]
	if slices.ContainsFunc(t.acts[l.first:l.next], func(a model.Act) bool { return of.source.variantOf(&a).writes }) {
		p.write = id
	}
	copy(p.last[1:], p.last[:])
	p.last[0] = id
}

// contexts returns what a walk with this past has in common with others, the most first.
func (p *past) contexts() (list [2 * remembered]context) {
	for i := range list {
		c := context{step: p.last[0], any: i >= remembered, count: remembered - i%remembered}
		if !c.any {
			c.write = p.write
		}
		copy(c.last[:], p.last[:c.count])
		list[i] = c
	}
	return list
}

// compileCrossings collects the steps of the recorded sessions of a behavior.
func (s *source) compileCrossings(b *model.Behavior) crossings {
	c := crossings{source: s, ids: map[string]int32{}, edges: map[string][]model.Edge{}, ways: map[context][]ways{}}
	for i := range b.Steps {
		c.edges[b.Steps[i].ID] = b.Steps[i].Next
	}
	for i := range s.tracks {
		t := &s.tracks[i]
		if t.behavior != b.Name || len(t.legs) == 0 {
			continue
		}
		c.starts = append(c.starts, crossing{int32(i), 0})
		var p past
		for k, l := range t.legs {
			if c.ids[l.step] == 0 {
				c.ids[l.step] = int32(len(c.ids)) + 1
			}
			at := crossing{int32(i), int32(k)}
			p.add(&c, at)
			for _, x := range p.contexts() {
				c.note(x, c.after(at), at)
			}
		}
	}
	c.weigh()
	return c
}

// note adds a recorded step to the ways of a context.
func (c *crossings) note(x context, after string, at crossing) {
	list := c.ways[x]
	i := slices.IndexFunc(list, func(w ways) bool { return w.after == after })
	if i < 0 {
		i = len(list)
		c.ways[x] = append(list, ways{after: after})
	}
	w := &c.ways[x][i]
	w.from = append(w.from, at)
}

// weigh gives all ways their odds. Each recorded session counts as often as its next step
// has been made likelier or rarer than it was in the recording.
func (c *crossings) weigh() {
	type edge struct {
		from int32
		to   string
	}
	likelier := map[edge]float64{}
	for step, id := range c.ids {
		visits := 0
		for _, w := range c.everywhere(id) {
			visits += len(w.from)
		}
		for _, w := range c.everywhere(id) {
			likelier[edge{id, w.after}] = c.edge(step, w.after).Odds * float64(visits) / float64(len(w.from))
		}
	}
	for x, list := range c.ways {
		for i := range list {
			list[i].odds = likelier[edge{x.step, list[i].after}] * float64(len(list[i].from))
		}
	}
}

// everywhere returns all ways from a step.
func (c *crossings) everywhere(step int32) []ways {
	return c.ways[context{step: step, any: true, count: 1, last: [remembered]int32{step}}]
}

// after names the step that the recorded session made after the one at c, or End.
func (c *crossings) after(at crossing) string {
	t := &c.source.tracks[at.session]
	if int(at.leg)+1 == len(t.legs) {
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

// next chooses where to go from the step at. It looks at the sessions that have most in
// common with the walk: those that changed the same last, and of these those that made
// the same last steps, as many as there are sessions that did. A step to which nobody went
// from here is taken with its own odds. If no session that made the chosen step can be
// gone on with, another step is chosen, and if none can, the first choice stays.
func (c *crossings) next(from crossing, p *past, open func(crossing) bool, random *rand.Rand) way {
	step := c.source.tracks[from.session].legs[from.leg].step
	contexts, everywhere := p.contexts(), c.everywhere(p.last[0])
	u := random.Float64()
	for _, e := range c.edges[step] {
		if e.Odds == 0 || slices.ContainsFunc(everywhere, func(w ways) bool { return w.after == e.To }) {
			continue
		}
		if u -= e.Odds; u < 0 { // added by hand
			return c.along(e, open, random)
		}
	}
	first := way{ends: true, none: true}
	var closed []string
	for {
		w := c.draw(contexts[:], closed, random)
		if w == nil {
			return first
		}
		think := c.edge(step, w.after).Think
		if w.after == model.End {
			return way{think: think, ends: true}
		}
		chosen := w.from[random.IntN(len(w.from))]
		if open(chosen.next()) {
			return way{to: chosen.next(), think: think}
		}
		if first.none {
			first = way{to: chosen.next(), think: think}
		}
		for _, list := range [...][]crossing{w.from, everywhere[slices.IndexFunc(everywhere, func(x ways) bool { return x.after == w.after })].from} {
			if at, ok := ready(list, func(x crossing) bool { return open(x.next()) }, random); ok {
				return way{to: at.next(), think: think}
			}
		}
		closed = append(closed, w.after)
	}
}

// draw chooses ways by their odds, in the first context that has some that are not closed.
// It returns nil if there are none.
func (c *crossings) draw(contexts []context, closed []string, random *rand.Rand) *ways {
	for _, x := range contexts {
		list, total := c.ways[x], 0.0
		for i := range list {
			if !slices.Contains(closed, list[i].after) {
				total += list[i].odds
			}
		}
		if total == 0 {
			continue
		}
		v := random.Float64() * total
		var last *ways
		for i := range list {
			if list[i].odds == 0 || slices.Contains(closed, list[i].after) {
				continue
			}
			last = &list[i]
			if v -= last.odds; v < 0 {
				break
			}
		}
		return last
	}
	return nil
}

// tried is the number of sessions of which one is looked for that can be gone on with.
const tried = 256

// ready returns one of some recorded steps that is open: the first from a random one on.
func ready(list []crossing, open func(crossing) bool, random *rand.Rand) (crossing, bool) {
	first := random.IntN(len(list))
	for i := range min(tried, len(list)) {
		if at := list[(first+i)%len(list)]; open(at) {
			return at, true
		}
	}
	return crossing{}, false
}

// along goes on with a step that no session made from here.
func (c *crossings) along(e model.Edge, open func(crossing) bool, random *rand.Rand) way {
	var to []crossing
	for _, w := range c.everywhere(c.ids[e.To]) {
		to = append(to, w.from...)
	}
	if e.To == model.End || len(to) == 0 {
		return way{ends: true, none: e.To != model.End}
	}
	at, ok := ready(to, open, random)
	if !ok {
		at = to[random.IntN(len(to))]
	}
	return way{to: at, think: e.Think}
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
