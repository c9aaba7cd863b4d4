package modelled

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/load"
	"github.com/starling-load/starling/replay/replaytest"
	"github.com/starling-load/starling/replay/stats"
)

const ms = time.Millisecond

func endpointOf(name string) model.Endpoint {
	method, target, _ := strings.Cut(name, " ")
	return model.Endpoint{Name: name, Check: model.Check{Status: []int{2}}, Variants: []model.Variant{{Request: model.Request{Method: method, Target: target}}}}
}

func to(id string) []model.Edge { return []model.Edge{{To: id, Odds: 1}} }

func pageOf(endpoint string, loads ...model.Load) *model.Page {
	return &model.Page{Endpoint: endpoint, Loads: loads}
}

// newspaper has a step of every kind.
func newspaper() *model.Model {
	m := &model.Model{
		Version: model.Version,
		Behaviors: []model.Behavior{{Name: "reader", Weight: 1, Start: to("front"), Steps: []model.Step{
			{ID: "front", Page: pageOf("GET /", model.Load{Endpoint: "GET /a.css", Share: 1}, model.Load{Endpoint: "GET /b.js", Share: 0.5, Delay: model.Think{Fixed: 2 * ms}}), Next: to("ticker")},
			{ID: "ticker", Open: &model.Strand{Name: "ticker", Endpoint: "GET /ticker", Every: model.Think{Quantiles: []time.Duration{3 * ms, 6 * ms}}}, Next: to("live")},
			{ID: "live", Open: &model.Strand{Name: "live", Endpoint: "GET /live"}, Next: to("read")},
			{ID: "read", Pause: &model.Think{Fixed: 40 * ms}, Next: to("both")},
			{ID: "both", Group: []model.Page{*pageOf("GET /sports"), *pageOf("GET /weather")}, Next: to("quiet")},
			{ID: "quiet", Close: "ticker", Next: []model.Edge{{To: "last", Odds: 1, Think: model.Think{Fixed: 20 * ms}}}},
			{ID: "last", Page: pageOf("GET /last"), Next: to(model.End)},
		}}},
	}
	for _, path := range []string{"GET /", "GET /a.css", "GET /b.js", "GET /ticker", "GET /live", "GET /sports", "GET /weather", "GET /last"} {
		m.Endpoints = append(m.Endpoints, endpointOf(path))
	}
	return m
}

// recordedNewspaper has two recorded sessions as well.
func recordedNewspaper() *model.Model {
	m := newspaper()
	m.Sessions = []model.Session{
		{User: "u1", Behavior: "reader", Acts: []model.Act{
			{Endpoint: "GET /", Status: 200}, {Endpoint: "GET /a.css", After: []int{0}, Status: 200}, {Endpoint: "GET /b.js", After: []int{0}, Delay: 2 * ms},
			{Endpoint: "GET /last", After: []int{1, 2}, Delay: 10 * ms},
		}},
		{User: "u2", Start: time.Second, Acts: []model.Act{{Endpoint: "GET /sports"}, {Endpoint: "GET /weather"}}},
	}
	return m
}

// A press answers a newspaper: /live is a stream that does not end.
type press struct {
	mu    sync.Mutex // guards what follows
	asked []string
	left  int
}

func (p *press) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked = append(p.asked, r.URL.Path)
	p.mu.Unlock()
	if r.URL.Path != "/live" {
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	io.WriteString(w, "data: 1\n\n")
	w.(http.Flusher).Flush()
	<-r.Context().Done()
	p.mu.Lock()
	p.left++
	p.mu.Unlock()
}

func TestStepsOfEveryKindArePlayed(t *testing.T) {
	var at press
	s := httptest.NewServer(&at)
	p := replay.Plan{Target: s.URL, Users: 1, Sessions: 1}
	sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: modelledOn(t, newspaper(), p)}))
	s.Close() // waits for the answers
	// The last poll may be under way when its strand is closed.
	left := slices.IndexFunc(sum.Errors, func(e stats.ErrorGroup) bool { return e.Name == "left" && e.Count == 1 })
	if sum.Failed+sum.TimedOut > 0 || sum.Aborted > 0 && left < 0 || sum.SessionMatch != 1 || sum.Sessions.Ended != 1 {
		t.Errorf("%d failed, %d aborted, %d timed out, sessions %+v; want one that matched: %+v", sum.Failed, sum.Aborted, sum.TimedOut, sum.Sessions, sum.Errors)
	}
	if at.left != 1 {
		t.Errorf("the stream was left %d times, want once", at.left)
	}
	polls := 0
	var others []string
	for _, path := range at.asked {
		switch path {
		case "/ticker":
			polls++
		case "/b.js": // loads in half of the visits
		default:
			others = append(others, path)
		}
	}
	if polls < 2 {
		t.Errorf("the poller asked %d times, want more than once", polls)
	}
	slices.Sort(others)
	if want := []string{"/", "/a.css", "/last", "/live", "/sports", "/weather"}; !slices.Equal(others, want) {
		t.Errorf("asked for %q besides the poller, want %q", others, want)
	}
	last := slices.Index(at.asked, "/last")
	if slices.Contains(at.asked[last:], "/ticker") {
		t.Errorf("the poller went on after it was closed: %q", at.asked)
	}
}

