package dist

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAtInterpolatesBetweenQuantiles(t *testing.T) {
	q := []time.Duration{10, 20, 40}
	for _, tt := range []struct {
		name string
		q    []time.Duration
		p    float64
		want time.Duration
	}{
		{"the minimum is at 0", q, 0, 10},
		{"a quarter is half way to the median", q, 0.25, 15},
		{"the median is at one half", q, 0.5, 20},
		{"three quarters are half way to the maximum", q, 0.75, 30},
		{"the maximum is at 1", q, 1, 40},
		{"below 0 is the minimum", q, -3, 10},
		{"above 1 is the maximum", q, 7, 40},
		{"not a number is the minimum", q, math.NaN(), 10},
		{"the largest number below 1 is within range", q, math.Nextafter(1, 0), 39},
		{"one quantile is a constant", q[:1], 0.7, 10},
		{"no quantiles are no pause", nil, 0.7, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := At(tt.q, tt.p); got != tt.want {
				t.Errorf("At(%v, %v) = %v, want %v", tt.q, tt.p, got, tt.want)
			}
		})
	}
}

func TestQuantilesAreMonotoneAndWithinTheSamples(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		samples := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "sample"))
		}), 1, 50).Draw(t, "samples")
		before := slices.Clone(samples)
		n := rapid.IntRange(2, 80).Draw(t, "n")
		q := Quantiles(samples, n)
		if !slices.Equal(samples, before) {
			t.Fatal("the samples changed")
		}
		if len(q) != n || !slices.IsSorted(q) || q[0] != slices.Min(samples) || q[n-1] != slices.Max(samples) {
			t.Fatalf("Quantiles(%v, %d) = %v", samples, n, q)
		}
		a, b := rapid.Float64Range(0, 1).Draw(t, "a"), rapid.Float64Range(0, 1).Draw(t, "b")
		if a <= b && At(q, a) > At(q, b) {
			t.Fatalf("At(%v) = %v > At(%v) = %v", a, At(q, a), b, At(q, b))
		}
	})
}

func TestQuantilesOfNothingAreNone(t *testing.T) {
	if q := Quantiles(nil, 5); q != nil {
		t.Errorf("Quantiles(nil, 5) = %v", q)
	}
	if q := Quantiles([]time.Duration{1}, 1); q != nil {
		t.Errorf("Quantiles of one sample at one point = %v", q)
	}
}

// Samples from the quantiles of an exponential distribution have its mean and
// its distribution function, within five standard deviations.
func TestSamplesFollowTheDistribution(t *testing.T) {
	const n = 20000
	mean := 2 * time.Second
	r := Keyed(1, 0, 0)
	recorded := make([]time.Duration, n)
	for i := range recorded {
		recorded[i] = time.Duration(r.ExpFloat64() * float64(mean))
	}
	q := Quantiles(recorded, 257)
	below := map[time.Duration]int{}
	points := []time.Duration{100 * time.Millisecond, time.Second, 2 * time.Second, 6 * time.Second}
	for k := range uint64(n) {
		v := At(q, Keyed(2, k, 0).Float64())
		for _, p := range points {
			if v <= p {
				below[p]++
			}
		}
	}
	for _, p := range points {
		want := 1 - math.Exp(-float64(p)/float64(mean))
		got := float64(below[p]) / n
		if tolerance := 5 * math.Sqrt(want*(1-want)/n*2); math.Abs(got-want) > tolerance+0.002 {
			t.Errorf("share below %v is %.4f, want %.4f", p, got, want)
		}
	}
}
