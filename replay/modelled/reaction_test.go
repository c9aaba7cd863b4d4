package modelled

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/replaytest"
)

// names is a service that is sent the number of a name, and the name itself only when it
// does not know the number.
type names struct {
	replaytest.Journal
	mu    sync.Mutex
	known map[string]string
}

func (s *names) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	number, name, _ := strings.Cut(string(body), "=")
	s.Add("%s", body)
	if name != "" {
		s.known[number] = name
	}
	w.Header().Set("Content-Type", "application/json")
	if s.known[number] == "" {
		_, _ = io.WriteString(w, `{"unknown":true}`)
		return
	}
	_, _ = io.WriteString(w, `{"greeting":"hello"}`)
}

// greeters are two recorded sessions: in the first the service did not know the number.
func greeters() *model.Model {
	m := newspaper()
	request := func(body string) model.Request {
		return model.Request{Method: "POST", Target: "/greet", Body: body, Headers: []model.Header{{Name: "Content-Type", Value: "text/plain"}}}
	}
	greet := model.Endpoint{Name: "greet",
		Variants: []model.Variant{
			{Name: "number", Request: request("${number}"), Values: []model.Value{{Name: "number", Kind: model.Row}}, Rows: [][]string{{"7"}, {"8"}}},
			{Name: "name", Request: request("${number}=Ann"), Values: []model.Value{{Name: "number", Kind: model.Row}}, Rows: [][]string{{"7"}}},
		},
		Outcomes: []model.Outcome{
			{Name: "known", Check: model.Check{Status: []int{2}, Require: []string{"$.greeting:string"}}},
			{Name: "unknown", Check: model.Check{Status: []int{2}, Require: []string{"$.unknown:boolean"}}},
		}}
	m.Endpoints = append(m.Endpoints, greet)
	m.Sessions = []model.Session{
		{Acts: []model.Act{
			{Endpoint: "greet", Variant: "number", Row: 1, Status: 200, Outcome: "unknown"},
			{Endpoint: "greet", Variant: "name", Row: 1, After: []int{0}, Status: 200, Outcome: "known"}}},
		{Acts: []model.Act{{Endpoint: "greet", Variant: "number", Row: 2, Status: 200, Outcome: "known"}}},
	}
	return m
}

func TestAUserReactsAsClientsDid(t *testing.T) {
	for _, tt := range []struct {
		name  string
		known map[string]string
		want  []string
	}{
		{"as recorded", map[string]string{"8": "Bob"}, []string{"7", "7=Ann", "8"}},
		{"an answer that only another user got", map[string]string{}, []string{"7", "7=Ann", "8", "8=Ann"}},
		{"no answer to react to", map[string]string{"7": "Eve", "8": "Bob"}, []string{"7", "8"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			service := &names{known: tt.known}
			s := httptest.NewServer(service)
			defer s.Close()
			p := replay.Plan{Target: s.URL, Users: 1, Sessions: 2}
			sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: modelledOn(t, greeters(), p)}))
			if got := service.Sorted(); !slices.Equal(got, tt.want) || sum.Failed > 0 || sum.SessionMatch != 1 {
				t.Errorf("sent %q, want %q; %d failed, session match %v", got, tt.want, sum.Failed, sum.SessionMatch)
			}
		})
	}
}
