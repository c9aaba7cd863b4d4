package identity_test

import (
	"fmt"

	"github.com/starling-load/starling/model/session/identity"
	"github.com/starling-load/starling/record/flow"
)

// Two users send the key of their program and a device of their own.
func Example() {
	request := func(device string) *flow.Flow {
		return &flow.Flow{Request: flow.Request{Method: "GET", Target: "/", Headers: flow.Headers{
			{Name: "X-Key", Value: "b1946ac92492d2347c6235b4d2611184"}, {Name: "X-Device", Value: device},
		}}}
	}
	ada, bob := "5f2c9a01b7e84d63aa90", "9e8d7c6b5a4f3e2d1c0b"
	flows := []*flow.Flow{request(ada), request(bob), request(ada), request(bob)}

	m := identity.NewMarks()
	e := identity.NewEvidence(m)
	for _, f := range flows {
		e.See(f, m.Of("source", "192.0.2.1"))
	}
	e.Judge()
	u := identity.NewUsers(e)
	var nodes []identity.Node
	for _, f := range flows {
		nodes = append(nodes, u.See(f))
	}
	u.Settle()
	fmt.Println(u.Who(nodes[0]) == u.Who(nodes[2]), u.Who(nodes[0]) == u.Who(nodes[1]), u.Kind(u.Who(nodes[0])))
	fmt.Println("shared:", e.Shared())
	// Output:
	// true false header
	// shared: [header X-Key]
}
