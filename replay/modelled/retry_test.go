package modelled

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/replaytest"
)

// A user of a behavior that was written by hand sends a request again that the target puts
// off: a page, before it goes on, as well as what loads beside it. It gives up in the end.
func TestHandWrittenUsersSendAgainWhatIsPutOff(t *testing.T) {
	for _, tt := range []struct {
		name    string
		putOffs map[string]int
		seen    map[string]int
		matched uint64
	}{
		{"a page", map[string]int{"/page": 2}, map[string]int{"/page": 3, "/style": 1, "/next": 1}, 1},
		{"a load", map[string]int{"/style": 1}, map[string]int{"/page": 1, "/style": 2, "/next": 1}, 1},
		{"for ever", map[string]int{"/page": 100}, map[string]int{"/page": 4, "/style": 1, "/next": 1}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var mu sync.Mutex
			seen, order := map[string]int{}, []string{}
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				seen[r.URL.Path]++
				order = append(order, r.URL.Path)
				if seen[r.URL.Path] <= tt.putOffs[r.URL.Path] {
					w.Header().Set("Retry-After", "0")
					w.WriteHeader(http.StatusServiceUnavailable)
				}
			}))
			defer s.Close()
			m := &model.Model{Version: model.Version, Endpoints: []model.Endpoint{endpointOf("GET /page"), endpointOf("GET /style"), endpointOf("GET /next")}}
			m.Behaviors = []model.Behavior{{Name: "user", Weight: 1, Start: []model.Edge{{To: "page", Odds: 1}}, Steps: []model.Step{
				{ID: "page", Page: &model.Page{Endpoint: "GET /page", Loads: []model.Load{{Endpoint: "GET /style", Share: 1}}}, Next: []model.Edge{{To: "next", Odds: 1}}},
				{ID: "next", Page: &model.Page{Endpoint: "GET /next"}, Next: []model.Edge{{To: model.End, Odds: 1}}},
			}}}
			p := replay.Plan{Target: s.URL, Users: 1, Sessions: 1}
			sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: modelledOn(t, m, p)}))
			for path, want := range tt.seen {
				if seen[path] != want {
					t.Errorf("%d requests %s, want %d", seen[path], path, want)
				}
			}
			if i, k := slices.Index(order, "/next"), slices.Index(order, "/style"); i < k || i != len(order)-1 {
				t.Errorf("the order is %q", order)
			}
			if sum.Sessions.Matched != tt.matched {
				t.Errorf("sessions %+v, want %d to match", sum.Sessions, tt.matched)
			}
		})
	}
}
