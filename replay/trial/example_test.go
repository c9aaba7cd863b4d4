package trial_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/trial"
)

// A model of one page is played once.
func ExampleRun() {
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	defer target.Close()
	m := &model.Model{
		Version:   model.Version,
		Endpoints: []model.Endpoint{{Name: "GET /", Check: model.Check{Status: []int{2}}, Variants: []model.Variant{{Request: model.Request{Method: "GET", Target: "/"}}}}},
		Behaviors: []model.Behavior{{Name: "visitor", Weight: 1, Start: []model.Edge{{To: "GET /", Odds: 1}},
			Steps: []model.Step{{ID: "GET /", Page: &model.Page{Endpoint: "GET /"}, Next: []model.Edge{{To: model.End, Odds: 1}}}}}},
		Sessions: []model.Session{{Behavior: "visitor", Acts: []model.Act{{Endpoint: "GET /", Status: 200}}}},
	}
	plan := replay.Plan{Target: target.URL}
	ctx := context.Background()

	report, better, err := trial.Run(ctx, trial.Options{Model: m, Plan: plan})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d of %d steps match\n", report.Matched, report.Steps)
	fmt.Println(len(better.Bindings), "bindings")
	// Output:
	// 1 of 1 steps match
	// 0 bindings
}
