package replay_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/load"
	"github.com/starling-load/starling/replay/stats"
)

// One request is sent ten times a second, for half a second.
func Example() {
	target := httptest.NewServer(http.NotFoundHandler())
	defer target.Close()
	plan := replay.Plan{Target: target.URL, Rate: 10, Duration: 500 * time.Millisecond}
	arrivals, err := load.Constant(plan.Rate, plan.Duration)
	if err != nil {
		fmt.Println(err)
		return
	}

	src, err := replay.Single(target.URL+"/cart", plan)
	if err != nil {
		fmt.Println(err)
		return
	}
	timeline := stats.NewTimeline()
	err = replay.Run(context.Background(), replay.Options{
		Plan: plan, Source: src, Arrivals: arrivals,
		OnInterval: func(iv *stats.Interval) { timeline.Add(iv) },
	})
	fmt.Println(timeline.Summary().Requests, err)
	// Output: 5 <nil>
}
