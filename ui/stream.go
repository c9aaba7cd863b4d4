package ui

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

const (
	tailPoints  = 30                     // points in an update: a late interval may still change some
	settle      = 200 * time.Millisecond // between a change and its picture
	keepAlive   = 15 * time.Second       // between two signs of life
	writeWithin = 20 * time.Second       // for one event; then the viewer is given up
)

// A feed turns a Live into events. All viewers share each picture: it is taken and
// encoded once for all of them, and only when there is a viewer.
type feed struct {
	live Live

	mu     sync.Mutex // guards newest
	newest *picture
}

// A picture is the run at one moment, encoded. It never changes.
type picture struct {
	snapshot []byte          // event with all points
	update   []byte          // event with the last points; nil when these are all
	changed  <-chan struct{} // closed when there is a newer picture
	state    State
	started  time.Time // of the run: a Live may go on to another one
	step     float64
	from     float64 // time of the first point of update
	last     float64 // time of the last point; -1: none
}

// picture returns the newest picture.
func (f *feed) picture() (*picture, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p := f.newest; p != nil {
		select {
		case <-p.changed:
		default:
			return p, nil
		}
	}
	changed := f.live.Changed() // before the snapshot: a change between the two is seen, not lost
	p, err := newPicture(newLiveRun(f.live.Snapshot()), changed)
	if err != nil {
		return nil, err
	}
	f.newest = p
	return p, nil
}

func newPicture(run *liveRun, changed <-chan struct{}) (*picture, error) {
	p := &picture{changed: changed, state: run.State, started: run.Run.Started, step: run.Step, last: -1}
	if n := len(run.Points); n > 0 {
		p.last = run.Points[n-1].Time
	}
	var err error
	if p.snapshot, err = event("snapshot", run); err != nil {
		return nil, err
	}
	if tail := run.tail(tailPoints); tail != nil {
		p.from = tail.From
		if p.update, err = event("update", tail); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// follows reports whether the update of p is enough for a viewer that has old.
// The end of a run is always sent whole, so that the last picture is exact.
func (p *picture) follows(old *picture) bool {
	return old != nil && p.update != nil && p.state != Done &&
		p.started.Equal(old.started) && p.step == old.step && p.from <= old.last
}

func event(name string, v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode the live run: %w", err)
	}
	return fmt.Appendf(nil, "event: %s\ndata: %s\n\n", name, data), nil
}

func (s *server) live(w http.ResponseWriter, r *http.Request) {
	s.reply(w, r, newLiveRun(s.Live.Snapshot()))
}

func (s *server) stop(w http.ResponseWriter, r *http.Request) {
	s.Logger.Info("stop asked for in the web UI")
	s.Live.Stop()
	s.reply(w, r, map[string]State{"state": s.Live.Snapshot().State})
}

// events streams pictures until the viewer goes away. Nothing is queued for it:
// when it is ready for the next picture it gets the newest.
func (s *server) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	v := &viewer{w: w, control: http.NewResponseController(w)}
	for {
		p, err := s.feed.picture()
		if err != nil {
			s.Logger.Error("live stream ended", "error", err)
			return
		}
		if err := v.show(p); err != nil {
			s.Logger.Debug("viewer went away", "error", err)
			return
		}
		if err := v.await(r, p.changed); err != nil {
			return
		}
	}
}

// A viewer is one open stream.
type viewer struct {
	w       http.ResponseWriter
	control *http.ResponseController
	seen    *picture
}

func (v *viewer) show(p *picture) error {
	data := p.snapshot
	if p.follows(v.seen) {
		data = p.update
	}
	v.seen = p
	return v.send(data)
}

// await waits for a change and sends signs of life meanwhile. It then waits a little
// longer: replayers report at nearly the same instant, and a picture between two
// reports would show a part of the newest second only.
func (v *viewer) await(r *http.Request, changed <-chan struct{}) error {
	alive := time.NewTicker(keepAlive)
	defer alive.Stop()
	for waiting := true; waiting; {
		select {
		case <-r.Context().Done():
			return r.Context().Err()
		case <-changed:
			waiting = false
		case <-alive.C:
			if err := v.send([]byte(": alive\n\n")); err != nil {
				return err
			}
		}
	}
	pause := time.NewTimer(settle)
	defer pause.Stop()
	select {
	case <-r.Context().Done():
		return r.Context().Err()
	case <-pause.C:
		return nil
	}
}

// send writes within a time limit. A viewer that takes nothing for so long is gone.
func (v *viewer) send(data []byte) error {
	if err := v.control.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := v.w.Write(data); err != nil {
		return err
	}
	return v.control.Flush()
}
