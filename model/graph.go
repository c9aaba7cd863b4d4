package model

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// MaxSteps is the greatest number of steps of a session. A longer walk ends there,
// so that an endless loop written by hand ends too.
const MaxSteps = 10_000

// Ended is the [State.Step] of a session that is over.
const Ended = -1

// A Graph walks the behaviors of a model. It is immutable and may be used
// concurrently.
//
// A step is open when two things hold. Every Bound value of its requests has been
// issued: an endpoint among the sources of its binding was visited. And the Needs of
// its endpoints are met. The odds of the edges to open steps are scaled to sum to 1.
// If no edge leads to an open step, the session ends.
type Graph struct {
	starts []edge // to is an index into behaviors
	walks  []walk // by behavior
}

// A walk is a behavior in numbers.
type walk struct {
	start   []edge // to is an index into steps
	steps   []step
	initial conditions // met at the start of a session
}

// A step is a Step in numbers. Conditions are numbered per behavior.
type step struct {
	needs    conditions     // must all be met
	variants [][]conditions // per endpoint with several variants: all of one variant must be met
	met      conditions     // those that a visit meets
	unmet    conditions     // those that a visit undoes
	next     []edge
}

// An edge is an Edge in numbers; to is ended for the end of a session.
type edge struct {
	to    int32
	odds  float64
	think Think
}

const ended int32 = -1

// A State is a point of one session's walk: a small value that can be copied
// and compared. The zero value is a session that is over.
type State struct {
	at       int32 // index of the step + 1; 0: the session is over
	behavior int32
	steps    int32
	stuck    bool
	met      conditions
}

// Step returns the index in Behavior.Steps of the step to make, or [Ended].
func (s State) Step() int { return int(s.at) - 1 }

// Behavior returns the index in Model.Behaviors. It is 0 for a session that was
// over before it began.
func (s State) Behavior() int { return int(s.behavior) }

// Steps returns how many steps the session has made, this one included.
func (s State) Steps() int { return int(s.steps) }

// Stuck reports whether the session is over although it has not come to an end: no edge
// led to an open step, or it had made MaxSteps.
func (s State) Stuck() bool { return s.stuck }

// NewGraph returns the graph of m, which must be valid: the error is that of
// [Model.Validate]. The graph keeps the think times of m, which must not change.
func NewGraph(m *Model) (*Graph, error) {
	if err := m.Validate(); err != nil {
		return nil, fmt.Errorf("walk the model: %w", err)
	}
	n := newNumbering(m)
	g := &Graph{}
	for i := range m.Behaviors {
		g.starts = append(g.starts, edge{to: int32(i), odds: m.Behaviors[i].Weight})
		g.walks = append(g.walks, n.walk(&m.Behaviors[i]))
	}
	return g, nil
}

// Start chooses a behavior and its first step. It draws two numbers from r. If no
// first step of the behavior is open, the session is over at once.
func (g *Graph) Start(r *rand.Rand) State {
	whichBehavior, whichFirst := r.Float64(), r.Float64()
	b := choose(g.starts, whichBehavior, nil)
	if b == nil {
		return State{stuck: true}
	}
	w := &g.walks[b.to]
	s := State{behavior: b.to, met: w.initial}
	return g.visit(s, choose(w.start, whichFirst, func(to int32) bool { return w.open(to, &s.met) }))
}

// Next chooses where the user goes from s, and how long the user thinks between the
// end of the step at s and the next step. It draws two numbers from r. A session
// that is over stays over. If the session ends, think is how long the user stays
// after the last answer.
func (g *Graph) Next(s State, r *rand.Rand) (next State, think time.Duration) {
	whichEdge, howLong := r.Float64(), r.Float64()
	if s.at == 0 {
		return s, 0
	}
	w := &g.walks[s.behavior]
	e := choose(w.steps[s.at-1].next, whichEdge, func(to int32) bool { return w.open(to, &s.met) })
	if e == nil || s.steps >= MaxSteps {
		return g.visit(s, nil), 0
	}
	return g.visit(s, e), e.think.Draw(howLong)
}

// visit moves s along e. Without e the session is over.
func (g *Graph) visit(s State, e *edge) State {
	if e == nil || e.to == ended {
		s.at, s.stuck = 0, e == nil
		return s
	}
	to := &g.walks[s.behavior].steps[e.to]
	s.at = e.to + 1
	s.steps++
	s.met.change(&to.met, &to.unmet)
	return s
}

// open reports whether a session that has met these conditions may go to step to.
func (w *walk) open(to int32, met *conditions) bool {
	if to == ended {
		return true
	}
	s := &w.steps[to]
	if !met.all(&s.needs) {
		return false
	}
	for _, variants := range s.variants {
		if !slices.ContainsFunc(variants, func(needs conditions) bool { return met.all(&needs) }) {
			return false
		}
	}
	return true
}

// choose picks one of the open edges in proportion to their odds. u is the random
// number, from 0 up to 1. choose returns nil when no edge is open.
func choose(edges []edge, u float64, open func(to int32) bool) *edge {
	total := 0.0
	for i := range edges {
		if open == nil || open(edges[i].to) {
			total += edges[i].odds
		}
	}
	u *= total
	var last *edge
	for i := range edges {
		e := &edges[i]
		if e.odds <= 0 || open != nil && !open(e.to) {
			continue
		}
		if u < e.odds {
			return e
		}
		u -= e.odds
		last = e // sums are rounded: the last open edge takes the rest
	}
	return last
}
