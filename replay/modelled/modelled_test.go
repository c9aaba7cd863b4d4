package modelled

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/load"
	"github.com/starling-load/starling/replay/replaytest"
)

// wiki is a page with a form whose token belongs to a cookie session and works
// once, as in real applications.
type wiki struct {
	mu      sync.Mutex
	tokens  map[string]string // session → token
	issued  int
	refused int
	saves   []string
}

func (w *wiki) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	cookie, err := r.Cookie("sid")
	switch {
	case r.Method == "GET" && r.URL.Path == "/edit":
		w.issued++
		session := fmt.Sprintf("s%d", w.issued)
		if err == nil {
			session = cookie.Value
		}
		w.tokens[session] = fmt.Sprintf("t%d", w.issued)
		http.SetCookie(rw, &http.Cookie{Name: "sid", Value: session, Domain: "recorded.example", Secure: true})
		rw.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(rw, `<title>Edit</title><form action="/save" method="post"><input type=hidden name=token value=%q><input name=text></form>`, w.tokens[session])
	case r.Method == "POST" && r.URL.Path == "/save":
		r.ParseForm()
		if err != nil || w.tokens[cookie.Value] != r.Form.Get("token") {
			w.refused++
			rw.Header().Set("Content-Type", "text/html")
			io.WriteString(rw, `<title>Edit</title><div class=error>Security token did not match</div>`)
			return
		}
		delete(w.tokens, cookie.Value)
		w.saves = append(w.saves, r.Form.Get("user")+": "+r.Form.Get("text"))
		http.Redirect(rw, r, "/page/"+r.Form.Get("user"), http.StatusFound)
	case r.URL.Path == "/style":
		if r.Header.Get("If-None-Match") == `"v1"` {
			rw.WriteHeader(http.StatusNotModified)
			return
		}
		rw.Header().Set("ETag", `"v1"`)
		io.WriteString(rw, "body{}")
	}
}

// wikiModel edits, saves and fetches the style sheet twice.
func wikiModel() *model.Model {
	next := func(to string) []model.Edge { return []model.Edge{{To: to, Odds: 1}} }
	return &model.Model{
		Version: model.Version,
		Behaviors: []model.Behavior{{
			Name: "author", Weight: 1, Start: next("edit"),
			Steps: []model.Step{
				{ID: "edit", Page: &model.Page{Endpoint: "edit"}, Next: next("save")},
				{ID: "save", Page: &model.Page{Endpoint: "save"}, Next: next("style")},
				{ID: "style", Page: &model.Page{Endpoint: "style"}, Next: []model.Edge{{To: "style", Odds: 0.5}, {To: model.End, Odds: 0.5}}},
			},
		}},
		Endpoints: []model.Endpoint{
			{
				Name: "edit", Variants: []model.Variant{{Request: model.Request{Method: "GET", Target: "/edit"}}},
				Check: model.Check{Status: []int{2}},
			},
			{
				Name: "save",
				Variants: []model.Variant{{
					Request: model.Request{
						Method: "POST", Target: "/save?lang=${lang}",
						Headers: []model.Header{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}, {Name: "Referer", Value: "${referer}"}},
						Body:    "token=${token}&user=${user}&text=${text}",
					},
					Values: []model.Value{
						{Name: "token", Kind: model.Bound, Ref: "token"}, {Name: "user", Kind: model.Data, Ref: "accounts.user"},
						{Name: "text", Kind: model.Fresh, Ref: "note 1234 & more"}, {Name: "lang", Kind: model.Row},
					},
					Rows: [][]string{{"en"}, {"de"}, {"fr"}},
				}},
				Check: model.Check{Status: []int{3}, Redirect: []string{"/page/{}"}},
			},
			{
				Name: "style",
				Variants: []model.Variant{{
					Request: model.Request{Method: "GET", Target: "/style", Headers: []model.Header{{Name: "If-None-Match", Value: "${etag}"}}},
				}},
				Check: model.Check{Status: []int{2}},
			},
		},
		Bindings: []model.Binding{{Name: "token", Sources: []model.Select{{Endpoint: "edit", Selector: "form:token"}}}},
		Data:     []model.Source{{Name: "accounts", Columns: []string{"user"}, Rows: [][]string{{"ann"}, {"bob"}, {"cy d"}}}},
	}
}

