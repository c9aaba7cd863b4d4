package replay_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/starling-load/starling/replay"
)

func TestAPausedRunSendsNothingAndGoesOnWhereItWas(t *testing.T) {
	var sent atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { sent.Add(1) }))
	defer s.Close()
	p := replay.Plan{Target: s.URL, Rate: 200, Duration: 500 * time.Millisecond}
	o := replay.Options{Plan: p, Source: singleOn(t, s.URL, p), Interval: 20 * time.Millisecond}
	var err error
	if o.Arrivals, err = p.Arrivals(replay.Starts{}); err != nil {
		t.Fatal(err)
	}
	run, err := replay.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for sent.Load() < 5 {
		time.Sleep(time.Millisecond)
	}
	run.Pause()
	time.Sleep(50 * time.Millisecond) // what was under way ends
	before := sent.Load()
	time.Sleep(300 * time.Millisecond)
	if got := sent.Load(); got != before || got == 100 {
		t.Errorf("%d requests were sent before the pause, %d in it", before, got-before)
	}
	run.Resume()
	if err := run.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := sent.Load(); got != 100 {
		t.Errorf("%d requests were sent in all, want the 100 of the plan", got)
	}
}

func TestAPausedRunEndsWithItsContext(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	defer s.Close()
	p := replay.Plan{Target: s.URL, Users: 2, Duration: time.Hour}
	o := replay.Options{Plan: p, Source: singleOn(t, s.URL, p)}
	o.Arrivals, _ = p.Arrivals(replay.Starts{})
	ctx, cancel := context.WithCancel(t.Context())
	run, err := replay.Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	run.Pause()
	cancel()
	if err := run.Wait(); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}
