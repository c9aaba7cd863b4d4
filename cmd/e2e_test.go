//go:build e2e

package cmd_test

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/starling-load/starling/fixtures/apps"
	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/folder"
	"github.com/starling-load/starling/record/flowfile"
)

// storyLimit is the time that one story may take before everything in it is
// told to end.
const storyLimit = 8 * time.Minute

// TestApplicationsThatNobodyHereWrote records people using two real
// applications, learns, replays 20 users and compares the run with what the
// application itself says happened.
func TestApplicationsThatNobodyHereWrote(t *testing.T) {
	s := buildStarling(t)
	t.Run("DokuWiki has exactly the revisions that the run claims", func(t *testing.T) { wikiStory(t, s) })
	t.Run("PocketBase has exactly the records that the run claims", func(t *testing.T) { pocketStory(t, s) })
	t.Run("a forward proxy records a browser and nothing that it sends home", func(t *testing.T) { forwardStory(t, s) })
}

// wikiStory records three people with browsers and four with a plain client.
func wikiStory(t *testing.T, s *starling) {
	browser := apps.NewBrowser(t)
	wiki := apps.DokuWiki(t, apps.Options{})
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), storyLimit)
	defer cancel()

	file := filepath.Join(dir, "wiki.flow.zst")
	// The wiki makes absolute redirects out of the host that it is asked as.
	rec := s.record(t, "--upstream", wiki.URL, "--keep-host", "--redact-key", keyFile(dir), "-o", file)
	visit := apps.Visit{Think: 100 * time.Millisecond}
	var diary apps.Diary
	for i := range 7 {
		visit.Seed = uint64(i)
		account, by := wiki.Accounts[i%4], apps.VisitWiki
		if i%2 == 1 {
			by = browser.VisitWiki
		}
		did, err := by(ctx, rec.url, account, visit)
		if err != nil {
			t.Fatal(err)
		}
		diary = append(diary, did...)
	}
	rec.stop(t)
	sameDeeds(t, "recording", diary.Writes(), wiki.Writes(t))
	nothingLost(t, s, file, wiki, len(diary.Writes()))

	name := learn(t, s, wiki, dir, file)
	save := endpointsOf(t, name, func(e *model.Endpoint) bool {
		return e.Variants[0].Request.Method == "POST" && strings.Contains(e.Variants[0].Request.Body, "wikitext=")
	})
	t.Run("20 users, 2 sessions each", func(t *testing.T) {
		fresh := apps.DokuWiki(t, apps.Options{})
		report := replay(t, s, fresh, name, dir, "wiki.run.zst", 20)
		report.assertGood(t, fresh, 40)
		if claimed, found := report.ok(save), fresh.Writes(t); claimed == 0 || claimed != len(found) {
			t.Errorf("the run claims %d saves, the wiki has %d revisions; want the same, above 0", claimed, len(found))
		}
		ownPagesOnly(t, fresh.Writes(t))
	})
	t.Run("a recorded security token comes out as failed", func(t *testing.T) {
		fresh := apps.DokuWiki(t, apps.Options{})
		stale := staleToken(t, file, name, save)
		report := replay(t, s, fresh, stale, dir, "stale.run.zst", 5)
		if n := len(fresh.Writes(t)); n != 0 {
			t.Fatalf("the wiki has %d revisions: the recorded token is not stale", n)
		}
		if requests, answered := report.requests(save), report.status(save, "200"); requests == 0 ||
			report.ok(save) != 0 || answered != requests {
			t.Errorf("%d saves, %d ok, %d answered with 200; want some, none ok, all answered with 200",
				requests, report.ok(save), answered)
		}
		if report.OutcomeMatch >= 0.99 {
			t.Errorf("outcome match = %v with every save refused, want below 0.99", report.OutcomeMatch)
		}
	})
}

