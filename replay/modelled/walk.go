package modelled

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/dist"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/retry"
)

// A walk is a session of a model that goes along the graph of a behavior. At a page
// it asks for that page and, once that is answered, for its loads. At a group it
// asks for several pages side by side. The step is over when all its acts are.
// Strands run beside the steps.
//
// Step k of a walk draws from stream 2k of the session. The values of its first act
// draw from stream 2k+1; those of its other acts from streams far above.
type walk struct {
	visitor
	state   model.State
	step    uint64       // number of the step at hand, from 0
	roles   map[int]role // of the acts that are ready or under way, by ID
	putOffs map[int]int  // how often the target has put them off
	made    int          // acts made: the next ID
	open    int          // acts of the step at hand that are not over
	pages   []pageWalk   // of the step at hand
	strands []strand
	over    bool   // no step is left
	stuck   string // the step behind which there was no way on
}

// A role is what an act is for.
type role struct {
	endpoint int    // -1: a pause
	stream   uint64 // of random numbers for the values
	page     int    // index into pages; -1: an act of a strand, or a pause
	load     bool   // a load of the page, not the page itself
	strand   int    // number of the strand, from 1
	opened   uint64 // number of the step that opened the strand
}

// A pageWalk is a page of the step at hand.
type pageWalk struct {
	page  *model.Page
	loads []pendingLoad // those not asked for yet, the next first
	free  int           // how many more loads may be under way
	done  time.Duration // when the page was answered
	first uint64        // number of the first stream of the page
}

// A pendingLoad is a load that will be asked for, delay after its page.
type pendingLoad struct {
	endpoint int
	delay    time.Duration
	number   uint64 // among the loads of the page, from 1
}

// A strand runs beside the steps.
type strand struct {
	name  string
	of    *model.Strand
	step  uint64 // number of the step that opened it
	polls uint64
	open  bool
}

func newWalk(v visitor) *walk { return &walk{visitor: v, roles: make(map[int]role)} }

// Next implements Session.
func (w *walk) Next(over *replay.Answer) []replay.Act {
	if over == nil {
		random := w.random()
		w.state = w.source.graph.Start(random)
		if w.state.Stuck() {
			w.stuck = "start"
		}
		return w.begin(nil, random, 0)
	}
	r := w.roles[over.Act.ID]
	if again, ok := w.again(r, over); ok {
		return []replay.Act{again}
	}
	delete(w.roles, over.Act.ID)
	delete(w.putOffs, over.Act.ID)
	if r.endpoint >= 0 {
		w.learn(r.endpoint, over)
	}
	var acts []replay.Act
	switch {
	case r.strand > 0:
		return w.poll(r)
	case r.page >= 0:
		acts = w.load(r, over)
	}
	if w.open--; w.open > 0 || w.over {
		return acts
	}
	w.step++
	random := w.random()
	think := w.goOn(random)
	return w.begin(acts, random, think)
}

// again returns the act of over once more if the target puts it off.
func (w *walk) again(r role, over *replay.Answer) (a replay.Act, ok bool) {
	wait, ok := retry.After(over.Response)
	if !ok || over.OK || r.endpoint < 0 || w.putOffs[over.Act.ID] == retry.Patience {
		return a, false
	}
	if w.putOffs == nil {
		w.putOffs = make(map[int]int)
	}
	w.putOffs[over.Act.ID]++
	over.Again = true
	a = w.actOf(r, over.Act.ID, retry.AtSpeed(wait, w.source.plan.Speed))
	a.Strand, a.Stream = over.Act.Strand, over.Act.Stream
	return a, true
}

// goOn chooses the next step and returns how long the user thinks before it.
func (w *walk) goOn(random *rand.Rand) time.Duration {
	at := w.state
	var think time.Duration
	if w.state, think = w.source.graph.Next(at, random); w.state.Stuck() && at.Step() != model.Ended {
		w.stuck = w.source.behaviors[at.Behavior()].Steps[at.Step()].ID
	}
	return think
}

