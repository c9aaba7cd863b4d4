package endpoint_test

import (
	"fmt"

	"github.com/starling-load/starling/model/endpoint"
	"github.com/starling-load/starling/record/flow"
)

func Example() {
	get := func(target string) *flow.Flow {
		return &flow.Flow{
			Scheme: "http", Request: flow.Request{Method: "GET", Target: target, Authority: "shop.test"},
			Response: &flow.Response{Status: 200},
		}
	}
	flows := []*flow.Flow{get("/orders/1041"), get("/orders/1077"), get("/users/ada")}

	t := endpoint.Learn(flows, endpoint.Options{Data: map[string]string{"ada": "user"}})
	for _, f := range flows {
		fmt.Println(t.Name(f))
	}
	// Output:
	// GET /orders/{id}
	// GET /orders/{id}
	// GET /users/{user}
}
