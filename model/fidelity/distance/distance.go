package distance

import "math"

// JensenShannon is the divergence of Jensen and Shannon between two histograms, in
// bits: 0 for equal shares, 1 for nothing in common.
func JensenShannon(a, b []float64) float64 {
	na, nb := Sum(a), Sum(b)
	if na == 0 || nb == 0 {
		return 0
	}
	d := 0.0
	for i := range a {
		p, q := a[i]/na, b[i]/nb
		m := (p + q) / 2
		if p > 0 {
			d += p * math.Log2(p/m) / 2
		}
		if q > 0 {
			d += q * math.Log2(q/m) / 2
		}
	}
	return max(0, d)
}

// Greatest is the greatest difference of a share.
func Greatest(a, b []float64) float64 {
	na, nb := Sum(a), Sum(b)
	if na == 0 || nb == 0 {
		return 0
	}
	d := 0.0
	for i := range a {
		d = max(d, math.Abs(a[i]/na-b[i]/nb))
	}
	return d
}

// Kolmogorov is the greatest difference of the distribution functions of two
// histograms over the same ascending cells (Kolmogorov and Smirnov).
func Kolmogorov(a, b []float64) float64 {
	na, nb := Sum(a), Sum(b)
	if na == 0 || nb == 0 {
		return 0
	}
	d, fa, fb := 0.0, 0.0, 0.0
	for i := range a {
		fa += a[i] / na
		fb += b[i] / nb
		d = max(d, math.Abs(fa-fb))
	}
	return d
}

// Wasserstein is the area between the distribution functions of two histograms over the
// cells of g, as a share of the mean of the first.
func Wasserstein(g *Grid, a, b []float64) float64 {
	na, nb, m := Sum(a), Sum(b), g.Mean(a)
	if na == 0 || nb == 0 || m == 0 {
		return 0
	}
	d, fa, fb := 0.0, 0.0, 0.0
	for i := range len(a) - 1 {
		fa += a[i] / na
		fb += b[i] / nb
		d += math.Abs(fa-fb) * (g.Middles[i+1] - g.Middles[i])
	}
	return d / math.Abs(m)
}

// Relative is by how much b differs from a, as a share of a.
func Relative(a, b float64) float64 {
	if a == 0 {
		if b == 0 {
			return 0
		}
		return 1
	}
	return math.Abs(b-a) / math.Abs(a)
}

// Area is the area between two curves, as a share of that below the first.
func Area(a, b []float64) float64 {
	total, d := 0.0, 0.0
	for i := range a {
		total += math.Abs(a[i])
		d += math.Abs(a[i] - b[i])
	}
	if total == 0 {
		return 0
	}
	return d / total
}

// Sum is the sum of numbers.
func Sum(list []float64) float64 {
	n := 0.0
	for _, x := range list {
		n += x
	}
	return n
}
