package learn

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
)

func TestAssetsAreToldByWhatTheyAnswer(t *testing.T) {
	get := func(method, target, media string) *flow.Flow {
		return &flow.Flow{
			Scheme: "http", Request: flow.Request{Method: method, Target: target, Authority: "shop.test"},
			Response: &flow.Response{Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: media}}},
		}
	}
	l := newLearner(Options{}, 7)
	all := []recording{{user: "u1", flows: []*flow.Flow{
		get("GET", "/", "text/html"), get("GET", "/theme.php", "text/css; charset=utf-8"), get("GET", "/logo", "image/png"),
		get("GET", "/mixed", "image/png"), get("GET", "/mixed", "application/json"), get("POST", "/draw", "image/png"),
		get("GET", "/static/page", "text/html"),
	}}}
	l.nameBy(all)
	l.take(all)
	l.findAssets()
	if diff := cmp.Diff(map[string]bool{"GET /theme.php": true, "GET /logo": true}, l.assets); diff != "" {
		t.Errorf("assets, want (-) and got (+):\n%s", diff)
	}
}

// The model says which endpoints are parts of pages, and the report folds them.
func TestTheModelNamesAssets(t *testing.T) {
	get := func(target, media string) *flow.Flow {
		return &flow.Flow{
			Scheme: "http", Request: flow.Request{Method: "GET", Target: target, Authority: "shop.test"},
			Response: &flow.Response{Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: media}}},
		}
	}
	m, report, err := Learn([]session.Session{{User: "u1", Flows: []*flow.Flow{
		get("/", "text/html"), get("/a", "text/css"), get("/b", "image/png"),
	}}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range m.Endpoints {
		if e.Asset != (e.Name != "GET /") {
			t.Errorf("%s is a part of pages: %v", e.Name, e.Asset)
		}
	}
	var text strings.Builder
	if err := report.Text(&text); err != nil || !strings.Contains(text.String(), "\n  GET /\n  2 parts of pages") {
		t.Errorf("%v\n%s", err, text.String())
	}
}

// Access logs tell no media type.
func TestAssetsWithoutAMediaTypeAreToldByTheirNames(t *testing.T) {
	get := func(target string) *flow.Flow {
		return &flow.Flow{
			Scheme: "http", Request: flow.Request{Method: "GET", Target: target, Authority: "shop.test"},
			Response: &flow.Response{Status: 200, Body: flow.Body{Size: 70}},
		}
	}
	l := newLearner(Options{}, 4)
	all := []recording{{user: "u1", flows: []*flow.Flow{
		get("/"), get("/theme.css?v=7"), get("/team/map.GIF"), get("/price.list"), get("/news.html"),
	}}}
	l.nameBy(all)
	l.take(all)
	l.findAssets()
	if diff := cmp.Diff(map[string]bool{"GET /theme.css": true, "GET /team/map.GIF": true}, l.assets); diff != "" {
		t.Errorf("assets, want (-) and got (+):\n%s", diff)
	}
}
