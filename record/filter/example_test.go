package filter_test

import (
	"fmt"

	"github.com/starling-load/starling/record/filter"
	"github.com/starling-load/starling/record/flow"
)

func Example() {
	e, err := filter.Parse("status >= 500 and path ~ '^/api'")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, target := range []string{"/api/cart", "/cart"} {
		f := &flow.Flow{Request: flow.Request{Method: "GET", Target: target}, Response: &flow.Response{Status: 503}}
		fmt.Println(target, e.Match(f))
	}
	// Output:
	// /api/cart true
	// /cart false
}
