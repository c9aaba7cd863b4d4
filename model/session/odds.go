package session

import (
	"math"
	"slices"

	"github.com/starling-load/starling/model/session/identity"
	"github.com/starling-load/starling/model/session/trail"
)

// likeliest returns the visitor of a group for whom most speaks as the sender of a flow,
// with the odds, and those of the next. from are those who loaded the page that the flow
// comes from. The best of nobody is 0.
func (w *visitors) likeliest(group, from []int32, r *record, root identity.Node) (best int32, odds, second float64) {
	odds, second = math.Inf(-1), math.Inf(-1)
	s := &w.sources[w.key(r)]
	one := s.address || r.carrier == 0 // the group is one user, if nothing speaks against it
	look := func(at int32, loaded bool) {
		v := &w.list[at]
		named := v.node != 0 && (root != 0 || r.referer == 0 && !one) // it would show that
		if named || !one && !w.there(v, r.start) || w.elsewhere(v, r) || w.waiting(v, r) {
			return
		}
		step := w.step(at, r, loaded, one)
		step.Named = root != 0
		habit := w.habits.lift(v.shape, r.shape) - w.habits.lift(nothing, r.shape)
		if step.Odds(&w.loads.pace)+habit+trail.Gain <= second {
			return
		}
		w.assets(v, &step)
		switch o := step.Odds(&w.loads.pace) + habit; {
		case o > odds:
			best, odds, second = at, o, odds
		case o > second:
			second = o
		}
	}
	for _, at := range from {
		look(at, true)
	}
	for _, at := range group {
		if !slices.Contains(from, at) {
			look(at, false)
		}
	}
	return best, odds, second
}

// step says what a flow would be as the next one of a visitor, but for assets. loaded says
// that the visitor loaded the page that the flow comes from.
func (w *visitors) step(at int32, r *record, loaded, one bool) trail.Step {
	v := &w.list[at]
	s := trail.Step{
		Age: r.start - v.acted, Comes: r.referer != 0, Loaded: loaded, Last: r.referer != 0 && v.page == r.referer,
		Same: v.page == r.target, Again: slices.Contains(w.loaded[loading{w.key(r), r.target}], at), Refers: w.loads.refers(v.page, r.target),
		Likewise: r.referer == 0 && v.entry == r.asks() && len(w.had) == 0, Overlap: v.last > r.start, Alone: one, Shown: v.shown,
	}
	if r.is&page != 0 {
		if v.page != 0 {
			s.Age = r.start - v.opened
		}
		return s
	}
	s.Quick = v.page == 0 || r.is&writes == 0
	s.Beside = r.start-v.did < int64(beside)
	s.Asked = s.Last && slices.Contains(v.since, r.target)
	return s
}

// assets counts what the load of a page says of what its client keeps.
func (w *visitors) assets(v *visitor, s *trail.Step) {
	for _, m := range w.had {
		if w.keepsOn(v, m) {
			s.Known++
		} else {
			s.Lacked++
		}
		if s.Known >= trail.EnoughKnown && s.Lacked >= trail.EnoughLacked {
			break
		}
	}
	for _, m := range w.now.cold {
		if m != 0 && w.keepsOn(v, m) {
			s.Twice++
		}
	}
}

// keepsOn reports whether a visitor keeps something, as it or those fetched it whom it is
// thought to go on.
func (w *visitors) keepsOn(v *visitor, m identity.Mark) bool {
	for range maxGuesses {
		if slices.Contains(v.has, m) {
			return true
		}
		if v.guess == 0 {
			return false
		}
		v = &w.list[v.guess]
	}
	return false
}

// maxGuesses is how many visitors are thought to be one in turn.
const maxGuesses = 8
