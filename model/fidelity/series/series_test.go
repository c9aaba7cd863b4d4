package series

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestIndependentEventsHaveADispersionOfOne(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	counts := make([]float64, 1<<14)
	for range 3 * len(counts) {
		counts[r.IntN(len(counts))]++
	}
	for i, index := range Dispersion(counts, 6) {
		if math.Abs(index-1) > 0.15 {
			t.Errorf("index %.3f in windows of %d, want 1", index, 1<<i)
		}
	}
	for _, lag := range []int{1, 10, 60} {
		if c := Correlation(counts, lag); math.Abs(c) > 0.05 {
			t.Errorf("correlation %.3f at lag %d, want 0", c, lag)
		}
	}
}

func TestBlocksGoTogether(t *testing.T) {
	var counts []float64
	for i := range 1000 {
		counts = append(counts, float64(i/10%2)) // blocks of ten
	}
	if c := Correlation(counts, 1); math.Abs(c-0.8) > 0.01 {
		t.Errorf("correlation %.3f at lag 1, want 0.8", c)
	}
	if c := Correlation(counts, 10); math.Abs(c+0.99) > 0.01 {
		t.Errorf("correlation %.3f at lag 10, want −1", c)
	}
	if c := Correlation(counts[:9], 1); c != 0 {
		t.Errorf("correlation %.3f of nine counts, want 0", c)
	}
}

func TestSmoothKeepsAConstantAndItsEnds(t *testing.T) {
	if got := Smooth([]float64{2, 2, 2, 2}, 1); !slices.Equal(got, []float64{2, 2, 2, 2}) {
		t.Errorf("got %v, want 2 everywhere", got)
	}
	if got := Smooth([]float64{0, 3, 0, 0}, 1); !slices.Equal(got, []float64{1.5, 1, 1, 0}) {
		t.Errorf("got %v", got)
	}
}

func TestACacheAnswersWhatItHolds(t *testing.T) {
	for _, tt := range []struct {
		name  string
		order []int32
		size  int
		want  float64
	}{
		{"the same again", []int32{0, 0, 0, 0}, 1, 0.75},
		{"two in turn in a cache for one", []int32{0, 1, 0, 1}, 1, 0},
		{"two in turn in a cache for two", []int32{0, 1, 0, 1}, 2, 0.5},
		{"the least recently used one goes", []int32{0, 1, 0, 2, 0, 1}, 2, 2.0 / 6},
	} {
		if got := Hits(tt.order, 3, tt.size); math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("%s: %.3f, want %.3f", tt.name, got, tt.want)
		}
	}
}
