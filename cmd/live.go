package cmd

import (
	"sync"

	"github.com/starling-load/starling/replay/run"
	"github.com/starling-load/starling/ui"
)

// A liveView shows the runs of one command, one after the other, to the web UI.
// It is a ui.Live.
type liveView struct {
	mu      sync.Mutex // guards what follows
	run     *run.Run   // the newest; nil: none yet
	changed chan struct{}
}

func newLive() *liveView { return &liveView{changed: make(chan struct{})} }

// show makes r the run that is shown.
func (l *liveView) show(r *run.Run) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.run = r
	close(l.changed)
	l.changed = make(chan struct{})
}

// current returns the run that is shown, and a channel that is closed when there
// is another.
func (l *liveView) current() (*run.Run, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.run, l.changed
}

// Changed implements ui.Live. A run that is done changes no more; another run may
// take its place.
func (l *liveView) Changed() <-chan struct{} {
	r, other := l.current()
	if r == nil {
		return other
	}
	changed := r.Changed() // before the state: a run that ends in between has closed it
	if r.State() == run.Done {
		return other
	}
	return changed
}

// Stop implements ui.Live.
func (l *liveView) Stop() {
	if r, _ := l.current(); r != nil {
		r.Stop()
	}
}

// Snapshot implements ui.Live.
func (l *liveView) Snapshot() ui.Snapshot {
	r, _ := l.current()
	if r == nil {
		return ui.Snapshot{State: ui.Waiting}
	}
	s := r.Snapshot()
	view := ui.Snapshot{
		State: ui.State(s.State), Manifest: s.Manifest, Users: s.Users, Elapsed: s.Elapsed, Points: s.Points, Summary: s.Summary,
	}
	for _, p := range s.Replayers {
		v := ui.Replayer{
			Name: p.Name, State: ui.ReplayerRunning, Users: p.Users, Rate: p.Rate,
			CPU: p.CPU, Cores: p.Cores, Lateness: p.Lateness,
		}
		switch {
		case p.Lost:
			v.State, v.Note = ui.ReplayerLost, "fell silent"
		case s.State == run.Done:
			v.State = ui.ReplayerDone
		}
		view.Replayers = append(view.Replayers, v)
	}
	return view
}
