package run

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/folder"
	"github.com/starling-load/starling/replay"
)

// The outline of a model shows what loads beside a page, a poller until it is
// closed, and what comes after a pause.
func TestTheOutlineOfAModelFollowsItsSteps(t *testing.T) {
	to := func(id string) []model.Edge { return []model.Edge{{To: id, Odds: 1}} }
	m := &model.Model{Version: model.Version, Behaviors: []model.Behavior{{Name: "reader", Weight: 1, Start: to("home"), Steps: []model.Step{
		{ID: "home", Page: &model.Page{Endpoint: "GET /", Loads: []model.Load{{Endpoint: "GET /a.css", Share: 1, Delay: model.Think{Fixed: time.Second}}}}, Next: to("poll")},
		{ID: "poll", Open: &model.Strand{Name: "news", Endpoint: "GET /news", Every: model.Think{Fixed: 4 * time.Second}}, Next: to("read")},
		{ID: "read", Pause: &model.Think{Fixed: 10 * time.Second}, Next: to("quiet")},
		{ID: "quiet", Close: "news", Next: to("last")},
		{ID: "last", Page: &model.Page{Endpoint: "GET /last"}, Next: to(model.End)},
	}}}}
	for _, path := range []string{"/", "/a.css", "/news", "/last"} {
		m.Endpoints = append(m.Endpoints, model.Endpoint{Name: "GET " + path, Variants: []model.Variant{{Request: model.Request{Method: "GET", Target: path}}}})
	}
	dir := filepath.Join(t.TempDir(), "paper.model")
	if err := folder.Write(dir, m); err != nil {
		t.Fatal(err)
	}
	r, err := New(t.Context(), Job{Source: Source{Model: dir}, Plan: replay.Plan{Target: "http://127.0.0.1:1", Users: 1, Sessions: 1}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	o, err := r.Outline(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	var got []string
	for p := range o.Requests() {
		got = append(got, fmt.Sprint(p.At, " ", p.Endpoint))
	}
	want := []string{"0s GET /", "1s GET /a.css", "1s GET /news", "5s GET /news", "9s GET /news", "11s GET /last"}
	if !slices.Equal(got, want) {
		t.Errorf("planned %q, want %q", got, want)
	}
}
