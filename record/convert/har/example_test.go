package har_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/har"
	"github.com/starling-load/starling/record/flow"
)

func ExampleFormat_Import() {
	const file = `{"log": {"version": "1.2", "entries": [{
		"startedDateTime": "2026-05-04T10:00:00Z", "time": 12,
		"request": {"method": "GET", "url": "https://shop.test/cart", "httpVersion": "h2", "headers": []},
		"response": {"status": 200, "httpVersion": "h2", "headers": [], "content": {"mimeType": "text/plain", "text": "empty"}}
	}]}}`
	in := convert.Format{Name: "har", In: har.Format{}}
	for rec, err := range convert.Import(context.Background(), in, strings.NewReader(file), convert.Options{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if f, ok := rec.(*flow.Flow); ok {
			fmt.Println(f.Request.Method, f.URL(), f.Protocol, f.Response.Status, string(f.Response.Body.Data), f.Done)
		}
	}
	// Output: GET https://shop.test/cart HTTP/2.0 200 empty 12ms
}