// Stuck names the step behind which there was no way on, see replay.Session.
func (w *walk) Stuck() string { return w.stuck }

// random is the stream of the step at hand.
func (w *walk) random() *rand.Rand {
	return dist.Keyed(w.source.plan.Seed, w.number, 2*w.step)
}

// begin adds the acts of the step at hand, which is due after delay. A step that
// opens a strand is over at once: begin goes on with the step after it.
func (w *walk) begin(acts []replay.Act, random *rand.Rand, delay time.Duration) []replay.Act {
	for w.state.Step() != model.Ended {
		s := &w.source.behaviors[w.state.Behavior()].Steps[w.state.Step()]
		switch {
		case s.Open != nil:
			acts = w.openStrand(acts, s.Open, delay)
		case s.Close != "":
			return append(acts, w.pause(delay, w.closing(s.Close)))
		case s.Pause != nil:
			return append(acts, w.pause(delay+s.Pause.Draw(random.Float64()), nil))
		default:
			return w.beginPages(acts, s, random, delay)
		}
		w.step++
		random = w.random()
		delay += w.goOn(random)
	}
	w.over = true
	if closes := w.closing(""); closes != nil {
		acts = append(acts, w.pause(delay, closes))
	}
	return acts
}

// beginPages adds the pages of a step, side by side.
func (w *walk) beginPages(acts []replay.Act, s *model.Step, random *rand.Rand, delay time.Duration) []replay.Act {
	pages := s.Group
	if s.Page != nil {
		pages = []model.Page{*s.Page}
	}
	w.pages = w.pages[:0]
	first := uint64(0)
	for i := range pages {
		p := pageWalk{page: &pages[i], free: cmp.Or(pages[i].AtOnce, model.LoadsAtOnce), first: first}
		for k := range p.page.Loads {
			l := &p.page.Loads[k]
			// Every load draws both, also one that is not chosen. So the draws of a
			// load do not depend on the others.
			chosen, howLong := random.Float64(), random.Float64()
			if e := w.source.index[l.Endpoint]; chosen < l.Share && w.source.endpoints[e].origin >= 0 {
				p.loads = append(p.loads, pendingLoad{e, l.Delay.Draw(howLong), uint64(k) + 1})
			}
		}
		slices.SortStableFunc(p.loads, func(a, b pendingLoad) int { return cmp.Compare(a.delay, b.delay) })
		w.pages = append(w.pages, p)
		acts = append(acts, w.act(role{endpoint: w.source.index[p.page.Endpoint], page: i, stream: w.stream(first)}, delay))
		first += uint64(len(p.page.Loads)) + 1
	}
	w.open = len(pages)
	return acts
}

// stream is the stream of random numbers for the values of an act of the step at hand.
func (w *walk) stream(act uint64) uint64 { return act<<32 | (2*w.step + 1) }

// load returns the loads of a page that may begin now that an act of it is over. A
// page that was not answered loads nothing.
func (w *walk) load(r role, over *replay.Answer) []replay.Act {
	p := &w.pages[r.page]
	switch {
	case r.load:
		p.free++
	case over.Response == nil:
		p.loads = nil
	default:
		p.done = over.At
	}
	var acts []replay.Act
	for ; p.free > 0 && len(p.loads) > 0; p.free-- {
		l := p.loads[0]
		p.loads = p.loads[1:]
		to := role{endpoint: l.endpoint, page: r.page, load: true, stream: w.stream(p.first + l.number)}
		acts = append(acts, w.act(to, max(0, p.done+l.delay-over.At)))
		w.open++
	}
	return acts
}

// act makes an act. If its origin is not mapped, it makes a Pause that sends nothing.
func (w *walk) act(r role, delay time.Duration) replay.Act {
	w.made++
	return w.actOf(r, w.made-1, delay)
}

// actOf makes the act with an ID.
func (w *walk) actOf(r role, id int, delay time.Duration) replay.Act {
	e := &w.source.endpoints[r.endpoint]
	a := replay.Act{ID: id, Endpoint: e.name, Delay: delay}
	if e.origin < 0 {
		a.Kind = replay.Pause
	} else {
		a.Origin, a.Judge, a.Observe = e.origin, e.judge.Judge, true
	}
	w.roles[a.ID] = r
	return a
}