func modelledOn(t *testing.T, m *model.Model, p replay.Plan) replay.Source {
	t.Helper()
	src, err := New(m, p)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func TestModelledUsersCarryIssuedValues(t *testing.T) {
	w := &wiki{tokens: map[string]string{}}
	s := httptest.NewServer(w)
	defer s.Close()
	p := replay.Plan{Target: s.URL, Users: 3, Sessions: 5, Seed: 7}
	sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: modelledOn(t, wikiModel(), p)}))
	if sum.Failed+sum.Aborted > 0 || w.refused > 0 || len(w.saves) != 15 {
		t.Errorf("%d failed, %d aborted, %d refused, %d saves; want 0, 0, 0, 15: %+v", sum.Failed, sum.Aborted, w.refused, len(w.saves), sum.Errors)
	}
	if sum.Due != 15 || sum.Arrived != 15 {
		t.Errorf("%d sessions due, %d started, want 15 and 15", sum.Due, sum.Arrived)
	}
	if sum.OutcomeMatch != 1 {
		t.Errorf("outcome match %g, want 1", sum.OutcomeMatch)
	}
	slices.Sort(w.saves)
	if n := len(slices.Compact(w.saves)); n != 15 {
		t.Errorf("%d different saves, want 15: fresh text repeats: %q", n, w.saves)
	}
	for _, save := range w.saves {
		user, text, _ := strings.Cut(save, ": ")
		if !slices.Contains([]string{"ann", "bob", "cy d"}, user) || !strings.HasPrefix(text, "note ") || !strings.HasSuffix(text, " & more") {
			t.Errorf("saved %q", save)
		}
	}
	if sum.Status[304] == 0 {
		t.Error("no request was answered 304: the cache was not used")
	}
}

func TestAStaleTokenAnsweredWith200IsAFailure(t *testing.T) {
	w := &wiki{tokens: map[string]string{}}
	s := httptest.NewServer(w)
	defer s.Close()
	m := wikiModel()
	save := &m.Endpoints[1].Variants[0]
	save.Request.Body = strings.Replace(save.Request.Body, "${token}", "t99999", 1)
	save.Values = save.Values[1:]
	m.Bindings = nil
	p := replay.Plan{Target: s.URL, Users: 2, Sessions: 2}
	sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: modelledOn(t, m, p)}))
	if sum.Failed != 4 || w.refused != 4 || len(w.saves) != 0 {
		t.Errorf("%d failed, %d refused, %d saves; want 4, 4, 0", sum.Failed, w.refused, len(w.saves))
	}
}

func TestAValueThatWasNotIssuedIsNotSent(t *testing.T) {
	var seen replaytest.Journal
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Add("%s", r.URL.Path)
		io.WriteString(w, "no form here")
	}))
	defer s.Close()
	p := replay.Plan{Target: s.URL, Users: 1, Sessions: 2}
	sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: modelledOn(t, wikiModel(), p)}))
	if got := seen.Sorted(); slices.Contains(got, "/save") || !slices.Contains(got, "/style") {
		t.Errorf("the target saw %q, want no save, and the session to go on behind it", got)
	}
	if sum.Skipped != 2 || sum.Errors[0].Value != "token" || sum.SessionMatch != 0 || sum.Sessions.Ended != 2 {
		t.Errorf("%d skipped, session match %g of %+v, errors %+v; want 2 for the token, and no session to match", sum.Skipped, sum.SessionMatch, sum.Sessions, sum.Errors)
	}
}

func TestAValueThatItsPageNoLongerShowsIsNotSent(t *testing.T) {
	var seen replaytest.Journal
	pages := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Add("%s", r.URL.Path)
		w.Header().Set("Content-Type", "text/html")
		if pages++; pages == 1 {
			io.WriteString(w, `<form action=/save><input name=token value=t1></form>`)
		}
	}))
	defer s.Close()
	m := wikiModel()
	m.Behaviors[0].Steps[0].Next = []model.Edge{{To: "again", Odds: 1}}
	m.Behaviors[0].Steps = append(m.Behaviors[0].Steps, model.Step{ID: "again", Page: &model.Page{Endpoint: "again"}, Next: []model.Edge{{To: "edit", Odds: 0.5}, {To: "save", Odds: 0.5}}})
	again := m.Endpoints[0]
	again.Name = "again"
	m.Endpoints = append(m.Endpoints, again)
	m.Bindings[0].Sources = append(m.Bindings[0].Sources, model.Select{Endpoint: "again", Selector: "form:token"})
	p := replay.Plan{Target: s.URL, Users: 1, Sessions: 1, Seed: 1}
	sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: modelledOn(t, m, p)}))
	visits := len(seen.Sorted())
	if visits > 2 && (sum.Skipped == 0 || slices.Contains(seen.Sorted(), "/save")) {
		t.Errorf("%d visits, %d skipped; the target saw %q, want no save with a token that the page took back", visits, sum.Skipped, seen.Sorted())
	}
	if visits <= 2 {
		t.Fatalf("only %d visits: choose another seed", visits)
	}
}

