package load

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"time"
)

// perCell is the mean number of Poisson arrivals in one cell of the schedule.
const perCell = 16

// maxArrivals bounds the memory of a Poisson schedule: half a byte an arrival.
const maxArrivals = 1 << 30

// Poisson returns arrivals at random with independent exponential distances of
// mean 1/perSecond, for the duration d. The same seed gives the same arrivals.
//
// The duration is cut into cells of about sixteen arrivals. The number in each
// cell is drawn from the Poisson law by (seed, cell), and their places are
// uniform within it, which is the definition of the process. At sorts one cell:
//
//	cell      0        1       2          3
//	     |  ·  · ·|·  ·    | ·    ·· | ·      …
//	first 0        3        5         8          (prefix sums)
func Poisson(perSecond float64, d time.Duration, seed uint64) (Arrivals, error) {
	if err := checkRate(perSecond, d); err != nil {
		return nil, err
	}
	if d == 0 {
		return nil, errNoDuration
	}
	mean := perSecond * d.Seconds()
	if mean > maxArrivals {
		return nil, fmt.Errorf("%.0f arrivals: at most %d can be planned; use a lower rate or a shorter duration", mean, maxArrivals)
	}
	cells := max(1, int(math.Round(mean/perCell)))
	p := &poisson{seed: seed, duration: d, first: make([]uint64, cells+1)}
	for c := range cells {
		p.first[c+1] = p.first[c] + poissonDraw(mean/float64(cells), stream(seed, uint64(c), 0))
	}
	return p, nil
}

type poisson struct {
	seed     uint64
	duration time.Duration
	first    []uint64 // first[c]: arrivals before cell c
}

func (p *poisson) At(i uint64) (time.Duration, bool) {
	cells := len(p.first) - 1
	if i >= p.first[cells] {
		return 0, false
	}
	c := sort.Search(cells, func(c int) bool { return p.first[c+1] > i })
	places := make([]float64, p.first[c+1]-p.first[c])
	draw := stream(p.seed, uint64(c), 1)
	for k := range places {
		places[k] = draw()
	}
	slices.Sort(places)
	at := (float64(c) + places[i-p.first[c]]) / float64(cells) * float64(p.duration)
	return min(time.Duration(at), p.duration-1), true
}

// poissonDraw draws a number from the Poisson law of that mean by counting
// uniform draws until their product falls below e^−mean.
func poissonDraw(mean float64, draw func() float64) uint64 {
	limit := math.Exp(-mean)
	n := uint64(0)
	for product := draw(); product > limit; product *= draw() {
		n++
	}
	return n
}
