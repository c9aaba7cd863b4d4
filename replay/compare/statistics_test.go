package compare

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/starling-load/starling/replay/stats"
)

func near(got, want, tolerance float64) bool {
	return math.Abs(got-want) <= tolerance*max(1, math.Abs(want))
}

func TestFisherAgainstPublishedTables(t *testing.T) {
	for _, test := range []struct {
		a, an, b, bn uint64
		want         float64
	}{
		{3, 4, 1, 4, 34.0 / 70},      // the lady tasting tea, three right
		{4, 4, 0, 4, 2.0 / 70},       // all right
		{1, 12, 9, 12, 0.0027594562}, // the usual example of a text book
		{0, 100, 0, 100, 1},
		{100, 100, 100, 100, 1},
		{0, 5, 5, 5, 2.0 / 252},
	} {
		if got := fisher(test.a, test.an, test.b, test.bn); !near(got, test.want, 1e-5) {
			t.Errorf("fisher(%d of %d, %d of %d) = %.7f, want %.7f", test.a, test.an, test.b, test.bn, got, test.want)
		}
		if x, y := fisher(test.a, test.an, test.b, test.bn), fisher(test.b, test.bn, test.a, test.an); !near(x, y, 1e-9) {
			t.Errorf("fisher is not symmetric: %g and %g", x, y)
		}
	}
}

func TestTrigammaAndItsInverse(t *testing.T) {
	if got, want := trigamma(1), math.Pi*math.Pi/6; !near(got, want, 1e-9) {
		t.Errorf("trigamma(1) = %g, want %g", got, want)
	}
	for _, y := range []float64{0.01, 0.5, 1, 3, 50, 1e4} {
		if got := inverseTrigamma(trigamma(y)); !near(got/y, 1, 1e-6) {
			t.Errorf("inverse of trigamma(%g) is %g", y, got)
		}
	}
}

func TestModerationFindsTheSpreadThatWasPutIn(t *testing.T) {
	// Variances of true prior d0 = 6, s0² = 0.04: s² ~ s0² · F(d, d0).
	r := rand.New(rand.NewPCG(9, 9))
	chi := func(df int) float64 {
		v := 0.0
		for range df {
			z := r.NormFloat64()
			v += z * z
		}
		return v
	}
	const d, d0, n = 5, 6, 4000
	cells, load := make([]sample, n), make([]float64, n)
	for i := range cells {
		cells[i] = sample{n: d + 1, df: d, s2: 0.04 * (chi(d) / d) / (chi(d0) / d0)}
	}
	moderate(cells, load)
	if got := cells[0].df - d; !near(got, d0, 0.2) {
		t.Errorf("prior degrees of freedom are %g, want about %d", got, d0)
	}
}

func TestModerationPullsTowardsTheUsual(t *testing.T) {
	var cells []sample
	load := make([]float64, 10)
	for i := range 10 {
		cells = append(cells, sample{n: 6, df: 5, s2: 0.01 * (1 + 0.1*float64(i))})
	}
	cells[9].s2 = 0.003
	moderate(cells, load)
	if cells[9].s2 < 0.008 || cells[9].df <= 5 {
		t.Errorf("a freak variance stays at %g with %g degrees of freedom", cells[9].s2, cells[9].df)
	}
}

func TestBenjaminiHochberg(t *testing.T) {
	// The example of the paper (1995, table 1) at 5 %: four of fifteen.
	p := []float64{0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000}
	got := discoveries(p, 0.05)
	for i, found := range got {
		if found != (i < 4) {
			t.Errorf("hypothesis %d of p %g: found is %v", i, p[i], found)
		}
	}
	slices.Reverse(p)
	if got := discoveries(p, 0.05); got[0] || !got[14] {
		t.Error("the order of the hypotheses matters")
	}
	if len(discoveries(nil, 0.05)) != 0 {
		t.Error("nothing was tested and something found")
	}
}

func TestHodgesLehmannIgnoresOneOutlier(t *testing.T) {
	if got := hodgesLehmann([]float64{1, 2, 3, 4, 1000}); got != 3 {
		t.Errorf("got %g, want 3", got)
	}
}

func TestQuantilesOfSmallSamples(t *testing.T) {
	h := stats.NewHistogram()
	for i := 1; i <= 9; i++ {
		h.Record(time.Duration(i) * 100 * time.Millisecond)
	}
	if got := quantile(h, 0.5); !near(got, 500_000, 0.002) {
		t.Errorf("the median of 100 to 900 ms is %.0f µs", got)
	}
	one := stats.NewHistogram()
	one.Record(7 * time.Millisecond)
	if got := quantile(one, 0.9); !near(got, 7000, 0.002) {
		t.Errorf("the p90 of a single 7 ms is %.0f µs", got)
	}
	big := stats.NewHistogram()
	for i := range 5000 {
		big.Record(time.Duration(i+1) * time.Millisecond)
	}
	if got := quantile(big, 0.99); !near(got, 4_950_000, 0.002) {
		t.Errorf("the p99 of 1 to 5000 ms is %.0f µs", got)
	}
}

func TestDispersion(t *testing.T) {
	if got := dispersion([]tally{{5, 10}, {5, 10}, {5, 10}}); got != 1 {
		t.Errorf("equal shares have dispersion %g", got)
	}
	// Σ (x−5)²/2.5 / 2 = (25+25+0)/2.5/2 = 10
	if got := dispersion([]tally{{0, 10}, {10, 10}, {5, 10}}); !near(got, 10, 1e-9) {
		t.Errorf("shares of 0, 1 and ½ have dispersion %g, want 10", got)
	}
	if got := dispersion([]tally{{3, 0}, {0, 0}}); got < 1 || math.IsNaN(got) {
		t.Errorf("empty blocks have dispersion %g", got)
	}
}
