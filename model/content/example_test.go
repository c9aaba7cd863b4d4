package content_test

import (
	"fmt"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
)

func Example() {
	d := content.New(&flow.Response{
		Status:  200,
		Headers: flow.Headers{{Name: "Content-Type", Value: "application/json"}},
		Body:    flow.NewBody([]byte(`{"items":[{"id":"a1"},{"id":"b2"}]}`)),
	})
	s, err := content.ParseSelector("json:items[].id")
	if err != nil {
		panic(err)
	}
	fmt.Println(s.Values(d))
	fmt.Println(d.Shape().Features)
	// Output:
	// [a1 b2]
	// [$.items:array $.items[].id:string $.items[]:object $:object]
}
