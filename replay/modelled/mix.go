package modelled

import (
	"math"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/dist"
)

// leastEdit is by how much the weight of a type differs from its share of the recorded
// sessions if a person has changed it. Smaller differences come from rounding.
const leastEdit = 0.002

// A mix says which recorded sessions are played where people changed the weights of the
// types: those of each type in turn, in a new order each round, as often as the weight
// says, at every moment.
type mix struct {
	seed   uint64
	block  uint64 // so many sessions come in an order of their own
	round  uint64 // in so many sessions each type has its part; a multiple of block
	stride uint64 // through the places of a round
	types  []mixed
}

// mixed is one type of a mix.
type mixed struct {
	weight   float64
	count    uint64 // of a round
	sessions []int
}

// leastRound is the least number of sessions in which the weights hold exactly.
const leastRound = 1000

// newMix returns the mix of the weights of m, or nil if that is the mix of its recorded
// sessions. Sessions of no type keep their share.
func newMix(m *model.Model, seed uint64) *mix {
	of := map[string][]int{}
	for i := range m.Sessions {
		of[m.Sessions[i].Behavior] = append(of[m.Sessions[i].Behavior], i)
	}
	n := float64(len(m.Sessions))
	typed := 1 - float64(len(of[""]))/n
	x := &mix{seed: seed, block: uint64(len(m.Sessions))}
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
	edited, played := false, len(of[""])
	for i := range x.types {
		t := &x.types[i]
		t.weight /= total
		played += len(t.sessions)
		edited = edited || math.Abs(t.weight-float64(len(t.sessions))/n) > leastEdit
	}
	if !edited && played == len(m.Sessions) {
		return nil
	}
	if len(of[""]) > 0 {
		x.types = append(x.types, mixed{weight: 1 - typed, sessions: of[""]})
	}
	x.divide()
	return x
}

// divide gives each type its part of a round, by the method of the largest remainder.
func (x *mix) divide() {
	x.round = x.block * ((leastRound + x.block - 1) / x.block)
	left := x.round
	rest := make([]float64, len(x.types))
	for i := range x.types {
		t := &x.types[i]
		exact := t.weight * float64(x.round)
		t.count = min(uint64(exact), left)
		rest[i] = exact - float64(t.count)
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
	x.stride = evenStride(x.round)
}

// evenStride returns a number whose multiples, modulo n, lie evenly, however many of them
// one takes, and of which the first n are different. Those of the golden ratio lie most
// evenly; of the whole numbers near n times that it takes the one whose continued fraction
// has the smallest terms, as that of the golden ratio has.
func evenStride(n uint64) uint64 {
	const golden, tries = 0.6180339887498949, 100
	best, least := uint64(1), uint64(math.MaxUint64)
	for stride := max(1, uint64(golden*float64(n))); stride < n && stride < uint64(golden*float64(n))+tries; stride++ {
		most := uint64(0)
		a, b := n, stride
		for b != 0 {
			most = max(most, a/b)
			a, b = b, a%b
		}
		if a == 1 && most < least {
			best, least = stride, most
		}
	}
	return best
}

// session returns the recorded session that session i plays, and how many others play it
// before.
func (x *mix) session(i uint64) (track int, before uint64) {
	block := i / x.block
	at := block*x.block + dist.Shuffled(x.seed, block, i%x.block, x.block)
	round, place := at/x.round, at%x.round*x.stride%x.round
	for k := range x.types {
		t := &x.types[k]
		if place >= t.count {
			place -= t.count
			continue
		}
		number, n := round*t.count+place, uint64(len(t.sessions))
		return t.sessions[dist.Shuffled(x.seed+uint64(k)+1, number/n, number%n, n)], number / n
	}
	return 0, 0 // the counts make up a round
}
