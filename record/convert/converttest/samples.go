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

// NetLog writes a network log of Chrome with these events.
func NetLog(events ...string) string {
	return `{"constants":{"logEventTypes":{"URL_REQUEST_START_JOB":1,"HTTP_TRANSACTION_SEND_REQUEST_HEADERS":2,"HTTP_TRANSACTION_READ_RESPONSE_HEADERS":3,"REQUEST_ALIVE":4,` +
		`"HTTP_TRANSACTION_HTTP2_SEND_REQUEST_HEADERS":5,"URL_REQUEST_JOB_FILTERED_BYTES_READ":6,"UPLOAD_DATA_STREAM_INIT":7,"SOCKET_IN_USE":8,"HTTP_STREAM_REQUEST_BOUND_TO_JOB":9,` +
		`"SOCKET_BYTES_SENT":10,"SOCKET_BYTES_RECEIVED":11,"SOCKET_ALIVE":12},"logSourceType":{"URL_REQUEST":1,"SOCKET":2},"logEventPhase":{"PHASE_BEGIN":1,"PHASE_END":2,"PHASE_NONE":0},` +
		`"netError":{"ERR_CONNECTION_RESET":-101,"ERR_NAME_NOT_RESOLVED":-105},"timeTickOffset":1777888800000},` + "\n" + `"events":[` + strings.Join(events, ",\n") + "]}"
}

// NetEvent writes an event of a network log: of a request (source 1) or a socket (2), at
// a millisecond.
func NetEvent(ms, source, id, kind, phase int, params string) string {
	return fmt.Sprintf(`{"time":"%d","source":{"type":%d,"id":%d},"type":%d,"phase":%d,"params":%s}`, ms, source, id, kind, phase, params)
}
