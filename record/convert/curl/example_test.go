package curl_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/curl"
	"github.com/starling-load/starling/record/flow"
)

func ExampleFormat_Import() {
	const commands = `curl 'https://shop.test/cart' -H 'X-Sort: price' --data 'id=7&n=2'`
	in := convert.Format{Name: "curl", In: curl.Format{}}
	for rec, err := range convert.Import(context.Background(), in, strings.NewReader(commands), convert.Options{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if f, ok := rec.(*flow.Flow); ok {
			fmt.Println(f.Request.Method, f.URL(), f.Request.Headers.Value("X-Sort"), string(f.Request.Body.Data))
		}
	}
	// Output: POST https://shop.test/cart price id=7&n=2
}