func TestTheSameSeedGivesTheSameSessionsForAnyNumberOfReplayers(t *testing.T) {
	requests := func(n int, p replay.Plan) []string {
		var seen replaytest.Journal
		w := &wiki{tokens: map[string]string{}}
		s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			r.ParseForm()
			seen.Add("%s %s user=%s text=%s", r.Method, r.URL, r.PostForm.Get("user"), r.PostForm.Get("text"))
			w.ServeHTTP(rw, r)
		}))
		defer s.Close()
		p.Target = s.URL
		var wait sync.WaitGroup
		for i := range n {
			wait.Go(func() {
				replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: modelledOn(t, wikiModel(), p), Segment: load.Segment{Index: i, Count: n}})
			})
		}
		wait.Wait()
		return seen.Sorted()
	}
	p := replay.Plan{Seed: 3, Users: 7, Sessions: 3, Timeout: time.Minute}
	one := requests(1, p)
	if len(one) < 60 {
		t.Fatalf("only %d requests", len(one))
	}
	for _, n := range []int{2, 3} {
		if diff := cmp.Diff(one, requests(n, p)); diff != "" {
			t.Errorf("%d replayers send other requests than one (-one +%d):\n%s", n, n, diff)
		}
	}
	p.Seed++
	if slices.Equal(one, requests(1, p)) {
		t.Error("another seed sends the same requests")
	}
}

func TestValuesAreEncodedForTheirPlace(t *testing.T) {
	names := map[string]int{"v": 0}
	values := []string{`a/b c&"d"=é`}
	for _, tt := range []struct {
		name string
		t    func() (template, error)
		want string
	}{
		{"path segment", func() (template, error) { return compileTarget("/x/${v}/y", names) }, "/x/a%2Fb%20c&%22d%22=%C3%A9/y"},
		{"query", func() (template, error) { return compileTarget("/x?q=${v}", names) }, "/x?q=a%2Fb+c%26%22d%22%3D%C3%A9"},
		{"form", func() (template, error) {
			return compile("q=${v}", bodyEncoding("application/x-www-form-urlencoded; charset=utf-8", "q=${v}"), names)
		}, "q=a%2Fb+c%26%22d%22%3D%C3%A9"},
		{"JSON", func() (template, error) {
			return compile(`{"q":"${v}"}`, bodyEncoding("application/vnd.api+json", ""), names)
		}, `{"q":"a/b c&\"d\"=é"}`},
		{"JSON under the type of a form", func() (template, error) {
			return compile(`{"q":"${v}"}`, bodyEncoding("application/x-www-form-urlencoded", `{"q":"${v}"}`), names)
		}, `{"q":"a/b c&\"d\"=é"}`},
		{"text", func() (template, error) { return compile("q=${v} $$1", bodyEncoding("text/plain", ""), names) }, `q=a/b c&"d"=é $1`},
	} {
		tmpl, err := tt.t()
		if err != nil {
			t.Fatal(err)
		}
		if got := tmpl.render(values); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
	if _, err := compile("${w}", raw, names); err == nil {
		t.Error("a hole without a value was accepted")
	}
}

func TestModelsDoWhatTheEngineReliesOn(t *testing.T) {
	p := replay.Plan{Target: "http://127.0.0.1:1", Users: 2, Sessions: 1, Seed: 3}
	for name, m := range map[string]*model.Model{"a walk": wikiModel(), "every step": newspaper(), "recorded sessions": recordedNewspaper()} {
		t.Run(name, func(t *testing.T) { replaytest.CheckSource(t, modelledOn(t, m, p)) })
	}
}
