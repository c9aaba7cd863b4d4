package run

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/folder"
	"github.com/starling-load/starling/replay"
)

// A desk is a service with a page, news, and a form with a token. It notes what it is sent.
type desk struct {
	mu    sync.Mutex
	lines []string
	token int
}

func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	line := r.Method + " " + r.URL.Path
	if x := r.Header.Get("X-Mark"); x != "" {
		line += " marked " + x
	}
	if r.Method == "POST" {
		line += " by " + r.FormValue("author")
	}
	d.lines = append(d.lines, line)
	d.token++
	if _, err := r.Cookie("sid"); err != nil {
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: fmt.Sprintf("s%016x", d.token*0x9e3779b97f4a7c1)})
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<title>Desk</title><p>%s<form method=post action=/send><input type=hidden name=token value=tok%018d><input name=author></form>", r.URL.Path, d.token*7919)
}

// count says how often a line, or one that begins with it, came.
func (d *desk) count(begin string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, l := range d.lines {
		if strings.HasPrefix(l, begin) {
			n++
		}
	}
	return n
}

// What people write in model.yaml is what the target gets, whether recorded sessions are
// played or walks: it tells by what the target saw.
func TestReplaysObeyEdits(t *testing.T) {
	const sessions = 6
	m := learned(t, &desk{}, sessions, func(g *guest, i int) {
		g.do("GET", "/desk", "", "")
		g.do("GET", "/news", "", "")
		g.do("GET", "/desk", "", "")
		token := g.doc.Forms()[0].Entries()[0].Value
		g.do("POST", "/send", "application/x-www-form-urlencoded", fmt.Sprintf("token=%s&author=ann%d", token, i))
		g.do("GET", "/news", "", "")
	})
	dir := filepath.Join(t.TempDir(), "desk.model")
	if err := folder.Write(dir, m); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "model.yaml")
	plain, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	author := m.Endpoints[slices.IndexFunc(m.Endpoints, func(e model.Endpoint) bool { return e.Name == "POST /send" })].Variants[0].Values
	if !slices.ContainsFunc(author, func(v model.Value) bool { return v.Name == "author" }) {
		t.Fatalf("the values of the form are %v", author)
	}
	for _, tt := range []struct {
		name, edits string
		want        map[string]int // requests of all sessions, by their beginning
	}{
		{"nothing", "", map[string]int{"GET /desk": 12, "GET /news": 12, "POST /send by ann": 6}},
		{"skip", "edits:\n  - skip: GET /news\n", map[string]int{"GET /desk": 12, "GET /news": 0, "POST /send by ann": 6}},
		{"repeat", "edits:\n  - repeat: GET /news\n    times: 3\n", map[string]int{"GET /desk": 12, "GET /news": 36, "POST /send by ann": 6}},
		{"a step by hand", "edits:\n  - step: GET /offers\n    after: POST /send\noverrides:\n  endpoints: {GET /offers: {}}\n", map[string]int{"GET /offers": 6, "GET /news": 12}},
		{"headers", "edits:\n  - headers: {X-Mark: seven}\n    at: GET /news\n", map[string]int{"GET /news marked seven": 12, "GET /desk marked": 0}},
		{"a data column", "edits:\n  - values: {author: {data: people.name}}\n    at: POST /send\noverrides:\n  data: {people: [name]}\n", map[string]int{"POST /send by eve": 6, "POST /send by ann": 0}},
	} {
		for _, paths := range []replay.Paths{replay.RecordedPaths, replay.WalkPaths} {
			t.Run(tt.name+", "+string(paths), func(t *testing.T) {
				if err := os.WriteFile(file, append(slices.Clone(plain), "\n"+tt.edits...), 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, "data", "people.csv"), []byte("name\neve\n"), 0o600); err != nil {
					t.Fatal(err)
				}
				d := &desk{token: 1000}
				s := httptest.NewServer(d)
				defer s.Close()
				r, err := New(t.Context(), Job{Source: Source{Model: dir}, Plan: replay.Plan{Target: s.URL, Users: 1, Sessions: sessions, Speed: 100, Paths: paths}}, Options{})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := r.Play(t.Context()); err != nil {
					t.Fatal(err)
				}
				for begin, want := range tt.want {
					got := d.count(begin)
					if paths == replay.WalkPaths { // it is at random how often walks come to a page
						got, want = min(got, 1), min(want, 1)
					}
					if got != want {
						t.Errorf("%d requests %s, want %d", got, begin, want)
					}
				}
			})
		}
	}
}
