package fidelity

import (
	"math"

	"github.com/starling-load/starling/model/fidelity/distance"
)

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
	odds := s.learnTypes(teacher)
	for _, side := range s.sides {
		for i := range side.visits {
			side.visits[i].kind = s.likeliest(side, i, odds)
		}
	}
}

// typeOdds are the logarithms of the odds of a type: of the type, and of its pairs.
type typeOdds struct {
	prior float64
	pairs []float64
}

// learnTypes learns the types from the sessions of a side whose types are known.
func (s *scheme) learnTypes(of *side) []typeOdds {
	const doubt = 0.1 // pairs of each kind that every type counts as seen
	counts := make([][]float64, len(s.types))
	sessions := make([]float64, len(s.types))
	for k := range counts {
		counts[k] = make([]float64, len(s.pairs.numbers))
	}
	for i := range of.visits {
		if k := of.visits[i].kind; k >= 0 {
			sessions[k]++
			s.eachPair(of, i, func(pair int32) { counts[k][pair]++ })
		}
	}
	odds := make([]typeOdds, len(s.types))
	for k, list := range counts {
		odds[k] = typeOdds{math.Log((sessions[k] + doubt) / (distance.Sum(sessions) + doubt*float64(len(sessions)))), list}
		all := distance.Sum(list) + doubt*float64(len(list))
		for i, n := range list {
			list[i] = math.Log((n + doubt) / all)
		}
	}
	return odds
}

// eachPair calls f with the pairs of steps of a session.
func (s *scheme) eachPair(of *side, i int, f func(pair int32)) {
	v := &of.of.sessions[i]
	for k := v.first; k < v.next; k++ {
		if c := &of.codes[k]; c.pair >= 0 {
			f(c.pair)
		}
	}
	f(of.visits[i].last)
}

func (s *scheme) likeliest(of *side, i int, odds []typeOdds) int32 {
	best, most := 0, math.Inf(-1)
	for k := range odds {
		l := odds[k].prior
		s.eachPair(of, i, func(pair int32) { l += odds[k].pairs[pair] })
		if l > most {
			best, most = k, l
		}
	}
	return int32(best)
}
