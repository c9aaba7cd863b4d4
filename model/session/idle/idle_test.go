package idle

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func TestThePauseLiesBetweenThoseWithinVisitsAndThoseBetweenThem(t *testing.T) {
	draw := func(r *rand.Rand, median time.Duration, spread float64) time.Duration {
		return time.Duration(float64(median) * math.Pow(10, spread*r.NormFloat64()))
	}
	for _, c := range []struct {
		name     string
		within   time.Duration
		between  time.Duration
		share    float64 // of pauses between visits
		n        int
		from, to time.Duration
		found    bool
	}{
		{"readers who come every day", 40 * time.Second, 20 * time.Hour, 0.15, 4000, 20 * time.Minute, 100 * time.Minute, true},
		{"quick users who come back soon", 5 * time.Second, 50 * time.Minute, 0.2, 4000, 5 * time.Minute, 10 * time.Minute, true},
		{"slow readers", 6 * time.Minute, 40 * time.Hour, 0.2, 4000, 90 * time.Minute, 2 * time.Hour, true},
		{"nobody comes back", 40 * time.Second, 0, 0, 4000, 0, 0, false},
		{"hardly anybody comes back", 40 * time.Second, 20 * time.Hour, 0.005, 4000, 0, 0, false},
		{"too few to tell", 40 * time.Second, 20 * time.Hour, 0.2, 60, 0, 0, false},
	} {
		for seed := range uint64(5) {
			r := rand.New(rand.NewPCG(seed, 7))
			var g Gaps
			for range c.n {
				g.Add(50 * time.Millisecond)
				if r.Float64() < c.share {
					g.Add(draw(r, c.between, 0.35))
				} else {
					g.Add(draw(r, c.within, 0.4))
				}
			}
			pause, found := g.Pause()
			if found != c.found || pause < c.from || pause > c.to {
				t.Errorf("%s, seed %d: %v, %v; want %v between %v and %v", c.name, seed, pause, found, c.found, c.from, c.to)
			}
		}
	}
}

func TestNoPauseAndAnyPauseIsTaken(t *testing.T) {
	var g Gaps
	if pause, found := g.Pause(); found {
		t.Errorf("%v of no pause", pause)
	}
	for range 1000 {
		g.Add(-time.Hour)
		g.Add(math.MaxInt64)
	}
	if pause, found := g.Pause(); found {
		t.Errorf("%v of equal pauses", pause)
	}
}
