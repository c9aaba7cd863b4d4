package dist

import (
	"slices"
	"time"
)

// At returns the quantile at probability p, between the two nearest of the
// equally spaced quantiles by linear interpolation:
//
//	quantiles  q0       q1       q2       q3       q4
//	p          0       1/4      1/2      3/4       1
//
// quantiles is ascending. p below 0 counts as 0, p above 1 as 1. Without quantiles
// the result is 0. A single quantile is the result itself.
func At(quantiles []time.Duration, p float64) time.Duration {
	last := len(quantiles) - 1
	switch {
	case last < 0:
		return 0
	case !(p > 0): // also when p is not a number
		return quantiles[0]
	case p >= 1:
		return quantiles[last]
	}
	x := p * float64(last)
	i := int(x)
	if i >= last { // p·last may round up to last
		return quantiles[last]
	}
	low, high := quantiles[i], quantiles[i+1]
	return low + time.Duration((x-float64(i))*float64(high-low))
}

// Quantiles returns n quantiles of samples at equal steps of probability from 0
// to 1, the minimum first and the maximum last. samples may be in any order and
// is not changed. n is 2 or more; without samples the result is nil.
func Quantiles(samples []time.Duration, n int) []time.Duration {
	if len(samples) == 0 || n < 2 {
		return nil
	}
	sorted := slices.Clone(samples)
	slices.Sort(sorted)
	q := make([]time.Duration, n)
	for i := range q {
		q[i] = At(sorted, float64(i)/float64(n-1))
	}
	return q
}
