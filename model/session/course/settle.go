package course

import (
	"cmp"
	"slices"
)

// Bounds of the search.
const (
	sweeps  = 4
	beside  = 6       // acts of all users, on each side, that an act is looked at again with
	near    = 40      // acts of all users, on each side, among which other users are looked for
	firsts  = 2       // changes that are tried with a second one
	seconds = 8       // acts of all users, on each side, at which that is looked for
	trials  = 1 << 21 // pairs of users that are compared with habits that are learned once
)

// How much likelier a change must be, as logarithms.
const (
	enough = 0.5
	sure   = 2.0  // if it makes more users or fewer, or they have connections of their own
	firm   = 6.0  // if both
	start  = -4.0 // if a second one follows
)

// A joint is a place in a course: before the act with this number.
type joint struct{ course, at int }

// A settling looks for the likeliest courses of some acts.
type settling struct {
	*Habits
	acts    []*Act
	courses []Course // the last one is nobody's yet
	notes   []note   // of each course
	where   []joint  // of each act, by its number
	odds    map[[2]int]float64
	rate    float64 // users who begin, by the second
	past    *past
	looked  int   // how often others were looked for
	sweep   int   // that is under way
	moved   []int // the last sweep in which the course of each act was another one
}

// A note says what is known of a course.
type note struct {
	tied        []bool // at each act, whether those before it and from it on have one user
	first, last int    // of the acts that have a name; first is behind the end if there is none
	looked      int    // the last time that it was found among others
}

// Settle changes the users of acts, which are in the order of their start, so that their
// courses become likelier. Users who are new get the numbers -1, -2, … It returns at how
// many acts another change is about as likely as none. The time for all acts that are settled
// with the same habits is bounded: those for whom it is over stay as they are.
func (h *Habits) Settle(acts []*Act) (even int) {
	if h.trials <= 0 {
		return 0
	}
	s := &settling{Habits: h, acts: acts, where: make([]joint, len(acts)), odds: map[[2]int]float64{}, past: newPast(), moved: make([]int, len(acts))}
	of := map[uint64]int{}
	for _, a := range acts {
		of[a.Anchor]++
	}
	for i, a := range acts {
		if of[a.Anchor] == 1 && !a.Named { // it ties the act to no other
			a.Anchor = 0
		}
		a.number, a.bound = i, a.From != 0 || len(a.Fetched)+len(a.Had) > 0
	}
	for _, c := range append(Of(acts), nil) {
		s.courses, s.notes = append(s.courses, nil), append(s.notes, note{})
		s.put(len(s.courses)-1, c)
	}
	s.rate = float64(len(s.courses)) / max(1, float64(acts[len(acts)-1].At-acts[0].At)/1e9)
	ties := make([]bool, len(acts))
	for s.sweep = 1; s.sweep <= sweeps; s.sweep++ {
		changed := false
		for i, a := range s.acts {
			if s.settled(i) {
				continue
			}
			is, tie := s.better(i, a)
			changed, ties[i] = is || changed, tie
		}
		if !s.untieAll() && !changed {
			break
		}
	}
	s.name()
	for _, tie := range ties {
		if tie {
			even++
		}
	}
	return even
}

// settled reports whether nothing has changed around an act since it was looked at.
func (s *settling) settled(i int) bool {
	for k := max(0, i-beside); k < min(len(s.acts), i+beside); k++ {
		if s.moved[k] >= s.sweep-1 {
			return false
		}
	}
	return true
}

// put makes acts a course.
func (s *settling) put(n int, c Course) {
	s.courses[n] = c
	x := note{tied: make([]bool, len(c)+1), first: len(c), last: -1, looked: s.notes[n].looked}
	last, until := map[uint64]int{}, 0
	for i, a := range c {
		if s.where[a.number] != (joint{n, i}) {
			s.where[a.number], s.moved[a.number] = joint{n, i}, s.sweep
		}
		if a.Anchor != 0 {
			last[a.Anchor] = i
		}
		if a.Named {
			x.first, x.last = min(x.first, i), i
		}
	}
	for i, a := range c {
		x.tied[i] = i > 0 && i <= until
		if a.Anchor != 0 {
			until = max(until, last[a.Anchor])
		}
	}
	s.notes[n] = x
}

// others returns the joints of other users at the time of an act.
func (s *settling) others(i int) (list []joint) {
	s.looked++
	s.notes[s.where[i].course].looked = s.looked
	look := func(k int) {
		n := s.where[k].course
		if s.notes[n].looked == s.looked {
			return
		}
		s.notes[n].looked = s.looked
		if at := s.place(n, s.acts[i].At); at > 0 {
			list = append(list, joint{n, at})
		}
	}
	for k := i - 1; k >= max(0, i-near); k-- {
		look(k)
	}
	for k := i + 1; k < min(len(s.acts), i+near); k++ {
		look(k)
	}
	return append(list, joint{len(s.courses) - 1, 0})
}

// place is where an act of a time stands in a course.
func (s *settling) place(n int, at int64) int {
	place, _ := slices.BinarySearchFunc(s.courses[n], at, func(a *Act, at int64) int { return cmp.Compare(a.At, at) })
	return place
}

// next is how likely an act is after another, found once for each pair.
func (s *settling) next(before, a *Act) float64 {
	at := [2]int{-1, -1}
	if before != nil {
		at[0] = before.number
	}
	if a != nil {
		at[1] = a.number
	}
	odds, known := s.odds[at]
	if !known {
		odds = s.Habits.next(before, a, s.rate)
		s.odds[at] = odds
	}
	return odds
}

// likely is how likely it is that a course goes on with others in turn, but for the order of
// acts within each.
func (s *settling) likely(before Course, after ...Course) (odds float64) {
	var last *Act
	if len(before) > 0 {
		last = before[len(before)-1]
	}
	bound, n := false, 0
	for _, c := range after {
		if len(c) == 0 {
			continue
		}
		odds += s.next(last, c[0])
		last = c[len(c)-1]
		for _, a := range c[:min(len(c), max(0, maxAfter-n))] {
			bound = bound || a.bound
		}
		n += len(c)
	}
	odds += s.next(last, nil)
	if !bound {
		return odds
	}
	s.past.after(before)
	n = 0
	for _, c := range after {
		for _, a := range c[:min(len(c), max(0, maxAfter-n))] {
			n++
			if a.bound {
				odds += s.fits(s.past, a)
			}
			s.past.add(a)
		}
	}
	return odds
}

// name gives the courses their users: those who have a name keep it.
func (s *settling) name() {
	taken, user, fresh := map[int32]bool{}, make([]int32, len(s.courses)), int32(0)
	claim := func(n int, u int32) {
		if user[n] == 0 && u != 0 && !taken[u] {
			user[n], taken[u] = u, true
		}
	}
	for n, c := range s.courses {
		if first := s.notes[n].first; first < len(c) {
			claim(n, c[first].User)
		}
	}
	for n, c := range s.courses {
		if len(c) > 0 {
			claim(n, c[0].User)
		}
	}
	gone := 0 // of the acts, those whose users are looked at in search of one who is nobody now
	for n, c := range s.courses {
		for ; len(c) > 0 && user[n] == 0; gone++ {
			if gone == len(s.acts) {
				fresh--
				user[n] = fresh
				break
			}
			claim(n, s.acts[gone].User)
		}
	}
	for n, c := range s.courses {
		for _, a := range c {
			a.User = user[n]
		}
	}
}