// pocketStory records eight sessions of four accounts.
func pocketStory(t *testing.T, s *starling) {
	backend := apps.PocketBase(t, apps.Options{})
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), storyLimit)
	defer cancel()

	file := filepath.Join(dir, "pocket.flow.zst")
	rec := s.record(t, "--upstream", backend.URL, "--redact-key", keyFile(dir), "-o", file)
	var diary apps.Diary
	for i := range 8 {
		visit := apps.Visit{Seed: uint64(i), Think: 50 * time.Millisecond}
		did, err := apps.VisitPocket(ctx, rec.url, backend.Accounts[i%4], visit)
		if err != nil {
			t.Fatal(err)
		}
		diary = append(diary, did...)
	}
	rec.stop(t)
	sameDeeds(t, "recording", diary.Writes(), backend.Writes(t))
	nothingLost(t, s, file, backend, 0)

	name := learn(t, s, backend, dir, file)
	fresh := apps.PocketBase(t, apps.Options{})
	report := replay(t, s, fresh, name, dir, "pocket.run.zst", 20)
	report.assertGood(t, fresh, 40)
	// Nothing is refused. A post that its author deleted after the list was shown
	// is gone when somebody opens it, which is no refusal; an id of the recording
	// was never deleted here.
	deleted := make(map[string]bool)
	for _, deed := range fresh.Writes(t) {
		if deed.Kind == apps.Delete {
			deleted[deed.Target] = true
		}
	}
	for _, answer := range fresh.Answers(t) {
		gone := answer.Status == 404 && answer.Method == "GET" && deleted[path.Base(answer.Target)]
		if answer.Status >= 400 && !gone {
			t.Errorf("the backend answered %d to %s %s: a refused token or id", answer.Status, answer.Method, answer.Target)
		}
	}
	found := apps.Diary(fresh.Writes(t))
	for kind, method := range map[string]string{apps.Create: "POST", apps.Update: "PATCH", apps.Delete: "DELETE"} {
		names := endpointsOf(t, name, func(e *model.Endpoint) bool {
			return e.Variants[0].Request.Method == method && strings.Contains(e.Variants[0].Request.Target, "/posts/records")
		})
		if claimed := report.ok(names); claimed == 0 || claimed != found.Count(kind) {
			t.Errorf("the run claims %d times %s, the database has %d; want the same, above 0", claimed, kind, found.Count(kind))
		}
	}
}