// rounds lets requests wait for each other: of a page's loads, so many at once
// must have come before one is answered.
type rounds struct {
	size int

	mu    sync.Mutex // guards what follows
	here  int        // of this round
	now   int        // under way
	peak  int
	gate  chan struct{} // closed when a round is full
	total int
}

func (r *rounds) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if q.URL.Path == "/" {
		return
	}
	r.mu.Lock()
	r.total++
	r.here++
	r.now++
	r.peak = max(r.peak, r.now)
	gate := r.gate
	if r.here == r.size {
		close(gate)
		r.gate, r.here = make(chan struct{}), 0
	}
	r.mu.Unlock()
	select {
	case <-gate:
	case <-time.After(5 * time.Second):
		http.Error(w, "too few at once", http.StatusServiceUnavailable)
	}
	r.mu.Lock()
	r.now--
	r.mu.Unlock()
}

func TestAPageWith30LoadsHas6UnderWay(t *testing.T) {
	for _, atOnce := range []int{0, 3} {
		size := max(atOnce, 1)
		if atOnce == 0 {
			size = model.LoadsAtOnce
		}
		at := &rounds{size: size, gate: make(chan struct{})}
		s := httptest.NewServer(at)
		page := pageOf("GET /")
		page.AtOnce = atOnce
		m := &model.Model{Version: model.Version, Endpoints: []model.Endpoint{endpointOf("GET /")}}
		for i := range 30 {
			name := fmt.Sprintf("GET /%d.png", i)
			page.Loads = append(page.Loads, model.Load{Endpoint: name, Share: 1})
			m.Endpoints = append(m.Endpoints, endpointOf(name))
		}
		m.Behaviors = []model.Behavior{{Name: "v", Weight: 1, Start: to("x"), Steps: []model.Step{{ID: "x", Page: page, Next: to(model.End)}}}}
		p := replay.Plan{Target: s.URL, Users: 1, Sessions: 1}
		sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: modelledOn(t, m, p)}))
		s.Close()
		if sum.OK != 31 || at.total != 30 || at.peak != size {
			t.Errorf("%d of 31 ok, %d loads asked for, %d at once; want %d: %+v", sum.OK, at.total, at.peak, size, sum.Errors)
		}
	}
}

// timesOf plays a session in made-up time, in which every act takes as long as
// took says, and returns what began when.
func timesOf(t *testing.T, src replay.Source, took func(endpoint string) time.Duration) map[string]time.Duration {
	t.Helper()
	type flying struct {
		act  replay.Act
		ends time.Duration
	}
	s := src.Session(0, 0)
	var underWay []flying
	began := map[string]time.Duration{}
	take := func(acts []replay.Act, at time.Duration) {
		for _, a := range acts {
			start := at + a.Delay
			if a.Kind != replay.Pause {
				began[a.Endpoint] = start
				start += took(a.Endpoint)
			}
			underWay = append(underWay, flying{a, start})
		}
	}
	take(s.Next(nil), 0)
	for len(underWay) > 0 {
		slices.SortStableFunc(underWay, func(a, b flying) int { return int(a.ends - b.ends) })
		over := underWay[0]
		underWay = underWay[1:]
		s.Fill(&over.act)
		for _, strand := range over.act.Closes {
			underWay = slices.DeleteFunc(underWay, func(f flying) bool { return f.act.Strand == strand })
		}
		take(s.Next(answered(&over.act, over.ends)), over.ends)
	}
	return began
}

