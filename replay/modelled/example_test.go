package modelled_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/modelled"
	"github.com/starling-load/starling/replay/stats"
)

// Two users of a model with one page visit it.
func ExampleNew() {
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	defer target.Close()
	m := &model.Model{
		Version: model.Version,
		Behaviors: []model.Behavior{{
			Name: "reader", Weight: 1, Start: []model.Edge{{To: "front", Odds: 1}},
			Steps: []model.Step{{ID: "front", Page: &model.Page{Endpoint: "GET /"}, Next: []model.Edge{{To: model.End, Odds: 1}}}},
		}},
		Endpoints: []model.Endpoint{{
			Name:     "GET /",
			Variants: []model.Variant{{Request: model.Request{Method: "GET", Target: "/"}}},
			Check:    model.Check{Status: []int{2}},
		}},
	}
	plan := replay.Plan{Target: target.URL, Users: 2, Sessions: 1}
	arrivals, err := plan.Arrivals(replay.Starts{})
	if err != nil {
		fmt.Println(err)
		return
	}
	timeline := stats.NewTimeline()

	src, err := modelled.New(m, plan)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = replay.Run(context.Background(), replay.Options{
		Plan: plan, Source: src, Arrivals: arrivals,
		OnInterval: func(iv *stats.Interval) { timeline.Add(iv) },
	})
	fmt.Println(timeline.Summary().OK, err)
	// Output: 2 <nil>
}
