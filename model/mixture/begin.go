package mixture

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// byChance is how many beginnings are drawn.
const byChance = 3

// nearby is the distance of sessions that are taken for one type at the beginning.
const nearby = 0.5

// begins returns beginnings for k types: around k sessions that differ most, by chance,
// from a mixture of k-1 with one more type around sessions that it explains least, and from
// other mixtures of k.
func (c *chains) begins(k int, last *mix, others []*mix) (out [][][]float64) {
	if seeds := c.farthest(k); len(seeds) == k {
		out = append(out, c.dealt(k, func(i int, share []float64) { share[c.nearest(i, seeds)] = 1 }))
	}
	for try := range byChance {
		r := rand.New(rand.NewPCG(uint64(k), uint64(try)))
		out = append(out, c.dealt(k, func(_ int, share []float64) {
			sum := 0.0
			for z := range share {
				share[z] = math.Pow(r.Float64(), 4)
				sum += share[z]
			}
			for z := range share {
				share[z] /= sum
			}
		}))
	}
	for _, seed := range c.odd(last, byChance) {
		out = append(out, c.dealt(k, func(i int, share []float64) {
			if c.distance(i, seed) < nearby {
				share[k-1] = 1
			} else {
				copy(share, last.share[i])
			}
		}))
	}
	for _, m := range others {
		out = append(out, c.dealt(k, func(i int, share []float64) { copy(share, m.share[i]) }))
	}
	return out
}

func (c *chains) dealt(k int, deal func(i int, share []float64)) [][]float64 {
	out := make([][]float64, len(c.sessions))
	for i := range out {
		out[i] = make([]float64, k)
		deal(i, out[i])
	}
	return out
}

// odd returns up to n sessions that m explains least, a step, and that are far from each
// other.
func (c *chains) odd(m *mix, n int) []int {
	type odd struct {
		at  int
		log float64
	}
	var list []odd
	share := make([]float64, m.types())
	for i, s := range c.sessions {
		steps := 0
		for _, k := range s {
			steps += k.times
		}
		_, log := m.posterior(s, share)
		list = append(list, odd{i, log / float64(steps+3)})
	}
	slices.SortStableFunc(list, func(a, b odd) int { return cmp.Compare(a.log, b.log) })
	var out []int
	for _, o := range list {
		if len(out) == n {
			break
		}
		if !slices.ContainsFunc(out, func(i int) bool { return c.distance(i, o.at) < nearby }) {
			out = append(out, o.at)
		}
	}
	return out
}

// distance is 0 for sessions that make the same steps, 1 if they share none.
func (c *chains) distance(i, j int) float64 {
	mine := map[int]bool{}
	for _, k := range c.sessions[i] {
		mine[k.step] = true
	}
	both := 0
	for _, k := range c.sessions[j] {
		if mine[k.step] {
			both++
		}
	}
	return 1 - float64(both)/float64(len(mine)+len(c.sessions[j])-both)
}

// farthest returns k sessions, each as far as possible from those before.
func (c *chains) farthest(k int) []int {
	seeds := []int{0}
	near := make([]float64, len(c.sessions))
	for i := range near {
		near[i] = c.distance(i, 0)
	}
	for len(seeds) < k {
		far := 0
		for i := range near {
			if near[i] > near[far]+1e-12 {
				far = i
			}
		}
		if near[far] <= 0 {
			break
		}
		seeds = append(seeds, far)
		for i := range near {
			near[i] = min(near[i], c.distance(i, far))
		}
	}
	return seeds
}

func (c *chains) nearest(i int, seeds []int) int {
	best, least := 0, math.Inf(1)
	for k, s := range seeds {
		if d := c.distance(i, s); d < least {
			best, least = k, d
		}
	}
	return best
}
