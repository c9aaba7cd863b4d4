package modelled

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/made"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/replaytest"
)

// The values that the recorded user of drafts made.
const firstDraft, secondDraft = "0b3c9d1e-5d3a-4f6b-8c7d-1e2f3a4b5c6d", "5f0e9c1e-0d3a-4f6b-9c7d-1e2f3a4b5c6e"

// drafts is a session that puts two documents under names that the client makes, and
// then reads the first, the second, and one that another user made. A key is new in
// every request.
func drafts() *model.Model {
	m := newspaper()
	put := model.Endpoint{Name: "put", Variants: []model.Variant{{
		Request: model.Request{Method: "PUT", Target: "/drafts/${id}?at=${at}", Headers: []model.Header{{Name: "Idempotency-Key", Value: "${key}"}}},
		Values: []model.Value{{Name: "id", Kind: model.Fresh, Ref: "{uuid4}", Own: true}, {Name: "at", Kind: model.Now, Ref: "2006-01-02T15:04:05.000Z07:00"},
			{Name: "key", Kind: model.Fresh, Ref: "k-{hex 20}"}},
		Rows: [][]string{{firstDraft}, {secondDraft}, {"index"}},
	}}}
	get := model.Endpoint{Name: "get", Variants: []model.Variant{{
		Request: model.Request{Method: "GET", Target: "/drafts/${id}"},
		Values:  []model.Value{{Name: "id", Kind: model.Row}},
		Rows:    [][]string{{firstDraft}, {secondDraft}, {"d41b58e6-0d3a-4f6b-8c7d-1e2f3a4b5c6d"}},
	}}}
	m.Endpoints = append(m.Endpoints, put, get)
	m.Sessions = []model.Session{{Acts: []model.Act{
		{Endpoint: "put", Row: 1}, {Endpoint: "put", Row: 2, After: []int{0}}, {Endpoint: "put", Row: 3, After: []int{1}},
		{Endpoint: "get", Row: 1, After: []int{2}}, {Endpoint: "get", Row: 2, After: []int{3}}, {Endpoint: "get", Row: 3, After: []int{4}},
	}}}
	return m
}

func TestAUserReadsWhatItMadeAndNothingElse(t *testing.T) {
	var seen replaytest.Journal
	puts, keys, others := map[string]int{}, map[string]int{}, 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := strings.TrimPrefix(r.URL.Path, "/drafts/")
		switch {
		case r.Method == "PUT":
			keys[r.Header.Get("Idempotency-Key")]++
			puts[id]++
			if at, err := time.Parse("2006-01-02T15:04:05.000Z", r.URL.Query().Get("at")); err != nil || time.Since(at).Abs() > time.Minute {
				seen.Add("at %s: %v", r.URL.Query().Get("at"), err)
			}
		case id == "d41b58e6-0d3a-4f6b-8c7d-1e2f3a4b5c6d":
			others++
		case puts[id] == 0:
			seen.Add("GET %s, which nobody put", id)
		}
		_, _ = io.WriteString(w, "ok")
	}))
	defer s.Close()
	p := replay.Plan{Target: s.URL, Users: 1, Sessions: 5, Seed: 4}
	replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: modelledOn(t, drafts(), p)}))
	for _, line := range seen.Sorted() {
		t.Error(line)
	}
	if len(puts) != 11 || puts["index"] != 5 || puts[firstDraft]+puts[secondDraft] > 0 || others != 5 || len(keys) != 15 {
		t.Errorf("put %v with %d keys, %d reads of the document of another user; want ten documents of new names, the index five times, 15 keys, 5 reads", puts, len(keys), others)
	}
}

// A user comes back to a draft of its own: the sessions before and after have one user, and
// that one has made the name once. Its copies and other users have other names.
func TestAUserComesBackToWhatItMade(t *testing.T) {
	m := drafts()
	first := m.Sessions[0]
	m.Sessions = []model.Session{{User: "ann", Acts: first.Acts[:3]}, {User: "bob", Start: 1, Acts: first.Acts[:3]}, {User: "ann", Start: 2}, {User: "bob", Start: 3}}
	for i := range 2 {
		m.Sessions[2+i].Acts = []model.Act{{Endpoint: "get", Row: 1}, {Endpoint: "get", Row: 3, After: []int{0}}}
	}
	m.Recorded.Duration = 10
	src := modelledOn(t, m, replay.Plan{Target: "http://127.0.0.1:1", Scale: 3, Seed: 4})
	puts, gets := map[string]string{}, map[string]string{} // name of the draft, by user and copy
	for i := range uint64(12) {
		track, copy := src.(*source).recorded(i)
		acts := replaytest.Script(t, src, i, i)
		name, _, _ := strings.Cut(strings.TrimPrefix(acts[0].Request.Target, "/drafts/"), "?")
		who := fmt.Sprint(m.Sessions[track].User, copy)
		if track < 2 {
			puts[who] = name
			continue
		}
		gets[who] = name
		if got := acts[1].Request.Target; got != "/drafts/d41b58e6-0d3a-4f6b-8c7d-1e2f3a4b5c6d" {
			t.Errorf("%s reads %s, which is of another user", who, got)
		}
	}
	if diff := cmp.Diff(puts, gets); diff != "" || len(puts) != 6 {
		t.Errorf("made (-) and read (+):\n%s", diff)
	}
	seen := map[string]bool{}
	for _, name := range puts {
		if seen[name] || name == firstDraft {
			t.Errorf("name %s is made twice, or recorded", name)
		}
		seen[name] = true
	}
}

