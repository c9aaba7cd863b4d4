package convert_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/accesslog"
	"github.com/starling-load/starling/record/convert/curl"
	"github.com/starling-load/starling/record/convert/har"
	"github.com/starling-load/starling/record/flow"
)

// The lines of an access log come out as commands of curl.
func Example() {
	ctx, out := context.Background(), curl.Format{}.Export(os.Stdout)
	file := strings.NewReader(`192.0.2.1 - - [04/May/2026:10:00:00 +0000] "GET /cart HTTP/1.1" 200 5 "-" "one"`)

	formats := []convert.Format{{Name: "har", In: har.Format{}}, {Name: "log", In: accesslog.Format{}}}
	format, in, err := convert.Detect(file, formats)
	if err != nil {
		fmt.Println(err)
		return
	}
	for rec, err := range convert.Import(ctx, format, in, convert.Options{Origin: "https://shop.test"}) {
		var entry *convert.EntryError
		if errors.As(err, &entry) {
			continue // one entry was left out; the error says which and why
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		if f, ok := rec.(*flow.Flow); ok {
			err = out.Write(f)
		}
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	if err := out.Close(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// curl 'https://shop.test/cart' --http1.1 \
	//   -H 'User-Agent: one' \
	//   -H 'Accept:'
}
