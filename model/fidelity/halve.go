package fidelity

import (
	"math/rand/v2"
	"slices"

	"github.com/starling-load/starling/model/dist"
)

// Streams of random numbers, by what they are for.
const (
	streamHalves uint64 = iota
	streamWhole
	streamTell
)

// fewUsers is the number of users below which halves are of sessions, not of users.
const fewUsers = 8

// groups are the sessions of a side by user, or each alone if there are few users.
func (d *side) groups() [][]int32 {
	users := len(d.of.users)
	var list [][]int32
	if users < fewUsers {
		for i := range d.visits {
			list = append(list, []int32{int32(i)})
		}
		return list
	}
	list = make([][]int32, users)
	for i, v := range d.of.sessions {
		list[v.user] = append(list[v.user], int32(i))
	}
	return list
}

// draw returns sessions of random groups, of size as near to want as their groups allow,
// in ascending order, and those of further groups until there are as many again.
func draw(groups [][]int32, want int, random *rand.Rand) (first, second []int32) {
	for _, g := range random.Perm(len(groups)) {
		switch {
		case len(first) < want:
			first = append(first, groups[g]...)
		case len(second) < want:
			second = append(second, groups[g]...)
		}
	}
	slices.Sort(first)
	slices.Sort(second)
	return first, second
}

// An around is one halving: two halves of the recording, and as much of the other.
type around struct{ a, b, g *profile }

// halve returns halving number n, with sets of about half sessions.
func (s *scheme) halve(seed uint64, n, half int, groups *[2][][]int32) around {
	a, b := draw(groups[0], half, dist.Keyed(seed, streamHalves, uint64(2*n)))
	g, _ := draw(groups[1], half, dist.Keyed(seed, streamHalves, uint64(2*n+1)))
	return around{s.profile(s.sides[0], a), s.profile(s.sides[0], b), s.profile(s.sides[1], g)}
}

// whole returns the profiles of both traffics. Of the greater one there are as many
// sessions as of the other.
func (s *scheme) whole(seed uint64, groups *[2][][]int32) (a, b *profile) {
	n := min(len(s.sides[0].visits), len(s.sides[1].visits))
	var list [2]*profile
	for k, side := range s.sides {
		set := make([]int32, len(side.visits))
		for i := range set {
			set[i] = int32(i)
		}
		if len(set) > n {
			set, _ = draw(groups[k], n, dist.Keyed(seed, streamWhole, uint64(k)))
		}
		list[k] = s.profile(side, set)
	}
	return list[0], list[1]
}
