package replay_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/replaytest"
	"github.com/starling-load/starling/replay/stats"
)

func TestAnswersAfterTheEndDoNotChangeTheRate(t *testing.T) {
	const window = 300 * time.Millisecond
	var served atomic.Uint64
	late := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if served.Add(1) <= 3 {
			<-late
		}
		io.WriteString(w, "ok")
	}))
	defer s.Close()
	timer := time.AfterFunc(3*window, func() { close(late) })
	defer timer.Stop()
	p := replay.Plan{Target: s.URL, Users: 6, Duration: window}
	sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: singleOn(t, s.URL+"/", p)}))
	if sum.Duration != window.Seconds() {
		t.Errorf("the run lasted %gs, want %s: waiting for answers is no part of it", sum.Duration, window)
	}
	if want := float64(sum.Requests) / window.Seconds(); sum.Rate != want || sum.Requests == 0 {
		t.Errorf("%d requests, %g/s, want %g/s", sum.Requests, sum.Rate, want)
	}
	if sum.Drained.Requests < 3 || sum.Requests+sum.Drained.Requests != served.Load() {
		t.Errorf("%d requests and %d drained; the server saw %d, three of them late", sum.Requests, sum.Drained.Requests, served.Load())
	}
	if longest := time.Duration(sum.Response.Max) * time.Microsecond; longest > window {
		t.Errorf("a response time of %s within %s", longest, window)
	}
	if sum.Drained.Response.Max < (2 * window).Microseconds() {
		t.Errorf("the longest drained response time is %d µs", sum.Drained.Response.Max)
	}
}

func TestAPauseIsCounted(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	defer s.Close()
	p := replay.Plan{Target: s.URL, Users: 1, Duration: time.Hour}
	timeline := stats.NewTimeline()
	o := replay.Options{Plan: p, Source: singleOn(t, s.URL, p), OnInterval: func(iv *stats.Interval) { timeline.Add(iv) }}
	o.Arrivals, _ = p.Arrivals(replay.Starts{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	run, err := replay.Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	const each = 50 * time.Millisecond
	run.Pause()
	time.Sleep(each)
	run.Resume()
	run.Pause() // and the run ends in this one
	time.Sleep(each)
	cancel()
	if err := run.Wait(); err != context.Canceled {
		t.Errorf("got %v", err)
	}
	if got := timeline.Summary().Paused; got < (2 * each).Seconds() {
		t.Errorf("paused for %gs, want at least %s", got, 2*each)
	}
}
