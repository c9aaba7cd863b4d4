package convert_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/accesslog"
	"github.com/starling-load/starling/record/convert/curl"
	"github.com/starling-load/starling/record/flow"
)

func Example() {
	log := `192.0.2.1 - - [04/May/2026:10:00:00 +0000] "GET /cart HTTP/1.1" 200 5 "-" "one"`
	in := convert.Format{Name: "log", In: accesslog.Format{}}
	x := curl.Format{}.Export(os.Stdout)
	for rec, err := range convert.Import(context.Background(), in, strings.NewReader(log), convert.Options{Origin: "https://shop.test"}) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		if _, ok := rec.(*flow.Flow); ok {
			err = x.Write(rec)
		}
		if err != nil {
			fmt.Println(err)
		}
	}
	if err := x.Close(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// curl 'https://shop.test/cart' --http1.1 \
	//   -H 'User-Agent: one' \
	//   -H 'Accept:'
}
