package origin_test

import (
	"fmt"

	"github.com/starling-load/starling/model/session/origin"
	"github.com/starling-load/starling/record/flow"
)

func Example() {
	request := flow.Request{Authority: "shop.test", Headers: flow.Headers{
		{Name: "X-Forwarded-For", Value: "203.0.113.9, 10.0.0.1"}, {Name: "Referer", Value: "https://shop.test/cart"},
	}}
	page, own := origin.Page(&request, "")
	fmt.Println(origin.Forwarded(request.Headers), page, own)
	// Output: 203.0.113.9 /cart true
}
