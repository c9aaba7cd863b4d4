package flow_test

import (
	"bytes"
	"fmt"

	"github.com/starling-load/starling/record/flow"
)

// A flow is printed as text and read back.
func Example() {
	text := new(bytes.Buffer)
	f := &flow.Flow{Scheme: "https", Request: flow.Request{Method: "GET", Target: "/cart", Authority: "shop.test"}}
	if err := flow.Print(text, f); err != nil {
		fmt.Println(err)
		return
	}
	for r, err := range flow.Parse(text) {
		if f, ok := r.(*flow.Flow); ok && err == nil {
			fmt.Println(f.Request.Method, f.URL())
		}
	}
	// Output: GET https://shop.test/cart
}
