//go:build e2e

package cmd_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/fixtures/apps"
)

const (
	copies   = 3  // how often a replay plays each recorded session
	accounts = 48 // who can log in: more than sessions in a replay
	visitors = 2  // at once in a recording

	visitorsApart = 2 * time.Second // between the starts of two recorded sessions, at least
)

// A visiting is one person's session at an application.
type visiting func(ctx context.Context, base string, account apps.Account, visit apps.Visit) (apps.Diary, error)

// An application is one that people are recorded at, and what a replay of it has to
// reach, as judged by the application's own state.
type application struct {
	name     string
	start    func(testing.TB, apps.Options) *apps.App
	visit    func(*testing.T) visiting
	sessions int      // number of recorded sessions
	people   int      // number of accounts that they are of
	record   []string // more flags of the recorder
	byText   bool     // whether two runs name their objects differently
	labels   []label  // where values come from
	limits
}

// limits are shares from 0 to 1, and counts of what may go wrong.
type limits struct {
	session float64 // least session match
	right   float64 // least share of the wanted writes that are there and right
	more    float64 // most writes found, as a multiple of those wanted
	wrong   int     // most writes to wrong objects or with damage, and sessions of wrong users
	refused int     // most refused tokens
}

// TestRealApplicationsKeepWhatWasRecorded records people at real applications, learns
// with all accounts as data, replays everything three times at once against a fresh
// application, and compares what that has kept with the recording.
//
// With E2E_KEEP=FOLDER the files of each application stay there, and a recording that
// is there is used again.
func TestRealApplicationsKeepWhatWasRecorded(t *testing.T) {
	s := buildStarling(t)
	for _, a := range applications() {
		t.Run(a.name, func(t *testing.T) { keepStory(t, s, a) })
	}
}

// applications returns those that people are recorded at.
func applications() []application {
	goals := limits{session: 0.97, right: 0.97, more: 1.03}
	return []application{
		{
			name: "DokuWiki", start: apps.DokuWiki, visit: inTurn(byProgram(apps.VisitWiki), inBrowser((*apps.Browser).VisitWiki)),
			sessions: 8, people: 8, record: []string{"--keep-host"}, labels: wikiLabels, limits: goals,
		},
		{
			name: "PocketBase", start: apps.PocketBase, visit: byProgram(apps.VisitPocket),
			sessions: 12, people: 6, byText: true, labels: pocketLabels, limits: goals,
		},
		{
			name: "Redmine", start: apps.Redmine, visit: inBrowser((*apps.Browser).VisitRedmine),
			sessions: 12, people: 6, record: []string{"--keep-host"}, labels: trackerLabels, limits: goals,
		},
		{
			name: "Directus", start: apps.Directus, visit: inBrowser((*apps.Browser).VisitDirectus),
			sessions: 9, people: 9, record: []string{"--keep-host"}, labels: articlesLabels, limits: goals,
		},
		{
			name: "Directus by GraphQL", start: apps.Directus, visit: byProgram(apps.VisitGraphQL),
			sessions: 12, people: 6, labels: graphqlLabels, limits: goals,
		},
		{
			name: "etcd by gRPC", start: apps.Etcd, visit: byProgram(apps.VisitEtcd),
			sessions: 12, people: 6, labels: etcdLabels, limits: goals,
		},
	}
}

// byProgram returns visits by a program.
func byProgram(visit visiting) func(*testing.T) visiting {
	return func(*testing.T) visiting { return visit }
}

// inTurn returns visits of two kinds, by the number of the visit.
func inTurn(even, odd func(*testing.T) visiting) func(*testing.T) visiting {
	return func(t *testing.T) visiting {
		kinds := [2]visiting{even(t), odd(t)}
		return func(ctx context.Context, base string, account apps.Account, visit apps.Visit) (apps.Diary, error) {
			return kinds[visit.Seed%2](ctx, base, account, visit)
		}
	}
}

// inBrowser returns visits by a browser.
func inBrowser(visit func(*apps.Browser, context.Context, string, apps.Account, apps.Visit) (apps.Diary, error)) func(*testing.T) visiting {
	return func(t *testing.T) visiting {
		browser := apps.NewBrowser(t)
		return func(ctx context.Context, base string, account apps.Account, visiting apps.Visit) (apps.Diary, error) {
			return visit(browser, ctx, base, account, visiting)
		}
	}
}

