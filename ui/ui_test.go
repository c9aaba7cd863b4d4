package ui

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// built stands for the built app in tests of the handler.
func built() fs.FS {
	return fstest.MapFS{
		"index.html":        {Data: []byte("<!doctype html><title>Starling</title>")},
		"assets/app-1f2.js": {Data: []byte("export {};")},
	}
}

func newHandler(t *testing.T, o Options) http.Handler {
	t.Helper()
	if o.assets == nil {
		o.assets = built()
	}
	h, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// call sends one request with headers given as name, value, …
func call(h http.Handler, method, target string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	r.Host = "127.0.0.1:7070"
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func decode[T any](t *testing.T, resp *http.Response) T {
	t.Helper()
	var v T
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("got status %d, want 200: %s", resp.StatusCode, body)
	}
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return v
}

func body(t *testing.T, resp *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestNewRefusesOptionsThatCannotWork(t *testing.T) {
	file := t.TempDir() + "/file"
	for _, tt := range []struct {
		name string
		o    Options
		want string
	}{
		{"nothing to show", Options{}, "neither a live run nor a folder"},
		{"a token that can be guessed", Options{Live: newScript(), Token: "secret"}, "at least 16"},
		{"a folder that is not there", Options{Dir: file}, "folder of runs"},
		{"everything wrong at once", Options{Token: "x"}, "at least 16"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, err := New(tt.o)
			if err == nil || h != nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, %v; want an error with %q", h, err, tt.want)
			}
		})
	}
	if _, err := New(Options{Dir: file}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}

func TestLiveTellsTheRunSoFar(t *testing.T) {
	s := newScript()
	for range 3 {
		s.tick()
	}
	h := newHandler(t, Options{Live: s})
	got := decode[liveRun](t, call(h, "GET", "/api/live"))
	want := s.Snapshot()
	if got.State != Running || got.Users != want.Users || got.Elapsed != 3 || got.Run.Planned != 60 {
		t.Errorf("got state %s, users %d, elapsed %g, planned %g", got.State, got.Users, got.Elapsed, got.Run.Planned)
	}
	if len(got.Points) != 3 || got.Points[2].Rate != want.Points[2].Rate || *got.Points[2].P99 != want.Points[2].Response.P99 {
		t.Errorf("got points %+v, want those of %+v", got.Points, want.Points)
	}
	if got.Summary.Requests != want.Summary.Requests || len(got.Summary.Endpoints) != len(want.Summary.Endpoints) {
		t.Errorf("got summary %+v, want %+v", got.Summary, want.Summary)
	}
	if len(got.Replayers) != 2 || got.Replayers[1].Now.Cores != 2 || got.Replayers[1].Now.Lateness != 310 {
		t.Errorf("got replayers %+v", got.Replayers)
	}
	if got.Run.Seed != want.Manifest.Seed {
		t.Errorf("got seed %d, want %d", got.Run.Seed, want.Manifest.Seed)
	}
}

func TestLiveHasNoNullListsBeforeTheFirstResult(t *testing.T) {
	h := newHandler(t, Options{Live: empty{}})
	text := body(t, call(h, "GET", "/api/live"))
	for _, key := range []string{"points", "replayers", "endpoints", "errors", "reasons", "lost", "thresholds", "status"} {
		if strings.Contains(text, `"`+key+`":null`) || !strings.Contains(text, `"`+key+`":`) {
			t.Errorf("%s is null or missing in %s", key, text)
		}
	}
}

// empty is a Live of which nothing is known yet.
type empty struct{}

func (empty) Snapshot() Snapshot       { return Snapshot{State: Waiting} }
func (empty) Changed() <-chan struct{} { return nil }
func (empty) Stop()                    {}

func TestStopReachesTheRun(t *testing.T) {
	s := newScript()
	s.tick()
	h := newHandler(t, Options{Live: s})
	if resp := call(h, "GET", "/api/live/stop"); resp.StatusCode == http.StatusOK {
		t.Error("a GET stopped the run")
	}
	got := decode[map[string]State](t, call(h, "POST", "/api/live/stop", "Sec-Fetch-Site", "same-origin"))
	if s.stopped() != 1 || got["state"] != Stopping {
		t.Errorf("got %d stops and %v, want one and stopping", s.stopped(), got)
	}
}

func TestCallsForWhatIsNotThereSaySo(t *testing.T) {
	live := newHandler(t, Options{Live: newScript()})
	runs := newHandler(t, Options{Dir: t.TempDir(), Version: "1.2.3"})
	for _, tt := range []struct {
		name, method, path string
		h                  http.Handler
		want               string
	}{
		{"live without a run", "GET", "/api/live", runs, "no run goes on"},
		{"events without a run", "GET", "/api/live/events", runs, "no run goes on"},
		{"stop without a run", "POST", "/api/live/stop", runs, "no run goes on"},
		{"runs without a folder", "GET", "/api/runs", live, "no folder"},
		{"one run without a folder", "GET", "/api/runs/a.run.zst", live, "no folder"},
		{"compare without a folder", "GET", "/api/compare?base=a.run.zst&cand=b.run.zst", live, "no folder"},
		{"an unknown call", "GET", "/api/nothing", live, "no such call"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp := call(tt.h, tt.method, tt.path)
			text := body(t, resp)
			if resp.StatusCode != http.StatusNotFound || !strings.Contains(text, tt.want) || !strings.HasPrefix(text, `{"error":`) {
				t.Errorf("got %d %s, want 404 with %q", resp.StatusCode, text, tt.want)
			}
		})
	}
	got := decode[map[string]any](t, call(runs, "GET", "/api/status"))
	if got["live"] != false || got["runs"] != true || got["version"] != "1.2.3" {
		t.Errorf("got status %v", got)
	}
}

