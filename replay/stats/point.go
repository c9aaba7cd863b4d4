package stats

import "time"

// A Point is what a chart draws: one second of a run, or a few when the run is long,
// merged over all replayers. Response, Service and Lateness are in microseconds.
type Point struct {
	Start    time.Duration `json:"start_ns"`
	Width    time.Duration `json:"width_ns"`
	Rate     float64       `json:"rps"` // requests ended per second
	Failures float64       `json:"failures_ps"`
	Users    int           `json:"users"`
	InFlight int64         `json:"open"` // exchanges under way at the end
	Response Latency       `json:"response_time_us"`
	Service  Latency       `json:"service_time_us"`
	Lateness Latency       `json:"lateness_us"`
	CPU      float64       `json:"cpu_ratio"` // of all cores of the busiest replayer
}

// point renders sl, which begins at start; open is the number of exchanges
// under way at its end.
func (sl *slot) point(start, width time.Duration, open int64) Point {
	seconds := width.Seconds()
	return Point{
		Start: start, Width: width,
		Rate:     float64(sl.cell.Requests()) / seconds,
		Failures: float64(sl.cell.Failures()) / seconds,
		Users:    sl.usersSum(), InFlight: open, CPU: sl.cpu,
		Response: latency(sl.cell.Response),
		Service:  latency(sl.cell.Service),
		Lateness: latency(sl.cell.Lateness),
	}
}
