package mitm_test

import (
	"testing"

	"github.com/starling-load/starling/record/convert/converttest"
)

// What the files of mitmproxy's own tests hold. In format 7 a WebSocket is an
// entry beside that of its handshake: of the six there, two complete a handshake,
// one handshake has none, and one WebSocket is a copy whose handshake is taken.
func TestFlowFilesOfMitmproxyHoldWhatWasCounted(t *testing.T) {
	for _, c := range []struct {
		file                                string
		flows, answered, messages, conns    int
		skipped                             int
		firstURL, firstProtocol, firstError string
	}{
		{"dumpfile-010", 1, 1, 0, 1, 0, "http://example.com/", "HTTP/1.1", ""},
		{"dumpfile-018", 1, 1, 0, 1, 0, "https://www.example.com/", "HTTP/1.1", ""},
		{"dumpfile-19", 1, 1, 0, 1, 0, "https://cloudflare-quic.com/", "HTTP/3.0", ""},
		{"dumpfile-7-websocket", 3, 3, 6, 3, 1, "http://echo.websocket.org/?encoding=text", "HTTP/1.1", ""},
		{"dumpfile-7", 2, 2, 0, 2, 0, "http://example.com/", "HTTP/1.1", ""},
		{"event_stream", 2, 2, 0, 2, 0, "https://clientstream.launchdarkly.com/meval/eyJhbm9ueW1vdXMiOnRydWUsImtleSI6Im1pbnQtYW5kcm9pZCJ9", "HTTP/2.0", "client closed"},
		{"incomplete_log", 4, 0, 0, 4, 0, "https://example.com/", "HTTP/1.1", "no response"},
		{"websocket", 3, 3, 8, 3, 0, "", "HTTP/1.1", ""},
	} {
		t.Run(c.file, func(t *testing.T) {
			data := converttest.Shared(t, "mitm/mitmproxy--"+c.file+".mitm")
			for _, format := range []string{"mitm", ""} {
				r := converttest.Read(t, format, data, converttest.Options{})
				got := c
				got.flows, got.answered, got.messages, got.conns = len(r.Flows), 0, 0, len(r.Conns)
				got.skipped = len(r.Skipped)
				if r.Err != nil {
					t.Fatal(r.Err)
				}
				for _, f := range r.Flows {
					if f.Response != nil {
						got.answered++
					}
					got.messages += len(f.Messages)
				}
				first := r.Flows[0]
				if c.firstURL != "" {
					got.firstURL = first.URL()
				}
				got.firstProtocol, got.firstError = first.Protocol, first.Error
				if got != c {
					t.Errorf("format %q:\ngot  %+v\nwant %+v", format, got, c)
				}
			}
		})
	}
}
