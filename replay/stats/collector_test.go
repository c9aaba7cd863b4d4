package stats

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// results draws ended exchanges of a few endpoints.
func results() *rapid.Generator[Result] {
	return rapid.Custom(func(t *rapid.T) Result {
		scheduled := time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, "scheduled"))
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
		collectors := []*Collector{NewCollector("a"), NewCollector("b"), NewCollector("c")}
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
				if iv.InFlight != int64(len(open[i])) {
					t.Fatalf("gauge is %d, %d exchanges are open", iv.InFlight, len(open[i]))
				}
				sum.add(iv.Total.Counts)
				addCells(byEndpoint, iv.Endpoints)
			}
		}
		for _, c := range collectors {
			iv := c.Tick(time.Hour, Machine{})
			sum.add(iv.Total.Counts)
			addCells(byEndpoint, iv.Endpoints)
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
		one, many := NewTimeline(), NewTimeline()
		single := NewCollector("r")
		var split []*Collector
		for range n {
			split = append(split, NewCollector("r"))
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
		}
		tick(len(stream) / 50)
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
	c := NewCollector("r")
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
	c := NewCollector("r")
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
		{"an aborted exchange measures nothing", Result{Scheduled: ms, Done: 4 * ms, Outcome: Aborted, Error: "unbound"}, 0, 0, 0, 0},
		{"a redirect has no shape", Result{Sent: 1, Done: 2, Status: 302}, 1, 1, 1, 0},
		{"a body that fails its check has one", Result{Sent: 1, Done: 2, Status: 200, Outcome: Failed, Error: "shape"}, 1, 1, 1, 1},
		{"an answer of the wrong status has none", Result{Sent: 1, Done: 2, Status: 500, Outcome: Failed, Error: "status"}, 1, 1, 1, 0},
	} {
		c := NewCollector("r")
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
	c := NewCollector("r")
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
	c := NewCollector("r")
	r := Result{Endpoint: "GET /cart/{id}", Scheduled: 1, Sent: 1000, Status: 200, Fields: []string{"$.a:string", "$.b:number"}}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r.Done = time.Duration(i%5000) * time.Microsecond
		c.Started(r.Endpoint)
		c.Record(&r)
	}
}
