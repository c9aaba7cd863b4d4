package fidelity

import (
	"cmp"
	"math"
	"slices"

	"github.com/starling-load/starling/model/dist"
	"github.com/starling-load/starling/model/fidelity/classify"
	"github.com/starling-load/starling/model/fidelity/distance"
)

// Constants of the test that tells sessions apart.
const (
	tellSessions  = 2000 // of each side at most
	tellEndpoints = 20   // the commonest, whose shares of a session are features
	tellLimit     = 0.55
)

// tell returns how well a logistic model tells the sessions of the two sides apart, as
// the area under its curve on sessions that it was not fitted to: 0.5 is not at all, 1
// is always. spread is the standard deviation that chance gives it. by is the feature that
// alone tells most.
func (s *scheme) tell(seed uint64) (auc, spread float64, by string) {
	common := s.commonest(tellEndpoints)
	var rows [][]float64
	var theirs []bool // of the second side
	for k, side := range s.sides {
		n := min(len(side.visits), tellSessions)
		for i := range uint64(n) {
			v := int(dist.Shuffled(seed, streamTell, i, uint64(len(side.visits))))
			rows = append(rows, s.features(side, v, common))
			theirs = append(theirs, k == 1)
		}
	}
	auc, spread, most := classify.Apart(rows, theirs)
	return auc, spread, s.featureName(most, common)
}

// featureName names a feature.
func (s *scheme) featureName(n int, common map[int32]int) string {
	names := []string{"nothing alone", "the number of requests", "the number of steps", "how many requests are steps", "the duration",
		"the mean think time", "the spread of think times", "the shortest think time", "the middle think time", "the longest think time",
		"the number of different endpoints", "how many endpoints are different", "the bytes sent", "the bytes received",
		"the bytes sent for each request", "the bytes received for each request", "the number of refused requests", "the share of refused requests"}
	if n < len(names) {
		return names[n]
	}
	n -= len(names)
	for e, place := range common {
		switch {
		case place == n:
			return "the share of " + s.names[e]
		case n == tellEndpoints && place == 0, n == tellEndpoints+1 && place == 1:
			return "whether it begins with " + s.names[e]
		case n == tellEndpoints+2 && place == 0:
			return "whether it ends with " + s.names[e]
		}
	}
	return names[0]
}

// commonest returns the place of each endpoint among the n commonest of the recording.
func (s *scheme) commonest(n int) map[int32]int {
	counts := make([]int, len(s.names))
	for i := range s.sides[0].codes {
		counts[s.sides[0].codes[i].endpoint]++
	}
	order := make([]int32, len(counts))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(counts[b], counts[a]) })
	places := map[int32]int{}
	for i, e := range order[:min(n, len(order))] {
		places[e] = i
	}
	return places
}

// features describes a session by 40 numbers, and a 1: its size, its times, its bytes,
// and which endpoints it consists of and begins and ends with.
func (s *scheme) features(of *side, i int, common map[int32]int) []float64 {
	v, t := &of.visits[i], &of.of.sessions[i]
	f := make([]float64, 0, 41)
	n := float64(t.next - t.first)
	shares, seen := make([]float64, tellEndpoints), map[int32]bool{}
	var thinks []float64
	var sent, received, failed, steps float64
	for k := t.first; k < t.next; k++ {
		c, q := &of.codes[k], &of.of.requests[k]
		if c.think >= 0 {
			thinks = append(thinks, math.Log(s.think.Middles[c.think]+0.001))
		}
		if c.pair >= 0 {
			steps++
		}
		if place, is := common[c.endpoint]; is {
			shares[place] += 1 / n
		}
		if c.class >= 4 || c.class == 0 {
			failed++
		}
		seen[c.endpoint] = true
		sent, received = sent+float64(q.sent), received+float64(q.received)
	}
	slices.Sort(thinks)
	mean, spread, low, mid, high := summary(thinks)
	f = append(f, 1, math.Log(n), math.Log(steps), steps/n, math.Log1p(v.to-v.from), mean, spread, low, mid, high,
		float64(len(seen)), float64(len(seen))/n, math.Log1p(sent), math.Log1p(received), math.Log1p(sent/n), math.Log1p(received/n), failed, failed/n)
	f = append(f, shares...)
	first, last := of.codes[t.first].endpoint, of.codes[t.next-1].endpoint
	return append(f, flag(common, first, 0), flag(common, first, 1), flag(common, last, 0))
}

// flag is 1 for the endpoint that stands at a place.
func flag(common map[int32]int, e int32, place int) float64 {
	if at, is := common[e]; is && at == place {
		return 1
	}
	return 0
}

// summary describes sorted numbers.
func summary(list []float64) (mean, spread, low, mid, high float64) {
	if len(list) == 0 {
		return 0, 0, 0, 0, 0
	}
	n := float64(len(list))
	mean = distance.Sum(list) / n
	for _, x := range list {
		spread += (x - mean) * (x - mean) / n
	}
	return mean, math.Sqrt(spread), list[0], list[len(list)/2], list[len(list)-1]
}
