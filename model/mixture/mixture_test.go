package mixture

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
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

// planted draws n sessions of tables with weights and returns the truth too.
func planted(r *rand.Rand, n int, weights []float64, tables ...table) (sessions [][]int, truth []int) {
	for range n {
		z := draw(r, weights)
		s := tables[z].session(r)
		if len(s) > 0 {
			sessions, truth = append(sessions, s), append(truth, z)
		}
	}
	return sessions, truth
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

// ideal returns the adjusted Rand index of who knows the tables and their weights.
func ideal(sessions [][]int, truth []int, weights []float64, tables []table) float64 {
	groups := make([][]int, len(tables))
	for i, s := range sessions {
		best, top := 0, math.Inf(-1)
		for z, t := range tables {
			log, odds := math.Log(weights[z]), t.start
			for _, p := range append(slices.Clone(s), len(t.rows)) {
				sum := 0.0
				for _, o := range odds {
					sum += o
				}
				log += math.Log(odds[p] / sum)
				if p < len(t.rows) {
					odds = t.rows[p]
				}
			}
			if log > top {
				best, top = z, log
			}
		}
		groups[best] = append(groups[best], i)
	}
	return adjusted(truth, groups)
}

func TestPlantedTypesAreFound(t *testing.T) {
	all := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	for _, c := range []struct {
		name    string
		weights []float64
		pages   [][]int // of each type
	}{
		{"three orders of the same pages", []float64{0.4, 0.3, 0.3}, [][]int{all, all, all}},
		{"two sets of pages that share none", []float64{0.4, 0.6}, [][]int{all[:5], all[5:]}},
		{"two sets of pages that share some", []float64{0.7, 0.3}, [][]int{all[:7], all[4:]}},
	} {
		for seed := range uint64(3) {
			r := rand.New(rand.NewPCG(seed, 1))
			var tables []table
			for _, pages := range c.pages {
				tables = append(tables, random(r, len(all), pages))
			}
			sessions, truth := planted(r, 800, c.weights, tables...)
			groups := Divide(sessions, 8)
			got, want := adjusted(truth, groups), ideal(sessions, truth, c.weights, tables)
			if len(groups) != len(tables) || got < 0.95*want {
				t.Errorf("%s, seed %d: %d types with an adjusted Rand index of %.3f, want %d with 0.95 of the %.3f that the truth reaches", c.name, seed, len(groups), got, len(tables), want)
			}
		}
	}
}

func TestOneTypeStaysOne(t *testing.T) {
	all := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	even := table{start: make([]float64, 11)}
	for i := range all {
		even.start[i] = 1
		even.rows = append(even.rows, []float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1})
	}
	hub := table{start: []float64{1}} // page 0 leads to chores that lead back
	for i := range 9 {
		row := make([]float64, 10)
		switch {
		case i == 0:
			row = []float64{0, 1, 0, 1, 0, 1, 0, 1, 0, 0.5}
		case i%2 == 1:
			row[i+1] = 1
		default:
			row[0] = 1
		}
		hub.rows = append(hub.rows, row)
	}
	hub.start = append(hub.start, make([]float64, 9)...)
	wrong, runs := 0, 0
	for seed := range uint64(7) {
		r := rand.New(rand.NewPCG(seed, 2))
		for _, tab := range []table{even, hub, random(r, 10, all)} {
			sessions, _ := planted(r, 300, []float64{1}, tab)
			if runs++; len(Divide(sessions, 8)) > 1 {
				wrong++
			}
		}
	}
	if 20*wrong > runs {
		t.Errorf("%d of %d recordings of one type were divided, want at most one in twenty", wrong, runs)
	}
}

func TestNothingIsLostOrDoubled(t *testing.T) {
	for _, sessions := range [][][]int{nil, {{}}, {{1}, {1}, {}, {2}, {2}}, {{}, {}, {}, {}, {}}, {{1, 1}, {2}, {3}, {4}, {5}, {1, 2}}} {
		for most := range 4 {
			seen := make([]int, len(sessions))
			groups := Divide(sessions, most)
			for _, g := range groups {
				for _, i := range g {
					seen[i]++
				}
			}
			if len(groups) > max(1, most) || slices.ContainsFunc(seen, func(n int) bool { return n != 1 }) {
				t.Errorf("%v in at most %d: %v", sessions, most, groups)
			}
		}
	}
}

func TestTheSameSessionsGiveTheSameTypes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	all := []int{0, 1, 2, 3, 4, 5, 6, 7}
	sessions, _ := planted(r, 3000, []float64{1, 1}, random(r, 8, all), random(r, 8, all))
	first := Divide(sessions, 8)
	if again := Divide(sessions, 8); !slices.EqualFunc(first, again, slices.Equal[[]int]) {
		t.Error("two runs differ")
	}
}
