package ui

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// open starts a stream and returns its events, read one at a time.
func open(t *testing.T, url string) *events {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, "GET", url+"/api/live/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	if got := resp.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/event-stream") {
		t.Fatalf("got content type %q", got)
	}
	return &events{t: t, body: bufio.NewReader(resp.Body)}
}

type events struct {
	t    *testing.T
	body *bufio.Reader
}

func (e *events) next() (name string, run liveRun) {
	e.t.Helper()
	for {
		line, err := e.body.ReadString('\n')
		if err != nil {
			e.t.Fatal(err)
		}
		if n, ok := strings.CutPrefix(line, "event: "); ok {
			name = strings.TrimSpace(n)
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			if err := json.Unmarshal([]byte(data), &run); err != nil {
				e.t.Fatal(err)
			}
			return name, run
		}
	}
}

func TestStreamBeginsWithAWholeSnapshotAndGoesOnWithUpdates(t *testing.T) {
	s := newScript()
	for range 40 {
		s.tick()
	}
	server := httptest.NewServer(newHandler(t, Options{Live: s}))
	t.Cleanup(server.Close)
	e := open(t, server.URL)

	name, run := e.next()
	if name != "snapshot" || len(run.Points) != 40 || run.From != 0 || run.Summary.Requests != s.Snapshot().Summary.Requests {
		t.Fatalf("first event: got %s with %d points from %g", name, len(run.Points), run.From)
	}
	s.tick()
	name, run = e.next()
	if name != "update" || len(run.Points) != tailPoints || run.From != 41-tailPoints || run.Elapsed != 41 {
		t.Errorf("after a tick: got %s with %d points from %g at %g s", name, len(run.Points), run.From, run.Elapsed)
	}
	s.lose()
	if _, run = e.next(); run.Replayers[1].State != ReplayerLost || run.Summary.Lost[0] != "replayer-2" {
		t.Errorf("after a loss: got replayers %+v", run.Replayers)
	}
	s.finish()
	if name, run = e.next(); name != "snapshot" || run.State != Done || len(run.Points) != 41 {
		t.Errorf("at the end: got %s, %s, %d points; want the whole picture", name, run.State, len(run.Points))
	}
}

