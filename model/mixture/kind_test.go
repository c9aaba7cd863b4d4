package mixture

import (
	"math"
	"math/rand/v2"
	"slices"
)

// A table is the odds of a chain: rows are pages, the last column ends the session.
type table struct {
	start []float64
	rows  [][]float64
}

func draw(r *rand.Rand, odds []float64) int {
	sum := 0.0
	for _, p := range odds {
		sum += p
	}
	u := r.Float64() * sum
	for i, p := range odds {
		if u -= p; u < 0 {
			return i
		}
	}
	return len(odds) - 1
}

func (t table) session(r *rand.Rand) []int {
	var out []int
	for at := draw(r, t.start); at < len(t.rows) && len(out) < 1000; at = draw(r, t.rows[at]) {
		out = append(out, at)
	}
	return out
}

// random is a table over some of the pages, with few ways on from each.
func random(r *rand.Rand, pages int, of []int) table {
	t := table{make([]float64, pages+1), make([][]float64, pages)}
	for i := range t.rows {
		t.rows[i] = make([]float64, pages+1)
		t.rows[i][pages] = 0.1
		for range 3 {
			t.rows[i][of[r.IntN(len(of))]] += r.Float64()
		}
	}
	for range 2 {
		t.start[of[r.IntN(len(of))]] += r.Float64()
	}
	return t
}

// adjusted is the Rand index, adjusted for chance.
func adjusted(truth []int, groups [][]int) float64 {
	cells, a, b := map[[2]int]float64{}, map[int]float64{}, map[int]float64{}
	for g, list := range groups {
		for _, i := range list {
			cells[[2]int{g, truth[i]}]++
			a[g]++
			b[truth[i]]++
		}
	}
	two := func(n float64) float64 { return n * (n - 1) / 2 }
	index, sa, sb := 0.0, 0.0, 0.0
	for _, n := range cells {
		index += two(n)
	}
	for _, n := range a {
		sa += two(n)
	}
	for _, n := range b {
		sb += two(n)
	}
	expected := sa * sb / two(float64(len(truth)))
	if sa+sb == 2*expected {
		return 1
	}
	return (index - expected) / ((sa+sb)/2 - expected)
}

// log is the logarithm of the likelihood of a session.
func (t table) log(session []int) float64 {
	log, odds := 0.0, t.start
	for _, p := range append(slices.Clone(session), len(t.rows)) {
		log += math.Log(odds[p] / total(odds))
		if p < len(t.rows) {
			odds = t.rows[p]
		}
	}
	return log
}
