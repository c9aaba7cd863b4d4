package verbatim_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/stats"
	"github.com/starling-load/starling/replay/verbatim"
)

// A recorded session of two requests is sent once.
func ExampleNew() {
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	defer target.Close()
	start := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	page := func(at time.Duration, path string) *flow.Flow {
		return &flow.Flow{
			Scheme: "https", Start: start.Add(at), Done: time.Millisecond,
			Request:  flow.Request{Method: "GET", Target: path, Authority: "shop.example"},
			Response: &flow.Response{Status: 200},
		}
	}
	session := []*flow.Flow{page(0, "/"), page(20*time.Millisecond, "/cart")}
	plan := replay.Plan{Target: target.URL, Users: 1, Sessions: 1}
	arrivals, err := plan.Arrivals(replay.Starts{})
	if err != nil {
		fmt.Println(err)
		return
	}
	timeline := stats.NewTimeline()

	src, err := verbatim.New(verbatim.Flows{session}, plan.Origins("https://shop.example"), nil, 1)
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