func TestLoadsBeginAfterTheirDelayWhenThereIsRoom(t *testing.T) {
	page := pageOf("GET /",
		model.Load{Endpoint: "GET /late", Share: 1, Delay: model.Think{Fixed: 50 * ms}}, model.Load{Endpoint: "GET /a", Share: 1},
		model.Load{Endpoint: "GET /b", Share: 1, Delay: model.Think{Fixed: 5 * ms}}, model.Load{Endpoint: "GET /c", Share: 1, Delay: model.Think{Fixed: 30 * ms}},
		model.Load{Endpoint: "GET /never", Share: 0})
	page.AtOnce = 2
	m := &model.Model{Version: model.Version, Behaviors: []model.Behavior{{Name: "v", Weight: 1, Start: to("x"), Steps: []model.Step{
		{ID: "x", Page: page, Next: []model.Edge{{To: "y", Odds: 1, Think: model.Think{Fixed: time.Second}}}}, {ID: "y", Page: pageOf("GET /y"), Next: to(model.End)}}}}}
	for _, name := range []string{"GET /", "GET /late", "GET /a", "GET /b", "GET /c", "GET /never", "GET /y"} {
		m.Endpoints = append(m.Endpoints, endpointOf(name))
	}
	got := timesOf(t, modelledOn(t, m, replay.Plan{Target: "http://127.0.0.1:1", Users: 1, Sessions: 1}), func(endpoint string) time.Duration {
		return map[string]time.Duration{"GET /": 100 * ms, "GET /a": 10 * ms, "GET /b": 100 * ms, "GET /c": 10 * ms, "GET /late": 10 * ms}[endpoint]
	})
	want := map[string]time.Duration{
		"GET /": 0, "GET /a": 100 * ms, "GET /b": 105 * ms,
		"GET /c":    130 * ms, // a is over at 110: there is room, and 20 ms of the delay are left
		"GET /late": 150 * ms, // c is over at 140
		"GET /y":    1205 * ms,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("began (-want +got):\n%s", diff)
	}
}

func TestAPauseCountsFromTheEndOfTheStep(t *testing.T) {
	var got map[string]time.Duration
	for seed := range uint64(100) {
		p := replay.Plan{Target: "http://127.0.0.1:1", Users: 1, Sessions: 1, Seed: seed}
		got = timesOf(t, modelledOn(t, newspaper(), p), func(endpoint string) time.Duration {
			if endpoint == "GET /live" {
				return time.Hour
			}
			return 10 * ms
		})
		if _, loaded := got["GET /b.js"]; !loaded {
			break
		}
	}
	if got["GET /sports"] != 60*ms || got["GET /weather"] != 60*ms || got["GET /last"] != 90*ms {
		t.Errorf("sports at %v, weather at %v, last at %v; want 60, 60 and 90 ms", got["GET /sports"], got["GET /weather"], got["GET /last"])
	}
}

func TestPagesAreTheSameForAnyNumberOfReplayers(t *testing.T) {
	m := newspaper()
	m.Behaviors[0].Steps[0].Next = to("both")
	m.Behaviors[0].Steps[4].Next = []model.Edge{{To: "front", Odds: 0.7}, {To: model.End, Odds: 0.3}}
	m.Behaviors[0].Steps = slices.Delete(m.Behaviors[0].Steps, 5, 7)
	m.Behaviors[0].Steps = slices.Delete(m.Behaviors[0].Steps, 1, 4)
	for i := range m.Endpoints {
		v := &m.Endpoints[i].Variants[0]
		v.Request.Target += "?x=${x}"
		v.Values = []model.Value{{Name: "x", Kind: model.Fresh, Ref: "a1234567"}}
	}
	requests := func(n int) []string {
		var seen replaytest.Journal
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { seen.Add("%s", r.URL) }))
		defer s.Close()
		p := replay.Plan{Seed: 3, Users: 6, Sessions: 3, Target: s.URL, Timeout: time.Minute}
		var wait sync.WaitGroup
		for i := range n {
			wait.Go(func() {
				replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: modelledOn(t, m, p), Segment: load.Segment{Index: i, Count: n}})
			})
		}
		wait.Wait()
		return seen.Sorted()
	}
	one := requests(1)
	if distinct := len(slices.Compact(slices.Clone(one))); distinct != len(one) || len(one) < 80 {
		t.Fatalf("%d requests, %d different ones", len(one), distinct)
	}
	if diff := cmp.Diff(one, requests(3)); diff != "" {
		t.Errorf("3 replayers send other requests than one (-one +3):\n%s", diff)
	}
}
