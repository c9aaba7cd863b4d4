package series

// Dispersion returns the index of dispersion of counts, Var N/E N: of the counts as they
// are, of the sums of two neighbours, of four, and so on, n in all. That of independent
// events is 1, and so is that of no events.
func Dispersion(counts []float64, n int) []float64 {
	list := make([]float64, 0, n)
	counts = append([]float64(nil), counts...)
	for range n {
		mean, squares := moments(counts)
		index := 1.0
		if mean > 0 && len(counts) > 1 {
			index = squares / float64(len(counts)-1) / mean
		}
		list = append(list, index)
		for i := range len(counts) / 2 {
			counts[i] = counts[2*i] + counts[2*i+1]
		}
		counts = counts[:len(counts)/2]
	}
	return list
}

// moments returns the mean, and the sum of squared differences from it.
func moments(list []float64) (mean, squares float64) {
	for _, x := range list {
		mean += x / float64(len(list))
	}
	for _, x := range list {
		squares += (x - mean) * (x - mean)
	}
	return mean, squares
}

// Correlation is how much counts go together with those lag places later: 1 is wholly, 0
// not at all. It is 0 for less than ten times lag counts.
func Correlation(counts []float64, lag int) float64 {
	mean, squares := moments(counts)
	if len(counts) < 10*lag || squares == 0 {
		return 0
	}
	together := 0.0
	for k := range len(counts) - lag {
		together += (counts[k] - mean) * (counts[k+lag] - mean)
	}
	return together / squares
}

// Smooth returns a curve with the mean of the points up to half places before and behind
// it in place of each point.
func Smooth(curve []float64, half int) []float64 {
	if half <= 0 {
		return curve
	}
	out := make([]float64, len(curve))
	total, from, to := 0.0, 0, 0
	for i := range curve {
		for ; to < min(len(curve), i+half+1); to++ {
			total += curve[to]
		}
		for ; from < i-half; from++ {
			total -= curve[from]
		}
		out[i] = total / float64(to-from)
	}
	return out
}

// Hits is the share of requests that a cache of so many values answers, which drops the
// one that was used least recently. values are below the number of all.
func Hits(order []int32, all, size int) float64 {
	const none = -1
	next, prev := make([]int32, all), make([]int32, all)
	held := make([]bool, all)
	first, last, n, hit := int32(none), int32(none), 0, 0
	remove := func(v int32) {
		a, b := prev[v], next[v]
		if a == none {
			first = b
		} else {
			next[a] = b
		}
		if b == none {
			last = a
		} else {
			prev[b] = a
		}
	}
	for _, v := range order {
		switch {
		case held[v]:
			hit++
			remove(v)
		case n == size:
			held[last] = false
			remove(last)
		default:
			n++
		}
		held[v], prev[v], next[v] = true, none, first
		if first != none {
			prev[first] = v
		} else {
			last = v
		}
		first = v
	}
	return float64(hit) / float64(len(order))
}
