package session_test

import (
	"fmt"
	"time"

	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
)

// Two users come, each on a connection; the first comes again after an hour.
func Example() {
	visit := func(conn uint64, minute int, target string) *flow.Flow {
		return &flow.Flow{
			Conn: conn, Start: time.Unix(1700000000, 0).Add(time.Duration(minute) * time.Minute), Scheme: "http",
			Request:  flow.Request{Method: "GET", Target: target, Authority: "shop.test"},
			Response: &flow.Response{Status: 200},
		}
	}
	recording := []*flow.Flow{visit(1, 0, "/"), visit(2, 1, "/"), visit(1, 2, "/cart"), visit(1, 62, "/")}
	flows := func(yield func(*flow.Flow, error) bool) { // as flowfile.Flows gives them
		for _, f := range recording {
			if !yield(f, nil) {
				return
			}
		}
	}

	sessions, err := session.Split(flows, session.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range sessions {
		fmt.Print(s.User)
		for _, f := range s.Flows {
			fmt.Print(" ", f.Request.Target)
		}
		fmt.Println()
	}
	// Output:
	// u1 / /cart
	// u2 /
	// u1 /
}
