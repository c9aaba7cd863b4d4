package stats

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// windows draws the window of a run: none, or one that ends before some results.
func windows() *rapid.Generator[time.Duration] {
	return rapid.SampledFrom([]time.Duration{0, 2 * time.Second, 2500 * time.Millisecond})
}

// results draws ended exchanges of a few endpoints.
func results() *rapid.Generator[Result] {
	return rapid.Custom(func(t *rapid.T) Result {
		scheduled := time.Duration(rapid.SampledFrom([]int64{1, int64(time.Second), int64(3 * time.Second), int64(time.Minute)}).Draw(t, "scheduled"))
		sent := scheduled + time.Duration(rapid.Int64Range(0, int64(time.Millisecond)).Draw(t, "late"))
		r := Result{
			Endpoint:  rapid.SampledFrom([]string{"GET /", "GET /cart", "POST /login"}).Draw(t, "endpoint"),
			Scheduled: scheduled, Sent: sent,
			Done:    sent + durations().Draw(t, "service"),
			Outcome: Outcome(rapid.IntRange(0, 3).Draw(t, "outcome")),
			Status:  rapid.SampledFrom([]int{0, 200, 302, 404, 500}).Draw(t, "status"),
			BytesIn: 10, BytesOut: 5,
		}
		if r.Outcome != OK {
			r.Error = rapid.SampledFrom([]string{"reset", "shape", "status"}).Draw(t, "error")
			r.Detail = "line " + r.Error
		}
		if r.Outcome == OK || r.Error == "shape" {
			r.Fields = []string{"$.id:string", rapid.SampledFrom([]string{"$.n:number", "$.n:null"}).Draw(t, "field")}
		}
		return r
	})
}

func TestTheCounterIdentityHoldsInEveryIntervalAndEveryMerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var open [3][]Result
		window := windows().Draw(t, "window")
		collectors := []*Collector{NewCollector("a", window), NewCollector("b", window), NewCollector("c", window)}
		timeline := NewTimeline()
		sum := Counts{}
		byEndpoint := map[string]*Cell{}
		var ended uint64
		steps := rapid.IntRange(1, 200).Draw(t, "steps")
		for range steps {
			i := rapid.IntRange(0, 2).Draw(t, "replayer")
			c := collectors[i]
			switch rapid.IntRange(0, 5).Draw(t, "act") {
			case 0, 1:
				r := results().Draw(t, "result")
				c.Started(r.Endpoint)
				open[i] = append(open[i], r)
			case 2, 3, 4:
				if len(open[i]) > 0 {
					c.Record(&open[i][0])
					open[i] = open[i][1:]
					ended++
				}
			case 5:
				iv := c.Tick(time.Duration(steps)*time.Second, Machine{})
				if !iv.Total.Holds() {
					t.Fatalf("identity broken in %+v", iv.Total.Counts)
				}
				if window == 0 && iv.InFlight != int64(len(open[i])) {
					t.Fatalf("gauge is %d, %d exchanges are open", iv.InFlight, len(open[i]))
				}
				sum.add(iv.Total.Counts)
				MergeEndpoints(byEndpoint, iv.Endpoints)
				timeline.Add(iv)
			}
		}
		for _, c := range collectors {
			for _, iv := range c.Last(time.Hour, Machine{}) {
				sum.add(iv.Total.Counts)
				MergeEndpoints(byEndpoint, iv.Endpoints)
				timeline.Add(iv)
			}
		}
		if s := timeline.Summary(); s.Counts != sum || s.Requests+s.Drained.Requests != sum.Requests() {
			t.Fatalf("the summary counts %+v, of which %d in the window and %d after it; want %+v", s.Counts, s.Requests, s.Drained.Requests, sum)
		}
		still := int64(len(open[0]) + len(open[1]) + len(open[2]))
		if !sum.Holds() || sum.InFlight != still || sum.Ended() != ended {
			t.Fatalf("sum is %+v, want %d ended and %d in flight", sum, ended, still)
		}
		var cells Counts
		for name, c := range byEndpoint {
			if !c.Holds() {
				t.Fatalf("identity broken at %s: %+v", name, c.Counts)
			}
			cells.add(c.Counts)
		}
		if cells != sum {
			t.Fatalf("endpoints sum to %+v, totals to %+v", cells, sum)
		}
	})
}

