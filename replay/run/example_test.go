package run_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/run"
)

// A program starts a run, looks at it while it goes on, and stops it.
func Example() {
	target := httptest.NewServer(http.NotFoundHandler())
	defer target.Close()
	ctx := context.Background()
	r, err := run.New(ctx, run.Job{
		Source: run.Source{URL: target.URL + "/cart"},
		Plan:   replay.Plan{Users: 3, Duration: time.Hour},
		Labels: []string{"release=1.4"},
	}, run.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Manifest().Schedule)
	go func() {
		for changed := r.Changed(); r.State() == run.Waiting; changed = r.Changed() {
			<-changed
		}
		s := r.Snapshot()
		fmt.Println(s.State, s.Users, "users", s.Summary.Requests > 0)
		r.Stop()
	}()
	summary, err := r.Play(ctx)
	fmt.Println(errors.Is(err, context.Canceled), summary.Partial, summary.Errors[0].Status)
	// Output:
	// 3 users, for 1h0m0s
	// running 3 users true
	// true true 404
}
