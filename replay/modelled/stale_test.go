package modelled

import (
	"testing"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/replay"
)

// A page that comes again without a value had it and has it no more. Another part of the
// record, asked for by other fields, says nothing of it.
func TestAnAnswerToAnotherRequestLeavesValuesAsTheyAre(t *testing.T) {
	get := func(name, target string) model.Variant {
		return model.Variant{Name: name, Request: model.Request{Method: "GET", Target: target}}
	}
	inbox := get("", "/inbox/${id}")
	inbox.Values = []model.Value{{Name: "id", Kind: model.Bound, Ref: "id"}}
	for _, tt := range []struct {
		second, answer, want string
	}{
		{"name", `{"name":"ann"}`, "/inbox/7"},
		{"all", `{"name":"ann"}`, ""},
		{"all", `{"name":"ann","id":8}`, "/inbox/8"},
	} {
		m := &model.Model{
			Version: model.Version, Origins: []model.Origin{{Name: "main", URL: "https://desk.test"}},
			Endpoints: []model.Endpoint{
				{Name: "me", Variants: []model.Variant{get("all", "/me?fields=all"), get("name", "/me?fields=name")}},
				{Name: "inbox", Variants: []model.Variant{inbox}},
			},
			Bindings: []model.Binding{{Name: "id", Sources: []model.Select{{Endpoint: "me", Selector: "json:id"}}}},
			Behaviors: []model.Behavior{{Name: "b", Weight: 1, Start: []model.Edge{{To: "me", Odds: 1}},
				Steps: []model.Step{{ID: "me", Page: &model.Page{Endpoint: "me"}, Next: []model.Edge{{To: model.End, Odds: 1}}}}}},
			Sessions: []model.Session{{User: "u", Acts: []model.Act{
				{Endpoint: "me", Variant: "all"}, {Endpoint: "me", Variant: tt.second, After: []int{0}}, {Endpoint: "inbox", After: []int{1}},
			}}},
		}
		s := modelledOn(t, m, replay.Plan{Target: "http://127.0.0.1:1", Users: 1, Sessions: 1}).Session(0, 0)
		var over *replay.Answer
		var last replay.Act
		for _, body := range []string{`{"name":"ann","id":7}`, tt.answer, ""} {
			acts := s.Next(over)
			if len(acts) != 1 {
				t.Fatalf("%d acts are ready, want one", len(acts))
			}
			last = acts[0]
			s.Fill(&last)
			over = withBody(answered(&last, time.Second), body)
		}
		if got := last.Request.Target; last.Skip == "" && got != tt.want || last.Skip != "" && tt.want != "" {
			t.Errorf("after %s of %s: target %q, skipped %q; want %q", tt.answer, tt.second, got, last.Skip, tt.want)
		}
	}
}
