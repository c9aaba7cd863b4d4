package learn_test

import (
	"fmt"
	"time"

	"github.com/starling-load/starling/model/learn"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
)

// Two visitors look at the shop; one of them goes on to the cart.
func Example() {
	at := time.Unix(1700000000, 0)
	get := func(second int, target string) *flow.Flow {
		return &flow.Flow{
			Start: at.Add(time.Duration(second) * time.Second), Done: 100 * time.Millisecond, Scheme: "http",
			Request:  flow.Request{Method: "GET", Target: target, Authority: "shop.test"},
			Response: &flow.Response{Status: 200},
		}
	}
	sessions := []session.Session{
		{User: "u1", Flows: []*flow.Flow{get(0, "/"), get(3, "/cart")}},
		{User: "u2", Flows: []*flow.Flow{get(1, "/")}},
	}

	m, report, err := learn.Learn(sessions, learn.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Sessions, report.Endpoints)
	fmt.Println(m.Behaviors[0].Steps[0].Next)
	// Output:
	// 2 [GET / GET /cart]
	// [{GET /cart 0.5 {2.9s []}} {end 0.5 {0s []}}]
}
