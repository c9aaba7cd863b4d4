package ui

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// chromium is where Debian's package puts it.
const chromium = "/usr/bin/chromium"

// unavailable skips a test whose prerequisite is missing, or fails it where
// REQUIRE_E2E says that nothing may be skipped.
func unavailable(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("REQUIRE_E2E") != "" {
		t.Fatalf("browser test cannot run, and REQUIRE_E2E is set: %s", what)
	}
	fmt.Fprintf(os.Stderr, "SKIPPED %s: %s\n", t.Name(), what)
	t.Skip(what)
}

// needBrowser returns the path of node, or ends the test when something that it
// needs is missing.
func needBrowser(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		unavailable(t, "-short was given")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		unavailable(t, "node is not installed; install Node 20 or later")
	}
	for path, remedy := range map[string]string{
		chromium:                           "Chromium is not installed; run apt-get install chromium",
		"web/node_modules/playwright-core": "the packages of ui/web are not installed; run make ui",
		"web/dist/index.html":              "the web UI is not built; run make ui",
	} {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			unavailable(t, remedy)
		}
	}
	return node
}

// stage is the server that the browser looks at: Starling's own handler, and
// under /script/ the strings that move its Live.
func stage(t *testing.T, s *script, token string) *httptest.Server {
	t.Helper()
	dir := t.TempDir()
	writeReleases(t, dir)
	writeRun(t, dir, "cut-short.run.zst", day.Add(-time.Hour), newLoad(3), 20, true)
	// From the disk, not from the embedded copy: that is what was built last.
	h := newHandler(t, Options{Live: s, Dir: dir, Token: token, assets: os.DirFS("web/dist")})
	var mu sync.Mutex // guards life and end
	life, end := context.WithCancel(t.Context())
	mux := http.NewServeMux()
	mux.HandleFunc("POST /script/{move}", func(w http.ResponseWriter, r *http.Request) {
		switch r.PathValue("move") {
		case "tick":
			s.tick()
		case "lose":
			s.lose()
		case "finish":
			s.finish()
		case "begin":
			s.begin()
		case "down":
			mu.Lock()
			end()
			mu.Unlock()
		case "up":
			mu.Lock()
			life, end = context.WithCancel(t.Context())
			mu.Unlock()
		}
		snap := s.Snapshot()
		var rate float64
		if n := len(snap.Points); n > 0 {
			rate = snap.Points[n-1].Rate
		}
		_ = json.NewEncoder(w).Encode(map[string]any{
			"requests": snap.Summary.Requests, "failures": snap.Summary.Failures, "sessions": snap.Summary.Sessions.Ended, "p99": snap.Summary.Response.P99,
			"users": snap.Users, "rps": rate, "stops": s.stopped(),
		})
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		now := life
		mu.Unlock()
		if now.Err() != nil {
			panic(http.ErrAbortHandler)
		}
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(now, cancel)()
		h.ServeHTTP(w, r.WithContext(ctx))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func TestBrowserShowsRunsAndStopsThem(t *testing.T) {
	node := needBrowser(t)
	shots := os.Getenv("STARLING_SCREENSHOTS")
	if shots == "" {
		shots = t.TempDir()
	} else if err := os.MkdirAll(shots, 0o755); err != nil {
		t.Fatal(err)
	}
	s := newScript()
	for range 36 {
		s.tick()
	}
	server := stage(t, s, token)
	bare := httptest.NewServer(newHandler(t, Options{Dir: t.TempDir(), assets: os.DirFS("web/dist")}))
	t.Cleanup(bare.Close)

	// Playwright is found from the folder of the script.
	script, err := filepath.Abs("web/test/browser.mjs")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), node, script)
	cmd.Env = append(os.Environ(), "UI_URL="+server.URL, "UI_EMPTY="+bare.URL, "UI_TOKEN="+token, "UI_CHROMIUM="+chromium,
		"UI_PROFILE="+t.TempDir(), "UI_SHOTS="+shots)
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 10 * time.Second
	err = cmd.Run()
	t.Logf("browser:\n%s", &out)
	if err != nil {
		t.Fatalf("browser test: %v", err)
	}
	if got := s.stopped(); got != 1 {
		t.Errorf("the stop button reached the run %d times, want once", got)
	}
}