func TestUpdateIsOnlyForThoseWhoHaveWhatLiesBefore(t *testing.T) {
	take := func(n int, state State) *picture {
		var s Snapshot
		s.State = state
		one := newScript()
		one.tick()
		for i := range n {
			p := one.Snapshot().Points[0]
			p.Start = time.Duration(i) * time.Second
			s.Points = append(s.Points, p)
		}
		p, err := newPicture(newLiveRun(s), nil)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for _, tt := range []struct {
		name     string
		had, has *picture
		want     bool
	}{
		{"a new viewer needs all", nil, take(50, Running), false},
		{"a viewer one second behind", take(49, Running), take(50, Running), true},
		{"a viewer just not too far behind", take(71, Running), take(100, Running), true},
		{"a viewer too far behind", take(70, Running), take(100, Running), false},
		{"a short run is always sent whole", take(29, Running), take(30, Running), false},
		{"the width of the points changed", take(1200, Running), take(1201, Running), false},
		{"another run began", other(take(50, Running)), take(51, Running), false},
		{"the end is sent whole", take(50, Running), take(51, Done), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.has.follows(tt.had); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// other returns p as the picture of another run.
func other(p *picture) *picture {
	p.started = p.started.Add(-time.Minute)
	return p
}

// stuck is a viewer whose connection takes nothing until its deadline.
type stuck struct {
	header   http.Header
	released chan struct{}
	once     sync.Once
	deadline time.Time
}

func (s *stuck) Header() http.Header { return s.header }
func (s *stuck) WriteHeader(int)     {}
func (s *stuck) Flush()              {}

func (s *stuck) SetWriteDeadline(t time.Time) error {
	s.deadline = t
	return nil
}

func (s *stuck) Write([]byte) (int, error) {
	s.once.Do(func() { close(s.released) })
	wait := time.NewTimer(time.Until(s.deadline))
	<-wait.C
	return 0, errors.New("i/o timeout")
}

func TestSlowViewerBlocksNobodyAndIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript()
		s.tick()
		h := newHandler(t, Options{Live: s})
		begin := time.Now()
		slow := &stuck{header: http.Header{}, released: make(chan struct{})}
		gone := make(chan time.Duration)
		go func() {
			h.ServeHTTP(slow, streamRequest(t.Context()))
			gone <- time.Since(begin)
		}()
		<-slow.released // it is stuck in its first event

		ctx, cancel := context.WithCancel(t.Context())
		r, w := io.Pipe()
		ended := make(chan struct{})
		go func() {
			h.ServeHTTP(&piped{header: http.Header{}, w: w}, streamRequest(ctx))
			close(ended)
		}()
		fast := &events{t: t, body: bufio.NewReader(r)}
		for i := 1; i <= 5; i++ {
			if _, run := fast.next(); run.Elapsed != float64(i) {
				t.Fatalf("the other viewer is at %g s, want %d", run.Elapsed, i)
			}
			s.tick()
		}
		if since := time.Since(begin); since >= writeWithin {
			t.Errorf("the other viewer waited %s", since)
		}
		cancel()
		<-ended
		if got := <-gone; got != writeWithin {
			t.Errorf("the slow viewer was given up after %s, want %s", got, writeWithin)
		}
	})
}

func TestViewerThatComesBackLateGetsOnlyTheNewest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript()
		s.tick()
		h := newHandler(t, Options{Live: s})
		ctx, cancel := context.WithCancel(t.Context())
		r, w := io.Pipe() // unbuffered: a write waits for its reader
		ended := make(chan struct{})
		go func() {
			h.ServeHTTP(&piped{header: http.Header{}, w: w}, streamRequest(ctx))
			close(ended)
		}()
		e := &events{t: t, body: bufio.NewReader(r)}
		e.next()
		synctest.Wait()
		for range 50 {
			s.tick()
		}
		time.Sleep(settle) // virtual: the stream wakes up and writes
		if _, run := e.next(); run.Elapsed != 51 {
			t.Errorf("got the picture at %g s, want the newest at 51 s", run.Elapsed)
		}
		cancel()
		<-ended
	})
}

func TestReportsOfOneSecondMakeOnePicture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript()
		s.tick()
		h := newHandler(t, Options{Live: s})
		ctx, cancel := context.WithCancel(t.Context())
		w := httptest.NewRecorder()
		ended := make(chan struct{})
		go func() {
			h.ServeHTTP(w, streamRequest(ctx))
			close(ended)
		}()
		synctest.Wait()
		for range 3 {
			s.tick()
			time.Sleep(settle / 4) // virtual
		}
		time.Sleep(settle)
		cancel()
		<-ended
		if got := strings.Count(w.Body.String(), "event: "); got != 2 {
			t.Errorf("got %d events, want the first picture and one after three quick reports", got)
		}
	})
}

func TestQuietStreamShowsThatItIsAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second)
		defer cancel()
		w := httptest.NewRecorder()
		newHandler(t, Options{Live: empty{}}).ServeHTTP(w, streamRequest(ctx))
		if got := strings.Count(w.Body.String(), ": alive"); got != 3 {
			t.Errorf("got %d signs of life in 50 s, want 3:\n%s", got, w.Body)
		}
	})
}

func streamRequest(ctx context.Context) *http.Request {
	r := httptest.NewRequestWithContext(ctx, "GET", "/api/live/events", nil)
	r.Host = "127.0.0.1"
	return r
}

// piped is a viewer at the other end of a pipe.
type piped struct {
	header http.Header
	w      *io.PipeWriter
}

func (p *piped) Header() http.Header         { return p.header }
func (p *piped) WriteHeader(int)             {}
func (p *piped) Write(b []byte) (int, error) { return p.w.Write(b) }
func (p *piped) Flush()                      {}
