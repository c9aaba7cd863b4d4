package compare

import "math"

// fisher is Fisher's two-sided exact probability: given the margins, the probability
// of all tables that are at most as likely as
//
//	a of an
//	b of bn
func fisher(a, an, b, bn uint64) float64 {
	total, hits := an+bn, a+b
	low := uint64(0)
	if hits > bn {
		low = hits - bn
	}
	high := min(hits, an)
	whole := choose(total, hits)
	at := func(k uint64) float64 { return choose(an, k) + choose(bn, hits-k) - whole }
	seen := at(a) + 1e-7
	var p float64
	// Probabilities fall towards both ends. Tables less likely than this one lie
	// in the two tails. Each tail is summed from its end, until a table is more
	// likely than this one.
	for k := low; k <= high; k++ {
		l := at(k)
		if l > seen {
			break
		}
		p += math.Exp(l)
		if k == high {
			return min(p, 1)
		}
	}
	for k := high; k > low; k-- {
		l := at(k)
		if l > seen {
			break
		}
		p += math.Exp(l)
	}
	return min(p, 1)
}

// choose is the logarithm of the binomial coefficient.
func choose(n, k uint64) float64 {
	return lfact(n) - lfact(k) - lfact(n-k)
}

func lfact(n uint64) float64 {
	v, _ := math.Lgamma(float64(n) + 1)
	return v
}

// A tally is x of n in one block.
type tally struct{ x, n uint64 }

func sum(list []tally) tally {
	var t tally
	for _, v := range list {
		t.x += v.x
		t.n += v.n
	}
	return t
}

// in counts the blocks in which something was seen.
func in(list []tally) int {
	k := 0
	for _, v := range list {
		if v.x > 0 {
			k++
		}
	}
	return k
}

// dispersion is how much more the share varies between blocks than it would by
// chance, 1 or more: Σ (x−np)² / (np(1−p)) / (m−1).
func dispersion(list []tally) float64 {
	t := sum(list)
	if t.x == 0 || t.x == t.n {
		return 1
	}
	p := float64(t.x) / float64(t.n)
	var chi float64
	m := 0
	for _, v := range list {
		if v.n == 0 {
			continue
		}
		e := float64(v.n) * p
		chi += (float64(v.x) - e) * (float64(v.x) - e) / (e * (1 - p))
		m++
	}
	if m < 2 {
		return 1
	}
	return max(1, chi/float64(m-1))
}

// shareTest is Fisher's test of two shares, with the counts divided by the
// dispersion between blocks.
func shareTest(a, b []tally) float64 {
	phi := max(dispersion(a), dispersion(b))
	shrink := func(t tally) (x, n uint64) {
		n = uint64(math.Round(float64(t.n) / phi))
		return min(uint64(math.Round(float64(t.x)/phi)), n), n
	}
	ax, an := shrink(sum(a))
	bx, bn := shrink(sum(b))
	if an == 0 || bn == 0 {
		return 1
	}
	return fisher(ax, an, bx, bn)
}
