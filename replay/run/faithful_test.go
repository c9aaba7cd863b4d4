package run

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/faithful"
	"github.com/starling-load/starling/replay/modelled"
	"github.com/starling-load/starling/replay/replaytest"
	"github.com/starling-load/starling/replay/stats"
	"github.com/starling-load/starling/replay/stats/runfile"
)

// playModel plays a model at a target.
func playModel(t *testing.T, m *model.Model, target string, plan replay.Plan, o Options) *stats.Summary {
	t.Helper()
	plan.Target = target
	r, err := New(t.Context(), Job{Source: Source{Model: folderOf(t, m)}, Plan: plan}, o)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := r.Play(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// The application's own books say that the work was done three times; so must the
// verdict.
func TestARunThatDoesTheRecordedWorkIsFaithful(t *testing.T) {
	m, writes := recordedNotes(t, 2, 0, 1, 3)
	for i := range 8 {
		m.Data[0].Rows = append(m.Data[0].Rows, []string{fmt.Sprint("eve", i), fmt.Sprint("pw-eve", i)})
	}
	n := newNotebook()
	s := httptest.NewServer(n)
	defer s.Close()
	output := filepath.Join(t.TempDir(), "new.run.zst")
	sum := playModel(t, m, s.URL, replay.Plan{Scale: 3}, Options{Output: output})
	if logins, notes := n.state(); logins != 12 || logins+notes != 3*writes {
		t.Fatalf("%d logins and %d notes; want 12, and %d together: %+v", logins, notes, 3*writes, sum.Errors)
	}
	f := sum.Faithful
	if f == nil || f.Verdict != faithful.Faithful || len(f.Reasons) > 0 {
		t.Fatalf("the verdict is %+v", f)
	}
	if want := float64(writes) / 4; f.Writes != (faithful.Pair{Recorded: want, Replayed: want}) {
		t.Errorf("writes %+v, want %g of both", f.Writes, want)
	}
	if f.MixDistance > 1e-9 || len(f.Unreached) > 0 || f.Steps.Recorded != f.Steps.Replayed {
		t.Errorf("got %+v", f)
	}
	file, err := runfile.Read(output)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(f, file.Summary.Faithful); d != "" {
		t.Errorf("the run file has another verdict: %s", d)
	}
}

// The application lets several be logged in with one account; others would not.
func TestARunWhoseUsersShareAccountsIsPartlyFaithful(t *testing.T) {
	m, _ := recordedNotes(t, 2, 0, 1, 3)
	s := httptest.NewServer(newNotebook())
	defer s.Close()
	var told []string
	sum := playModel(t, m, s.URL, replay.Plan{Scale: 3}, Options{OnNote: func(text string) { told = append(told, text) }})
	const short = "needs 12 accounts, 4 supplied"
	if f := sum.Faithful; f.Verdict != faithful.Partly || len(f.Reasons) != 1 || !strings.Contains(f.Reasons[0], short) {
		t.Errorf("the verdict is %+v, want partly, since it %s", f, short)
	}
	if notes := strings.Join(told, "\n"); !strings.Contains(notes, short) {
		t.Errorf("notes %q, want %q", notes, short)
	}
	plan := replay.Plan{Target: s.URL, Scale: 3}
	r, err := New(t.Context(), Job{Source: Source{Model: folderOf(t, m)}, Plan: plan}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	o, err := r.Outline(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	if list := o.Manifest.Recorded.Supplies; len(list) != 1 || list[0].String() != short {
		t.Errorf("the plan says %v, want %s", list, short)
	}
}

// Users who come again and again play every recorded session, each as often as any other.
func TestRoundsOfUsersAreLikeTheRecording(t *testing.T) {
	m, writes := recordedNotes(t, 2, 0, 1, 3, 0, 1)
	n := newNotebook()
	s := httptest.NewServer(n)
	defer s.Close()
	sum := playModel(t, m, s.URL, replay.Plan{Users: 3, Sessions: 4, Speed: 10}, Options{})
	if logins, notes := n.state(); logins+notes != 2*writes {
		t.Errorf("%d logins and %d notes, want %d together: each recorded session twice", logins, notes, 2*writes)
	}
	if f := sum.Faithful; f.Verdict != faithful.Faithful || f.MixDistance > 1e-9 || f.Writes.Recorded != f.Writes.Replayed {
		t.Errorf("got %+v", f)
	}
}

// A crash before the summary leaves all that the verdict needs.
func TestARecoveredRunFileHasTheVerdict(t *testing.T) {
	m, _ := recordedNotes(t, 1, 1)
	s := httptest.NewServer(newNotebook())
	defer s.Close()
	output := filepath.Join(t.TempDir(), "new.run.zst")
	var manifest stats.Manifest
	var list []*stats.Interval
	sum := playModel(t, m, s.URL, replay.Plan{Scale: 1}, Options{
		OnBegin: func(x stats.Manifest) { manifest = x }, OnInterval: func(iv *stats.Interval) { list = append(list, iv) },
	})
	w, err := runfile.Create(output, &manifest)
	if err != nil {
		t.Fatal(err)
	}
	for _, iv := range list {
		if err := w.Interval(iv); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(nil); err != nil {
		t.Fatal(err)
	}
	file, err := runfile.Read(output)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(sum.Faithful, file.Summary.Faithful); d != "" {
		t.Error(d)
	}
}

func TestTheVerdictIsThatOfOneReplayerForTwo(t *testing.T) {
	m, _ := recordedNotes(t, 2, 0, 1, 3)
	var got []*faithful.Verdict
	for _, replayers := range []int{0, 2} {
		n := newNotebook()
		s := httptest.NewServer(n)
		o := Options{Replayers: replayers, Launch: func(ctx context.Context, url, name string) error {
			return Join(ctx, JoinOptions{URL: url, Name: name})
		}}
		sum := playModel(t, m, s.URL, replay.Plan{Scale: 3}, o)
		s.Close()
		f := *sum.Faithful
		f.Overlap.Replayed = 0 // how fast the target answers is chance
		got = append(got, &f)
	}
	if d := cmp.Diff(got[0], got[1]); d != "" {
		t.Error(d)
	}
}

// Each of these lets the work of the users not happen. No such run may read well.
func TestARunWithoutTheRecordedWorkIsNotFaithful(t *testing.T) {
	good := &model.Check{Status: []int{2, 3}}
	tests := []struct {
		name   string
		model  func(*model.Model)
		target func(*notebook) http.Handler
		reason string
	}{
		{name: "the application's login is broken", target: func(n *notebook) http.Handler { n.broken = true; return n }, reason: "POST /login never succeeded"},
		{name: "the target answers 200 to everything", target: func(*notebook) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
		}, reason: "POST /login never succeeded"},
		{name: "the target answers the same page to everything", target: func(n *notebook) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				w.Write([]byte("<html><title>Notes</title></html>"))
			})
		}, reason: "POST /login never succeeded"},
		{name: "the target answers 404 to everything", target: func(*notebook) http.Handler { return http.NotFoundHandler() }, reason: "never succeeded (skipped"},
		{name: "the bindings are gone", model: func(m *model.Model) {
			for i := range m.Bindings {
				for k := range m.Bindings[i].Sources {
					kind, _, _ := strings.Cut(m.Bindings[i].Sources[k].Selector, ":")
					m.Bindings[i].Sources[k].Selector = "form:nothing"
					if kind == "entries" {
						m.Bindings[i].Sources[k].Selector = "entries:POST /nothing"
					}
				}
			}
		}, reason: "never succeeded (skipped"},
		{name: "the accounts are not those of the target", model: func(m *model.Model) {
			for i := range m.Data[0].Rows {
				m.Data[0].Rows[i] = []string{"eve", "guess"}
			}
		}, reason: "POST /login never succeeded"},
		{name: "nothing is checked, and every write is refused", model: func(m *model.Model) {
			for i := range m.Endpoints {
				m.Endpoints[i].Check = *good
			}
		}, target: func(n *notebook) http.Handler { n.broken = true; return n }, reason: "POST /login never succeeded"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, _ := recordedNotes(t, 2, 0, 1, 3)
			if tt.model != nil {
				tt.model(m)
			}
			n := newNotebook()
			var h http.Handler = n
			if tt.target != nil {
				h = tt.target(n)
			}
			s := httptest.NewServer(h)
			defer s.Close()
			sum := playModel(t, m, s.URL, replay.Plan{Scale: 2}, Options{})
			if _, notes := n.state(); notes > 0 {
				t.Fatalf("the sabotage failed: %d notes", notes)
			}
			f := sum.Faithful
			if f.Verdict != faithful.Not || !strings.Contains(f.Reasons[0], tt.reason) {
				t.Errorf("got %s %q, want not, for %q", f.Verdict, f.Reasons, tt.reason)
			}
			if f.Writes.Replayed != 0 {
				t.Errorf("%g writes a session, although the application saw none", f.Writes.Replayed)
			}
		})
	}
}

