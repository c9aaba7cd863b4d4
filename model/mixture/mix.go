package mixture

import (
	"cmp"
	"math"
	"slices"
)

const (
	firstRounds = 12  // of EM from each beginning
	keptStarts  = 2   // beginnings from which it goes on …
	lapRounds   = 10  // … for so many rounds with the strengths that the last ones found …
	softLaps    = 3   // … so many times softly …
	maxLaps     = 25  // … and so many times in all at most …
	leastGain   = 0.1 // … while each adds so much to the score
)

// A mix is a mixture of Markov chains.
type mix struct {
	c        *chains
	weight   []float64   // logarithms of the share of each type
	log      [][]float64 // by type and step
	soft     bool        // it is still being looked where the types lie
	likely   float64     // logarithm of the likelihood
	share    [][]float64 // by session and type
	score    float64     // logarithm of the evidence, beyond that of one type
	strength [][]float64 // by type and row
	base     [][]float64 // by type and step: what the rows of the type are drawn around
}

func (m *mix) types() int { return len(m.weight) }

func (m *mix) typeOf(session []int) int {
	best, _ := m.posterior(m.c.counts(session, false), make([]float64, m.types()))
	return best
}

// posterior fills out with how likely the session is of each type. It returns the
// likeliest and the logarithm of the likelihood.
func (m *mix) posterior(s []count, out []float64) (best int, log float64) {
	for z := range out {
		out[z] = m.weight[z]
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

// best returns the mixture with the most evidence, or nil if that is one chain. The
// score of a mixture counts from one chain. It begins, among others, with what other
// codings of the sessions found for each number of types, and adds what it finds.
func (c *chains) best(most int, found map[int][]*mix) *mix {
	var best *mix
	score, worse := minGain, 0
	last := c.one()
	for k := 2; k <= min(most, len(c.sessions)/2); k++ {
		top := c.fit(k, last, found[k])
		found[k] = append(found[k], top)
		last = top
		if top.score > score && top.large() {
			best, score, worse = top, top.score+minGain, 0
		} else if worse++; worse == 2 {
			break
		}
	}
	return best
}

// fit fits k chains by EM: a short while from each beginning, then on from the best ones
// (Biernacki, Celeux and Govaert 2003).
func (c *chains) fit(k int, last *mix, others []*mix) *mix {
	var all []*mix
	for _, share := range c.begins(k, last, others) {
		m := c.start(share, k)
		m.fit(firstRounds)
		all = append(all, m)
	}
	slices.SortStableFunc(all, func(a, b *mix) int { return cmp.Compare(b.score, a.score) })
	all = all[:min(keptStarts, len(all))]
	for _, m := range all {
		for lap, before := 0, 0.0; lap <= softLaps || lap < maxLaps && m.score > before+leastGain; lap++ {
			before = m.score
			m.soft = lap < softLaps
			m.fit(lapRounds)
		}
	}
	return slices.MaxFunc(all, func(a, b *mix) int { return cmp.Compare(a.score, b.score) })
}

// one is a single chain.
func (c *chains) one() *mix {
	m := &mix{c: c, weight: []float64{0}, log: [][]float64{make([]float64, len(c.base))}}
	for s, b := range c.base {
		m.log[0][s] = math.Log(b)
	}
	for range c.sessions {
		m.share = append(m.share, []float64{1})
	}
	return m
}

// large reports whether each type has five sessions in a thousand, and three at least.
func (m *mix) large() bool {
	for _, log := range m.weight {
		if w := math.Exp(log); w < 0.005 || w*float64(len(m.c.sessions)) < 3 {
			return false
		}
	}
	return true
}

// start returns a mixture that begins with how likely each session is of each type.
func (c *chains) start(share [][]float64, k int) *mix {
	m := &mix{c: c, soft: true, weight: make([]float64, k), log: make([][]float64, k), share: share}
	for range k {
		m.strength = append(m.strength, slices.Repeat([]float64{1}, len(c.rows)))
		m.base = append(m.base, c.base)
	}
	return m
}

// fit goes on with EM for so many rounds at most.
func (m *mix) fit(rounds int) {
	m.likely = math.Inf(-1)
	for range rounds {
		m.maximise()
		sum := 0.0
		for i, s := range m.c.sessions {
			_, log := m.posterior(s, m.share[i])
			sum += log
		}
		done := math.Abs(sum-m.likely) < 1e-6*math.Abs(sum)
		m.likely = sum
		if done {
			break
		}
	}
	m.judge()
}

// times returns how often each type makes each step, by how likely each session is of
// each type.
func (m *mix) times(z int) (sessions float64, times []float64) {
	times = make([]float64, len(m.c.base))
	for i, s := range m.c.sessions {
		w := m.share[i][z]
		sessions += w
		if w < 1e-9 {
			continue
		}
		for _, k := range s {
			times[k.step] += w * float64(k.times)
		}
	}
	return sessions, times
}

// maximise renews weights and chains from how likely each session is of each type.
func (m *mix) maximise() {
	c := m.c
	all := digamma(float64(len(c.sessions) + m.types()))
	for z := range m.weight {
		n, times := m.times(z)
		m.weight[z] = digamma(n+1) - all
		log := make([]float64, len(times))
		for r, steps := range c.rows {
			total := 0.0
			for _, s := range steps {
				total += times[s]
			}
			m.maximiseRow(z, r, total, times, log)
		}
		m.log[z] = log
	}
}

// maximiseRow fills in the logarithms of the odds of the steps of a row, of which there
// were total. They are as the evidence counts them (Attias 1999): what a type hardly ever
// did counts less than its share. That would hold sessions where a bad beginning put them,
// so while the mixture is soft the odds are the shares.
func (m *mix) maximiseRow(z, r int, total float64, times, log []float64) {
	a, base := m.strength[z][r], m.base[z]
	of := digamma
	if m.soft || a == same {
		of = math.Log
	}
	total = of(total + a)
	for _, s := range m.c.rows[r] {
		log[s] = of(times[s]+a*base[s]) - total
	}
}
