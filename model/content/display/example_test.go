package display_test

import (
	"fmt"

	"github.com/starling-load/starling/model/content/display"
	"github.com/starling-load/starling/record/flow"
)

func ExampleDecode() {
	r := flow.Request{
		Headers: flow.Headers{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}},
		Body:    flow.NewBody([]byte("q=red+shoes&page=2")),
	}
	as, text := display.Decode(flow.Content{Headers: r.Headers, Data: r.Body.Data})
	fmt.Println(as)
	fmt.Println(text)
	// Output:
	// form
	// q = red shoes
	// page = 2
}
