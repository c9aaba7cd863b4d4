package course

import (
	"cmp"
	"math"
	"slices"
)

// Bounds of what is given to another user at once.
const (
	maxWhole = 12 // acts of a whole course
	maxTied  = 8  // anchors of a course that are tried
)

// untieAll gives what is mixed with acts of others, and short courses, to those for whom
// they are likelier.
func (s *settling) untieAll() (changed bool) {
	for n := range s.courses {
		for s.untie(n) {
			changed = true
		}
		if c := s.courses[n]; len(c) > 0 && len(c) <= maxWhole {
			changed = s.give(n, c, nil) || changed
		}
	}
	return changed
}

// untie gives the acts of one anchor, if they are mixed with acts of another one, to a user
// for whom they are likelier.
func (s *settling) untie(n int) bool {
	var tried []uint64
	for i, a := range s.courses[n] {
		if !s.notes[n].tied[i] || a.Anchor == 0 || slices.Contains(tried, a.Anchor) || len(tried) == maxTied {
			continue
		}
		tried = append(tried, a.Anchor)
		if own, rest := s.apart(s.courses[n], a.Anchor); len(rest) > 0 && s.give(n, own, rest) {
			return true
		}
	}
	return false
}

// apart returns the acts of an anchor in a course, and the others. Acts that have none go
// where they fit.
func (s *settling) apart(c Course, anchor uint64) (own, rest Course) {
	var next [2][]*Act // at each act, the next one of either that has an anchor
	for k := range next {
		next[k] = make([]*Act, len(c)+1)
		for i, a := range slices.Backward(c) {
			if next[k][i] = next[k][i+1]; a.Anchor != 0 && (a.Anchor == anchor) == (k == 0) {
				next[k][i] = a
			}
		}
	}
	between := func(c Course, a, next *Act) float64 {
		var last *Act
		if len(c) > 0 {
			last = c[len(c)-1]
		}
		return s.next(last, a) + s.next(a, next) - s.next(last, next)
	}
	for i, a := range c {
		if a.Anchor == anchor || a.Anchor == 0 && between(own, a, next[0][i]) > between(rest, a, next[1][i]) {
			own = append(own, a)
		} else {
			rest = append(rest, a)
		}
	}
	return own, rest
}

// give gives acts of a course to the user for whom they are likeliest, if that is likelier
// than that they are of their course. rest is what is left of that.
func (s *settling) give(n int, own, rest Course) bool {
	need, most, best, mixed := enough, math.Inf(-1), -1, Course(nil)
	if len(own[0].Lines) > 0 || len(rest) == 0 {
		need = sure
	}
	if len(own[0].Lines) > 0 && len(rest) == 0 {
		need = firm
	}
	without := s.total(rest) - s.total(s.courses[n])
	named := func(c Course) bool { return slices.ContainsFunc(c, func(a *Act) bool { return a.Named }) }
	for _, y := range s.others(own[0].number) {
		if s.trials--; s.trials < 0 {
			break
		}
		c := s.courses[y.course]
		if len(c)+len(rest) == 0 || s.notes[y.course].last >= 0 && named(own) {
			continue
		}
		from, to := max(0, y.at-maxBefore), min(len(c), s.place(y.course, own[len(own)-1].At)+maxAfter)
		with := slices.Concat(c[from:to], own)
		slices.SortStableFunc(with, func(a, b *Act) int { return cmp.Compare(a.At, b.At) })
		gain := without + s.total(with) - s.total(c[from:to])
		if len(c) == 0 {
			gain += need - sure
		}
		if gain > most {
			most, best, mixed = gain, y.course, slices.Concat(c[:from], with, c[to:])
		}
	}
	if most <= need {
		return false
	}
	s.replace(n, rest, best, mixed)
	return true
}

// total is how likely a course is.
func (s *settling) total(c Course) (odds float64) {
	var last *Act
	s.past.after(nil)
	for _, a := range c {
		odds += s.next(last, a)
		if a.bound {
			odds += s.fits(s.past, a)
		}
		s.past.add(a)
		last = a
	}
	return odds + s.next(last, nil)
}
