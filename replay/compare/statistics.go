package compare

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/starling-load/starling/replay/stats"
)

// smallestSD is the least spread of log-ratios that is believed: the resolution of
// histograms.
const smallestSD = 0.0005

// quantile returns the quantile q of h in microseconds. Small samples are
// smoothed by Harrell and Davis (1982): a mean of all order statistics, the i-th
// of n weighted by
//
//	I(i/n) − I((i−1)/n),  I the regularized incomplete beta function
//	                      with a = (n+1)q and b = (n+1)(1−q)
func quantile(h *stats.Histogram, q float64) float64 {
	n := float64(h.Count())
	if n > 2000 {
		return float64(h.Quantile(q).Microseconds())
	}
	a, b := (n+1)*q, (n+1)*(1-q)
	// Five standard deviations of the rank away the weights are 0.
	reach := 5*math.Sqrt(q*(1-q)/(n+2)) + 2/n
	beta := func(x float64) float64 {
		switch {
		case x <= q-reach:
			return 0
		case x >= q+reach:
			return 1
		}
		return mathext.RegIncBeta(a, b, min(max(x, 0), 1))
	}
	var sum, below, last float64
	for d, k := range h.Buckets() {
		below += float64(k)
		w := beta(below / n)
		sum += (w - last) * float64(d.Nanoseconds()) / 1000
		last = w
	}
	return sum
}

// A sample is the differences of one cell over its pairs, in brief.
type sample struct {
	n    int     // pairs
	mean float64 //
	hl   float64 // Hodges-Lehmann estimate
	s2   float64 // variance; after moderate: posterior
	df   float64 // degrees of freedom of s2
}

// describe summarizes differences.
func describe(d []float64) sample {
	s := sample{n: len(d)}
	if s.n == 0 {
		return s
	}
	for _, v := range d {
		s.mean += v / float64(s.n)
	}
	for _, v := range d {
		s.s2 += (v - s.mean) * (v - s.mean)
	}
	s.df = float64(s.n - 1)
	if s.n > 1 {
		s.s2 = max(s.s2/s.df, smallestSD*smallestSD)
	}
	s.hl = hodgesLehmann(d)
	return s
}

// hodgesLehmann is the median of the means of all pairs, each with itself too.
func hodgesLehmann(d []float64) float64 {
	var means []float64
	for i := range d {
		for j := i; j < len(d); j++ {
			means = append(means, (d[i]+d[j])/2)
		}
	}
	return median(means)
}

// median sorts v in place. It returns 0 for nothing.
func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	if k := len(v) / 2; len(v)%2 == 1 {
		return v[k]
	} else {
		return (v[k-1] + v[k]) / 2
	}
}

// sem is the standard error of the mean.
func (s sample) sem() float64 { return math.Sqrt(s.s2 / float64(s.n)) }

// p is the two-sided probability of a mean this far from 0.
func (s sample) p() float64 {
	return 2 * s.t().Survival(math.Abs(s.mean)/s.sem())
}

func (s sample) t() distuv.StudentsT { return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: s.df} }

// interval is the 95 % interval around the Hodges-Lehmann estimate.
func (s sample) interval() (low, high float64) {
	reach := s.t().Quantile(0.975) * s.sem()
	return s.hl - reach, s.hl + reach
}

// mde is the effect that a test at 1 % alone finds in nine of ten cases.
func (s sample) mde() float64 {
	return (s.t().Quantile(0.99) + s.t().Quantile(0.9)) * s.sem()
}

// more is how many further pairs would be needed to find an effect as large as limit
// in nine of ten cases.
func (s sample) more(limit float64) int {
	const z = 2.3263 + 1.2816 // normal quantiles at 0.99 and 0.9
	return max(1, int(math.Ceil(z*z*s.s2/(limit*limit)))-s.n)
}

// fewestModerated is the number of cells that are needed to estimate how their
// variances spread.
const fewestModerated = 4

// moderate moves the variances of cells towards the usual variance (Smyth 2004,
// section 6), because an estimate from few pairs is poor. The usual variance may
// depend on the number of requests, whose logarithms are in load. Samples have
// two pairs or more.
//
//	e  = ln s² − ψ(d/2) + ln(d/2)      free of the bias of ln s²
//	d₀ = 2 ψ′⁻¹( Var e − mean ψ′(d/2) )
//	s̃² = (d₀ s₀² + d s²) / (d₀ + d)     with d₀ + d degrees of freedom
func moderate(cells []sample, load []float64) {
	if len(cells) < fewestModerated {
		return
	}
	e := make([]float64, len(cells))
	var expected, pooled float64
	for i, c := range cells {
		e[i] = math.Log(c.s2) - mathext.Digamma(c.df/2) + math.Log(c.df/2)
		expected += trigamma(c.df/2) / float64(len(cells))
		pooled += c.df
	}
	usual, spread := trend(e, load)
	d0 := math.Inf(1)
	if spread > expected {
		d0 = 2 * inverseTrigamma(spread-expected)
	}
	// All cells together bound how well the usual variance is known.
	d0 = min(d0, pooled)
	for i := range cells {
		s0 := math.Exp(usual[i] + mathext.Digamma(d0/2) - math.Log(d0/2))
		c := &cells[i]
		c.s2 = (d0*s0 + c.df*c.s2) / (d0 + c.df)
		c.df = min(d0+c.df, pooled)
	}
}

// trend fits e by a straight line over x, or by its mean when there are few
// points or x hardly varies. It returns the fit and the variance around it.
func trend(e, x []float64) (fit []float64, variance float64) {
	n := float64(len(e))
	var me, mx, sxx, sxe float64
	for i := range e {
		me += e[i] / n
		mx += x[i] / n
	}
	for i := range e {
		sxx += (x[i] - mx) * (x[i] - mx)
		sxe += (x[i] - mx) * (e[i] - me)
	}
	slope, df := 0.0, n-1
	if len(e) >= 8 && sxx/n > 0.1 {
		slope, df = sxe/sxx, n-2
	}
	fit = make([]float64, len(e))
	for i := range e {
		fit[i] = me + slope*(x[i]-mx)
		variance += (e[i] - fit[i]) * (e[i] - fit[i]) / df
	}
	return fit, variance
}

// trigamma is ψ′(x) = ζ(2, x).
func trigamma(x float64) float64 { return mathext.Zeta(2, x) }

// inverseTrigamma solves trigamma(y) = x for x > 0 by bisection on ln y: the
// function falls from infinity to 0.
func inverseTrigamma(x float64) float64 {
	low, high := -20.0, 20.0
	for range 80 {
		mid := (low + high) / 2
		if trigamma(math.Exp(mid)) > x {
			low = mid
		} else {
			high = mid
		}
	}
	return math.Exp((low + high) / 2)
}

// discoveries returns which hypotheses may be called false at the rate q
// (Benjamini, Hochberg 1995): all up to the largest k with p₍k₎ ≤ k·q/n.
func discoveries(p []float64, q float64) []bool {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		if p[a] < p[b] {
			return -1
		}
		return 1
	})
	found := make([]bool, len(p))
	for k := len(p); k > 0; k-- {
		if p[order[k-1]] <= float64(k)*q/float64(len(p)) {
			for _, i := range order[:k] {
				found[i] = true
			}
			break
		}
	}
	return found
}