// forwardStory records one session of a browser that has the recorder as its
// proxy.
func forwardStory(t *testing.T, s *starling) {
	browser := apps.NewBrowser(t)
	wiki := apps.DokuWiki(t, apps.Options{})
	file := filepath.Join(t.TempDir(), "forward.flow.zst")
	rec := s.record(t, "-o", file)
	browser.Proxy = rec.url
	diary, err := browser.VisitWiki(t.Context(), wiki.URL, wiki.Accounts[0], apps.Visit{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	rec.stop(t)
	sameDeeds(t, "recording", diary.Writes(), wiki.Writes(t))
	nothingLost(t, s, file, wiki, len(diary.Writes()))
	for f, err := range flowfile.Flows(file) {
		if err != nil {
			t.Fatal(err)
		}
		if "http://"+f.Request.Authority != wiki.URL {
			t.Errorf("recorded a request for %s, want none but for %s", f.Request.Authority, wiki.URL)
		}
	}
}

// learn makes a model from a recording, with all accounts as data.
func learn(t *testing.T, s *starling, app *apps.App, dir, file string) (name string) {
	t.Helper()
	if err := app.WriteCSV(accountsFile(dir)); err != nil {
		t.Fatal(err)
	}
	name = strings.TrimSuffix(file, ".flow.zst") + ".model"
	s.run(t, 0, "model", "learn", file, "--data", accountsFile(dir), "--redact-key", keyFile(dir), "-o", name)
	return name
}

// keyFile is where the key of the recording's pseudonyms is.
func keyFile(dir string) string { return filepath.Join(dir, "redaction.key") }

func accountsFile(dir string) string { return filepath.Join(dir, "accounts.csv") }

// replay plays users × 2 sessions and returns the report of the run.
func replay(t *testing.T, s *starling, app *apps.App, name, dir, run string, users int) *report {
	t.Helper()
	run = filepath.Join(dir, run)
	s.run(t, 0, "replay", name, "--target", app.URL, "--users", fmt.Sprint(users), "--sessions", "2",
		"--data", "accounts="+accountsFile(dir), "--seed", "7", "-o", run, "--json")
	r := new(report)
	s.json(t, r, "report", run, "--json")
	for _, e := range r.Endpoints {
		t.Logf("%-60s %5d requests, %5d ok, status %v", e.Name, e.Requests, e.OK, e.Status)
	}
	for _, e := range r.Errors {
		t.Logf("error %q: %d times at %s, status %d", e.Name, e.Count, e.Endpoint, e.Status)
	}
	return r
}

// nothingLost checks that the recording holds each request that the application
// answered. At most cut of the flows may be partial: a browser breaks off the
// request that the wiki's script makes while a page is left.
func nothingLost(t *testing.T, s *starling, file string, app *apps.App, cut int) {
	t.Helper()
	var stat struct{ Requests, Partial int }
	s.json(t, &stat, "flow", "stat", file, "--json")
	answered := total(app.Statuses(t))
	if stat.Requests < answered || stat.Requests-stat.Partial > answered || stat.Partial > cut {
		t.Errorf("recorded %d requests, %d of them partial (want at most %d); the application answered %d",
			stat.Requests, stat.Partial, cut, answered)
	}
}

// endpointsOf returns the names of the endpoints of a model that match.
func endpointsOf(t *testing.T, name string, match func(*model.Endpoint) bool) []string {
	t.Helper()
	m, err := folder.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i := range m.Endpoints {
		if match(&m.Endpoints[i]) {
			names = append(names, m.Endpoints[i].Name)
		}
	}
	return names
}

// ownPagesOnly checks that every user wrote to the page of its own name.
func ownPagesOnly(t *testing.T, writes []apps.Deed) {
	t.Helper()
	users := make(map[string]bool)
	for _, w := range writes {
		users[w.User] = true
		if w.Target != "notes:"+w.User {
			t.Errorf("%s wrote to %s, want notes:%s", w.User, w.Target, w.User)
		}
	}
	if len(users) < 10 {
		t.Errorf("%d users wrote, want the replay to have spread over at least 10 of its 20", len(users))
	}
}

// sectokHole is the place of the security token in the body of a form.
var sectokHole = regexp.MustCompile(`(^|&)sectok=\$\{([^}]+)\}`)

// staleToken writes a copy of the model whose endpoints send the security
// token of the recording, and returns its name.
func staleToken(t *testing.T, file, name string, endpoints []string) string {
	t.Helper()
	token := recordedToken(t, file)
	m, err := folder.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	for i := range m.Endpoints {
		e := &m.Endpoints[i]
		if !slices.Contains(endpoints, e.Name) {
			continue
		}
		for k := range e.Variants {
			v := &e.Variants[k]
			hole := sectokHole.FindStringSubmatch(v.Request.Body)
			if hole == nil {
				t.Fatalf("%s: the security token is not bound in %q", e.Name, v.Request.Body)
			}
			v.Request.Body = sectokHole.ReplaceAllString(v.Request.Body, "${1}sectok="+token)
			if !strings.Contains(v.Request.Body, "${"+hole[2]+"}") {
				forget(m, e.Name, v, hole[2])
			}
		}
	}
	name = strings.TrimSuffix(name, ".model") + "-stale.model"
	if err := folder.Write(name, m); err != nil {
		t.Fatal(err)
	}
	return name
}

// forget takes a value away from a variant, and from the acts that send it.
func forget(m *model.Model, endpoint string, v *model.Variant, value string) {
	taker := slices.IndexFunc(v.Takers(), func(i int) bool { return v.Values[i].Name == value })
	for i := range m.Sessions {
		for k := range m.Sessions[i].Acts {
			if a := &m.Sessions[i].Acts[k]; a.Endpoint == endpoint && a.Variant == v.Name && len(a.Takes) > 0 && taker >= 0 {
				a.Takes = slices.Delete(a.Takes, taker, taker+1)
			}
		}
	}
	v.Values = slices.DeleteFunc(v.Values, func(x model.Value) bool { return x.Name == value })
}

// recordedToken returns the security token of a recorded save.
func recordedToken(t *testing.T, file string) string {
	t.Helper()
	for f, err := range flowfile.Flows(file) {
		if err != nil {
			t.Fatal(err)
		}
		fields, err := url.ParseQuery(string(f.Request.Body.Data))
		if err == nil && fields.Has("wikitext") && fields.Get("sectok") != "" {
			return fields.Get("sectok")
		}
	}
	t.Fatalf("%s holds no save with a security token", file)
	return ""
}

func total(counts map[int]int) int {
	n := 0
	for v := range maps.Values(counts) {
		n += v
	}
	return n
}
