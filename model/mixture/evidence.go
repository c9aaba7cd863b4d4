package mixture

import (
	"math"
	"slices"
)

// strengths are how many steps seen a row of a type may be worth before any is seen: the
// greater the strength, the more it is like that of all sessions.
var strengths = [...]float64{0.5, 2, 8, 32, 128, 1024}

// same is the strength of a row that is that of all sessions.
const same = 1e9

// sames are shares of the rows of a type that may be those of all sessions.
var sames = [...]float64{0.2, 0.5, 0.8, 0.95}

// evidence is the logarithm of the odds of counts of steps in a row whose odds are drawn
// around base, as closely as any of the strengths say. It returns the likeliest strength
// too.
func evidence(times, base []float64) (log, strength float64) {
	var logs [len(strengths)]float64
	for i, a := range strengths {
		logs[i] = drawn(times, base, a)
	}
	return meanOf(logs[:]), strengths[slices.Index(logs[:], slices.Max(logs[:]))]
}

// meanOf is the logarithm of the mean of what has these logarithms.
func meanOf(logs []float64) float64 {
	most, sum := slices.Max(logs), 0.0
	for _, l := range logs {
		sum += math.Exp(l - most)
	}
	return most + math.Log(sum/float64(len(logs)))
}

// drawn is the same for one strength: the Dirichlet-multinomial.
func drawn(times, base []float64, strength float64) float64 {
	total, log := 0.0, 0.0
	for i, x := range times {
		if x <= 0 {
			continue
		}
		total += x
		log += lgamma(strength*base[i]+x) - lgamma(strength*base[i])
	}
	return log + lgamma(strength) - lgamma(strength+total)
}

// even is the logarithm of the evidence of a row all of whose odds were alike at first
// (Krichevsky and Trofimov 1981).
func even(times []float64, steps []int) float64 {
	const half = 0.5
	total, sum := 0.0, 0.0
	for _, s := range steps {
		total += times[s]
		sum += lgamma(times[s]+half) - lgamma(half)
	}
	all := half * float64(len(steps))
	return sum + lgamma(all) - lgamma(all+total)
}

func lgamma(x float64) float64 {
	l, _ := math.Lgamma(x)
	return l
}

// judge computes the score: the evidence of Cheeseman and Stutz (1996).
func (m *mix) judge() {
	m.score = -m.c.plain
	var sizes float64
	for z := range m.weight {
		n, times := m.times(z)
		sizes += n
		m.score += lgamma(n+1) + m.judgeType(z, times)
	}
	k := float64(m.types())
	m.score += lgamma(k) - lgamma(k+sizes) + lgamma(k+1)
	for _, share := range m.share {
		for _, p := range share {
			if p > 1e-12 {
				m.score -= p * math.Log(p)
			}
		}
	}
}

// judgeType is the logarithm of the evidence of the steps of a type, whose rows are drawn
// around those of all sessions, as they are or tilted. It notes which, and how much each
// row is like that. A soft mixture is tilted: what differs most shows there first.
func (m *mix) judgeType(z int, times []float64) float64 {
	plain, strength := m.c.judgeRows(times, m.c.base)
	m.base[z], m.strength[z] = m.c.base, strength
	base, cost := m.c.tilted(times)
	tilted, strength := m.c.judgeRows(times, base)
	if tilted -= cost; tilted > plain || m.soft {
		m.base[z], m.strength[z] = base, strength
	}
	return meanOf([]float64{plain, tilted})
}

// judgeRows is the logarithm of the evidence of steps in rows that are drawn around base.
// It returns the likeliest strength of each row too.
func (c *chains) judgeRows(times, base []float64) (float64, []float64) {
	var logs [len(sames)]float64
	strengths := make([]float64, len(c.rows))
	for r, steps := range c.rows {
		strengths[r] = same
		var x, b []float64
		plain := 0.0
		for _, s := range steps {
			if times[s] > 1e-9 {
				x, b = append(x, times[s]), append(b, base[s])
				plain += times[s] * math.Log(base[s])
			}
		}
		if len(steps) == 1 || len(x) == 0 {
			continue
		}
		own, strength := evidence(x, b)
		if plain <= own {
			strengths[r] = strength
		}
		for i, share := range sames {
			top := max(plain, own)
			logs[i] += top + math.Log(share*math.Exp(plain-top)+(1-share)*math.Exp(own-top))
		}
	}
	return meanOf(logs[:]), strengths
}
