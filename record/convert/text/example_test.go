package text_test

import (
	"bytes"
	"context"
	"fmt"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/text"
	"github.com/starling-load/starling/record/flow"
)

// What flow.Print writes is read back.
func ExampleFormat_Import() {
	var printed bytes.Buffer
	f := &flow.Flow{Scheme: "https", Request: flow.Request{Method: "GET", Target: "/cart", Authority: "shop.test"}}
	if err := flow.Print(&printed, f); err != nil {
		fmt.Println(err)
		return
	}
	in := convert.Format{Name: "text", In: text.Format{}}
	for rec, err := range convert.Import(context.Background(), in, &printed, convert.Options{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if f, ok := rec.(*flow.Flow); ok {
			fmt.Println(f.Request.Method, f.URL())
		}
	}
	// Output: GET https://shop.test/cart
}
