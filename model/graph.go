package model

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// MaxSteps bounds the length of a session. A walk that is still under way after
// so many steps ends, so that a loop written by hand does.
const MaxSteps = 10_000

// Ended is the [State.Endpoint] of a session that is over.
const Ended = -1

// A Graph walks the behaviors of a model. It is immutable and may be used
// concurrently.
//
// A step is a candidate only when the values that its request carries have been
// issued (some endpoint that sources each Bound value was visited) and its Needs
// are met. The odds of the candidates are scaled to sum to 1; without candidates
// the session ends.
type Graph struct {
	starts []way // To is an index into behaviors
	tracks []track
}

// A track is a behavior in numbers.
type track struct {
	start   []way // To is an index into steps
	steps   []step
	initial conditions // met at the start of a session
}

// A step is an endpoint within a track. Conditions are numbered per track.
type step struct {
	endpoint int // in Model.Endpoints
	needs    conditions
	met      conditions // by a visit
	unmet    conditions // by a visit
	next     []way
}

// A way is a choice. to is ended for the end of a session.
type way struct {
	to    int32
	odds  float64
	think Think
}

const ended int32 = -1

// A State is a point of one session's walk: a small value that can be copied
// and compared. The zero value is a session that is over.
type State struct {
	at       int32 // index of the endpoint + 1; 0: the session is over
	step     int32
	behavior int32
	steps    int32
	met      conditions
}

// Endpoint returns the index in Model.Endpoints of the request to send, or
// [Ended].
func (s State) Endpoint() int { return int(s.at) - 1 }

// Behavior returns the index in Model.Behaviors. It is 0 for a session that was
// over before it began.
func (s State) Behavior() int { return int(s.behavior) }

// Steps returns how many endpoints the session has visited, this one included.
func (s State) Steps() int { return int(s.steps) }

// NewGraph returns the graph of m, which must be valid: the error is that of
// [Model.Validate]. The graph keeps the think times of m, which must not change.
func NewGraph(m *Model) (*Graph, error) {
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("walk the model: %w", err)
	}
	endpoints := make(map[string]int, len(m.Endpoints))
	for i := range m.Endpoints {
		endpoints[m.Endpoints[i].Name] = i
	}
	g := &Graph{}
	for i := range m.Behaviors {
		b := &m.Behaviors[i]
		g.starts = append(g.starts, way{to: int32(i), odds: b.Weight})
		g.tracks = append(g.tracks, newTrack(m, b, endpoints))
	}
	return g, nil
}

func newTrack(m *Model, b *Behavior, endpoints map[string]int) track {
	t := track{steps: make([]step, len(b.Steps))}
	number := make(map[string]int32, len(b.Steps))
	for i := range b.Steps {
		number[b.Steps[i].At] = int32(i)
		t.steps[i].endpoint = endpoints[b.Steps[i].At]
	}
	ways := func(edges []Edge) []way {
		list := make([]way, 0, len(edges))
		for _, e := range edges {
			to := ended
			if e.To != End {
				to = number[e.To]
			}
			list = append(list, way{to: to, odds: e.Odds, think: e.Think})
		}
		return list
	}
	t.start = ways(b.Start)
	for i := range b.Steps {
		t.steps[i].next = ways(b.Steps[i].Next)
	}
	t.number(m, number)
	return t
}

// number gives each condition that a step of t depends on a number, and notes
// which visits meet it and which undo that.
func (t *track) number(m *Model, steps map[string]int32) {
	bindings := make(map[string]*Binding, len(m.Bindings))
	for i := range m.Bindings {
		bindings[m.Bindings[i].Name] = &m.Bindings[i]
	}
	type condition struct{ binding, endpoint, since string }
	numbers := map[condition]int{}
	// require makes c a condition of s. A visit to one of by meets it.
	require := func(s *step, c condition, by ...string) {
		n, had := numbers[c]
		if !had {
			n = len(numbers)
			numbers[c] = n
			for _, name := range by {
				if at, ok := steps[name]; ok {
					t.steps[at].met.set(n)
				}
			}
			if at, ok := steps[c.since]; ok && c.since != "" {
				t.steps[at].unmet.set(n)
			}
			if c.binding == "" && c.endpoint == "" { // until Since is visited
				t.initial.set(n)
			}
		}
		s.needs.set(n)
	}
	for i := range t.steps {
		s := &t.steps[i]
		e := &m.Endpoints[s.endpoint]
		for _, v := range e.Values {
			if v.Kind != Bound {
				continue
			}
			var sources []string
			for _, from := range bindings[v.Ref].Sources {
				sources = append(sources, from.Endpoint)
			}
			require(s, condition{binding: v.Ref}, sources...)
		}
		for _, n := range e.Needs {
			require(s, condition{endpoint: n.Endpoint, since: n.Since}, n.Endpoint)
		}
	}
}

// Start chooses a behavior and its first endpoint. It draws two numbers from r.
// The session may be over at once, when every first endpoint needs a past.
func (g *Graph) Start(r *rand.Rand) State {
	whichBehavior, whichFirst := r.Float64(), r.Float64()
	b := choose(g.starts, whichBehavior, nil)
	if b == nil {
		return State{}
	}
	t := &g.tracks[b.to]
	s := State{behavior: b.to, met: t.initial}
	return g.visit(s, choose(t.start, whichFirst, func(to int32) bool { return t.open(to, &s.met) }))
}

// Next chooses where the user goes from s, and how long the user thinks before:
// from the end of the answer at s to the next request. It draws two numbers
// from r. A session that is over stays over. The think time at the end of a
// session is how long the user stays after the last answer.
func (g *Graph) Next(s State, r *rand.Rand) (next State, think time.Duration) {
	whichWay, howLong := r.Float64(), r.Float64()
	if s.at == 0 {
		return s, 0
	}
	t := &g.tracks[s.behavior]
	w := choose(t.steps[s.step].next, whichWay, func(to int32) bool { return t.open(to, &s.met) })
	if w == nil || s.steps >= MaxSteps {
		return g.visit(s, nil), 0
	}
	return g.visit(s, w), w.think.Draw(howLong)
}

// visit moves s along w. Without w the session is over.
func (g *Graph) visit(s State, w *way) State {
	if w == nil || w.to == ended {
		s.at = 0
		return s
	}
	to := &g.tracks[s.behavior].steps[w.to]
	s.at, s.step = int32(to.endpoint)+1, w.to
	s.steps++
	s.met.change(&to.met, &to.unmet)
	return s
}

// open reports whether a session that met these conditions may go to a step.
func (t *track) open(to int32, met *conditions) bool {
	return to == ended || met.all(&t.steps[to].needs)
}

// choose picks one of the ways that are open, in proportion to their odds, by
// u from 0 up to 1. It returns nil when none is open.
func choose(ways []way, u float64, open func(to int32) bool) *way {
	total := 0.0
	for i := range ways {
		if open == nil || open(ways[i].to) {
			total += ways[i].odds
		}
	}
	u *= total
	var last *way
	for i := range ways {
		w := &ways[i]
		if w.odds <= 0 || open != nil && !open(w.to) {
			continue
		}
		if u < w.odds {
			return w
		}
		u -= w.odds
		last = w // sums are rounded: the last open way takes the rest
	}
	return last
}