func TestTheFiguresOfManyReplayersAreThoseOfOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stream := rapid.SliceOfN(results(), 1, 200).Draw(t, "stream")
		n := rapid.IntRange(2, 7).Draw(t, "replayers")
		window := windows().Draw(t, "window")
		one, many := NewTimeline(), NewTimeline()
		single := NewCollector("r", window)
		var split []*Collector
		for range n {
			split = append(split, NewCollector("r", window))
		}
		tick := func(seq int) {
			end := time.Duration(seq+1) * time.Second
			one.Add(single.Tick(end, Machine{}))
			for i, c := range split {
				iv := c.Tick(end, Machine{})
				iv.Replayer = fmt.Sprint("r", i)
				many.Add(iv)
			}
		}
		for i := range stream {
			if i%50 == 49 {
				tick(i / 50)
			}
			r := &stream[i]
			single.Started(r.Endpoint)
			single.Record(r)
			c := split[rapid.IntRange(0, n-1).Draw(t, "owner")]
			c.Started(r.Endpoint)
			c.Record(r)
			over := SessionResult{Matched: i%3 == 0, Cut: i%5 == 0}
			single.SessionOver(over)
			c.SessionOver(over)
			single.Skipped(r.Endpoint, "csrf")
			c.Skipped(r.Endpoint, "csrf")
		}
		end := time.Duration(len(stream)/50+1) * time.Second
		tick(len(stream) / 50)
		for _, iv := range single.Last(end, Machine{}) {
			one.Add(iv)
		}
		for i, c := range split {
			for _, iv := range c.Last(end, Machine{}) {
				iv.Replayer = fmt.Sprint("r", i)
				many.Add(iv)
			}
		}
		a, b := one.Summary(), many.Summary()
		a.Replayers, b.Replayers = nil, nil
		if d := cmp.Diff(a, b); d != "" {
			t.Fatalf("one replayer (-) and %d (+): %s", n, d)
		}
		if d := cmp.Diff(one.Seconds(0), many.Seconds(0)); d != "" {
			t.Fatalf("seconds of one replayer (-) and %d (+): %s", n, d)
		}
		for name, c := range one.Endpoints() {
			x, _ := json.Marshal(c)
			y, _ := json.Marshal(many.Endpoints()[name])
			if string(x) != string(y) {
				t.Fatalf("cell of %s: one %s, many %s", name, x, y)
			}
		}
	})
}

