package fidelity

import "github.com/starling-load/starling/model/fidelity/classify"

// findTypes gives every session of both sides a type. If the types of one side are not
// known, the sessions of both are given the type of the other side that goes along their
// pairs of steps most likely. Without types, or with one, nothing is given.
func (s *scheme) findTypes() {
	if len(s.types) < 2 {
		return
	}
	labelled := [2]int{}
	for k, side := range s.sides {
		for i := range side.visits {
			if side.visits[i].kind >= 0 {
				labelled[k]++
			}
		}
	}
	a, b := s.sides[0], s.sides[1]
	if labelled[0] == len(a.visits) && labelled[1] == len(b.visits) {
		return
	}
	teacher := a
	if labelled[1]*len(a.visits) > labelled[0]*len(b.visits) {
		teacher = b
	}
	odds := classify.NewOdds(len(s.types), len(s.pairs.numbers))
	for i := range teacher.visits {
		if k := teacher.visits[i].kind; k >= 0 {
			odds.Learn(k, teacher.pairs(i))
		}
	}
	likeliest := odds.Likeliest()
	for _, side := range s.sides {
		for i := range side.visits {
			side.visits[i].kind = likeliest(side.pairs(i))
		}
	}
}

// pairs are the pairs of steps of a session.
func (d *side) pairs(i int) []int32 {
	var list []int32
	v := &d.of.sessions[i]
	for k := v.first; k < v.next; k++ {
		if c := &d.codes[k]; c.pair >= 0 {
			list = append(list, c.pair)
		}
	}
	return append(list, d.visits[i].last)
}