// keepStory is one application's part of the test.
func keepStory(t *testing.T, s *starling, a application) {
	dir := t.TempDir()
	if keep := os.Getenv("E2E_KEEP"); keep != "" {
		dir = filepath.Join(keep, strings.ToLower(filepath.Base(t.Name())))
	}
	file, diaries := a.recording(t, s, dir)
	for _, old := range []string{"people.model", "people.run.zst"} {
		if err := os.RemoveAll(filepath.Join(dir, old)); err != nil {
			t.Fatal(err)
		}
	}
	fresh := a.start(t, apps.Options{Accounts: accounts})
	name := learn(t, s, fresh, dir, file)
	assertLabels(t, name, file, a.labels)
	before := fresh.Rest(t)
	r := a.replayed(t, s, fresh, name, dir)

	writes := fresh.Writes(t)
	if a.byText {
		writes = apps.ByText(writes)
		for i := range diaries {
			diaries[i] = apps.ByText(diaries[i])
		}
	}
	refused, found := fresh.Refused(t), apps.Judge(diaries, writes, copies)
	t.Logf("%d sessions, session match %.3f, outcome match %.4f, %d acts skipped, %d refused; %v",
		r.Sessions, r.SessionMatch, r.OutcomeMatch, r.Skipped, refused, found)
	for _, example := range found.Examples {
		t.Log(example)
	}
	if want := copies * len(diaries); r.Sessions != want {
		t.Errorf("%d sessions, want %d", r.Sessions, want)
	}
	if r.SessionMatch < a.session {
		t.Errorf("session match %.3f, want at least %.3f", r.SessionMatch, a.session)
	}
	if found.RightRatio() < a.right || found.Ratio() > a.more {
		t.Errorf("%.3f of the wanted writes are right, %.3f of them found; want at least %.3f right, at most %.3f found",
			found.RightRatio(), found.Ratio(), a.right, a.more)
	}
	if wrong := found.WrongObject + found.Damaged + found.Invented + found.WrongUser; wrong > a.wrong {
		t.Errorf("%d writes on wrong objects, with damage, invented or of wrong users; want at most %d", wrong, a.wrong)
	}
	if refused > a.refused {
		t.Errorf("%d requests refused, want at most %d", refused, a.refused)
	}
	if diff := cmp.Diff(before, fresh.Rest(t)); diff != "" {
		t.Errorf("what no visitor changes, before (-) and after the replay (+):\n%s", diff)
	}
}

// recording returns the file of a recording in dir, which is made when it is not there,
// and what each of the people did.
func (a *application) recording(t *testing.T, s *starling, dir string) (file string, diaries []apps.Diary) {
	t.Helper()
	file, did := filepath.Join(dir, "people.flow.zst"), filepath.Join(dir, "diaries.json")
	text, err := os.ReadFile(did)
	if err == nil {
		if err := json.Unmarshal(text, &diaries); err != nil {
			t.Fatalf("%s: %v", did, err)
		}
		return file, diaries
	}
	if !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	app := a.start(t, apps.Options{Accounts: accounts})
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	rec := s.record(t, append([]string{"--upstream", app.URL, "--redact-key", keyFile(dir), "-o", file}, a.record...)...)
	diaries = a.visits(t, app, rec.url)
	rec.stop(t)
	var all apps.Diary
	for _, diary := range diaries {
		all = append(all, diary...)
	}
	sameDeeds(t, "recording", all.Writes(), app.Writes(t))
	if text, err = json.Marshal(diaries); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(did, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file, diaries
}

// visits lets people visit an application, some at once, and returns what each did.
func (a *application) visits(t *testing.T, app *apps.App, base string) []apps.Diary {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), storyLimit)
	defer cancel()
	visit := a.visit(t)
	diaries, failed := make([]apps.Diary, a.sessions), make([]error, a.sessions)
	free := make(chan struct{}, visitors) // as many as are at once
	var all sync.WaitGroup
	for i := range a.sessions {
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			v := apps.Visit{Seed: uint64(i), Think: 300 * time.Millisecond}
			diaries[i], failed[i] = visit(ctx, base, app.Accounts[i%a.people], v)
		})
		select {
		case <-ctx.Done():
		case <-time.After(visitorsApart):
		}
	}
	all.Wait()
	if err := errors.Join(failed...); err != nil {
		t.Fatal(err)
	}
	return diaries
}

// replayed plays every recorded session three times and returns the report of the run.
func (a *application) replayed(t *testing.T, s *starling, app *apps.App, name, dir string) *report {
	t.Helper()
	run := filepath.Join(dir, "people.run.zst")
	s.run(t, 0, "replay", name, "--target", app.URL, "--scale", "3", "--timeout", "60s",
		"--data", "accounts="+accountsFile(dir), "-o", run, "--json")
	r := new(report)
	s.json(t, r, "report", run, "--json")
	for _, e := range r.Errors {
		t.Logf("error %q: %d times at %s, status %d", e.Name, e.Count, e.Endpoint, e.Status)
	}
	return r
}
