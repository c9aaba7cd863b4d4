// Package replaytest helps to test sources of sessions. It plays a source to its end
// and counts what happens, and checks that a source keeps what the engine relies on.
package replaytest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/stats"
)

// Play runs a source to its end and returns the intervals.
func Play(t *testing.T, ctx context.Context, o replay.Options) []*stats.Interval {
	t.Helper()
	var intervals []*stats.Interval
	o.OnInterval = func(iv *stats.Interval) { intervals = append(intervals, iv) }
	if o.Interval == 0 {
		o.Interval = 20 * time.Millisecond
	}
	if o.Arrivals == nil {
		var err error
		if o.Arrivals, err = o.Plan.Arrivals(replay.Starts{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := replay.Run(ctx, o); err != nil && !errors.Is(err, ctx.Err()) {
		t.Fatal(err)
	}
	return intervals
}

// Total merges intervals. After each it checks the identity of the counts.
func Total(t *testing.T, intervals []*stats.Interval) *stats.Summary {
	t.Helper()
	timeline := stats.NewTimeline()
	for _, iv := range intervals {
		timeline.Add(iv)
		if s := timeline.Summary(); !s.Counts.Holds() || s.InFlight < 0 {
			t.Errorf("after interval %d: started %d is not ok %d + failed %d + timed out %d + aborted %d + in flight %d",
				iv.Seq, s.Started, s.OK, s.Failed, s.TimedOut, s.Aborted, s.InFlight)
		}
	}
	return timeline.Summary()
}

// A Journal notes what a server saw.
type Journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *Journal) Add(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

func (j *Journal) Sorted() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Sorted(slices.Values(j.lines))
}

// CheckSource checks that a source keeps what the engine relies on. It plays some
// sessions without a target and without a clock: every act ends without an answer.
func CheckSource(t *testing.T, src replay.Source) {
	t.Helper()
	if len(src.Origins()) == 0 {
		t.Fatal("the source names no origin")
	}
	for i := range uint64(4) {
		first, again := Script(t, src, i, i%2), Script(t, src, i, i%2)
		if !reflect.DeepEqual(first, again) {
			t.Errorf("session %d differs when it is played again:\n%+v\n%+v", i, first, again)
		}
	}
}

// Script plays at most a thousand acts of a session, without a target and without a
// clock. It returns the acts in the order in which they end.
func Script(t *testing.T, src replay.Source, i, u uint64) []replay.Act {
	t.Helper()
	const limit = 1000
	s := src.Session(i, u)
	if s == nil {
		return nil
	}
	seen := map[int]bool{}
	var script []replay.Act
	underWay := s.Next(nil)
	for len(underWay) > 0 && len(script) < limit {
		a := underWay[0]
		underWay = underWay[1:]
		switch {
		case seen[a.ID]:
			t.Fatalf("session %d: act %d is made twice", i, a.ID)
		case a.Delay < 0:
			t.Fatalf("session %d: act %d is due %s before the one it waits for", i, a.ID, -a.Delay)
		case a.Origin < 0 || a.Origin >= len(src.Origins()):
			t.Fatalf("session %d: act %d goes to origin %d of %d", i, a.ID, a.Origin, len(src.Origins()))
		case a.Endpoint == "":
			t.Fatalf("session %d: act %d has no name to be counted under", i, a.ID)
		}
		seen[a.ID] = true
		s.Fill(&a)
		for _, strand := range a.Closes {
			underWay = slices.DeleteFunc(underWay, func(b replay.Act) bool { return b.Strand == strand })
		}
		if a.Skip == "" && a.Kind == replay.Request && (a.Request.Method == "" || a.Request.Target == "" || a.Request.Headers.Has("Cookie") || a.Request.Headers.Has("Host")) {
			t.Fatalf("session %d: act %d cannot be sent: %s %q %v", i, a.ID, a.Request.Method, a.Request.Target, a.Request.Headers)
		}
		compared := a
		compared.Judge = nil // functions cannot be compared
		script = append(script, compared)
		underWay = append(underWay, s.Next(&replay.Answer{Act: &a})...)
	}
	return script
}
