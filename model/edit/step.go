package edit

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/starling-load/starling/model"
)

// A Step is a request written by hand, at a place of the sessions. Exactly one of After,
// Before, First and Last says where.
type Step struct {
	ID          string // "": the name of the endpoint
	Endpoint    string
	After       string // each time that users have made a step with this page
	Before      string // each time before they make one
	First, Last bool   // at the start, at the end of the session
	Share       float64
	Think       time.Duration // before the request; with Before and First, after it
	Types       []string      // none: of all
}

func (x Step) apply(e *editor) {
	e.endpoints([]string{x.Endpoint})
	of := e.types(x.Types)
	for _, name := range []string{x.After, x.Before} {
		if name != "" {
			e.endpoints([]string{name})
		}
	}
	if !(x.Share > 0 && x.Share <= 1) {
		e.addf("share %v is not above 0 and at most 1", x.Share)
	}
	if e.failed() {
		return
	}
	x.ID = cmp.Or(x.ID, x.Endpoint)
	variant := ""
	for i := range e.m.Endpoints {
		if e.m.Endpoints[i].Name == x.Endpoint {
			variant = e.m.Endpoints[i].Variants[0].Name
		}
	}
	places, made := 0, 0
	e.sessions(of, func(s *script) []model.Act {
		legs := slices.Clone(s.legs)
		var at []leg
		for i, l := range legs {
			if !x.stands(l.page, i == 0, i == len(legs)-1) {
				continue
			}
			if places++; math.Floor(float64(places)*x.Share+1e-9) > float64(made) {
				made++
				at = append(at, l)
			}
		}
		for _, l := range slices.Backward(at) {
			x.insert(s, l, variant)
		}
		return s.acts
	})
	steps := 0
	e.behaviors(of, func(b *model.Behavior) {
		if slices.ContainsFunc(b.Steps, func(s model.Step) bool { return s.ID == x.ID }) {
			e.addf("type %s has a step %q already: give this one a name of its own", b.Name, x.ID)
			return
		}
		if x.behavior(b) {
			steps++
		}
	})
	if !e.failed() && steps == 0 {
		e.addf("no user makes a step with the page %s%s", x.After, x.Before)
	}
}

// stands reports whether the step belongs at one with this page.
func (x Step) stands(page string, first, last bool) bool {
	switch {
	case x.First:
		return first
	case x.Last:
		return last
	case x.After != "":
		return page == x.After
	}
	return page == x.Before
}

// insert puts the request before or after a step of a session.
func (x Step) insert(s *script, l leg, variant string) {
	a := model.Act{Endpoint: x.Endpoint, Variant: variant, Delay: x.Think}
	if l.step != "" {
		a.Step = x.ID
	}
	if x.After != "" || x.Last {
		s.insert(l.next, s.waits(l), []model.Act{a})
		return
	}
	a.Delay = s.acts[l.first].Delay
	s.shift(l, x.Think)
	s.insert(l.first, s.acts[l.first].After, []model.Act{a})
}

// behavior adds the step to a graph. It reports whether it has a place there.
func (x Step) behavior(b *model.Behavior) bool {
	step := model.Step{ID: x.ID, Page: &model.Page{Endpoint: x.Endpoint}}
	think := model.Think{Fixed: x.Think}
	placed := false
	if x.First {
		step.Next, placed = slices.Clone(b.Start), true
		for i := range step.Next {
			step.Next[i].Think = think
		}
		b.Start = x.detour(b.Start, func(model.Edge) bool { return true }, nil)
	}
	for i := range b.Steps {
		s := &b.Steps[i]
		if x.After != "" && s.Page != nil && s.Page.Endpoint == x.After {
			for _, next := range s.Next {
				next.Odds *= x.Share
				step.Next = addEdge(step.Next, next)
			}
			s.Next, placed = x.detour(s.Next, func(model.Edge) bool { return true }, &think), true
		}
	}
	if x.Last {
		step.Next, placed = []model.Edge{{To: model.End, Odds: 1}}, true
		for i := range b.Steps {
			b.Steps[i].Next = x.detour(b.Steps[i].Next, func(n model.Edge) bool { return n.To == model.End }, &think)
		}
	}
	for i := range b.Steps {
		if s := b.Steps[i]; x.Before != "" && s.Page != nil && s.Page.Endpoint == x.Before {
			placed = true
			step.Next = addEdge(step.Next, model.Edge{To: s.ID, Odds: 1, Think: think})
			leads := func(n model.Edge) bool { return n.To == s.ID }
			b.Start = x.detour(b.Start, leads, nil)
			for k := range b.Steps {
				b.Steps[k].Next = x.detour(b.Steps[k].Next, leads, nil)
			}
		}
	}
	if placed {
		total := 0.0
		for _, n := range step.Next {
			total += n.Odds
		}
		for i := range step.Next {
			step.Next[i].Odds /= total
		}
		b.Steps = append(b.Steps, step)
	}
	return placed
}

// detour makes the share of those edges lead to the step. think, where not nil, is the
// time before it; else it is that of the edge.
func (x Step) detour(edges []model.Edge, which func(model.Edge) bool, think *model.Think) []model.Edge {
	var out []model.Edge
	to := model.Edge{To: x.ID}
	for _, n := range edges {
		if which(n) {
			to.Odds += n.Odds * x.Share
			if to.Think.None() {
				to.Think = n.Think
			}
			if n.Odds *= 1 - x.Share; x.Share == 1 {
				continue
			}
		}
		out = append(out, n)
	}
	if think != nil {
		to.Think = *think
	}
	if to.Odds > 0 {
		out = append(out, to)
	}
	return out
}
