package fidelity

import (
	"math"

	"github.com/starling-load/starling/model/fidelity/distance"
	"github.com/starling-load/starling/model/fidelity/series"
)

// Constants of what is measured over time.
const (
	fineWindow  = 0.1     // seconds: the shortest window, unless times are whole seconds
	mostWindows = 1 << 20 // of the shortest; longer traffic has longer ones
	leastWindow = 50      // windows that a width must have to be measured
	widest      = 1800.0  // seconds of the widest window
	smooth      = 30.0    // seconds over which the curves are smoothed
	mostPoints  = 4096    // of a curve
	sameSpan    = 1.25    // how many times as long one traffic may be as the other
)

// A clock cuts the time of two traffics into windows.
type clock struct {
	comparable bool    // sessions start over about the same time
	span       float64 // seconds from the first start to the last
	window     float64 // seconds of the shortest window
	windows    int
	point      float64 // seconds between points of a curve
	points     int
}

func newClock(s *scheme) clock {
	var spans [2]float64
	whole := true
	for k, side := range s.sides {
		first, last := side.of.starts()
		spans[k] = (last - first).Seconds()
		whole = whole && side.of.wholeSeconds()
	}
	short, long := min(spans[0], spans[1]), max(spans[0], spans[1])
	c := clock{comparable: short > 0 && long <= sameSpan*short, span: long, window: fineWindow}
	if whole {
		c.window = 1
	}
	for long/c.window >= mostWindows {
		c.window *= 2
	}
	c.windows = int(long/c.window) + 1
	c.point = max(1, long/mostPoints)
	c.points = int(long/c.point) + 1
	return c
}

// widths are the windows that are measured, in seconds, each twice the one before.
func (c *clock) widths() []float64 {
	var list []float64
	for w := c.window; w <= widest && c.span/w >= leastWindow; w *= 2 {
		list = append(list, w)
	}
	return list
}

// dispersion returns the index of dispersion of counts for each of widths.
func (c *clock) dispersion(counts []float64) []float64 {
	return series.Dispersion(counts, len(c.widths()))
}

// lags are those at which counts by the second are correlated with themselves.
func lags() [3]int { return [3]int{1, 10, 60} }

// correlation returns how much counts by the second go together with themselves some
// seconds later, for each of lags; 0 where the traffic is too short.
func (c *clock) correlation(counts []float64) (of [3]float64) {
	per := max(1, int(math.Round(1/c.window)))
	seconds := make([]float64, 0, len(counts)/per)
	for i := 0; i+per <= len(counts); i += per {
		seconds = append(seconds, distance.Sum(counts[i:i+per]))
	}
	for i, lag := range lags() {
		of[i] = series.Correlation(seconds, lag)
	}
	return of
}

// smoothed is a curve with the mean over smooth seconds, or a twentieth of a short span, in
// place of each point.
func (c *clock) smoothed(curve []float64) []float64 {
	return series.Smooth(curve, int(min(smooth, c.span/20)/c.point/2))
}
