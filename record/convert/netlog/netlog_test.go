package netlog_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/convert/converttest"
)

// The kinds of events that converttest.NetLog knows, and its phases.
const (
	begin, end, none = 1, 2, 0

	startJob, sendHead, readHead, alive, sendHead2, bytesRead, upload = 1, 2, 3, 4, 5, 6, 7
	inUse, boundToJob, bytesSent                                      = 8, 9, 10
)

func ofRequest(ms, kind, phase int, params string) string {
	return converttest.NetEvent(ms, 1, 7, kind, phase, params)
}

func ofSocket(ms, kind, phase int, params string) string {
	return converttest.NetEvent(ms, 2, 9, kind, phase, params)
}

func bytes(s string) string {
	return fmt.Sprintf(`{"byte_count":%d,"bytes":%q}`, len(s), base64.StdEncoding.EncodeToString([]byte(s)))
}

func TestALogIsReadAndWhatItLacksIsTold(t *testing.T) {
	start := ofRequest(0, startJob, begin, `{"method":"POST","url":"http://shop.test/save?a=1#part"}`)
	asked := ofRequest(1, sendHead, none, `{"line":"POST /save?a=1 HTTP/1.1\r\n","headers":["Host: shop.test","Content-Length: 5"]}`)
	answered := ofRequest(5, readHead, none, `{"headers":["HTTP/1.1 200 OK","Content-Length: 2"]}`)
	over := ofRequest(9, alive, end, `{}`)
	for _, c := range []struct {
		name          string
		events        []string
		cut           int // bytes off the end of the log
		want          string
		skipped, kept string
	}{
		{"a body in the bytes of its socket", []string{start, ofSocket(0, inUse, begin, `{"source_dependency":{"id":5}}`), ofRequest(0, boundToJob, none, `{"source_dependency":{"id":5}}`),
			asked, ofSocket(1, bytesSent, none, bytes("POST /save?a=1 HTTP/1.1\r\nhost: shop.test\r\nContent-Length: 5\r\n\r\n")), ofSocket(1, bytesSent, none, bytes("hello")), answered, ofRequest(6, bytesRead, none, bytes("ok")), over},
			0, `POST http://shop.test/save?a=1 HTTP/1.1 host "hello" 5 > 200 "ok" 2 4ms 8ms `, "", ""},
		{"a body that the log does not hold", []string{start, asked, ofRequest(1, upload, end, `{"total_size":5}`), answered, ofRequest(6, bytesRead, none, `{"byte_count":2}`), over},
			0, `POST http://shop.test/save?a=1 HTTP/1.1 Host "" 5 > 200 "" 2 4ms 8ms `, "", "event 0: kept: of its body of 5 bytes the log holds 0"},
		{"HTTP/2 and bytes behind a hole", []string{start, ofRequest(1, sendHead2, none, `{"headers":[":method: POST",":authority: shop.test","accept: */*"]}`), answered, ofRequest(6, bytesRead, none, `{"byte_count":2}`), ofRequest(7, bytesRead, none, bytes("ok")), over},
			0, `POST http://shop.test/save?a=1 HTTP/2.0 accept "" 0 > 200 "" 4 4ms 8ms `, "", ""},
		{"a connection that was gone", []string{start, asked, ofRequest(3, sendHead, none, `{"line":"POST /save?a=1 HTTP/1.1\r\n","headers":["Host: shop.test"]}`), answered, over},
			0, `POST http://shop.test/save?a=1 HTTP/1.1 Host "" 0 > 200 "" 0 2ms 6ms `, "", ""},
		{"once more with credentials", []string{start, asked, ofRequest(5, readHead, none, `{"headers":["HTTP/1.1 401 No"]}`), ofRequest(6, sendHead, none, `{"line":"POST /save?a=1 HTTP/1.1\r\n","headers":["Authorization: x"]}`), ofRequest(8, readHead, none, `{"headers":["HTTP/1.1 200 OK"]}`), over},
			0, `POST http://shop.test/save?a=1 HTTP/1.1 Host "" 0 > 401 "" 0 4ms 5ms POST http://shop.test/save?a=1 HTTP/1.1 Authorization "" 0 > 200 "" 0 2ms 3ms `, "", ""},
		{"an interim answer", []string{start, asked, ofRequest(2, readHead, none, `{"headers":["HTTP/1.1 103 Early Hints"]}`), answered, over},
			0, `POST http://shop.test/save?a=1 HTTP/1.1 Host "" 0 > 200 "" 0 4ms 8ms `, "", ""},
		{"no answer", []string{start, asked, ofRequest(9, alive, end, `{"net_error":-101}`)},
			0, `POST http://shop.test/save?a=1 HTTP/1.1 Host "" 0 > target reset `, "", ""},
		{"credentials that were left out", []string{start, ofRequest(1, sendHead, none, `{"line":"GET / HTTP/1.1\r\n","headers":["Host: shop.test","Cookie: [25 bytes were stripped]"]}`), answered, over},
			0, `GET http://shop.test/ HTTP/1.1 Host "" 0 > 200 "" 0 4ms 8ms `, "", "constants: kept: the log was made without cookies"},
		{"an answer of the cache", []string{start, ofRequest(6, bytesRead, none, bytes("ok")), over}, 0, "", "event 0: left out: it was never sent", ""},
		{"a name that is not known", []string{start, ofRequest(9, alive, end, `{"net_error":-105}`)}, 0, "", "event 0: left out: it failed before it was sent: ERR_NAME_NOT_RESOLVED", ""},
		{"a scheme of no network", []string{ofRequest(0, startJob, begin, `{"url":"chrome://version"}`), asked, over}, 0, "", "left out", ""},
		{"an event that is none", []string{start, `7`, asked, answered, over}, 0, `POST http://shop.test/save?a=1 HTTP/1.1 Host "" 0 > 200 "" 0 4ms 8ms `, "event 1: not an event", ""},
		{"a log that is cut", []string{start, asked, answered, over}, 20, `POST http://shop.test/save?a=1 HTTP/1.1 Host "" 0 > 200 "" 0 4ms 0s response cut `, "", "end of file: kept: the log is cut off"},
	} {
		t.Run(c.name, func(t *testing.T) {
			log := converttest.NetLog(c.events...)
			r := converttest.Read(t, "", []byte(log[:len(log)-c.cut]), converttest.Options{})
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			var got strings.Builder
			for _, f := range r.Flows {
				fmt.Fprintf(&got, "%s %s %s %s %q %d > ", f.Request.Method, f.URL(), f.Protocol, f.Request.Headers[0].Name, f.Request.Body.Data, f.Request.Body.Size)
				if f.Response != nil {
					fmt.Fprintf(&got, "%d %q %d %s %s ", f.Response.Status, f.Response.Body.Data, f.Response.Body.Size, f.FirstByte, f.Done)
				}
				if f.Error != "" {
					got.WriteString(f.Error + " ")
				}
			}
			if got.String() != c.want {
				t.Errorf("got  %s\nwant %s", got.String(), c.want)
			}
			if n := len(r.Skipped); n > 1 || n == 0 != (c.skipped == "") || n == 1 && !strings.Contains(r.Skipped[0].Error(), c.skipped) {
				t.Errorf("left out %v, want %q", r.Skipped, c.skipped)
			}
			if n := len(r.Kept); n > 1 || n == 0 != (c.kept == "") || n == 1 && !strings.HasPrefix(r.Kept[0].Error(), c.kept) {
				t.Errorf("doubts %v, want %q", r.Kept, c.kept)
			}
		})
	}
}

func TestWhatIsNoLogIsSaid(t *testing.T) {
	for _, data := range []string{`{"constants":{}}`, `{"constants":{"logEventTypes":[]},"events":[]}`, `{"events":[]}`, `{}`} {
		r := converttest.Read(t, "netlog", []byte(data), converttest.Options{})
		if r.Err == nil || !strings.Contains(r.Err.Error(), "not a network log") {
			t.Errorf("%s: error %v", data, r.Err)
		}
	}
}
