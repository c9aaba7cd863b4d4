package cmd

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/starling-load/starling/replay/stats"
	"github.com/starling-load/starling/ui"
)

// A liveView shows the runs of one command, one after the other, to the web UI.
// It is a ui.Live.
type liveView struct {
	mu       sync.Mutex // guards what follows
	state    ui.State
	manifest stats.Manifest
	timeline *stats.Timeline
	limits   []stats.Threshold
	started  time.Time
	stopped  time.Duration  // length of a run that is over
	summary  *stats.Summary // of a run that is over
	latest   map[string]*stats.Interval
	lost     map[string]bool
	stop     context.CancelFunc
	change   chan struct{} // closed at the next change
}

func newLive() *liveView {
	return &liveView{state: ui.Waiting, timeline: stats.NewTimeline(), change: make(chan struct{})}
}

// begin shows a run that starts now. The context that it returns ends when
// somebody stops the run in the browser.
func (l *liveView) begin(ctx context.Context, m stats.Manifest, t *stats.Timeline, limits []stats.Threshold) context.Context {
	ctx, stop := context.WithCancel(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state, l.manifest, l.timeline, l.limits, l.started, l.stop = ui.Waiting, m, t, limits, time.Now(), stop
	l.summary, l.latest, l.lost = nil, make(map[string]*stats.Interval), make(map[string]bool)
	l.notify()
	return ctx
}

// take shows what one replayer saw.
func (l *liveView) take(iv *stats.Interval) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state == ui.Waiting {
		l.state, l.started = ui.Running, time.Now().Add(-iv.End)
	}
	l.latest[iv.Replayer] = iv
	l.notify()
}

// lose shows that a replayer fell silent.
func (l *liveView) lose(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost[name] = true
	l.notify()
}

// end shows the result.
func (l *liveView) end(s *stats.Summary) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state, l.summary, l.stopped = ui.Done, s, l.timeline.Duration()
	l.notify()
}

// notify wakes those who wait for a change. It is called with mu held.
func (l *liveView) notify() {
	close(l.change)
	l.change = make(chan struct{})
}

// Changed implements ui.Live.
func (l *liveView) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.change
}

// Stop implements ui.Live.
func (l *liveView) Stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state == ui.Done || l.stop == nil {
		return
	}
	l.state = ui.Stopping
	l.stop()
	l.notify()
}

// Snapshot implements ui.Live.
func (l *liveView) Snapshot() ui.Snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := ui.Snapshot{State: l.state, Manifest: l.manifest, Points: l.timeline.Seconds(0), Summary: l.summary, Elapsed: l.stopped}
	if l.state != ui.Done {
		s.Elapsed = time.Since(l.started)
		s.Summary = l.timeline.Summary(l.limits...)
		for n := len(s.Points); n > 0 && s.Points[n-1].Start+s.Points[n-1].Width > l.whole(); n-- {
			s.Points = s.Points[:n-1]
		}
	}
	if l.state == ui.Waiting {
		s.Elapsed = 0
	}
	for name, iv := range l.latest {
		r := l.replayer(name, iv)
		s.Users += r.Users
		s.Replayers = append(s.Replayers, r)
	}
	slices.SortFunc(s.Replayers, func(a, b ui.Replayer) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return s
}

// whole is the offset up to which every replayer has reported. It is called
// with mu held.
func (l *liveView) whole() time.Duration {
	end := l.timeline.Duration()
	for name, iv := range l.latest {
		if !l.lost[name] {
			end = min(end, iv.End)
		}
	}
	return end
}

// replayer describes one process by its latest interval. It is called with mu
// held.
func (l *liveView) replayer(name string, iv *stats.Interval) ui.Replayer {
	r := ui.Replayer{
		Name: name, State: ui.ReplayerRunning, Users: iv.Users,
		CPU: iv.Machine.CPU, Cores: iv.Machine.Cores, Lateness: iv.Total.Lateness.Quantile(0.99),
	}
	if width := iv.End - iv.Start; width > 0 {
		r.Rate = float64(iv.Total.Requests()) / width.Seconds()
	}
	switch {
	case l.lost[name]:
		r.State, r.Note, r.Users, r.Rate = ui.ReplayerLost, "fell silent", 0, 0
	case l.state == ui.Done:
		r.State, r.Users, r.Rate = ui.ReplayerDone, 0, 0
	}
	return r
}