func TestConcurrentRecordingLosesNothing(t *testing.T) {
	c := NewCollector("r", 0)
	timeline := NewTimeline()
	const owners, each = 8, 2000
	var wg sync.WaitGroup
	for o := range owners {
		wg.Go(func() {
			for i := range each {
				r := Result{Endpoint: fmt.Sprint("GET /", i%5), Sent: 1, Done: time.Duration(i) * time.Microsecond, Status: 200}
				if i%10 == 0 {
					r.Outcome, r.Error, r.Detail = Failed, "reset", fmt.Sprint("owner ", o)
				}
				c.Started(r.Endpoint)
				c.Record(&r)
				c.Users(o)
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		iv := c.Tick(time.Second, Machine{})
		if iv.InFlight < 0 || iv.InFlight > owners {
			t.Errorf("%d exchanges in flight with %d owners", iv.InFlight, owners)
		}
		timeline.Add(iv)
	}
	s := timeline.Summary()
	if s.Started != owners*each || s.Failed != owners*each/10 || s.InFlight != 0 {
		t.Errorf("got %+v", s.Counts)
	}
	for _, g := range s.Errors {
		if len(g.Samples) > 3 {
			t.Errorf("%d samples of %s", len(g.Samples), g.Name)
		}
	}
}

func TestMemoryIsBoundedByNamesNotByWhatTheTargetAnswers(t *testing.T) {
	c := NewCollector("r", 0)
	timeline := NewTimeline()
	for round := range 3 {
		for i := range 4000 {
			name := fmt.Sprint("GET /", round, "/", i)
			r := Result{
				Endpoint: name, Outcome: Failed, Error: fmt.Sprint("e", i), Detail: fmt.Sprint(i), Status: 200,
			}
			c.Started(name)
			c.Record(&r)
			ok := Result{Endpoint: "GET /one", Status: 200, Fields: []string{fmt.Sprint("$.f", round, i, ":string")}}
			c.Started(ok.Endpoint)
			c.Record(&ok)
		}
		timeline.Add(c.Tick(time.Duration(round+1)*time.Second, Machine{}))
	}
	s := timeline.Summary()
	if n := len(s.Endpoints); n > maxEndpoints+1 {
		t.Errorf("%d endpoints are kept", n)
	}
	if n := len(s.Errors); n > maxErrorGroups+1 {
		t.Errorf("%d error groups are kept", n)
	}
	if s.Started != 24000 || s.Failed != 12000 || s.OK != 12000 {
		t.Errorf("counts are %+v, nothing may be lost", s.Counts)
	}
	other := timeline.Endpoints()[Other]
	if other == nil || other.Failed == 0 {
		t.Error("exchanges beyond the limit are not counted as (other)")
	}
	one := timeline.Endpoints()["GET /one"]
	if n := len(one.Fields); n > maxFields+1 {
		t.Errorf("%d features are kept", n)
	}
	if got := one.Fields[Other]; got != 12000-maxFields {
		t.Errorf("%d features are counted as other, want %d", got, 12000-maxFields)
	}
}

func TestWhatEntersWhichHistogram(t *testing.T) {
	ms := time.Millisecond
	for _, test := range []struct {
		name                        string
		r                           Result
		response, service, lateness uint64
		shaped                      uint64
	}{
		{"an answer enters all three", Result{Scheduled: ms, Sent: 2 * ms, FirstByte: 3 * ms, Done: 4 * ms, Status: 200}, 1, 1, 1, 1},
		{"a refused connection was never sent", Result{Scheduled: ms, Done: 4 * ms, Outcome: Failed, Error: "connect refused"}, 1, 0, 0, 0},
		{"a timeout counts as long as it took", Result{Scheduled: ms, Sent: 2 * ms, Done: 9 * ms, Outcome: TimedOut, Error: "timeout"}, 1, 1, 1, 0},
		{"an aborted exchange measures nothing", Result{Scheduled: ms, Done: 4 * ms, Outcome: Aborted, Error: ErrorStopped}, 0, 0, 0, 0},
		{"a redirect has no shape", Result{Sent: 1, Done: 2, Status: 302}, 1, 1, 1, 0},
		{"a body that fails its check has one", Result{Sent: 1, Done: 2, Status: 200, Outcome: Failed, Error: "shape"}, 1, 1, 1, 1},
		{"an answer of the wrong status has none", Result{Sent: 1, Done: 2, Status: 500, Outcome: Failed, Error: "status"}, 1, 1, 1, 0},
	} {
		c := NewCollector("r", 0)
		c.Started("e")
		test.r.Endpoint = "e"
		c.Record(&test.r)
		total := c.Tick(time.Second, Machine{}).Total
		if total.Response.Count() != test.response || total.Service.Count() != test.service ||
			total.Lateness.Count() != test.lateness || total.Shaped != test.shaped {
			t.Errorf("%s: response %d, service %d, lateness %d, shaped %d", test.name,
				total.Response.Count(), total.Service.Count(), total.Lateness.Count(), total.Shaped)
		}
	}
}

func TestAnIntervalIsNotTouchedByLaterOnes(t *testing.T) {
	c := NewCollector("r", 0)
	r := Result{Endpoint: "e", Sent: 1, Done: time.Millisecond, Status: 200, Fields: []string{"$.a:string"}}
	c.Started("e")
	c.Record(&r)
	iv := c.Tick(time.Second, Machine{})
	before, err := json.Marshal(iv)
	if err != nil {
		t.Fatal(err)
	}
	timeline := NewTimeline()
	timeline.Add(iv)
	c.Started("e")
	c.Record(&r)
	timeline.Add(c.Tick(2*time.Second, Machine{}))
	after, err := json.Marshal(iv)
	if err != nil {
		t.Fatal(err)
	}
	if string(before) != string(after) {
		t.Errorf("before %s, after %s", before, after)
	}
}

func BenchmarkRecord(b *testing.B) {
	c := NewCollector("r", 0)
	r := Result{Endpoint: "GET /cart/{id}", Scheduled: 1, Sent: 1000, Status: 200, Fields: []string{"$.a:string", "$.b:number"}}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r.Done = time.Duration(i%5000) * time.Microsecond
		c.Started(r.Endpoint)
		c.Record(&r)
	}
}

func TestWhatEndsAfterTheWindowIsApart(t *testing.T) {
	c := NewCollector("r", 5*time.Second)
	timeline := NewTimeline()
	exchange := func(sent, done time.Duration) {
		c.Started("GET /")
		c.Record(&Result{Endpoint: "GET /", Scheduled: sent, Sent: sent, Done: done, Status: 200, BytesIn: 10})
	}
	for i := range 50 {
		at := time.Duration(i) * 100 * time.Millisecond
		exchange(at, at+50*time.Millisecond)
	}
	exchange(4*time.Second, 8500*time.Millisecond) // ends before the tick, but after the window
	c.Started("GET /slow")
	timeline.Add(c.Tick(5200*time.Millisecond, Machine{CPU: 1, Cores: 1}))
	c.Record(&Result{Endpoint: "GET /slow", Scheduled: time.Second, Sent: time.Second, Done: 9 * time.Second, Outcome: Failed, Error: "reset"})
	c.Started("GET /slow")
	for _, iv := range c.Last(10*time.Second, Machine{CPU: 1, Cores: 1}) {
		timeline.Add(iv)
	}
	s := timeline.Summary()
	if s.Requests != 50 || s.Duration != 5 || s.Rate != 10 || s.Failures != 0 || s.BytesIn != 500 || s.OutcomeMatch != 1 {
		t.Errorf("the window has %d requests in %gs, %g/s, %d failures, %d bytes, match %g", s.Requests, s.Duration, s.Rate, s.Failures, s.BytesIn, s.OutcomeMatch)
	}
	if max := s.Response.Max; max > 51_000 {
		t.Errorf("the longest response time of the window is %d µs", max)
	}
	if d := s.Drained; d.Requests != 2 || d.Failures != 1 || d.Response.Max < 7_900_000 {
		t.Errorf("drained is %+v", d)
	}
	want := Counts{Started: 53, OK: 51, Failed: 1, InFlight: 1}
	if s.Counts != want || !s.Holds() {
		t.Errorf("counts are %+v, want %+v", s.Counts, want)
	}
	if s.Machine.Seconds != 5 || len(timeline.Seconds(0)) != 1 || timeline.Duration() != 5*time.Second {
		t.Errorf("the machine was measured for %gs, %d points, duration %s", s.Machine.Seconds, len(timeline.Seconds(0)), timeline.Duration())
	}
	if len(timeline.Errors()) != 0 || len(s.Errors) != 1 || s.Errors[0].Drained != 1 {
		t.Errorf("errors of the window %+v, of the run %+v", timeline.Errors(), s.Errors)
	}
	if e := s.endpoint("GET /slow"); e == nil || e.Requests != 0 || e.Drained.Requests != 1 || e.Started != 2 || !e.Holds() {
		t.Errorf("the slow endpoint is %+v", e)
	}
}

func TestAStoppedRunHasAShorterWindow(t *testing.T) {
	c := NewCollector("r", time.Minute)
	timeline := NewTimeline()
	c.Started("e")
	c.Started("e")
	c.Record(&Result{Endpoint: "e", Sent: 1, Done: time.Second, Status: 200})
	c.EndWindow(2 * time.Second)
	c.EndWindow(3 * time.Second)
	c.Record(&Result{Endpoint: "e", Sent: 1, Done: 6 * time.Second, Outcome: Aborted, Error: ErrorStopped})
	for _, iv := range c.Last(6*time.Second, Machine{}) {
		timeline.Add(iv)
	}
	s := timeline.Summary()
	if s.Duration != 2 || s.Rate != 0.5 || s.Drained.Aborted != 1 || s.OutcomeMatch != 1 || !s.Holds() {
		t.Errorf("got %gs, %g/s, drained %+v, match %g", s.Duration, s.Rate, s.Drained, s.OutcomeMatch)
	}
}

func TestARunWithoutAWindowDrainsNothing(t *testing.T) {
	c := NewCollector("r", 0)
	c.Started("e")
	c.Record(&Result{Endpoint: "e", Sent: 1, Done: time.Hour, Status: 200})
	list := c.Last(time.Second, Machine{})
	if len(list) != 1 || list[0].Drain || list[0].Total.OK != 1 {
		t.Errorf("got %+v", list)
	}
}

func TestSessionsAndSkippedActsAreCounted(t *testing.T) {
	c := NewCollector("r", 0)
	for i := range 10 {
		c.SessionOver(SessionResult{Matched: i < 6, Cut: i == 0})
	}
	for range 3 {
		c.Skipped("POST /cart", "csrf")
	}
	c.Skipped("POST /cart", "cart_id")
	for range 4 {
		c.Started("POST /cart")
		c.Record(&Result{Endpoint: "POST /cart", Sent: 1, Done: 2, Status: 200})
	}
	timeline := NewTimeline()
	timeline.Add(c.Tick(time.Second, Machine{}))
	s := timeline.Summary()
	if want := (Sessions{Ended: 9, Matched: 5, Cut: 1}); s.Sessions != want || s.SessionMatch != 5.0/9 {
		t.Errorf("sessions are %+v, match %g; want %+v", s.Sessions, s.SessionMatch, want)
	}
	e := s.endpoint("POST /cart")
	if s.Skipped != 4 || e.Skipped != 4 || s.Started != 4 || e.OutcomeMatch != 0.5 || s.Failures != 0 {
		t.Errorf("skipped %d, at the endpoint %d, started %d, match %g, failures %d", s.Skipped, e.Skipped, s.Started, e.OutcomeMatch, s.Failures)
	}
	want := []ErrorGroup{
		{Endpoint: "POST /cart", Name: ErrorSkipped, Value: "csrf", Count: 3},
		{Endpoint: "POST /cart", Name: ErrorSkipped, Value: "cart_id", Count: 1},
	}
	if d := cmp.Diff(want, s.Errors); d != "" {
		t.Errorf("errors: %s", d)
	}
}

func TestTheLongestPauseCounts(t *testing.T) {
	timeline := NewTimeline()
	for name, pauses := range map[string][]time.Duration{"a": {time.Second, 2 * time.Second}, "b": {2500 * time.Millisecond}, "c": nil} {
		c := NewCollector(name, 0)
		for i, d := range pauses {
			c.Paused(d)
			timeline.Add(c.Tick(time.Duration(i+1)*time.Second, Machine{}))
		}
	}
	if s := timeline.Summary(); s.Paused != 3 || s.Validity.Verdict != Degraded {
		t.Errorf("paused for %gs, %s; want 3s, degraded", s.Paused, s.Validity.Verdict)
	}
}

func TestErrorsThatWereExpectedAreShownApart(t *testing.T) {
	c := NewCollector("r", time.Second)
	record := func(status int, outcome Outcome, done time.Duration) {
		c.Started("GET /x")
		c.Record(&Result{Endpoint: "GET /x", Sent: 1, Done: done, Status: status, Outcome: outcome})
	}
	record(200, OK, 2)
	record(404, OK, 2)
	record(404, Failed, 2)
	record(409, OK, 2*time.Second) // after the window
	timeline := NewTimeline()
	for _, iv := range append(c.Last(3*time.Second, Machine{}), c.Last(3*time.Second, Machine{})...) {
		timeline.Add(iv)
	}
	s := timeline.Summary()
	if e := s.endpoint("GET /x"); s.Expected != 2 || e.Expected != 2 || s.OK != 3 || s.Failed != 1 {
		t.Errorf("%d expected errors, %d at the endpoint, %d ok, %d failed; want 2, 2, 3, 1", s.Expected, e.Expected, s.OK, s.Failed)
	}
	var text strings.Builder
	if err := s.Text(&text, nil); err != nil {
		t.Fatal(err)
	}
	if want := "Expected     2 answers of status 400 or more"; !strings.Contains(text.String(), want) {
		t.Errorf("the report does not say %q:\n%s", want, text.String())
	}
}
