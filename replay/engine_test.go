package replay_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/load"
	"github.com/starling-load/starling/replay/replaytest"
	"github.com/starling-load/starling/replay/stats"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func singleOn(t *testing.T, url string, p replay.Plan) replay.Source {
	t.Helper()
	src, err := replay.Single(url, p)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func TestOneRequestInALoopIsCountedWhole(t *testing.T) {
	var seen replaytest.Journal
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Add("%s %s", r.Method, r.URL)
		io.WriteString(w, "ok")
	}))
	defer s.Close()
	p := replay.Plan{Target: s.URL, Users: 4, Duration: 150 * time.Millisecond}
	sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: singleOn(t, s.URL+"/x?y=1", p)}))
	if got := uint64(len(seen.Sorted())); sum.Requests+sum.Drained.Requests != got || sum.OK != got || got == 0 {
		t.Errorf("counted %d requests, %d ok; the server saw %d", sum.Requests, sum.OK, got)
	}
	if sum.InFlight != 0 || sum.Due != 4 || sum.Arrived != 4 || sum.UsersMax != 4 {
		t.Errorf("got in flight %d, due %d, arrived %d, users %d; want 0, 4, 4, 4", sum.InFlight, sum.Due, sum.Arrived, sum.UsersMax)
	}
	if sum.Endpoints[0].Name != "GET /x" {
		t.Errorf("got endpoint %q", sum.Endpoints[0].Name)
	}
}

func TestARateStartsEveryScheduledRequest(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	defer s.Close()
	p := replay.Plan{Target: s.URL, Rate: 400, Duration: 500 * time.Millisecond}
	sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: singleOn(t, s.URL, p)}))
	if sum.Started != 200 || sum.OK != 200 {
		t.Errorf("started %d, ok %d; 400/s for 500 ms are 200", sum.Started, sum.OK)
	}
	if sum.Response.Max < sum.Service.Max {
		t.Errorf("response time %d µs counts from the schedule and cannot be below service time %d µs", sum.Response.Max, sum.Service.Max)
	}
}

// lateArrivals are a thousand in the last millisecond of the plan, found slowly:
// the end has come before the last of them is looked at.
type lateArrivals struct{}

func (lateArrivals) At(i uint64) (time.Duration, bool) {
	if i == 500 {
		end := time.Now().Add(60 * time.Millisecond)
		for time.Now().Before(end) {
			runtime.Gosched()
		}
	}
	return 49*time.Millisecond + time.Duration(i)*time.Microsecond, i < 1000
}

func TestWhatIsDueBeforeTheEndIsSentHoweverLate(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	defer s.Close()
	p := replay.Plan{Target: s.URL, Rate: 1, Duration: 50 * time.Millisecond}
	sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: singleOn(t, s.URL, p), Arrivals: lateArrivals{}, StopTimeout: time.Minute}))
	if sum.Due != 1000 || sum.Arrived != 1000 || sum.OK != 1000 {
		t.Errorf("%d due, %d arrived, %d ok; want all 1000", sum.Due, sum.Arrived, sum.OK)
	}
}

func TestSegmentsTogetherAreThePlan(t *testing.T) {
	a := replay.Plan{Target: "http://127.0.0.1:1", Rate: 100, Duration: time.Second}
	arrivals, err := a.Arrivals(replay.Starts{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 2, 3, 7} {
		var all []uint64
		for i := range n {
			seg := load.Segment{Index: i, Count: n}
			for k := uint64(0); ; k++ {
				if _, ok := arrivals.At(k); !ok {
					break
				}
				if seg.Owns(k) {
					all = append(all, k)
				}
			}
		}
		slices.Sort(all)
		if len(all) != 100 || len(slices.Compact(all)) != 100 {
			t.Errorf("%d segments own %d arrivals, want 100 different ones", n, len(all))
		}
	}
}

func TestTargetsThatMisbehaveAreCountedAndBounded(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang)
	for name, tt := range map[string]struct {
		handle func(net.Conn)
		check  func(*stats.Summary) bool
	}{
		"a target that hangs": {func(c net.Conn) { <-hang }, func(s *stats.Summary) bool { return s.TimedOut > 0 && s.Failed == 0 }},
		"a target that resets": {func(c net.Conn) {
			c.Read(make([]byte, 1))
			c.(*net.TCPConn).SetLinger(0)
		}, func(s *stats.Summary) bool { return s.Failed > 0 && s.OK == 0 }},
		"a target that sends garbage": {func(c net.Conn) {
			c.Read(make([]byte, 4096))
			io.WriteString(c, "\x00\x01 nothing like HTTP\r\n\r\n")
		}, func(s *stats.Summary) bool { return s.Failed > 0 && s.OK == 0 && s.Errors[0].Name == "bad response" }},
		"a body that never ends": {func(c net.Conn) {
			c.Read(make([]byte, 4096))
			io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
			for {
				if _, err := c.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}, func(s *stats.Summary) bool { return s.TimedOut > 0 && s.OK == 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					go func() { defer c.Close(); tt.handle(c) }()
				}
			}()
			url := "http://" + l.Addr().String()
			p := replay.Plan{Target: url, Users: 3, Duration: 300 * time.Millisecond, Timeout: 50 * time.Millisecond}
			sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: singleOn(t, url, p)}))
			if !tt.check(sum) {
				t.Errorf("ok %d, failed %d, timed out %d, errors %+v", sum.OK, sum.Failed, sum.TimedOut, sum.Errors)
			}
			if sum.Started > 60 {
				t.Errorf("%d requests to a dead target: users did not back off", sum.Started)
			}
		})
	}
}

