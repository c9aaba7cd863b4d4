package modelled

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/replaytest"
)

// answered is an empty answer 200 to a.
func answered(a *replay.Act, at time.Duration) *replay.Answer {
	resp := &flow.Response{Status: http.StatusOK}
	return &replay.Answer{Act: a, At: at, URL: "http://127.0.0.1:1" + a.Request.Target, Response: resp, Doc: content.New(resp), OK: true}
}

// wikiSessions are two recorded sessions of the wiki: one saves in German, one
// looks at the style twice.
func wikiSessions() *model.Model {
	m := wikiModel()
	m.Browsers = []model.Browser{
		{Name: "fox", Weight: 0.5, Headers: []model.Header{{Name: "User-Agent", Value: "Fox/1"}, {Name: "Accept-Language", Value: "de"}}},
		{Name: "owl", Weight: 0.5, Headers: []model.Header{{Name: "User-Agent", Value: "Owl/2"}}},
	}
	m.Endpoints[2].Variants[0].Request.Headers = append(m.Endpoints[2].Variants[0].Request.Headers, model.Header{Name: "user-agent", Value: "learned"})
	m.Sessions = []model.Session{
		{User: "u1", Behavior: "author", Browser: "owl", Acts: []model.Act{
			{Endpoint: "edit", Status: 200}, {Endpoint: "save", After: []int{0}, Row: 2, Status: 302}}},
		{User: "u2", Browser: "fox", Start: time.Second, Acts: []model.Act{
			{Endpoint: "style", Status: 200}, {Endpoint: "style", After: []int{0}, Status: 200}}},
	}
	return m
}

func TestRecordedSessionsArePlayedWithLiveValues(t *testing.T) {
	w := &wiki{tokens: map[string]string{}}
	var seen replaytest.Journal
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		seen.Add("%s %s %s %s", r.Method, r.URL, strings.Join(r.Header["User-Agent"], "|"), r.Header.Get("Accept-Language"))
		w.ServeHTTP(rw, r)
	}))
	defer s.Close()
	p := replay.Plan{Target: s.URL, Users: 4, Sessions: 1}
	sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: modelledOn(t, wikiSessions(), p)}))
	if sum.OK != 8 || sum.SessionMatch != 1 || w.refused > 0 || len(w.saves) != 2 {
		t.Errorf("%d ok, session match %g, %d refused, %d saves; want 8, 1, 0, 2: %+v", sum.OK, sum.SessionMatch, w.refused, len(w.saves), sum.Errors)
	}
	want := []string{
		"GET /edit Owl/2 ", "GET /edit Owl/2 ", "GET /style Fox/1 de", "GET /style Fox/1 de", "GET /style Fox/1 de", "GET /style Fox/1 de",
		"POST /save?lang=de Owl/2 ", "POST /save?lang=de Owl/2 ",
	}
	if got := seen.Sorted(); !slices.Equal(got, want) {
		t.Errorf("the target saw\n%s\nwant each session twice:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestPathsChooseBetweenSessionsAndWalks(t *testing.T) {
	endpoints := func(m *model.Model, paths replay.Paths) []string {
		var names []string
		p := replay.Plan{Target: "http://127.0.0.1:1", Users: 1, Sessions: 1, Paths: paths, Seed: 1}
		for _, a := range replaytest.Script(t, modelledOn(t, m, p), 0, 0) {
			names = append(names, a.Endpoint)
		}
		return names
	}
	one := wikiSessions()
	one.Sessions = one.Sessions[1:]
	for paths, want := range map[replay.Paths]string{"": "[style style]", replay.RecordedPaths: "[style style]"} {
		if got := fmt.Sprint(endpoints(one, paths)); got != want {
			t.Errorf("paths %q: %s, want %s", paths, got, want)
		}
	}
	if got := endpoints(one, replay.WalkPaths); len(got) == 0 || got[0] != "edit" {
		t.Errorf("a walk is %q, want one that begins with edit", got)
	}
	if _, err := New(wikiModel(), replay.Plan{Target: "http://127.0.0.1:1", Users: 1, Sessions: 1, Paths: replay.RecordedPaths}); err == nil {
		t.Error("recorded sessions of a model without any were played")
	}
}

func TestTheRecordedOutcomeIsExpected(t *testing.T) {
	for _, tt := range []struct {
		name           string
		recorded, live int
		match          float64
	}{
		{"as recorded", 200, 200, 1},
		{"another status of the class", 200, 204, 1},
		{"200 for an answer that nothing but its status tells apart", 204, 200, 0},
		{"another class", 200, 302, 0},
		{"a recorded error", 409, 409, 1},
		{"another error", 409, 404, 0},
		{"an error that was none", 200, 404, 0},
		{"none where there was one", 409, 200, 0},
		{"not known", 0, 404, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(tt.live) }))
			defer s.Close()
			e := endpointOf("GET /x")
			e.Check.Status = []int{2, 3, 4}
			m := newspaper()
			m.Endpoints = append(m.Endpoints, e)
			m.Sessions = []model.Session{{Acts: []model.Act{{Endpoint: e.Name, Status: tt.recorded}}}}
			p := replay.Plan{Target: s.URL, Users: 1, Sessions: 1}
			sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: modelledOn(t, m, p)}))
			if float64(sum.SessionMatch) != tt.match {
				t.Errorf("session match %g, want %g: %+v", sum.SessionMatch, tt.match, sum.Errors)
			}
		})
	}
}

