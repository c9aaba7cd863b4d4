package distance

import (
	"math"
	"testing"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

func TestDistancesOfKnownDistributions(t *testing.T) {
	g := NewGrid([]float64{1, 2, 3, 4})
	for _, tt := range []struct {
		name      string
		got, want float64
	}{
		{"equal shares have no divergence", JensenShannon([]float64{1, 3}, []float64{2, 6}), 0},
		{"nothing in common is a divergence of one bit", JensenShannon([]float64{1, 0}, []float64{0, 5}), 1},
		{"half in common is half a bit", JensenShannon([]float64{1, 1, 0}, []float64{1, 0, 1}), 0.5},
		{"nothing has no divergence", JensenShannon([]float64{0}, []float64{0}), 0},
		{"a share of a half less", Greatest([]float64{1, 1}, []float64{0, 4}), 0.5},
		{"distribution functions that part by a half", Kolmogorov([]float64{1, 1, 0, 0}, []float64{0, 1, 1, 0}), 0.5},
		{"a shift by one of a mean of 1.5", Wasserstein(g, []float64{1, 1, 0, 0}, []float64{0, 1, 1, 0}), 1 / 1.5},
		{"a third more", Relative(3, 4), 1.0 / 3},
		{"something of nothing", Relative(0, 4), 1},
		{"nothing of nothing", Relative(0, 0), 0},
		{"an area of a quarter", Area([]float64{2, 2}, []float64{2, 1}), 0.25},
	} {
		if !near(tt.got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, tt.got, tt.want)
		}
	}
}

func TestAGridHasACellForEachOfFewValues(t *testing.T) {
	g := NewGrid([]float64{5, 1, 1, 2})
	for x, want := range map[float64]int{0: 0, 1: 0, 1.5: 1, 2: 1, 5: 2, 9: 2} {
		if got := g.Cell(x); got != want {
			t.Errorf("the cell of %v is %d, want %d", x, got, want)
		}
	}
	h := []float64{2, 1, 1}
	if m := g.Mean(h); !near(m, 2.25) {
		t.Errorf("mean %v, want 2.25", m)
	}
	if v := g.Typical(h, 0.3); v != 1 {
		t.Errorf("typical value %v at 30 %%, want 1", v)
	}
	if v := g.Typical(h, 0.9); v != 5 {
		t.Errorf("typical value %v at 90 %%, want 5", v)
	}
	if q := g.Quantile(h, 1); q != 5 {
		t.Errorf("greatest %v, want 5", q)
	}
	if q := g.Quantile(h, 0.75); q != 2 {
		t.Errorf("75 %% point %v, want 2", q)
	}
}

func TestAGridOfManyValuesHasBoundedCells(t *testing.T) {
	var values []float64
	for i := range 100_000 {
		values = append(values, float64(i))
	}
	g := NewGrid(values)
	if n := len(g.Tops); n > 2*mostCells || n < mostCells/2 {
		t.Errorf("%d cells, want about %d", n, mostCells)
	}
	if got := g.Cell(50_000); math.Abs(g.Middles[got]-50_000) > 100 {
		t.Errorf("50000 is in a cell around %v", g.Middles[got])
	}
}
