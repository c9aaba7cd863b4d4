package course

import (
	"math"
	"slices"

	"github.com/starling-load/starling/model/session/identity"
)

// Habits are what users of a site do after what, how soon, and from which page. They are
// learned from all courses, most of which are right.
type Habits struct {
	pairs  map[[2]identity.Mark]*pauses
	before map[identity.Mark]float64
	after  map[identity.Mark]float64
	all    float64
	pauses pauses
	comes  map[coming]float64
	from   map[identity.Mark]float64

	trials int // how many pairs of users may still be compared

	twice, lacked map[identity.Mark]share // of what clients keep: fetched by who has it, had by who has not fetched it
}

// A share is how many of some there are.
type share struct{ some, all, is, not float64 }

// count adds one that is, or is not, of those. few are expected.
func (s *share) count(is bool, few float64) {
	if s.all++; is {
		s.some++
	}
	p := (s.some + few*prior) / (s.all + prior)
	s.is, s.not = math.Log(p), math.Log(1-p)
}

// odds is the logarithm of how likely it is that one is, or is not, of those.
func (s share) odds(is bool) float64 {
	if is {
		return s.is
	}
	return s.not
}

// A coming is the kind of a request with how it comes from a page.
type coming struct {
	shape identity.Mark
	how   uint8
}

// How a request comes from a page.
const (
	nowhere uint8 = iota
	lastPage
	earlierPage
	otherPage
	hows
)

// The shapes before the first and after the last request of a user.
const (
	begins identity.Mark = 0
	ends   identity.Mark = 1
)

// Bounds of habits, and how many requests count beside those that were seen.
const (
	maxPairs = 1 << 15
	maxKept  = 1 << 16
	doubt    = 2.0
	hardly   = 0.05
)

// NewHabits returns those of a site of which nothing is known.
func NewHabits() *Habits {
	return &Habits{
		trials: trials,
		pairs:  map[[2]identity.Mark]*pauses{}, before: map[identity.Mark]float64{}, after: map[identity.Mark]float64{},
		comes: map[coming]float64{}, from: map[identity.Mark]float64{}, twice: map[identity.Mark]share{}, lacked: map[identity.Mark]share{},
	}
}

// Learn adds a course.
func (h *Habits) Learn(c Course) {
	p := newPast()
	for _, a := range c {
		before, pause := begins, int64(0)
		if p.last != nil {
			before, pause = p.last.Shape, a.At-p.last.Done
		}
		h.pair(before, a.Shape, pause)
		h.comes[coming{a.Shape, h.how(p, a)}]++
		h.from[a.Shape]++
		h.keep(p, a)
		p.add(a)
		if len(p.loaded) > maxBefore {
			p.loaded = slices.Delete(p.loaded, 0, 1)
		}
	}
	h.pair(p.last.Shape, ends, 0)
}

// pair counts a request after another.
func (h *Habits) pair(before, shape identity.Mark, pause int64) {
	at := [2]identity.Mark{before, shape}
	x := h.pairs[at]
	if x == nil {
		if len(h.pairs) == maxPairs {
			return
		}
		x = &pauses{}
		h.pairs[at] = x
	}
	if before != begins && shape != ends {
		x.add(pause)
		h.pauses.add(pause)
	} else {
		x.all++
	}
	h.before[before]++
	h.after[shape]++
	h.all++
}

// how tells how a request of a user comes from a page.
func (h *Habits) how(p *past, a *Act) uint8 {
	switch {
	case a.From == 0:
		return nowhere
	case a.From == p.page:
		return lastPage
	case slices.Contains(p.loaded, a.From):
		return earlierPage
	}
	return otherPage
}

// next is the logarithm of how likely it is that a user goes on with an act after another,
// and that just now, by the second. nil is none. rate is that of users who begin.
//
//	P(shape | before) · f(pause | before, shape)
func (h *Habits) next(before, a *Act, rate float64) float64 {
	switch {
	case before == nil && a == nil:
		return 0
	case before == nil:
		return h.follow(begins, a.Shape) + math.Log(rate)
	case a == nil:
		return h.follow(before.Shape, ends)
	}
	odds := h.follow(before.Shape, a.Shape) + h.soon(before.Shape, a.Shape, a.At-before.Done)
	if before.waits(a) {
		odds += waiting
	}
	return odds
}

// fits is the logarithm of how likely an act is with what its user has done, and keeps.
func (h *Habits) fits(p *past, a *Act) float64 {
	return math.Log((h.comes[coming{a.Shape, h.how(p, a)}]+hardly)/(h.from[a.Shape]+float64(hows)*hardly)) + h.keeps(p, a)
}

// follow is the logarithm of how likely a request is after another.
func (h *Habits) follow(before, shape identity.Mark) float64 {
	n := 0.0
	if x := h.pairs[[2]identity.Mark{before, shape}]; x != nil {
		n = x.all
	}
	usual := (h.after[shape] + hardly) / (h.all + 1)
	return math.Log((n + doubt*usual) / (h.before[before] + doubt))
}

// soon is the logarithm of the density of a pause between two requests, by the second.
func (h *Habits) soon(before, shape identity.Mark, pause int64) float64 {
	usual := h.pauses.density(pause, nil, 0)
	return math.Log(h.pairs[[2]identity.Mark{before, shape}].density(pause, &usual, 2*doubt) + 1e-9)
}

// What is expected of what clients keep, and bounds of what speaks against one user, as
// logarithms of how likely it is.
const (
	again   = 0.03 // it is fetched by who has it
	without = 0.10 // it was there before the recording, or is not needed
	prior   = 4.0  // of how many that is known
	most    = -8.0
	waiting = -6.0 // it has an idle connection, and opens another one
)

// keep counts what the load of a page says of what its client keeps.
func (h *Habits) keep(p *past, a *Act) {
	count := func(of map[identity.Mark]share, m identity.Mark, is bool, few float64) {
		s := of[m]
		if s.all > 0 || len(of) < maxKept {
			s.count(is, few)
			of[m] = s
		}
	}
	for _, m := range a.Fetched {
		count(h.twice, m, p.has[m], again)
	}
	for _, m := range a.Had {
		count(h.lacked, m, !p.has[m], without)
	}
}

// keeps is how likely the load of a page is with what its client keeps.
func (h *Habits) keeps(p *past, a *Act) float64 {
	fetched, had := 0.0, 0.0
	for _, m := range a.Fetched {
		fetched += h.twice[m].odds(p.has[m])
	}
	for _, m := range a.Had {
		had += h.lacked[m].odds(!p.has[m])
	}
	return max(most, fetched) + max(most, had)
}