// Every recorded session is played as often as any other, at every moment.
func TestTheMixOfRecordedSessionsIsExact(t *testing.T) {
	m := newspaper()
	const n = 7
	for i := range n {
		m.Sessions = append(m.Sessions, model.Session{Start: time.Duration(i) * time.Second, Acts: []model.Act{{Endpoint: "GET /", Conn: i + 1}}})
	}
	played := func(p replay.Plan, i uint64) int {
		p.Target = "http://127.0.0.1:1"
		return modelledOn(t, m, p).Session(i, i).Next(nil)[0].Conn - 1
	}
	orders := map[string]bool{}
	for round := range uint64(4) {
		seen := map[int]bool{}
		order := ""
		for i := range uint64(n) {
			k := played(replay.Plan{Rate: 1, Duration: time.Second, Seed: 5}, round*n+i)
			seen[k], order = true, order+fmt.Sprint(k)
		}
		if orders[order] = true; len(seen) != n {
			t.Errorf("round %d plays %s, want all %d", round, order, n)
		}
	}
	if len(orders) < 4 {
		t.Errorf("4 rounds have %d orders", len(orders))
	}
	times := map[int]int{}
	p := replay.Plan{Target: "http://127.0.0.1:1", Scale: 3}
	arrivals, err := p.Arrivals(Starts(m))
	if err != nil {
		t.Fatal(err)
	}
	own := map[int]bool{}
	for i := range uint64(3 * n) {
		k := played(p, i)
		times[k]++
		if at, ok := arrivals.At(i); ok && at == m.Sessions[k].Start {
			own[k] = true
		}
	}
	for k := range n {
		if times[k] != 3 || !own[k] {
			t.Errorf("at 3 times the users, session %d is played %d times, at its own start: %v", k, times[k], own[k])
		}
	}
}

func TestOriginsOfAModelAreMapped(t *testing.T) {
	var main, cdn replaytest.Journal
	a := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		main.Add("%s", r.URL)
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<p>")
	}))
	defer a.Close()
	b := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { cdn.Add("%s %s", r.URL, r.Header.Get("Origin")) }))
	defer b.Close()
	m := newspaper()
	m.Origins = []model.Origin{{Name: "main", URL: "https://paper.test"}, {Name: "cdn", URL: "https://cdn.test"}, {Name: "ads", URL: "https://ads.test"}}
	m.Endpoints[1].Origin, m.Endpoints[2].Origin = "cdn", "ads"
	m.Endpoints[1].Variants[0].Request.Headers = []model.Header{{Name: "Origin", Value: "${origin}"}}
	p := replay.Plan{Target: a.URL, Users: 1, Sessions: 1, Map: []replay.Origin{{Recorded: "https://cdn.test", Live: b.URL}}}
	m.Sessions = []model.Session{{Acts: []model.Act{{Endpoint: "GET /"}, {Endpoint: "GET /b.js", After: []int{0}}, {Endpoint: "GET /a.css", After: []int{1}}}}}
	m.Behaviors[0].Steps[0].Page.Loads[1].Share = 1
	m.Behaviors[0].Steps[0].Next = to(model.End)
	m.Behaviors[0].Steps = m.Behaviors[0].Steps[:1]
	for _, paths := range []replay.Paths{replay.RecordedPaths, replay.WalkPaths} {
		p.Paths = paths
		sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: modelledOn(t, m, p)}))
		if sum.OK != 2 || sum.SessionMatch != 1 {
			t.Errorf("%s: %d ok, session match %g; want 2 and 1: %+v", paths, sum.OK, sum.SessionMatch, sum.Errors)
		}
	}
	if got, want := fmt.Sprint(main.Sorted(), cdn.Sorted()), fmt.Sprintf("[/ /] [/a.css %s /a.css %[1]s]", a.URL); got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
}

func TestVariantsAreTakenAsOftenAsRecorded(t *testing.T) {
	m := newspaper()
	e := &m.Endpoints[0]
	e.Variants = []model.Variant{
		{Name: "a", Recorded: 3, Request: model.Request{Method: "GET", Target: "/a"}},
		{Name: "b", Recorded: 1, Request: model.Request{Method: "GET", Target: "/b"}},
		{Name: "c", Recorded: 9, Request: model.Request{Method: "GET", Target: "/${x}"}, Values: []model.Value{{Name: "x", Kind: model.Bound, Ref: "x"}}},
	}
	m.Bindings = []model.Binding{{Name: "x", Sources: []model.Select{{Endpoint: "GET /last", Selector: "json:x"}}}}
	src := modelledOn(t, m, replay.Plan{Target: "http://127.0.0.1:1", Rate: 1, Duration: time.Second})
	count := map[string]int{}
	for i := range uint64(2000) {
		s := src.Session(i, i)
		a := s.Next(nil)[0]
		s.Fill(&a)
		count[a.Request.Target]++
	}
	if len(count) != 2 || count["/a"] < 1400 || count["/a"] > 1600 {
		t.Errorf("targets %v, want /a in three quarters, /b in the others", count)
	}
}

// The save was sent before the page with its token was over, as while a page streams.
func TestAnActAwaitsTheValueThatIsOnItsWay(t *testing.T) {
	w := &wiki{tokens: map[string]string{}}
	s := httptest.NewServer(w)
	defer s.Close()
	m := wikiSessions()
	m.Sessions = m.Sessions[:1]
	m.Sessions[0].Acts[1].After = nil
	p := replay.Plan{Target: s.URL, Users: 3, Sessions: 1}
	sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: modelledOn(t, m, p)}))
	if sum.Skipped != 0 || sum.SessionMatch != 1 || len(w.saves) != 3 {
		t.Errorf("%d skipped, session match %g, %d saves; want 0, 1, 3: %+v", sum.Skipped, sum.SessionMatch, len(w.saves), sum.Errors)
	}
}
