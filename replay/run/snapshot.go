package run

import (
	"cmp"
	"slices"
	"time"

	"github.com/starling-load/starling/replay/stats"
)

// A State is where a run is in its life.
type State string

// The states of a run, in their order.
const (
	Waiting  State = "waiting"  // for Play, for replayers, or for the agreed start
	Running  State = "running"  // sends load
	Stopping State = "stopping" // sends nothing new
	Done     State = "done"     // nothing of this run changes any more
)

// A Snapshot is a run at one moment.
type Snapshot struct {
	State     State
	Manifest  stats.Manifest
	Users     int            // virtual users now
	Elapsed   time.Duration  // since the first second began; stands still when the run is done
	Points    []stats.Point  // seconds that all replayers have reported, in order of time
	Summary   *stats.Summary // so far; nil when the run ended before anything was played
	Replayers []Replayer     // by name
}

// A Replayer is one process that sends load, by its newest interval.
type Replayer struct {
	Name     string
	Lost     bool // it fell silent before its end
	Users    int
	Rate     float64       // requests per second
	CPU      float64       // as a share of one core, 0 to Cores
	Cores    int           // 0: not measured
	Lateness time.Duration // p99
}

// Snapshot returns the run as it is known now. The caller only reads it.
func (r *Run) Snapshot() Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Snapshot{State: r.state, Manifest: r.manifest, Points: r.timeline.Seconds(0), Summary: r.summary, Elapsed: r.timeline.Duration()}
	if r.state != Done {
		s.Summary = r.timeline.Summary(r.thresholds...)
		s.Points = r.whole(s.Points)
	}
	switch r.state {
	case Waiting:
		s.Elapsed = 0
	case Running, Stopping:
		s.Elapsed = time.Since(r.started)
	}
	for name, iv := range r.latest {
		p := r.replayer(name, iv)
		s.Users += p.Users
		s.Replayers = append(s.Replayers, p)
	}
	slices.SortFunc(s.Replayers, func(a, b Replayer) int { return cmp.Compare(a.Name, b.Name) })
	return s
}

// State returns where the run is in its life.
func (r *Run) State() State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

// Newest returns the newest second that all replayers have reported. ok is false
// as long as there is none.
func (r *Run) Newest() (p stats.Point, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	const recent = 5 * time.Second
	points := r.whole(r.timeline.Seconds(max(0, r.timeline.Duration()-recent)))
	if len(points) == 0 {
		return p, false
	}
	return points[len(points)-1], true
}

// Changed returns a channel that is closed at the next change of the run, about once a
// second while it plays.
func (r *Run) Changed() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.changed
}

// Stop asks the run to end soon. No request starts any more, those under way may
// finish, and the results are kept. A second call changes nothing.
func (r *Run) Stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state == Stopping || r.state == Done {
		return
	}
	r.state = Stopping
	if r.started.IsZero() {
		r.started = time.Now()
	}
	close(r.stop)
	r.notify()
}

// begin reports whether Play may begin.
func (r *Run) begin() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.playing {
		return false
	}
	r.playing = true
	r.manifest.Start = time.Now()
	r.notify()
	return true
}

// note keeps the newest interval of a replayer.
func (r *Run) note(iv *stats.Interval) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state == Waiting {
		r.state, r.started = Running, time.Now().Add(-iv.End)
	}
	r.latest[iv.Replayer] = iv
	r.notify()
}

// end keeps the result, which is nil when nothing was played.
func (r *Run) end(s *stats.Summary) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state, r.summary = Done, s
	r.notify()
}

// notify wakes those who wait for a change. It is called with mu held.
func (r *Run) notify() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// whole returns the points that all replayers have reported to their end. The caller
// holds mu.
func (r *Run) whole(points []stats.Point) []stats.Point {
	end := r.timeline.Duration()
	for name, iv := range r.latest {
		if !r.lost[name] {
			end = min(end, iv.End)
		}
	}
	for n := len(points); n > 0 && points[n-1].Start+points[n-1].Width > end; n-- {
		points = points[:n-1]
	}
	return points
}

// replayer describes one process by its newest interval. It is called with mu
// held.
func (r *Run) replayer(name string, iv *stats.Interval) Replayer {
	p := Replayer{
		Name: name, Lost: r.lost[name], CPU: iv.Machine.CPU, Cores: iv.Machine.Cores,
		Lateness: iv.Total.Lateness.Quantile(0.99),
	}
	if p.Lost || r.state == Done {
		return p // it sends nothing
	}
	p.Users = iv.Users
	if width := iv.End - iv.Start; width > 0 {
		p.Rate = float64(iv.Total.Requests()) / width.Seconds()
	}
	return p
}
