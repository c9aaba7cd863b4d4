package outcome_test

import (
	"fmt"
	"time"

	"github.com/starling-load/starling/model/outcome"
	"github.com/starling-load/starling/record/flow"
)

// The cart of a session is gone at last.
func Example() {
	start := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	step := func(n int, status int, body string) outcome.Step {
		return outcome.Step{Endpoint: "GET /cart", Flow: &flow.Flow{
			Scheme: "http", Start: start.Add(time.Duration(n) * time.Second),
			Request: flow.Request{Method: "GET", Target: "/cart", Authority: "shop.test"},
			Response: &flow.Response{Status: status, Headers: flow.Headers{{Name: "Content-Type", Value: "application/json"}},
				Body: flow.Body{Data: []byte(body), Size: int64(len(body))}},
		}}
	}
	sessions := []outcome.Session{{User: "ann", Steps: []outcome.Step{
		step(0, 202, `{}`), step(1, 202, `{}`), step(2, 202, `{}`), step(3, 404, `{"error":"empty"}`),
	}}}
	var accounts []string

	found := outcome.Learn(sessions, accounts)
	check := found.Checks["GET /cart"]   // of any step
	kinds := found.Outcomes["GET /cart"] // where there are several
	want := found.Steps[0][3]            // what step 3 of session 0 expects
	fmt.Println(check.Status, len(kinds), want.Outcome)
	// Output: [2] 2 404
}
