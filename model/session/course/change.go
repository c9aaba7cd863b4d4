package course

import (
	"cmp"
	"math"
	"slices"
)

// A change gives two users other courses.
type change struct {
	gain float64 // how much likelier they are
	move bool    // the act at the first joint is the other one's; otherwise both go on as the other one does
	x, y joint
}

// better makes the likeliest change at an act, if that is likelier than none. Some changes
// are only likelier after another one near by. even says that one is about as likely as
// none.
func (s *settling) better(i int, a *Act) (changed, even bool) {
	need := enough
	if len(a.Lines) > 0 { // connections tell more than is weighed here
		need = sure
	}
	var found []change
	s.changes(i, func(c change) {
		if c.gain > start {
			found = append(found, c)
		}
	})
	slices.SortStableFunc(found, func(a, b change) int { return cmp.Compare(b.gain, a.gain) })
	for _, c := range found[:min(len(found), firsts)] {
		if c.gain > need {
			s.apply(c)
			return true, false
		}
		if s.two(i, c, need) {
			return true, false
		}
	}
	return false, len(found) > 0 && found[0].gain > -need
}

// two makes a change and the likeliest one after it near by. It reports whether both
// together are likelier than none.
func (s *settling) two(i int, c change, need float64) bool {
	one, other, n := s.courses[c.x.course], s.courses[c.y.course], len(s.courses)
	s.apply(c)
	best := change{gain: need - c.gain}
	for k := max(0, i-seconds); k < min(len(s.acts), i+seconds); k++ {
		s.changes(k, func(c change) {
			if c.gain > best.gain {
				best = c
			}
		})
	}
	if best.gain > need-c.gain {
		s.apply(best)
		return true
	}
	s.courses, s.notes = s.courses[:n], s.notes[:n]
	s.put(c.x.course, one)
	s.put(c.y.course, other)
	return false
}

// changes calls give with what may change at an act.
func (s *settling) changes(i int, give func(change)) {
	x := s.where[i]
	cut, free := !s.notes[x.course].tied[x.at], s.acts[i].Anchor == 0
	if !cut && !free {
		return
	}
	for _, y := range s.others(i) {
		if s.trials--; s.trials < 0 {
			return
		}
		if cut && !s.notes[y.course].tied[y.at] {
			give(change{s.exchange(x, y), false, x, y})
		}
		if free {
			give(change{s.move(x, y), true, x, y})
		}
	}
}

// apply makes a change.
func (s *settling) apply(c change) {
	a, b := s.courses[c.x.course], s.courses[c.y.course]
	if c.move {
		a, b = slices.Concat(a[:c.x.at], a[c.x.at+1:]), slices.Concat(b[:c.y.at], a[c.x.at:c.x.at+1], b[c.y.at:])
	} else {
		a, b = slices.Concat(a[:c.x.at], b[c.y.at:]), slices.Concat(b[:c.y.at], a[c.x.at:])
	}
	s.replace(c.x.course, a, c.y.course, b)
}

// replace puts two other courses in the places of two.
func (s *settling) replace(n int, a Course, m int, b Course) {
	s.put(n, a)
	s.put(m, b)
	if last := len(s.courses) - 1; len(s.courses[last]) > 0 {
		s.courses, s.notes = append(s.courses, nil), append(s.notes, note{})
		s.put(last+1, nil)
	}
}

// exchange is how much likelier it is that two users go on as the other one does.
func (s *settling) exchange(x, y joint) float64 {
	a, on := s.courses[x.course][:x.at], s.courses[x.course][x.at:]
	b, other := s.courses[y.course][:y.at], s.courses[y.course][y.at:]
	p, q := &s.notes[x.course], &s.notes[y.course]
	if len(a)+len(b) == 0 || p.first < x.at && q.last >= y.at || q.first < y.at && p.last >= x.at { // one of two names
		return math.Inf(-1)
	}
	number := 0.0
	if len(a)+len(other) == 0 || len(b)+len(other) == 0 { // fewer users, or more
		if number = enough - sure; len(on[0].Lines) > 0 {
			number = sure - firm
		}
	}
	return number + s.likely(a, other) + s.likely(b, on) - s.likely(a, on) - s.likely(b, other)
}

// move is how much likelier it is that an act is another user's.
func (s *settling) move(x, y joint) float64 {
	c, d := s.courses[x.course], s.courses[y.course]
	if len(c) == 1 || len(d) == 0 {
		return math.Inf(-1)
	}
	a, act, on := c[:x.at], c[x.at:x.at+1], c[x.at+1:]
	b, other := d[:y.at], d[y.at:]
	return s.likely(a, on) + s.likely(b, act, other) - s.likely(a, act, on) - s.likely(b, other)
}
