package modelled

import (
	"slices"
	"testing"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
)

// An answer that later acts take from must have its content: it is not asked for on
// condition, although the user has it in the cache.
func TestAnAnswerThatIsTakenFromIsAskedForWhole(t *testing.T) {
	m := tracker()
	list := slices.IndexFunc(m.Endpoints, func(e model.Endpoint) bool { return e.Name == "list" })
	m.Endpoints[list].Variants[0].Request.Headers = []model.Header{{Name: "If-None-Match", Value: "${etag}"}}
	m.Sessions[0].Acts = append(m.Sessions[0].Acts, model.Act{Endpoint: "list", After: []int{4}}, model.Act{Endpoint: "list", After: []int{5}},
		model.Act{Endpoint: "change", After: []int{6}, Row: 1, Takes: []model.Take{{Act: 6, Source: 1}, {Act: model.Own}}})
	p := replay.Plan{Target: "http://127.0.0.1:1", Users: 1, Sessions: 1}
	s := modelledOn(t, m, p).Session(0, 0)
	conditional := map[int]bool{}
	for acts := s.Next(nil); len(acts) > 0; {
		a := acts[0]
		s.Fill(&a)
		conditional[a.ID] = a.Request.Headers.Has("If-None-Match")
		over := withBody(answered(&a, time.Second), `[{"id":"a"},{"id":"b"}]`)
		over.Response.Headers = append(over.Response.Headers, flow.Header{Name: "ETag", Value: `"7"`})
		acts = append(acts[1:], s.Next(over)...)
	}
	if conditional[0] || !conditional[5] || conditional[6] {
		t.Errorf("lists asked for on condition: %v, want only act 5: nothing is taken from it, and its content is known", conditional)
	}
}
