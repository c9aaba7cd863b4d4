package mixture

import "math"

const (
	tiltRounds = 8   // of fitting popularities to each other
	tiltPrior  = 1.0 // how many visits more and fewer a popularity is worth before any is seen
)

// tilted returns base with each page as popular as it is among the users who make steps so
// often, whatever page they come from:
//
//	odds of a→b = base of a→b × popularity of b ÷ the sum of that in the row of a
//
// Types that differ in what they visit, or in how long they stay, differ in a number a
// page and not in one a step. cost is the logarithm of how much less likely the steps
// are with popularities that nobody knew before, each drawn from a gamma distribution of
// mean 1, than with these.
func (c *chains) tilted(times []float64) (base []float64, cost float64) {
	visits, totals := make([]float64, c.ends), make([]float64, len(c.rows))
	for r, steps := range c.rows {
		if len(steps) == 1 {
			continue
		}
		for _, s := range steps {
			totals[r] += times[s]
			visits[c.to[s]] += times[s]
		}
	}
	base = append(base, c.base...)
	popular, expected := make([]float64, c.ends), make([]float64, c.ends)
	for i := range popular {
		popular[i] = 1
	}
	for range tiltRounds {
		clear(expected)
		for s, odds := range base {
			expected[c.to[s]] += totals[c.row[s]] * odds / popular[c.to[s]]
		}
		for i := range popular {
			popular[i] = (visits[i] + tiltPrior) / (expected[i] + tiltPrior)
		}
		for _, steps := range c.rows {
			sum := 0.0
			for _, s := range steps {
				sum += c.base[s] * popular[c.to[s]]
			}
			for _, s := range steps {
				base[s] = c.base[s] * popular[c.to[s]] / sum
			}
		}
	}
	for i, n := range visits {
		known := n*math.Log(popular[i]) - popular[i]*expected[i]
		drawn := tiltPrior*math.Log(tiltPrior) + lgamma(tiltPrior+n) - lgamma(tiltPrior) - (tiltPrior+n)*math.Log(tiltPrior+expected[i])
		cost += max(0, known-drawn)
	}
	return base, cost
}

// digamma is the derivative of lgamma, for x > 0.
func digamma(x float64) float64 {
	less := 0.0
	for ; x < 6; x++ {
		less += 1 / x
	}
	f := 1 / (x * x)
	return math.Log(x) - 0.5/x - f*(1.0/12-f*(1.0/120-f/252)) - less
}
