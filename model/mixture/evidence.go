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

// judgeType is the logarithm of the evidence of the steps of a type. It notes how much
// its rows are like those of all sessions.
func (m *mix) judgeType(z int, times []float64) float64 {
	var logs [len(sames)]float64
	for r, steps := range m.c.rows {
		var x, base []float64
		plain := 0.0
		for _, s := range steps {
			if times[s] > 1e-9 {
				x, base = append(x, times[s]), append(base, m.c.base[s])
				plain += times[s] * math.Log(m.c.base[s])
			}
		}
		if len(steps) == 1 || len(x) == 0 {
			continue
		}
		own, strength := evidence(x, base)
		if m.strength[z][r] = strength; plain > own {
			m.strength[z][r] = same
		}
		for i, share := range sames {
			top := max(plain, own)
			logs[i] += top + math.Log(share*math.Exp(plain-top)+(1-share)*math.Exp(own-top))
		}
	}
	return meanOf(logs[:])
}
