package ui

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var day = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)

type runList struct {
	Dir  string
	Runs []runRow
}

func TestRunsAreListedNewestFirst(t *testing.T) {
	dir := t.TempDir()
	writeRun(t, dir, "old.run.zst", day, newLoad(1), 3, false)
	writeRun(t, dir, "new.run.zst", day.Add(time.Hour), newLoad(2), 4, false)
	writeRun(t, dir, "cut.run.zst", day.Add(2*time.Hour), newLoad(3), 2, true)
	for name, content := range map[string]string{"notes.txt": "x", "broken.run.zst": "this is no run", ".hidden.run.zst": "x"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(filepath.Join(dir, "broken.run.zst"), day, day.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	h := newHandler(t, Options{Dir: dir})
	got := decode[runList](t, call(h, "GET", "/api/runs"))

	var names []string
	for _, r := range got.Runs {
		names = append(names, r.Name)
	}
	if want := "cut.run.zst new.run.zst old.run.zst broken.run.zst"; strings.Join(names, " ") != want {
		t.Fatalf("got %v, want %s", names, want)
	}
	if got.Dir != filepath.Base(dir) {
		t.Errorf("got folder %q, want only its last name", got.Dir)
	}
	cut, fresh, broken := got.Runs[0], got.Runs[1], got.Runs[3]
	if !fresh.Complete || fresh.Problem != "" || fresh.Summary.Requests == 0 || fresh.Summary.Duration != 4 || fresh.Summary.P99 == 0 {
		t.Errorf("a whole run: got %+v %+v", fresh, fresh.Summary)
	}
	if cut.Complete || !strings.Contains(cut.Problem, "no end") || cut.Summary.Requests == 0 {
		t.Errorf("a run cut short: got %+v", cut)
	}
	if broken.Summary != nil || broken.Problem == "" || strings.Contains(broken.Problem, dir) {
		t.Errorf("a foreign file: got %+v", broken)
	}
}

func TestListFollowsTheFolder(t *testing.T) {
	dir := t.TempDir()
	h := newHandler(t, Options{Dir: dir})
	names := func() string {
		var list []string
		for _, r := range decode[runList](t, call(h, "GET", "/api/runs")).Runs {
			list = append(list, r.Name)
		}
		return strings.Join(list, " ")
	}
	if got := names(); got != "" {
		t.Fatalf("empty folder: got %q", got)
	}
	writeRun(t, dir, "a.run.zst", day, newLoad(1), 1, false)
	if got := names(); got != "a.run.zst" {
		t.Errorf("one run: got %q", got)
	}
	if err := os.Remove(filepath.Join(dir, "a.run.zst")); err != nil {
		t.Fatal(err)
	}
	if got := names(); got != "" {
		t.Errorf("after removal: got %q", got)
	}
	// The same name again: what was known of the old file must not be shown.
	writeRun(t, dir, "a.run.zst", day, newLoad(1), 1, false)
	names()
	if err := os.Remove(filepath.Join(dir, "a.run.zst")); err != nil {
		t.Fatal(err)
	}
	writeRun(t, dir, "a.run.zst", day, newLoad(9), 3, false)
	if got := decode[runList](t, call(h, "GET", "/api/runs")).Runs[0]; got.Summary.Duration != 3 {
		t.Errorf("a new file: got %g s, want 3", got.Summary.Duration)
	}
}

func TestOneRunIsShownWhole(t *testing.T) {
	dir := t.TempDir()
	writeRun(t, dir, "a b%.run.zst", day, newLoad(1), 5, false)
	h := newHandler(t, Options{Dir: dir})
	got := decode[pastRun](t, call(h, "GET", "/api/runs/"+url.PathEscape("a b%.run.zst")))
	if !got.Complete || got.Problem != "" || len(got.Points) != 5 || got.Run.Model != "shop.model" || got.Summary.Requests == 0 {
		t.Errorf("got %+v", got)
	}
	if len(got.Summary.Endpoints) != len(endpoints) || len(got.Replayers) != 2 || got.Replayers[0].Now != nil {
		t.Errorf("got %d endpoints and replayers %+v", len(got.Summary.Endpoints), got.Replayers)
	}
}

// hostile are names that must never lead to a file, whatever is there.
var hostile = []string{
	"..", "../secret.run.zst", "..%2fsecret.run.zst", "%2e%2e%2fsecret.run.zst", "sub%2fin.run.zst", "sub%5cin.run.zst",
	"%2fetc%2fpasswd", "passwd", ".run.zst", ".hidden.run.zst", "a.run.zst%00", "a.run.zst%00.run.zst", "c:a.run.zst",
	"link.run.zst", "folder.run.zst", "....%2f%2fsecret.run.zst", "%252e%252e%252fsecret.run.zst",
}

func TestNamesOfRunsStayInTheFolder(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "runs")
	for _, d := range []string{dir, filepath.Join(dir, "sub"), filepath.Join(dir, "folder.run.zst")} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	writeRun(t, root, "secret.run.zst", day, newLoad(1), 1, false)
	writeRun(t, filepath.Join(dir, "sub"), "in.run.zst", day, newLoad(1), 1, false)
	writeRun(t, dir, "good.run.zst", day, newLoad(1), 1, false)
	writeRun(t, dir, ".hidden.run.zst", day, newLoad(1), 1, false)
	if err := os.Symlink(filepath.Join(root, "secret.run.zst"), filepath.Join(dir, "link.run.zst")); err != nil {
		t.Fatal(err)
	}
	h := newHandler(t, Options{Dir: dir})
	for _, name := range hostile {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/api/runs/" + name, "/api/compare?base=good.run.zst&cand=" + name, "/api/compare?cand=good.run.zst&base=" + name} {
				resp := call(h, "GET", path)
				text := body(t, resp)
				if resp.StatusCode < 300 || resp.StatusCode >= 500 || strings.Contains(text, root) || strings.Contains(text, "requests") {
					t.Errorf("GET %s: got %d %s", path, resp.StatusCode, text)
				}
			}
		})
	}
	if got := decode[runList](t, call(h, "GET", "/api/runs")); len(got.Runs) != 1 {
		t.Errorf("got %+v, want only good.run.zst", got.Runs)
	}
}

func TestRunsThatCannotBeReadSayWhy(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "foreign.run.zst"), []byte("PK\x03\x04"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := newHandler(t, Options{Dir: dir})
	for _, tt := range []struct {
		name, path string
		status     int
		want       string
	}{
		{"no such file", "/api/runs/none.run.zst", http.StatusNotFound, "no run file none.run.zst"},
		{"a file of another kind", "/api/runs/foreign.run.zst", http.StatusUnprocessableEntity, "foreign.run.zst"},
		{"compare without names", "/api/compare", http.StatusBadRequest, "missing"},
		{"compare with a file of another kind", "/api/compare?base=foreign.run.zst&cand=foreign.run.zst", http.StatusUnprocessableEntity, "foreign.run.zst"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp := call(h, "GET", tt.path)
			if text := body(t, resp); resp.StatusCode != tt.status || !strings.Contains(text, tt.want) || strings.Contains(text, dir) {
				t.Errorf("got %d %s", resp.StatusCode, text)
			}
		})
	}
}
