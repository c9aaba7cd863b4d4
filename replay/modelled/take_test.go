package modelled

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/replaytest"
)

// tracker is a session that opens a list, makes a record of its own, looks at the
// list again, and changes two records: the second of the first list and its own. The
// title of the first change is recorded, that of the second is what the record showed.
func tracker() *model.Model {
	m := newspaper()
	change := model.Endpoint{Name: "change", Variants: []model.Variant{{
		Request: model.Request{Method: "PUT", Target: "/records/${id}", Body: "${title}"},
		Values:  []model.Value{{Name: "id", Kind: model.Bound, Ref: "id"}, {Name: "title", Kind: model.Bound, Ref: "title", Own: true}},
		Rows:    [][]string{{"changed"}},
	}}}
	plain := func(name, method string) model.Endpoint {
		return model.Endpoint{Name: name, Variants: []model.Variant{{Request: model.Request{Method: method, Target: "/records"}}}}
	}
	m.Endpoints = append(m.Endpoints, plain("list", "GET"), plain("create", "POST"), change)
	m.Bindings = []model.Binding{
		{Name: "id", Pick: "any", Sources: []model.Select{{Endpoint: "create", Selector: "json:id"}, {Endpoint: "list", Selector: "json:[].id"}}},
		{Name: "title", Sources: []model.Select{{Endpoint: "create", Selector: "json:title"}}},
	}
	m.Sessions = []model.Session{{Acts: []model.Act{
		{Endpoint: "list"},
		{Endpoint: "create", After: []int{0}},
		{Endpoint: "list", After: []int{1}},
		{Endpoint: "change", After: []int{2}, Row: 1, Takes: []model.Take{{Act: 0, Source: 1, Match: 1}, {Act: model.Own}}},
		{Endpoint: "change", After: []int{3}, Row: 1, Takes: []model.Take{{Act: 1}, {Act: 1}}},
	}}}
	return m
}

func TestAnActTakesItsValuesFromTheRecordedPlaces(t *testing.T) {
	var lists atomic.Int32
	var seen replaytest.Journal
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.Method {
		case "GET":
			n := lists.Add(1)
			_, _ = fmt.Fprintf(w, `[{"id":"a%d"},{"id":"b%d"},{"id":"c%d"}]`, n, n, n)
		case "POST":
			_, _ = io.WriteString(w, `{"id":"own","title":"fresh title"}`)
		case "PUT":
			body, _ := io.ReadAll(r.Body)
			seen.Add("%s %s", r.URL.Path, body)
		}
	}))
	defer s.Close()
	p := replay.Plan{Target: s.URL, Users: 1, Sessions: 1}
	sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: modelledOn(t, tracker(), p)}))
	want := []string{"/records/b1 changed", "/records/own fresh title"}
	if got := seen.Sorted(); !slices.Equal(got, want) || sum.Failed > 0 {
		t.Errorf("the records were changed\n%s\nwant\n%s\nfailures %d", strings.Join(got, "\n"), strings.Join(want, "\n"), sum.Failed)
	}
}

func TestAnActWhoseSourceHeldNothingTakesTheLatestValue(t *testing.T) {
	var seen replaytest.Journal
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.Method {
		case "GET":
			_, _ = io.WriteString(w, `[{"id":"listed"}]`)
		case "POST":
			_, _ = io.WriteString(w, `{"title":"without id"}`)
		case "PUT":
			seen.Add("%s", r.URL.Path)
		}
	}))
	defer s.Close()
	p := replay.Plan{Target: s.URL, Users: 1, Sessions: 1}
	replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: modelledOn(t, tracker(), p)}))
	if got, want := seen.Sorted(), []string{"/records/listed", "/records/listed"}; !slices.Equal(got, want) {
		t.Errorf("changed %q, want %q: the list has one element, and the created record no id", got, want)
	}
}

func TestAnActIsHeldUntilItsSourceIsOver(t *testing.T) {
	m := tracker()
	m.Sessions[0].Acts[4].After = []int{0} // ready while the record is being made
	p := replay.Plan{Target: "http://127.0.0.1:1", Users: 1, Sessions: 1}
	session := modelledOn(t, m, p).Session(0, 0)
	list := session.Next(nil)[0]
	ready := session.Next(answered(&list, time.Second))
	if len(ready) != 1 || ready[0].Endpoint != "create" {
		t.Fatalf("ready after the list: %+v, want the creation alone", ready)
	}
	for _, a := range session.Next(answered(&ready[0], time.Second)) {
		if a.ID == 4 {
			return
		}
	}
	t.Error("the change is not ready although the record is there")
}

// withBody gives an answer a JSON body.
func withBody(over *replay.Answer, body string) *replay.Answer {
	over.Response.Headers = flow.Headers{{Name: "Content-Type", Value: "application/json"}}
	over.Response.Body = flow.NewBody([]byte(body))
	over.Doc = content.New(over.Response)
	return over
}
