package operation_test

import (
	"fmt"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/endpoint/operation"
	"github.com/starling-load/starling/record/flow"
)

func Example() {
	r := &flow.Request{Method: "POST", Target: "/graphql", Body: flow.NewBody([]byte(`{"query":"query Basket { basket { id } }"}`))}
	fmt.Println(operation.Of(r, content.RequestLeaves(r)))
	// Output:
	// Basket
}
