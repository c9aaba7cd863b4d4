package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/client"
	"github.com/starling-load/starling/replay/compare"
	"github.com/starling-load/starling/replay/stats"
	"github.com/starling-load/starling/replay/stats/runfile"
)

func TestMain(m *testing.M) {
	// The NATS client leaves this goroutine behind when it is closed while it
	// publishes.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/nats-io/nats.go/jetstream.(*jetStream).resetPendingAcksOnReconnect"))
}

// A target counts the requests that it answers.
type target struct {
	*httptest.Server
	seen atomic.Int64
}

func newTarget(t *testing.T) *target {
	t.Helper()
	var s target
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.seen.Add(1)
		fmt.Fprintln(w, "hello")
	}))
	t.Cleanup(s.Close)
	return &s
}

// record writes a recording of sessions with three requests each.
func record(t *testing.T, sessions int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "some.flow.zst")
	w, err := flowfile.Create(path, flowfile.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	for i := range 3 * sessions {
		err := w.Write(&flow.Flow{
			Conn: uint64(i/3 + 1), Scheme: "http", Protocol: "HTTP/1.1",
			Request: flow.Request{Method: "GET", Target: fmt.Sprintf("/page/%d", i%3), Authority: "shop.test"},
			Response: &flow.Response{
				Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: "text/plain; charset=utf-8"}},
				Body: flow.NewBody([]byte("hello\n")),
			},
			Start: start.Add(time.Duration(i) * time.Millisecond), Done: time.Millisecond,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func newURLRun(t *testing.T, url string, o Options) *Run {
	t.Helper()
	r, err := New(t.Context(), Job{Source: Source{URL: url}, Plan: replay.Plan{Users: 4, Duration: time.Hour}}, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestManyLookAtARunAndStopIt(t *testing.T) {
	s := newTarget(t)
	r := newURLRun(t, s.URL, Options{})
	var watching sync.WaitGroup
	for range 4 {
		watching.Go(func() {
			for {
				changed := r.Changed()
				snapshot := r.Snapshot()
				if snapshot.State == Done {
					return
				}
				if p, ok := r.Newest(); ok && snapshot.Users > 0 && p.Users > 0 {
					r.Stop()
				}
				<-changed
			}
		})
	}
	summary, err := r.Play(t.Context())
	watching.Wait()
	if !errors.Is(err, context.Canceled) || !summary.Partial {
		t.Errorf("the error is %v and partial %t; want a canceled run, marked partial", err, summary.Partial)
	}
	if got := uint64(s.seen.Load()); summary.Started != got {
		t.Errorf("started %d, the target saw %d", summary.Started, got)
	}
	last := r.Snapshot()
	if last.State != Done || last.Summary != summary || last.Users != 0 {
		t.Errorf("the last snapshot has state %s, %d users; want the summary of a run that is done", last.State, last.Users)
	}
	if _, err := r.Play(t.Context()); err == nil {
		t.Error("the run could be played twice")
	}
}

func TestARunStoppedBeforeItBeginsSendsNothing(t *testing.T) {
	s := newTarget(t)
	r := newURLRun(t, s.URL, Options{})
	r.Stop()
	r.Stop()
	if _, err := r.Play(t.Context()); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v, want canceled", err)
	}
	if n := s.seen.Load(); n != 0 {
		t.Errorf("the target saw %d requests", n)
	}
}

func TestReplayersShareARecording(t *testing.T) {
	const sessions = 20
	s := newTarget(t)
	path := record(t, sessions)
	output := filepath.Join(t.TempDir(), "new.run.zst")
	var names []string
	var began stats.Manifest
	var mu sync.Mutex // guards names
	r, err := New(t.Context(), Job{
		Source: Source{Recording: path}, Plan: replay.Plan{Target: s.URL + "/"},
		Labels: []string{"release=1.4"}, Thresholds: []string{"failures < 1%"},
	}, Options{
		Output: output, Replayers: 2,
		Launch: func(ctx context.Context, url, name string) error {
			mu.Lock()
			names = append(names, name)
			mu.Unlock()
			return Join(ctx, JoinOptions{URL: url, Name: name})
		},
		OnBegin: func(m stats.Manifest) { began = m },
	})
	if err != nil {
		t.Fatal(err)
	}
	summary, err := r.Play(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	if want := []string{"local-1", "local-2"}; !slices.Equal(names, want) || !slices.Equal(summary.Replayers, want) {
		t.Errorf("launched %q, %q reported; want %q", names, summary.Replayers, want)
	}
	if n := s.seen.Load(); n != 3*sessions || summary.OK != 3*sessions || summary.Partial {
		t.Errorf("the target saw %d requests, %d were good, partial %t; want %d of both", n, summary.OK, summary.Partial, 3*sessions)
	}
	file, err := runfile.Read(output)
	if err != nil {
		t.Fatal(err)
	}
	m := file.Manifest
	if m.Target != s.URL || m.Source != path || m.Schedule != "as recorded" || !slices.Equal(m.Labels, []string{"release=1.4"}) {
		t.Errorf("the manifest of the file is %+v", m)
	}
	if !m.Start.Equal(began.Start) {
		t.Errorf("the run began at %s, the file says %s", began.Start, m.Start)
	}
	if len(file.Summary.Thresholds) != 1 || !file.Summary.Thresholds[0].OK {
		t.Errorf("thresholds of the file: %+v", file.Summary.Thresholds)
	}
}

func TestAReplayerThatCannotPlayEndsTheRun(t *testing.T) {
	s := newTarget(t)
	broken := errors.New("no more memory")
	r := newURLRun(t, s.URL, Options{
		Replayers: 2,
		Launch: func(ctx context.Context, url, name string) error {
			if name == "local-2" {
				return broken
			}
			return Join(ctx, JoinOptions{URL: url, Name: name})
		},
	})
	if _, err := r.Play(t.Context()); !errors.Is(err, broken) {
		t.Errorf("the error is %v, want %v", err, broken)
	}
	if r.State() != Done {
		t.Errorf("the run is %s", r.State())
	}
}

func TestAJobTravelsWithoutWhatIsOursAlone(t *testing.T) {
	j := Job{
		Source:     Source{Model: "/home/ann/shop.model", Data: map[string]string{"accounts": "/home/ann/accounts.csv"}},
		Plan:       replay.Plan{Target: "http://127.0.0.1:9000", Users: 3, Seed: 7},
		Client:     client.Options{Insecure: true, HTTP1: true},
		AllowHosts: []string{"shop.test"}, Labels: []string{"release=1.4"}, Thresholds: []string{"p99 < 1s"},
	}
	data, err := json.Marshal(j.share())
	if err != nil {
		t.Fatal(err)
	}
	var got Job
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	want := Job{Source: Source{Model: "shop.model"}, Plan: j.Plan, Client: j.Client}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the job that arrives (-want +got):\n%s", diff)
	}
}

func TestMistakesInAJobAreNamed(t *testing.T) {
	path := record(t, 1)
	good := replay.Plan{Target: "http://127.0.0.1:9", Users: 1, Duration: time.Second}
	for _, test := range []struct {
		name string
		job  Job
		want string
	}{
		{"nothing to play", Job{Plan: good}, "needs a model, a recording or a URL"},
		{"two things to play", Job{Source: Source{Model: "a", URL: "http://b"}, Plan: good}, "not two of them"},
		{"data for a recording", Job{Source: Source{Recording: path, Data: map[string]string{"a": "b"}}, Plan: good}, "work with a model"},
		{"no target", Job{Source: Source{Recording: path}}, `target ""`},
		{"a target with a path", Job{Source: Source{Recording: path}, Plan: replay.Plan{Target: "http://a/b"}}, "without a path"},
		{"two ways to come", Job{Source: Source{URL: "http://a"}, Plan: replay.Plan{Users: 1, Rate: 1}}, "exactly one of"},
		{"no threshold", Job{Source: Source{URL: "http://a"}, Thresholds: []string{"fast"}}, `threshold "fast"`},
		{"the recorded host", Job{Source: Source{Recording: path}, Plan: replay.Plan{Target: "http://shop.test"}}, "is the host that was recorded"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := New(t.Context(), test.job, Options{})
			var mistake *JobError
			if !errors.As(err, &mistake) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want a JobError with %q", err, test.want)
			}
		})
	}
}

func TestAComparisonAlternates(t *testing.T) {
	old, candidate := newTarget(t), newTarget(t)
	var order []string
	var notes []string
	report, err := Compare(t.Context(), Comparison{
		Job:      Job{Source: Source{Recording: record(t, 3)}, Plan: replay.Plan{Users: 2}},
		Baseline: old.URL, Candidate: candidate.URL, Pairs: 2, Block: time.Second,
		OnBlock: func(pair int, target string) { order = append(order, fmt.Sprint(pair, " ", target)) },
	}, Options{OnNote: func(text string) { notes = append(notes, text) }, Output: filepath.Join(t.TempDir(), "none", "x.run.zst")})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"0 " + old.URL, "0 " + candidate.URL, "1 " + candidate.URL, "1 " + old.URL}
	if diff := cmp.Diff(want, order); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
	if report.Verdict == compare.Regression || len(report.Endpoints) != 3 {
		t.Errorf("the verdict on two equal targets is %s, on %d endpoints", report.Verdict, len(report.Endpoints))
	}
	if len(notes) > 1 {
		t.Errorf("notes are repeated: %q", notes)
	}
}

func TestOriginsOfAModelHaveTheSharesOfTheirFlows(t *testing.T) {
	endpoint := func(origin string, flows ...int) model.Endpoint {
		e := model.Endpoint{Origin: origin}
		for _, n := range flows {
			e.Variants = append(e.Variants, model.Variant{Recorded: n})
		}
		return e
	}
	m := &model.Model{
		Origins:   []model.Origin{{Name: "shop", URL: "https://shop.test"}, {Name: "cdn", URL: "https://cdn.test"}},
		Endpoints: []model.Endpoint{endpoint("", 30), endpoint("shop", 20, 10), endpoint("cdn", 30, 10)},
	}
	urls, shares := origins(m)
	if want := []string{"https://shop.test", "https://cdn.test"}; !slices.Equal(urls, want) {
		t.Errorf("the origins are %q, want %q", urls, want)
	}
	if want := []float64{0.6, 0.4}; !slices.Equal(shares, want) {
		t.Errorf("their shares are %v, want %v", shares, want)
	}
}