func TestAppIsServed(t *testing.T) {
	h := newHandler(t, Options{Live: newScript()})
	for _, tt := range []struct {
		name, method, path string
		status             int
		text, cache        string
	}{
		{"the start page is never stale", "GET", "/", 200, "<title>Starling", "no-store"},
		{"assets are kept, their name changes with them", "GET", "/assets/app-1f2.js", 200, "export", "private, max-age=31536000, immutable"},
		{"a folder is not listed", "GET", "/assets/", 404, "no such page", "no-store"},
		{"an unknown page", "GET", "/nothing.html", 404, "no such page", "no-store"},
		{"a path that climbs stays inside", "GET", "/assets/..%2f..%2fui.go", 404, "no such page", "no-store"},
		{"pages cannot be posted to", "POST", "/", 405, "only be read", "no-store"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp := call(h, tt.method, tt.path)
			if text := body(t, resp); resp.StatusCode != tt.status || !strings.Contains(text, tt.text) {
				t.Errorf("got %d %s", resp.StatusCode, text)
			}
			if got := resp.Header.Get("Cache-Control"); got != tt.cache {
				t.Errorf("got Cache-Control %q, want %q", got, tt.cache)
			}
		})
	}
}

func TestWithoutTheAppThePageSaysHowToBuildIt(t *testing.T) {
	h := newHandler(t, Options{Live: newScript(), assets: fstest.MapFS{".gitkeep": {}}})
	resp := call(h, "GET", "/")
	if text := body(t, resp); resp.StatusCode != 200 || !strings.Contains(text, "make ui") {
		t.Errorf("got %d %s", resp.StatusCode, text)
	}
	if resp := call(h, "GET", "/api/live"); resp.StatusCode != 200 {
		t.Errorf("the API answers %d without the app", resp.StatusCode)
	}
}

func TestPicturesOfLongRunsStayBounded(t *testing.T) {
	s := newScript()
	s.tick()
	one := s.Snapshot().Points[0]
	long := Snapshot{State: Running}
	for i := range 100_000 {
		p := one
		p.Start = time.Duration(i) * time.Second
		long.Points = append(long.Points, p)
	}
	run := newLiveRun(long)
	if len(run.Points) > maxPoints || run.Step != 128 {
		t.Errorf("got %d points of %g s, want at most %d of 128 s", len(run.Points), run.Step, maxPoints)
	}
}
