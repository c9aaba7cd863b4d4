package idle

import (
	"math"
	"time"
)

// Gaps counts pauses. The zero value has none.
type Gaps struct {
	bins  [perDecade * decades]float64
	total float64
	long  int // of more than least
}

// Bounds of what is counted and found.
const (
	perDecade = 20
	decades   = 7 // from 1 s on
	least     = 5 * time.Minute
	most      = 2 * time.Hour
	minLong   = 30   // pauses that may lie between visits
	minGain   = 10.0 // of the information criterion
	minShare  = 0.02
)

// Add counts a pause. Those shorter than a second are within the load of a page and do not
// count.
func (g *Gaps) Add(d time.Duration) {
	if d < time.Second {
		return
	}
	at := int(math.Log10(d.Seconds()) * perDecade)
	g.bins[min(at, len(g.bins)-1)]++
	if g.total++; d > least {
		g.long++
	}
}

// A bell is a Gaussian with its weight.
type bell struct{ weight, mean, variance float64 }

// density is the weighted density at x.
func (b bell) density(x float64) float64 {
	return b.weight * math.Exp(-(x-b.mean)*(x-b.mean)/(2*b.variance)) / math.Sqrt(2*math.Pi*b.variance)
}

// Pause returns the pause that parts visits, between 5 minutes and 2 hours. found is false
// if the pauses do not show it.
func (g *Gaps) Pause() (pause time.Duration, found bool) {
	if g.long < minLong {
		return 0, false
	}
	one := g.fit([]bell{{1, math.Log10(60), 1}})
	two := g.fit([]bell{{0.9, math.Log10(60), 1}, {0.1, math.Log10(6 * 3600), 1}})
	// BIC = k ln n - 2 ln L, with 2 and 5 parameters.
	gain := 2*(g.likelihood(two)-g.likelihood(one)) - 3*math.Log(g.total)
	short, long := two[0], two[1]
	if gain <= minGain || min(short.weight, long.weight) < minShare || long.mean < math.Log10(least.Seconds()) {
		return 0, false
	}
	at, ok := meeting(short, long)
	if !ok {
		return 0, false
	}
	pause = time.Duration(math.Pow(10, at) * float64(time.Second)).Round(time.Second)
	return min(most, max(least, pause)), true
}

// fit improves bells by expectation and maximisation.
func (g *Gaps) fit(bells []bell) []bell {
	const (
		steps     = 50
		enough    = 1e-6
		narrowest = 0.01
	)
	last := math.Inf(-1)
	for range steps {
		sums := make([][3]float64, len(bells)) // weight, x, x²
		for i, n := range g.bins {
			if n == 0 {
				continue
			}
			x, all := center(i), sum(bells, center(i))
			for k, b := range bells {
				part := n * b.density(x) / all
				sums[k][0] += part
				sums[k][1] += part * x
				sums[k][2] += part * x * x
			}
		}
		for k, s := range sums {
			if s[0] > 0 {
				mean := s[1] / s[0]
				bells[k] = bell{s[0] / g.total, mean, max(narrowest, s[2]/s[0]-mean*mean)}
			}
		}
		now := g.likelihood(bells)
		if now-last < enough*g.total {
			break
		}
		last = now
	}
	return bells
}

// likelihood is the logarithm of the likelihood of all pauses.
func (g *Gaps) likelihood(bells []bell) (l float64) {
	for i, n := range g.bins {
		if n > 0 {
			l += n * math.Log(sum(bells, center(i)))
		}
	}
	return l
}

// center is the logarithm of the pauses of a bin.
func center(i int) float64 { return (float64(i) + 0.5) / perDecade }

// sum is the density of all bells at x. It is never 0.
func sum(bells []bell, x float64) (d float64) {
	for _, b := range bells {
		d += b.density(x)
	}
	return max(d, 1e-300)
}

// meeting returns where two bells are equally high, between their means.
func meeting(a, b bell) (x float64, ok bool) {
	low, high := a.mean, b.mean
	if low >= high || a.density(low) <= b.density(low) || b.density(high) <= a.density(high) {
		return 0, false
	}
	for range 60 {
		if x = (low + high) / 2; a.density(x) > b.density(x) {
			low = x
		} else {
			high = x
		}
	}
	return x, true
}
