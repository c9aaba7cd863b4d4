package netlog_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/netlog"
	"github.com/starling-load/starling/record/flow"
)

func ExampleFormat_Import() {
	log := strings.NewReader(`{"constants":{"logEventTypes":{"URL_REQUEST_START_JOB":1,"HTTP_TRANSACTION_SEND_REQUEST_HEADERS":2,"HTTP_TRANSACTION_READ_RESPONSE_HEADERS":3,"REQUEST_ALIVE":4},
"logSourceType":{"URL_REQUEST":1},"logEventPhase":{"PHASE_BEGIN":1,"PHASE_END":2,"PHASE_NONE":0},"timeTickOffset":1777888800000},
"events":[
{"time":"0","source":{"id":7,"type":1},"type":1,"phase":1,"params":{"method":"GET","url":"http://shop.test/"}},
{"time":"1","source":{"id":7,"type":1},"type":2,"phase":0,"params":{"line":"GET / HTTP/1.1\r\n","headers":["Host: shop.test"]}},
{"time":"5","source":{"id":7,"type":1},"type":3,"phase":0,"params":{"headers":["HTTP/1.1 204 No Content"]}},
{"time":"6","source":{"id":7,"type":1},"type":4,"phase":2}
]}`)
	in := convert.Format{Name: "netlog", In: netlog.Format{}}
	for rec, err := range convert.Import(context.Background(), in, log, convert.Options{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if f, ok := rec.(*flow.Flow); ok {
			fmt.Println(f.Request.Method, f.URL(), f.Response.Status, f.FirstByte)
		}
	}
	// Output: GET http://shop.test/ 204 4ms
}
