package accesslog_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/accesslog"
	"github.com/starling-load/starling/record/flow"
)

// The format string is that of nginx's log_format.
func ExampleFormat() {
	format := accesslog.Format{Lines: `$time_iso8601 $remote_addr "$request" $status`}
	const log = `2026-05-04T10:00:00+00:00 192.0.2.1 "POST /cart HTTP/1.1" 302`
	in, o := convert.Format{Name: "log", In: format}, convert.Options{Origin: "https://shop.test"}
	for rec, err := range convert.Import(context.Background(), in, strings.NewReader(log), o) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if f, ok := rec.(*flow.Flow); ok {
			fmt.Println(f.Request.Method, f.URL(), f.Response.Status)
		}
	}
	// Output: POST https://shop.test/cart 302
}
