package proxy

import (
	"encoding/base64"
	"encoding/binary"
	"io"
	"net/http"
	"strings"
	"testing"
)

// webFrame is a frame of gRPC-Web.
func webFrame(flag byte, text string) string {
	return string(binary.BigEndian.AppendUint32([]byte{flag}, uint32(len(text)))) + text
}

// Calls of gRPC-Web pass as they are over every way, and are recorded message by message
// beside their bodies.
func TestCallsOfGRPCWebAreRecordedMessageByMessage(t *testing.T) {
	answer := webFrame(0, "one") + webFrame(0, "two") + webFrame(0x80, "grpc-status: 0\r\n")
	b64 := base64.StdEncoding.EncodeToString
	calls := []struct{ media, ask, answer string }{
		{"application/grpc-web+proto", webFrame(0, "ask"), answer},
		{"application/grpc-web-text", b64([]byte(webFrame(0, "ask"))), b64([]byte(answer[:8])) + b64([]byte(answer[8:]))},
	}
	eachPath(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
		for _, c := range calls {
			if c.media == r.Header.Get("Content-Type") {
				io.WriteString(w, c.answer[:5])
				w.(http.Flusher).Flush()
				io.WriteString(w, c.answer[5:])
			}
		}
	}, func(t *testing.T, _ path, r *rig) {
		for _, c := range calls {
			_, got := r.get(t, request(t, "POST", r.base+"/shop.Cart/Get", strings.NewReader(c.ask), "Content-Type", c.media))
			f := r.sink.next(t)
			if got != c.answer || string(f.Request.Body.Data) != c.ask || string(f.Response.Body.Data) != c.answer {
				t.Errorf("%s: the answer is %q, recorded as %q and %q", c.media, got, f.Request.Body.Data, f.Response.Body.Data)
			}
			if said(f) != ">ask <one <two <grpc-status: 0" {
				t.Errorf("%s: the messages are %q", c.media, said(f))
			}
		}
	})
}