// A lazy source does not do some of the acts of its sessions.
type lazy struct {
	replay.Source
	skips func(endpoint string) bool
}

func (l lazy) Session(i, u uint64) replay.Session {
	return lazySession{l.Source.Session(i, u), l.skips}
}

type lazySession struct {
	replay.Session
	skips func(endpoint string) bool
}

func (s lazySession) Next(over *replay.Answer) []replay.Act {
	acts := s.Session.Next(over)
	for i := range acts {
		if s.skips(acts[i].Endpoint) {
			acts[i].Kind = replay.Pause
		}
	}
	return acts
}

func TestActsThatAreQuietlyLeftOutAreMissed(t *testing.T) {
	m, _ := recordedNotes(t, 2, 0, 1, 3)
	for _, tt := range []struct{ skip, verdict, reason string }{
		{"", faithful.Faithful, ""},
		{"POST /notes", faithful.Not, "POST /notes was never sent"},
		{"GET /notes", faithful.Not, "never reached: GET /notes"},
	} {
		n := newNotebook()
		s := httptest.NewServer(n)
		p := replay.Plan{Target: s.URL, Scale: 2}
		src, err := modelled.New(m, p)
		if err != nil {
			t.Fatal(err)
		}
		arrivals, err := p.Arrivals(modelled.Starts(m))
		if err != nil {
			t.Fatal(err)
		}
		line := stats.NewTimeline()
		line.Of(&stats.Manifest{Recorded: modelled.Recorded(m, p)})
		for _, iv := range replaytest.Play(t, t.Context(), replay.Options{
			Plan: p, Arrivals: arrivals, Source: lazy{src, func(e string) bool { return e == tt.skip }},
		}) {
			line.Add(iv)
		}
		s.Close()
		f := line.Summary().Faithful
		if f.Verdict != tt.verdict || !strings.Contains(strings.Join(f.Reasons, "; "), tt.reason) {
			t.Errorf("without %q: got %s %q, want %s for %q", tt.skip, f.Verdict, f.Reasons, tt.verdict, tt.reason)
		}
		if tt.skip != "" && !slices.Contains(f.Unreached, tt.skip) {
			t.Errorf("without %q: only %q are called unreached", tt.skip, f.Unreached)
		}
	}
}