// pause makes an act that waits, and then closes strands.
func (w *walk) pause(delay time.Duration, closes []int) replay.Act {
	a := replay.Act{ID: w.made, Kind: replay.Pause, Endpoint: "pause", Delay: delay, Closes: closes}
	w.made++
	w.roles[a.ID] = role{endpoint: -1, page: -1}
	w.open = 1
	return a
}

// openStrand adds the first act of a strand, unless the strand is open already or its
// origin is not mapped.
func (w *walk) openStrand(acts []replay.Act, of *model.Strand, delay time.Duration) []replay.Act {
	i := slices.IndexFunc(w.strands, func(s strand) bool { return s.name == of.Name })
	if i < 0 {
		i = len(w.strands)
		w.strands = append(w.strands, strand{name: of.Name})
	}
	s := &w.strands[i]
	e := w.source.index[of.Endpoint]
	if s.open || w.source.endpoints[e].origin < 0 {
		return acts
	}
	s.of, s.step, s.polls, s.open = of, w.step, 0, true
	return append(acts, w.strandAct(i+1, delay))
}

// strandAct makes the next request of a strand.
func (w *walk) strandAct(number int, delay time.Duration) replay.Act {
	s := &w.strands[number-1]
	a := w.act(role{endpoint: w.source.index[s.of.Endpoint], page: -1, strand: number, opened: s.step, stream: (s.polls+1)<<48 | (2*s.step + 1)}, delay)
	a.Strand, a.Stream = number, s.of.Every.None()
	return a
}

// poll goes on with a poller after an answer.
func (w *walk) poll(r role) []replay.Act {
	s := &w.strands[r.strand-1]
	if !s.open || s.step != r.opened { // closed, and perhaps opened again by a later step
		return nil
	}
	if s.of.Every.None() { // the target ended the stream
		s.open = false
		return nil
	}
	s.polls++
	u := dist.Keyed(w.source.plan.Seed, w.number, pollStream|s.polls<<32|s.step).Float64()
	return []replay.Act{w.strandAct(r.strand, s.of.Every.Draw(u))}
}

// closing marks the strand of that name as closed, or all if name is "". It returns
// the numbers of those that were open.
func (w *walk) closing(name string) []int {
	var closes []int
	for i := range w.strands {
		if s := &w.strands[i]; s.open && (name == "" || s.name == name) {
			s.open = false
			closes = append(closes, i+1)
		}
	}
	return closes
}

// Fill implements Session.
func (w *walk) Fill(a *replay.Act) {
	if a.Kind == replay.Pause {
		return
	}
	r := w.roles[a.ID]
	random := dist.Keyed(w.source.plan.Seed, w.number, r.stream)
	v := w.choose(&w.source.endpoints[r.endpoint], random)
	a.Write = v.writes
	var row []string
	if len(v.rows) > 0 {
		row = v.rows[random.IntN(len(v.rows))]
	}
	values, missing := w.values(v, row, random)
	if a.Skip = missing; missing != "" {
		return
	}
	w.fill(a, v, values, false)
}

// choose picks a variant whose values have been issued, in proportion to how often
// each was recorded. If there is none, it returns the first, which will say what it
// lacks.
func (w *walk) choose(e *endpoint, random *rand.Rand) *variant {
	if len(e.variants) == 1 {
		return &e.variants[0]
	}
	weights := make([]int, len(e.variants))
	total := 0
	for i := range e.variants {
		if v := &e.variants[i]; w.missing(v) == "" {
			weights[i] = max(v.recorded, 1) // 0: written by hand
			total += weights[i]
		}
	}
	u := random.IntN(max(total, 1))
	for i := range e.variants {
		if u -= weights[i]; u < 0 {
			return &e.variants[i]
		}
	}
	return &e.variants[0]
}
