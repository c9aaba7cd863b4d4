//go:build e2e

package cmd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/fixtures/apps"
)

const (
	commandLimit = 5 * time.Minute  // for one command of the program
	listenLimit  = 20 * time.Second // for the recorder to listen, and to end
)

// starling is the program under test, with a home of its own.
type starling struct {
	path string
	env  []string
}

// buildStarling builds the program as it is released: without cgo.
func buildStarling(t *testing.T) *starling {
	t.Helper()
	s := &starling{path: filepath.Join(t.TempDir(), "starling")}
	build := exec.Command("go", "build", "-o", s.path, "./starling")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build starling: %v\n%s", err, out)
	}
	home := t.TempDir()
	s.env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_CACHE_HOME="+home)
	return s
}

// run executes one command line, checks its exit code and returns its stdout.
func (s *starling) run(t *testing.T, code int, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), commandLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.path, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Env = &out, &errs, s.env
	cmd.Dir = filepath.Dir(s.path)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		t.Fatalf("starling %s: exit code %d, want %d; it said:\n%s\n%s", strings.Join(args, " "), got, code, &errs, &out)
	}
	return out.Bytes()
}

// json executes one command line and decodes what it prints.
func (s *starling) json(t *testing.T, v any, args ...string) {
	t.Helper()
	out := s.run(t, 0, args...)
	if err := json.Unmarshal(out, v); err != nil {
		t.Fatalf("starling %s: %v in:\n%s", strings.Join(args, " "), err, out)
	}
}

// A recorder is a running "starling record proxy".
type recorder struct {
	url   string
	cmd   *exec.Cmd
	said  *os.File
	ended chan error
}

var listening = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// record starts a recorder on a free port and waits until it says that it
// listens. It ends with the test at the latest.
func (s *starling) record(t *testing.T, args ...string) *recorder {
	t.Helper()
	said, err := os.Create(filepath.Join(t.TempDir(), "record.log"))
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{said: said, ended: make(chan error, 1)}
	r.cmd = exec.Command(s.path, append([]string{"record", "proxy", "--listen", "127.0.0.1:0"}, args...)...)
	r.cmd.Env, r.cmd.Stdout, r.cmd.Stderr, r.cmd.Dir = s.env, said, said, filepath.Dir(s.path)
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { r.ended <- r.cmd.Wait() }()
	t.Cleanup(func() {
		r.cmd.Process.Kill()
		said.Close()
	})
	for limit := time.Now().Add(listenLimit); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		log, err := os.ReadFile(said.Name())
		if err != nil {
			t.Fatal(err)
		}
		if first, _, whole := bytes.Cut(log, []byte("\n")); whole {
			if r.url = string(listening.Find(first)); r.url != "" {
				return r
			}
		}
	}
	t.Fatalf("the recorder does not listen; it said:\n%s", r.log())
	return nil
}

// stop interrupts the recorder as Ctrl-C does and waits until the recording is
// whole.
func (r *recorder) stop(t *testing.T) {
	t.Helper()
	if err := r.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	select {
	case <-r.ended:
	case <-time.After(listenLimit):
		t.Fatalf("the recorder does not end; it said:\n%s", r.log())
	}
	if code := r.cmd.ProcessState.ExitCode(); code != 0 {
		t.Fatalf("the recorder ends with exit code %d, want 0; it said:\n%s", code, r.log())
	}
}

func (r *recorder) log() []byte {
	log, _ := os.ReadFile(r.said.Name())
	return log
}

// counts are the results of requests.
type counts struct {
	Started, OK, Failed int
	TimedOut            int `json:"timed_out"`
	Aborted             int
	InFlight            int `json:"in_flight"`
}

// A report is what the test reads of "starling report --json".
type report struct {
	Requests, Failures int
	OutcomeMatch       float64 `json:"outcome_match"`
	SessionMatch       float64 `json:"session_match"`
	Skipped            int     // acts that could not be made
	Sessions           int     `json:"sessions_started"`
	Validity           struct {
		Verdict string
		Reasons []string
	}
	Endpoints []endpointReport
	Errors    []struct {
		Endpoint, Name string
		Status, Count  int
	}
	counts
}

// An endpointReport is one endpoint of a report.
type endpointReport struct {
	Name     string
	Requests int
	Status   map[string]int
	counts
}

// ok returns the number of requests to the named endpoints that came out well.
func (r *report) ok(names []string) int {
	return r.sum(names, func(e endpointReport) int { return e.OK })
}

// requests returns the number of requests to the named endpoints that ended.
func (r *report) requests(names []string) int {
	return r.sum(names, func(e endpointReport) int { return e.Requests })
}

// status returns the number of answers of the named endpoints with a status.
func (r *report) status(names []string, status string) int {
	return r.sum(names, func(e endpointReport) int { return e.Status[status] })
}

func (r *report) sum(names []string, of func(endpointReport) int) int {
	n := 0
	for _, e := range r.Endpoints {
		if slices.Contains(names, e.Name) {
			n += of(e)
		}
	}
	return n
}

// assertGood checks that the run did as recorded: sessions, outcomes, and no
// request more or less than the application has answered.
func (r *report) assertGood(t *testing.T, app *apps.App, sessions int) {
	t.Helper()
	if r.Sessions != sessions {
		t.Errorf("%d sessions, want %d", r.Sessions, sessions)
	}
	if r.OutcomeMatch < 0.99 {
		t.Errorf("outcome match = %v, want at least 0.99", r.OutcomeMatch)
	}
	if r.Requests == 0 || r.Started != r.OK+r.Failed+r.TimedOut+r.Aborted+r.InFlight {
		t.Errorf("started %d is not ok %d + failed %d + timed out %d + aborted %d + in flight %d",
			r.Started, r.OK, r.Failed, r.TimedOut, r.Aborted, r.InFlight)
	}
	if answered := total(app.Statuses(t)); answered != r.Requests {
		t.Errorf("the run claims %d requests, %s answered %d", r.Requests, app.Name, answered)
	}
	if r.Validity.Verdict == "" {
		t.Error("the run has no verdict on its validity")
	}
	if r.Skipped != 0 {
		t.Errorf("%d requests were not made, want none", r.Skipped)
	}
	if r.SessionMatch < 0.8 {
		t.Errorf("session match = %v, want at least 0.8", r.SessionMatch)
	}
	t.Logf("%d requests, %d failures, outcome match %.4f, session match %.4f, run %s %v",
		r.Requests, r.Failures, r.OutcomeMatch, r.SessionMatch, r.Validity.Verdict, r.Validity.Reasons)
}

// sameDeeds checks that the application kept exactly what its visitors did.
func sameDeeds(t *testing.T, of string, did, kept []apps.Deed) {
	t.Helper()
	byTarget := func(a, b apps.Deed) int { return strings.Compare(a.Target, b.Target) }
	did, kept = slices.Clone(did), slices.Clone(kept)
	slices.SortStableFunc(did, byTarget)
	slices.SortStableFunc(kept, byTarget)
	if len(did) == 0 {
		t.Fatalf("%s: nobody wrote anything", of)
	}
	if diff := cmp.Diff(did, kept); diff != "" {
		t.Errorf("%s: writes of the visitors (-) and of the application (+):\n%s", of, diff)
	}
}
