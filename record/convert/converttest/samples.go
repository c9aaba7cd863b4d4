package converttest

import (
	"fmt"
	"strings"

	"github.com/starling-load/starling/record/flow"
)

// HAREntry is one entry of a HAR.
const HAREntry = `{"startedDateTime":"2026-05-04T10:00:00Z","request":{"method":"GET","url":"http://shop.test/"},"response":{"status":200}}`

// LogLine is a line of the combined format.
const LogLine = `192.0.2.1 - - [04/May/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "one"`

// GorRecord writes a record of GoReplay: of a request ("1") or response ("2").
func GorRecord(kind, id, message string) string {
	return kind + " " + id + " 1700000000000000000 0\n" + message + "\n🐵🙈🙉\n"
}

// What a record of GoReplay holds.
const (
	GorID  = "9c6047057f000001bf8ff714"
	GorGet = "GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n"
	GorOK  = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
)

// RequestText writes a request as it would be on the wire, without the lines
// that curl always sends.
func RequestText(f *flow.Flow) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", f.Request.Method, f.URL())
	for _, h := range f.Request.Headers {
		if h.Name == "Host" && h.Value == f.Request.Authority || h.Name == "User-Agent" && h.Value == "curl" || h.Name == "Accept" && h.Value == "*/*" || h.Name == "Content-Length" {
			continue
		}
		fmt.Fprintf(&b, " | %s: %s", h.Name, h.Value)
	}
	if len(f.Request.Body.Data) > 0 {
		fmt.Fprintf(&b, " || %s", f.Request.Body.Data)
	}
	return b.String()
}