func TestARunTooShortForItsSessionsSaysSo(t *testing.T) {
	m, _ := recordedNotes(t, 2, 0, 1, 3)
	s := httptest.NewServer(newNotebook())
	defer s.Close()
	sum := playModel(t, m, s.URL, replay.Plan{Users: 1, Duration: time.Millisecond}, Options{})
	if f := sum.Faithful; f.Verdict != faithful.Not || !strings.Contains(f.Reasons[0], "no session came to its end") || !math.IsNaN(float64(sum.SessionMatch)) {
		t.Errorf("got %s %q, session match %g", f.Verdict, f.Reasons, sum.SessionMatch)
	}
}

func TestARecordingIsComparedToo(t *testing.T) {
	const sessions = 6
	s := newTarget(t)
	r, err := New(t.Context(), Job{Source: Source{Recording: record(t, sessions)}, Plan: replay.Plan{Target: s.URL, Scale: 2}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	sum, err := r.Play(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f := sum.Faithful
	if f == nil || f.Steps != (faithful.Pair{Recorded: 3, Replayed: 3}) || f.Writes.Recorded != 0 || f.MixDistance > 1e-9 || len(f.Unreached) > 0 {
		t.Errorf("got %+v", f)
	}
}

func TestAURLHasNothingToBeLike(t *testing.T) {
	s := newTarget(t)
	r, err := New(t.Context(), Job{Source: Source{URL: s.URL + "/"}, Plan: replay.Plan{Users: 1, Sessions: 1}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	r.Stop()
	if sum := r.Snapshot().Summary; sum.Faithful != nil {
		t.Errorf("got %+v", sum.Faithful)
	}
}
