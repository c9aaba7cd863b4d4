package ui

import (
	"time"

	"github.com/starling-load/starling/replay/stats"
)

// maxPoints bounds what is sent and drawn: a chart has no pixels for more.
const maxPoints = 1200

// point is a stats.Point on the wire. Percentiles of a span without requests
// are nil.
type point struct {
	Time     float64 `json:"t_s"`
	Users    int     `json:"users"`
	Rate     float64 `json:"rps"`
	Failures float64 `json:"failures_per_s"`
	InFlight int64   `json:"in_flight"`
	P50      *int64  `json:"p50_us"`
	P95      *int64  `json:"p95_us"`
	P99      *int64  `json:"p99_us"`
}

// newPoints returns the points for a chart and the width of each. When there are more
// than limit, neighbours are joined. A joined point has the average of the rates, and
// the highest of the users and percentiles, since peaks are what one looks for in a
// long run.
//
// The width doubles as the run grows, and points lie on multiples of it, so that past
// points stay in place.
func newPoints(points []stats.Point, limit int) (joined []point, step time.Duration) {
	step = time.Second
	if len(points) == 0 {
		return []point{}, step
	}
	last := points[len(points)-1]
	step = max(step, last.Width)
	for last.Start/step >= time.Duration(limit) {
		step *= 2
	}
	joined = make([]point, 0, min(len(points), limit))
	var seconds float64 // covered by the newest point
	for _, p := range points {
		t := (p.Start / step * step).Seconds()
		if n := len(joined); n == 0 || joined[n-1].Time < t {
			joined = append(joined, point{Time: t})
			seconds = 0
		}
		joined[len(joined)-1].join(p, seconds)
		seconds += p.Width.Seconds()
	}
	return joined, step
}

// join adds q to p, which covers the given number of seconds already.
func (p *point) join(q stats.Point, seconds float64) {
	width := q.Width.Seconds()
	if width <= 0 {
		return
	}
	share := width / (seconds + width)
	p.Rate += (q.Rate - p.Rate) * share
	p.Failures += (q.Failures - p.Failures) * share
	p.Users = max(p.Users, q.Users)
	p.InFlight = max(p.InFlight, q.InFlight)
	if q.Rate == 0 {
		return
	}
	p.P50 = higher(p.P50, q.Response.P50)
	p.P95 = higher(p.P95, q.Response.P95)
	p.P99 = higher(p.P99, q.Response.P99)
}

func higher(have *int64, v int64) *int64 {
	if have != nil && *have >= v {
		return have
	}
	return &v
}
