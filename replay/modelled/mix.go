package modelled

import (
	"cmp"
	"math"
	"slices"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/dist"
)

// leastEdit is by how much the weight of a type differs from its share of the recorded
// sessions if a person has changed it. Smaller differences come from rounding.
const leastEdit = 0.002

// A mix says which recorded session each session plays, so that each type comes as often
// as its weight says at every moment: in any run of sessions, but for one or two. The
// sessions of a type are played in turn, in a new order each round.
//
//	types    a a b a b a a a b a │ b a a a a b a a b a     7 : 3
//
// A block of the recorded mix holds each session once.
type mix struct {
	seed   uint64
	edited bool   // the weights are not those of the recording
	blocks uint64 // equal parts of a round
	place  []turn // the types of a round, in their order
	types  []mixed
}

// mixed is one type of a mix.
type mixed struct {
	weight   float64
	count    uint64 // of a round
	sessions []int
}

// A turn is the turn of a type: the so-many-th of a round.
type turn struct{ of, number uint32 }

// leastRound is the least number of sessions in which the weights hold exactly.
const leastRound = 10_000

// editedMix returns the mix of the weights of m, or nil if that is the mix of its recorded
// sessions.
func editedMix(m *model.Model, seed uint64) *mix {
	if x := newMix(m, seed); x != nil && x.edited {
		return x
	}
	return nil
}

// newMix returns the mix of the weights of m, or nil if no recorded session is of a type
// with a weight. Sessions of no type keep their share. Those of robots and pollers are not
// in the mix.
func newMix(m *model.Model, seed uint64) *mix {
	of, users := map[string][]int{}, 0
	apart := sessionsApart(m)
	for i := range m.Sessions {
		if !apart[i] {
			users++
			of[m.Sessions[i].Behavior] = append(of[m.Sessions[i].Behavior], i)
		}
	}
	n := float64(users)
	typed := 1 - float64(len(of[""]))/n
	x := &mix{seed: seed}
	total := 0.0
	for i := range m.Behaviors {
		if b := &m.Behaviors[i]; len(of[b.Name]) > 0 && b.Weight > 0 {
			x.types = append(x.types, mixed{weight: b.Weight * typed, sessions: of[b.Name]})
			total += b.Weight
		}
	}
	if len(x.types) == 0 {
		return nil
	}
	played := len(of[""])
	for i := range x.types {
		t := &x.types[i]
		t.weight /= total
		played += len(t.sessions)
		x.edited = x.edited || math.Abs(t.weight-float64(len(t.sessions))/n) > leastEdit
	}
	x.edited = x.edited || played < users
	if len(of[""]) > 0 {
		x.types = append(x.types, mixed{weight: 1 - typed, sessions: of[""]})
	}
	x.divide(uint64(users))
	x.order()
	return x
}

// sessionsApart says which recorded sessions are not those of users.
func sessionsApart(m *model.Model) []bool {
	apart := map[string]bool{}
	for i := range m.Behaviors {
		apart[m.Behaviors[i].Name] = !m.Behaviors[i].OfUsers()
	}
	out := make([]bool, len(m.Sessions))
	for i := range out {
		out[i] = apart[m.Sessions[i].Behavior]
	}
	return out
}

// divide gives each type its part of a round, by the method of the largest remainder.
// recorded is the number of recorded sessions.
func (x *mix) divide(recorded uint64) {
	x.blocks = (leastRound + recorded - 1) / recorded
	round := x.blocks * recorded
	left, rest := round, make([]float64, len(x.types))
	for i := range x.types {
		t := &x.types[i]
		if exact := t.weight * float64(round); x.edited {
			t.count = min(uint64(exact), left)
			rest[i] = exact - float64(t.count)
		} else {
			t.count = x.blocks * uint64(len(t.sessions))
		}
		left -= t.count
	}
	for ; left > 0; left-- {
		most := 0
		for i := range rest {
			if rest[i] > rest[most] {
				most = i
			}
		}
		x.types[most].count++
		rest[most]--
	}
	if x.edited {
		x.blocks = 1
	}
}

// order puts the types of a round in their order. A type that comes n times has its k-th
// turn somewhere within the k-th of n equal parts.
func (x *mix) order() {
	type placed struct {
		turn
		at float64
	}
	var list []placed
	for of := range x.types {
		n := x.types[of].count
		each := max(1, n/x.blocks)
		random := dist.Keyed(x.seed, uint64(of), orderStream)
		for k := range n {
			at := float64(k/each) + (float64(k%each)+random.Float64())/float64(each)
			list = append(list, placed{turn{uint32(of), uint32(k)}, at})
		}
	}
	slices.SortStableFunc(list, func(a, b placed) int { return cmp.Compare(a.at, b.at) })
	for _, p := range list {
		x.place = append(x.place, p.turn)
	}
}

// orderStream is the stream of random numbers of order.
const orderStream = 1<<40 + 1

// session returns the recorded session that session i plays, and how many others play it
// before. Each round begins with another block.
func (x *mix) session(i uint64) (track int, before uint64) {
	n := uint64(len(x.place))
	round := i / n
	first := dist.Shuffled(x.seed, orderStream, round%x.blocks, x.blocks)
	p := x.place[(i+first*(n/x.blocks))%n]
	t := &x.types[p.of]
	number := round*t.count + (uint64(p.number)+t.count-first*(t.count/x.blocks))%t.count
	sessions := uint64(len(t.sessions))
	return t.sessions[dist.Shuffled(x.seed+uint64(p.of)+1, number/sessions, number%sessions, sessions)], number / sessions
}
