package verbatim

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

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/replaytest"
)

// breaks returns a handler that breaks the connection at one path.
func breaks(path string, seen *replaytest.Journal) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Add("%s", r.URL.Path)
		if r.URL.Path == path {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{}`)
	})
}

func TestABrokenExchangeDoesNotEndTheSession(t *testing.T) {
	var seen replaytest.Journal
	s := httptest.NewServer(breaks("/b", &seen))
	defer s.Close()
	const ms = time.Millisecond
	sessions := Flows{
		{recordedFlow(0, "POST", "/a", "", "{}"), recordedFlow(5*ms, "POST", "/b", "", "{}"), recordedFlow(9*ms, "POST", "/c", "", "{}")},
		{recordedFlow(0, "POST", "/d", "", "{}")},
	}
	p := replay.Plan{Target: s.URL, Users: 2, Sessions: 1}
	sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: verbatimOn(t, sessions, p)}))
	if got := seen.Sorted(); !slices.Equal(got, []string{"/a", "/b", "/c", "/d"}) {
		t.Errorf("the target saw %q, want every request of both sessions", got)
	}
	if sum.OK != 3 || sum.Failed != 1 || sum.Aborted != 0 {
		t.Errorf("%d ok, %d failed, %d aborted; want 3, 1, 0: %+v", sum.OK, sum.Failed, sum.Aborted, sum.Errors)
	}
	if sum.SessionMatch != 0.5 || sum.Sessions.Ended != 2 || sum.Sessions.Matched != 1 {
		t.Errorf("session match %g of %+v, want 1 of 2", sum.SessionMatch, sum.Sessions)
	}
}

func TestSessionsThatTheEndOfTheRunCutsAreNotJudged(t *testing.T) {
	s := httptest.NewServer(breaks("", &replaytest.Journal{}))
	defer s.Close()
	sessions := Flows{{recordedFlow(0, "GET", "/a", "", "{}"), recordedFlow(time.Hour, "GET", "/b", "", "{}")}}
	p := replay.Plan{Target: s.URL, Users: 3, Duration: 100 * time.Millisecond}
	sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: verbatimOn(t, sessions, p)}))
	if sum.Sessions.Cut != 3 || sum.Sessions.Ended != 0 {
		t.Errorf("sessions %+v, want all 3 cut", sum.Sessions)
	}
}

// places are four servers, and what each was asked.
type places struct {
	servers [4]*httptest.Server
	seen    [4]replaytest.Journal
}

func TestASessionWithFourOriginsGoesToFour(t *testing.T) {
	recorded := [4]string{"https://www.shop.example", "https://api.shop.example", "https://login.id.test", "https://cdn.test"}
	var p places
	for i := range p.servers {
		p.servers[i] = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			p.seen[i].Add("%s cookie=%s referer=%s origin=%s", r.URL, r.Header.Get("Cookie"), r.Header.Get("Referer"), r.Header.Get("Origin"))
			if r.URL.Path == "/start" { // the same name everywhere, as frameworks do
				w.Header().Add("Set-Cookie", fmt.Sprintf("sid=%d; Path=/; Secure; HttpOnly; SameSite=Lax", i))
			}
			if r.URL.Path == "/wide" {
				w.Header().Add("Set-Cookie", "wide=yes; Path=/; Domain=shop.example; Secure")
			}
			io.WriteString(w, "{}")
		}))
		defer p.servers[i].Close()
	}
	var flows []*flow.Flow
	add := func(to int, path string, headers ...flow.Header) {
		f := recordedFlow(time.Duration(len(flows))*5*time.Millisecond, "GET", path, "", "{}")
		f.Scheme, f.Request.Authority = "https", strings.TrimPrefix(recorded[to], "https://")
		f.Response = &flow.Response{Status: 200}
		f.Request.Headers = headers
		flows = append(flows, f)
	}
	for i := range recorded {
		add(i, "/start")
	}
	add(0, "/wide")
	add(1, "/data", flow.Header{Name: "Referer", Value: recorded[0] + "/page?x=1"}, flow.Header{Name: "Origin", Value: recorded[0]})
	add(2, "/me")
	add(3, "/a.js", flow.Header{Name: "Referer", Value: recorded[0] + "/"}, flow.Header{Name: "Sec-Fetch-Site", Value: "cross-site"}, flow.Header{Name: "Sec-Fetch-Mode", Value: "no-cors"})
	plan := replay.Plan{Target: p.servers[0].URL, Users: 1, Sessions: 1}
	for i := 1; i < 4; i++ {
		plan.Map = append(plan.Map, replay.Origin{Recorded: recorded[i], Live: p.servers[i].URL})
	}
	src, err := New(Flows{flows}, plan.Origins(recorded[0]), nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: plan, Source: src}))
	if sum.OK != uint64(len(flows)) {
		t.Errorf("%d of %d passed: %+v", sum.OK, len(flows), sum.Errors)
	}
	app := p.servers[0].URL
	for i, want := range [4][]string{
		{"/start cookie= referer= origin=", "/wide cookie=sid=0 referer= origin="},
		{"/data cookie=sid=1; wide=yes referer=" + app + "/page?x=1 origin=" + app, "/start cookie= referer= origin="},
		{"/me cookie=sid=2 referer= origin=", "/start cookie= referer= origin="},
		{"/a.js cookie= referer=" + app + "/ origin=", "/start cookie= referer= origin="},
	} {
		if got := p.seen[i].Sorted(); !slices.Equal(got, want) {
			t.Errorf("%s saw\n%q, want\n%q", recorded[i], got, want)
		}
	}
}

// TestAPageOfThirtyResourcesTakesAsLongAsRecorded records a page load over six
// connections from a real client, and replays it to the same server.
func TestAPageOfThirtyResourcesOverlapsAsRecorded(t *testing.T) {
	var mu sync.Mutex
	now, peak := 0, 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		now++
		peak = max(peak, now)
		mu.Unlock()
		time.Sleep(20 * time.Millisecond)
		mu.Lock()
		now--
		mu.Unlock()
	}))
	defer s.Close()
	flows := sixAtATime(t, s.URL, 30)
	recordedPeak := peak
	peak = 0
	p := replay.Plan{Target: s.URL, Users: 1, Sessions: 1}
	src, err := New(Flows{flows}, p.Origins(s.URL), nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: src}))
	if sum.OK != 31 || recordedPeak != 6 || peak != recordedPeak {
		t.Errorf("%d of 31 passed, peak %d, recorded %d: %+v", sum.OK, peak, recordedPeak, sum.Errors)
	}
}

// sixAtATime fetches a page and then its parts from six workers, as a browser
// does over HTTP/1.1, and returns what a recorder would have kept.
func sixAtATime(t *testing.T, origin string, parts int) []*flow.Flow {
	t.Helper()
	var mu sync.Mutex
	var flows []*flow.Flow
	fetch := func(path string, conn int) {
		f := recordedFlow(0, "GET", path, "", "")
		f.Scheme, f.Request.Authority = "http", strings.TrimPrefix(origin, "http://")
		f.Start, f.Conn = time.Now(), uint64(conn+1)
		resp, err := http.Get(origin + path)
		if err != nil {
			t.Error(err)
			return
		}
		resp.Body.Close()
		f.Done = time.Since(f.Start)
		f.Response = &flow.Response{Status: resp.StatusCode}
		mu.Lock()
		flows = append(flows, f)
		mu.Unlock()
	}
	fetch("/page", 0)
	var workers sync.WaitGroup
	next := make(chan int, parts)
	for i := range parts {
		next <- i
	}
	close(next)
	for c := range 6 {
		workers.Go(func() {
			for i := range next {
				fetch(fmt.Sprintf("/part/%d", i), c)
			}
		})
	}
	workers.Wait()
	slices.SortFunc(flows, func(a, b *flow.Flow) int { return a.Start.Compare(b.Start) })
	return flows
}

// A HAR file may say HTTP/2 of what a target without TLS answered.
func TestAPlainTargetThatDoesNotKnowHTTP2GetsHTTP1(t *testing.T) {
	var seen replaytest.Journal
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { seen.Add("%s %s", r.Proto, r.URL) }))
	defer s.Close()
	f := recordedFlow(0, "GET", "/a", "", "")
	f.Protocol, f.Response = "HTTP/2.0", nil
	p := replay.Plan{Target: s.URL, Users: 3, Sessions: 1}
	sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: verbatimOn(t, Flows{{f}}, p)}))
	// The last is the question whether it speaks HTTP/2.
	if got := seen.Sorted(); sum.OK != 3 || !slices.Equal(got, []string{"HTTP/1.1 /a", "HTTP/1.1 /a", "HTTP/1.1 /a", "HTTP/2.0 *"}) {
		t.Errorf("%d of 3 passed, the target saw %q: %+v", sum.OK, got, sum.Errors)
	}
}
