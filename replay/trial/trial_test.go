package trial

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/replay"
)

// A tracker wants, with each note, the version that its form shows and the key that its
// page names; a reader's search wants the edition of the list. All of them were the same
// throughout the recording.
type tracker struct {
	version, key, edition string
	broken                bool // the list is always empty

	mu    sync.Mutex
	notes []string
}

func (t *tracker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w.Header().Set("Content-Type", "text/html")
	switch {
	case r.URL.Path == "/form":
		fmt.Fprintf(w, `<meta name="csrf-token" content="%s"><form method=post action=/save><input type=hidden name=lock_version value=%s><input name=text></form>`, t.key, t.version)
	case r.URL.Path == "/save":
		if r.FormValue("lock_version") != t.version || r.Header.Get("X-CSRF-Token") != t.key {
			w.WriteHeader(http.StatusConflict)
			return
		}
		t.notes = append(t.notes, r.FormValue("text"))
		w.WriteHeader(http.StatusSeeOther)
	case r.URL.Path == "/list":
		w.Header().Set("Content-Type", "application/json")
		if t.broken {
			io.WriteString(w, `{"items":[]}`)
			return
		}
		fmt.Fprintf(w, `{"items":[1],"meta":{"edition":%q}}`, t.edition)
	case r.URL.Path == "/search":
		if r.FormValue("edition") != t.edition {
			w.WriteHeader(http.StatusGone)
		}
	}
}

// recorded is a model of sessions with a tracker of version 1, key k1, edition e1.
func recorded() *model.Model {
	endpoint := func(name, target, body string, status int, headers ...model.Header) model.Endpoint {
		method, _, _ := strings.Cut(name, " ")
		return model.Endpoint{Name: name, Check: model.Check{Status: []int{status / 100}},
			Variants: []model.Variant{{Request: model.Request{Method: method, Target: target, Body: body, Headers: headers}}}}
	}
	one := func(name string) model.Behavior {
		return model.Behavior{Name: name, Weight: 0.5, Start: []model.Edge{{To: "GET /list", Odds: 1}},
			Steps: []model.Step{{ID: "GET /list", Page: &model.Page{Endpoint: "GET /list"}, Next: []model.Edge{{To: model.End, Odds: 1}}}}}
	}
	m := &model.Model{Version: model.Version, Behaviors: []model.Behavior{one("writer"), one("reader")}}
	m.Endpoints = []model.Endpoint{
		endpoint("GET /form", "/form", "", 200),
		endpoint("POST /save", "/save", "lock_version=1&text=${text}", 303,
			model.Header{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}, model.Header{Name: "X-CSRF-Token", Value: "k1"}),
		endpoint("GET /list", "/list", "", 200),
		endpoint("GET /search", "/search?edition=e1&q=x", "", 200),
	}
	m.Endpoints[1].Variants[0].Values, m.Endpoints[1].Variants[0].Rows = []model.Value{{Name: "text", Kind: model.Row}}, [][]string{{"hello"}}
	m.Endpoints[2].Check.Require = []string{"$.items[]"}
	act := func(endpoint string, after ...int) model.Act { return model.Act{Endpoint: endpoint, After: after} }
	m.Sessions = []model.Session{
		{Behavior: "writer", Acts: []model.Act{act("GET /form"), act("POST /save", 0)}},
		{Behavior: "reader", Acts: []model.Act{act("GET /list")}},
		{Behavior: "reader", Acts: []model.Act{act("GET /list"), act("GET /search", 0)}},
	}
	return m
}

func TestConstantsThatTheTargetIssuesOtherwiseArePromoted(t *testing.T) {
	for _, tt := range []struct {
		name            string
		target          *tracker
		rounds, matched int
		promoted        []Promoted
		rest            string
		notes           int
	}{
		{"the target that was recorded", &tracker{version: "1", key: "k1", edition: "e1"}, 1, 4, nil, "", 1},
		{"another target", &tracker{version: "7", key: "k2", edition: "e9"}, 2, 4, []Promoted{
			{"POST /save", "header:X-Csrf-Token", "GET /form", "meta:csrf-token", "csrftoken"},
			{"POST /save", "body:lock_version", "GET /form", "form:lock_version", "lockversion"},
			{"GET /search", "query:edition", "GET /list", "json:meta.edition", "edition"},
		}, "", 1},
		{"a target that is broken in one place", &tracker{version: "1", key: "k1", edition: "e1", broken: true}, 1, 3, nil, "reader 1 GET /list: shape", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := httptest.NewServer(tt.target)
			defer s.Close()
			m := recorded()
			before := fmt.Sprint(m)
			r, better, err := Run(t.Context(), Options{Model: m, Plan: replay.Plan{Target: s.URL}})
			if err != nil {
				t.Fatal(err)
			}
			if r.Rounds != tt.rounds || r.Matched != tt.matched || r.Steps != 4 || len(tt.target.notes) != tt.notes {
				t.Errorf("%d of %d steps match after %d rounds, the target has %d notes; want %d of 4, %d, %d: %+v", r.Matched, r.Steps, r.Rounds, len(tt.target.notes), tt.matched, tt.rounds, tt.notes, r.Rest)
			}
			if diff := cmp.Diff(append([]Promoted{}, tt.promoted...), r.Promoted); diff != "" {
				t.Errorf("promoted (-want +got)\n%s", diff)
			}
			var rest []string
			for _, f := range r.Rest {
				rest = append(rest, fmt.Sprintf("%s %d %s: %s", f.Type, f.Act, f.Endpoint, f.Reason))
				if f.Edit == "" || f.Detail == "" {
					t.Errorf("%+v says not what to do", f)
				}
			}
			if got := strings.Join(rest, "; "); got != tt.rest {
				t.Errorf("the rest is %q, want %q", got, tt.rest)
			}
			if fmt.Sprint(m) != before {
				t.Error("the model that was given has changed")
			}
			if err := better.Validate(); err != nil {
				t.Errorf("the model with what was promoted: %v", err)
			}
		})
	}
}

// What does not help is undone.
func TestWhatDoesNotHelpIsUndone(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/search" {
			w.WriteHeader(http.StatusInternalServerError)
		}
		io.WriteString(w, `{"items":[1],"edition":"e2"}`)
	}))
	defer s.Close()
	m := recorded()
	m.Behaviors, m.Sessions = m.Behaviors[1:], m.Sessions[1:]
	m.Behaviors[0].Weight = 1
	r, better, err := Run(t.Context(), Options{Model: m, Plan: replay.Plan{Target: s.URL}})
	if err != nil {
		t.Fatal(err)
	}
	if r.Rounds != 2 || r.Matched != 1 || len(r.Promoted) != 0 || len(better.Bindings) != 0 {
		t.Errorf("%+v with %d bindings, want 1 match after 2 rounds, nothing promoted", r, len(better.Bindings))
	}
}