func TestWhatAUserMakesDependsOnSeedAndSession(t *testing.T) {
	made := func(seed, session uint64) string {
		m := drafts()
		m.Endpoints[len(m.Endpoints)-2].Variants[0].Values[1] = model.Value{Name: "at", Kind: model.Fresh, Ref: "{hex 9}"}
		src := modelledOn(t, m, replay.Plan{Target: "http://127.0.0.1:1", Users: 1, Sessions: 1, Seed: seed})
		targets := ""
		for _, a := range replaytest.Script(t, src, session, 0) {
			targets += fmt.Sprint(a.Request.Target, a.Request.Headers, "\n")
		}
		return targets
	}
	if a, b := made(1, 2), made(1, 2); a != b {
		t.Errorf("the same session makes\n%s\nand then\n%s", a, b)
	}
	if made(1, 2) == made(1, 3) || made(1, 2) == made(2, 2) {
		t.Error("another session and another seed make the same values")
	}
}

// A body that is a value as a whole is sent as it is, whatever its media type.
func TestAWholeBodyIsSentByteForByte(t *testing.T) {
	for name, headers := range map[string][]model.Header{
		"compressed JSON":   {{Name: "Content-Type", Value: "application/json"}, {Name: "Content-Encoding", Value: "gzip"}},
		"a compressed form": {{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}, {Name: "Content-Encoding", Value: "gzip"}},
		"bad JSON":          {{Name: "Content-Type", Value: "application/json"}},
		"a picture":         {{Name: "Content-Type", Value: "image/png"}},
	} {
		const body = "\x1f\x8b\x08\x00\"\\\r\n\x00\xff%&= "
		m := newspaper()
		m.Endpoints = append(m.Endpoints, model.Endpoint{Name: "up", Variants: []model.Variant{{
			Request: model.Request{Method: "POST", Target: "/up", Headers: headers, Body: "${value}"},
			Values:  []model.Value{{Name: "value", Kind: model.Row}}, Rows: [][]string{{body}},
		}}})
		m.Sessions = []model.Session{{Acts: []model.Act{{Endpoint: "up", Row: 1}}}}
		acts := replaytest.Script(t, modelledOn(t, m, replay.Plan{Target: "http://127.0.0.1:1", Users: 1, Sessions: 1}), 0, 0)
		if got := string(acts[0].Request.Body.Data); got != body {
			t.Errorf("%s: sent %q, want %q", name, got, body)
		}
	}
}

func TestCookiesOfScriptsAreSentUntilTheTargetSetsThem(t *testing.T) {
	var seen replaytest.Journal
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Add("%s: %s", r.URL.Path, r.Header.Get("Cookie"))
		if r.URL.Path == "/1" {
			http.SetCookie(w, &http.Cookie{Name: "theme", Value: "of the target", Path: "/"})
			w.Header().Set("X-Token", "t1")
		}
	}))
	defer s.Close()
	m := newspaper()
	m.Sessions = []model.Session{{}}
	for i := 1; i <= 2; i++ {
		name := fmt.Sprint("page ", i)
		m.Endpoints = append(m.Endpoints, model.Endpoint{Name: name, Variants: []model.Variant{{
			Request: model.Request{Method: "GET", Target: fmt.Sprint("/", i), Headers: []model.Header{{Name: "Cookie", Value: "theme=${theme}"}}},
			Values:  []model.Value{{Name: "theme", Kind: model.Row}}, Rows: [][]string{{"dark"}},
		}}})
		act := model.Act{Endpoint: name, Row: 1}
		if i > 1 {
			act.After = []int{0}
		}
		m.Sessions[0].Acts = append(m.Sessions[0].Acts, act)
	}
	last := &m.Endpoints[len(m.Endpoints)-1].Variants[0]
	last.Request.Headers[0].Value += "; token=${token}"
	last.Values = append(last.Values, model.Value{Name: "token", Kind: model.Bound, Ref: "token"})
	m.Bindings = append(m.Bindings, model.Binding{Name: "token", Sources: []model.Select{{Endpoint: "page 1", Selector: "header:X-Token"}}})
	p := replay.Plan{Target: s.URL, Users: 1, Sessions: 1}
	replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: modelledOn(t, m, p)}))
	want := []string{"/1: theme=dark", `/2: theme="of the target"; token=t1`}
	if got := seen.Sorted(); !slices.Equal(got, want) {
		t.Errorf("cookies %q, want %q", got, want)
	}
}

func TestATimeThatTheSessionKeepsIsTakenOnce(t *testing.T) {
	clock, err := made.ParseClock("ns")
	if err != nil {
		t.Fatal(err)
	}
	v := visitor{track: -1, source: &source{}}
	of := value{kind: model.Now, clock: clock}
	first := v.madeAnew(&of, []string{"recorded"}, nil)
	time.Sleep(time.Millisecond)
	if again := v.madeAnew(&of, []string{"recorded"}, nil); again != first {
		t.Errorf("the same recorded time became %s, then %s", first, again)
	}
	if other := v.madeAnew(&of, []string{"another"}, nil); other == first {
		t.Errorf("two recorded times became one: %s", other)
	}
}
