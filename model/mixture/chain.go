package mixture

import (
	"math"
	"math/rand/v2"
)

const (
	restarts  = 4
	maxRounds = 80
	prior     = 1.0 // transitions that each page has in each type before any is seen
)

// A step leads from one page to another. The start and the end are page -1.
type step struct{ from, to int }

// A count is how often a session makes one step.
type count struct{ step, times int }

// chains are sessions as counts of numbered steps.
type chains struct {
	raw      [][]int
	sessions [][]count
	ids      map[step]int
	from     []int // by step: the number of its first page
	pages    int
	base     []float64 // by step: its share among all from its page
}

func newChains(sessions [][]int) *chains {
	c := &chains{raw: sessions, ids: map[step]int{}}
	pages := map[int]int{}
	for _, s := range sessions {
		c.sessions = append(c.sessions, c.counts(s, func(p int) int {
			n, ok := pages[p]
			if !ok {
				n = len(pages)
				pages[p] = n
			}
			return n
		}))
	}
	c.pages = len(pages)
	sum, total := make([]float64, len(c.from)), make([]float64, c.pages)
	for _, s := range c.sessions {
		for _, k := range s {
			sum[k.step] += float64(k.times)
			total[c.from[k.step]] += float64(k.times)
		}
	}
	c.base = sum
	for i := range c.base {
		c.base[i] /= total[c.from[i]]
	}
	return c
}

// counts returns the steps of a session. With number nil, steps that no session of
// the sample made are left out.
func (c *chains) counts(session []int, number func(page int) int) []count {
	times := map[int]int{}
	var order []int
	last := -1
	for i := 0; i <= len(session); i++ {
		to := -1
		if i < len(session) {
			to = session[i]
		}
		id, ok := c.ids[step{last, to}]
		if !ok && number != nil {
			id, ok = len(c.from), true
			c.ids[step{last, to}] = id
			c.from = append(c.from, number(last))
		}
		if ok {
			if times[id]++; times[id] == 1 {
				order = append(order, id)
			}
		}
		last = to
	}
	out := make([]count, len(order))
	for i, id := range order {
		out[i] = count{id, times[id]}
	}
	return out
}

// A mix is a mixture of Markov chains.
type mix struct {
	c          *chains
	weight     []float64
	log        [][]float64 // by type and step
	likelihood float64
	parameters int
}

func (m *mix) types() int { return len(m.weight) }

func (m *mix) typeOf(session []int) int {
	best, _ := m.posterior(m.c.counts(session, nil), make([]float64, m.types()))
	return best
}

// posterior fills out with how likely the session is of each type. It returns the
// likeliest and the logarithm of the likelihood.
func (m *mix) posterior(s []count, out []float64) (best int, log float64) {
	for z := range out {
		out[z] = math.Log(m.weight[z])
		for _, k := range s {
			out[z] += float64(k.times) * m.log[z][k.step]
		}
		if out[z] > out[best] {
			best = z
		}
	}
	top, sum := out[best], 0.0
	for z := range out {
		out[z] = math.Exp(out[z] - top)
		sum += out[z]
	}
	for z := range out {
		out[z] /= sum
	}
	return best, top + math.Log(sum)
}

// best returns the mixture that the criterion chooses, or nil if it is one chain.
func (c *chains) best(most int) *mix {
	score := c.fit(1, 0).criterion()
	var found *mix
	for k := 2; k <= min(most, len(c.sessions)/2); k++ {
		var top *mix
		for try := range restarts {
			if m := c.fit(k, uint64(try)); top == nil || m.criterion() < top.criterion() {
				top = m
			}
		}
		next := top.criterion()
		if next < score-minGain && top.large() {
			found, score = top, next
		} else if next > score {
			break
		}
	}
	return found
}

func (m *mix) criterion() float64 { return criterion(m.likelihood, m.parameters, len(m.c.sessions)) }

// large reports whether each type has two sessions in a hundred, and four at least.
func (m *mix) large() bool {
	for _, w := range m.weight {
		if w < 0.02 || w*float64(len(m.c.sessions)) < 4 {
			return false
		}
	}
	return true
}

// fit fits k chains by EM, from a beginning that try chooses.
func (c *chains) fit(k int, try uint64) *mix {
	m := &mix{c: c, weight: make([]float64, k), log: make([][]float64, k), likelihood: math.Inf(-1)}
	share := c.begin(k, try)
	for range maxRounds {
		m.maximise(share)
		sum := 0.0
		for i, s := range c.sessions {
			_, log := m.posterior(s, share[i])
			sum += log
		}
		done := sum-m.likelihood < 1e-5*math.Abs(sum)
		m.likelihood = sum
		if done {
			break
		}
	}
	return m
}

// begin deals the sessions out: the first try to k sessions that differ most, the
// others at random.
func (c *chains) begin(k int, try uint64) [][]float64 {
	r := rand.New(rand.NewPCG(uint64(k), try))
	share := make([][]float64, len(c.sessions))
	var seeds []int
	if try == 0 && k > 1 {
		seeds = c.farthest(k)
	}
	for i := range share {
		share[i] = make([]float64, k)
		if len(seeds) == k {
			share[i][c.nearest(i, seeds)] = 1
			continue
		}
		sum := 0.0
		for z := range share[i] {
			share[i][z] = math.Pow(r.Float64(), 4)
			sum += share[i][z]
		}
		for z := range share[i] {
			share[i][z] /= sum
		}
	}
	return share
}

// maximise renews weights and chains from how likely each session is of each type.
func (m *mix) maximise(share [][]float64) {
	c := m.c
	m.parameters = m.types() - 1
	for z := range m.weight {
		n, sum, total := 0.0, make([]float64, len(c.from)), make([]float64, c.pages)
		for i, s := range c.sessions {
			w := share[i][z]
			n += w
			if w < 1e-9 {
				continue
			}
			for _, k := range s {
				sum[k.step] += w * float64(k.times)
				total[c.from[k.step]] += w * float64(k.times)
			}
		}
		m.weight[z] = (n + 0.01) / (float64(len(c.sessions)) + 0.01*float64(m.types()))
		rows := map[int]bool{}
		for i, x := range sum {
			if x >= 0.5 {
				m.parameters++
				rows[c.from[i]] = true
			}
			sum[i] = math.Log((x + prior*c.base[i]) / (total[c.from[i]] + prior))
		}
		m.parameters -= len(rows)
		m.log[z] = sum
	}
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