func TestAnInterruptedRunCountsEverything(t *testing.T) {
	release := make(chan struct{})
	arrived := make(chan struct{}, 1000)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer s.Close()
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for range 5 {
			<-arrived
		}
		cancel()
	}()
	p := replay.Plan{Target: s.URL, Users: 5, Duration: time.Hour}
	sum := replaytest.Total(t, replaytest.Play(t, ctx, replay.Options{Plan: p, Source: singleOn(t, s.URL, p), StopTimeout: 50 * time.Millisecond}))
	if sum.Aborted != 5 || sum.Started != 5 || sum.InFlight != 0 {
		t.Errorf("started %d, aborted %d, in flight %d; want 5, 5, 0", sum.Started, sum.Aborted, sum.InFlight)
	}
}

func TestGuardRefusesTheRecordedHost(t *testing.T) {
	for _, tt := range []struct {
		target, recorded string
		allowed          []string
		refused          bool
	}{
		{"https://shop.example", "https://shop.example", nil, true},
		{"http://SHOP.example:8080", "https://shop.example", nil, true},
		{"https://shop.example", "https://shop.example", []string{"shop.example"}, false},
		{"https://staging.shop.example", "https://shop.example", nil, false},
		{"http://127.0.0.1:8000", "http://127.0.0.1:8000", nil, false},
		{"http://[::1]:8000", "http://[::1]:8000", nil, false},
		{"http://localhost", "http://localhost", nil, false},
		{"https://shop.example", "", nil, false},
		{"https://shop.example", "shop.example:443", nil, true},
		{"https://staging.shop.example", "shop.example:443", nil, false},
	} {
		if err := replay.Guard(tt.target, tt.recorded, tt.allowed); (err != nil) != tt.refused {
			t.Errorf("Guard(%q, %q, %v) = %v, want refusal %v", tt.target, tt.recorded, tt.allowed, err, tt.refused)
		}
	}
}

func TestPlansThatCannotRunAreRefusedWhole(t *testing.T) {
	good := replay.Plan{Target: "http://127.0.0.1:1", Users: 1, Duration: 1}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*replay.Plan){
		"no users":              func(p *replay.Plan) { p.Users = 0 },
		"two ways":              func(p *replay.Plan) { p.Rate = 1 },
		"no end":                func(p *replay.Plan) { p.Duration = 0 },
		"negative":              func(p *replay.Plan) { p.Speed = -1 },
		"no target":             func(p *replay.Plan) { p.Target = "" },
		"target is a file":      func(p *replay.Plan) { p.Target = "/etc/passwd" },
		"target has a password": func(p *replay.Plan) { p.Target = "http://user:secret@host" },
	} {
		p := good
		change(&p)
		if err := p.Validate(); err == nil {
			t.Errorf("%s: accepted %+v", name, p)
		}
	}
}

func TestARunInterruptedBeforeItsStartHasNoLength(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := replay.Plan{Target: "http://127.0.0.1:1", Users: 5, Duration: time.Hour}
	intervals := replaytest.Play(t, ctx, replay.Options{Plan: p, Source: singleOn(t, p.Target, p), Start: time.Now().Add(time.Hour)})
	if len(intervals) != 1 || intervals[0].Start != 0 || intervals[0].End != 0 {
		t.Errorf("got %d intervals, the first from %s to %s; want one from 0 to 0", len(intervals), intervals[0].Start, intervals[0].End)
	}
}

func TestASegmentThatIsNoneIsRefused(t *testing.T) {
	_, err := replay.Start(t.Context(), replay.Options{Plan: replay.Plan{Target: "http://127.0.0.1:9", Users: 1}, Segment: load.Segment{Index: 3, Count: 3}})
	if err == nil || !strings.Contains(err.Error(), "segment 3 of 3") {
		t.Errorf("Start = %v, want what is wrong with the segment", err)
	}
}

func TestOneRequestDoesWhatTheEngineReliesOn(t *testing.T) {
	p := replay.Plan{Target: "http://127.0.0.1:1", Users: 2, Sessions: 1, Seed: 3}
	replaytest.CheckSource(t, singleOn(t, p.Target+"/x", p))
}
