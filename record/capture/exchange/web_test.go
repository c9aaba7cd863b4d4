package exchange

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"testing"
)

// webFrame is a frame of gRPC-Web.
func webFrame(flag byte, text string) string {
	return string(binary.BigEndian.AppendUint32([]byte{flag}, uint32(len(text)))) + text
}

// Calls of gRPC-Web are told message by message, over both versions of HTTP and in both
// forms, beside their bodies.
func TestCallsOfGRPCWeb(t *testing.T) {
	ask, answer := webFrame(0, "ask"), webFrame(0, "one")+webFrame(0, "two")+webFrame(0x80, "grpc-status: 0\r\n")
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, c := range []struct{ media, ask, answer string }{
		{"application/grpc-web+proto", ask, answer},
		{"application/grpc-web-text", b64(ask), b64(answer[:9]) + b64(answer[9:])},
	} {
		one := fmt.Sprintf("POST /c HTTP/1.1\r\nHost: shop\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", c.media, len(c.ask), c.ask)
		reply := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", c.media, c.answer[:4], len(c.answer)-4, c.answer[4:])
		speaker, server2 := newSpeaker(), newSpeaker()
		for name, steps := range map[string][]step{
			"HTTP/1.1": {client(one), server(reply), client(one), server(reply)},
			"HTTP/2": {client(preface + speaker.post(1, "/c", "content-type", c.media) + speaker.data(1, true, c.ask) + speaker.post(3, "/c", "content-type", c.media) + speaker.data(3, true, c.ask)),
				server(server2.headers(3, false, ":status", "200", "content-type", c.media) + server2.data(3, true, c.answer) + server2.headers(1, false, ":status", "200", "content-type", c.media) + server2.data(1, false, c.answer[:7]) + server2.data(1, true, c.answer[7:]))},
		} {
			for how, cut := range cuts {
				g := play(steps, false, Options{}, cut)
				if len(g.flows) != 2 {
					t.Fatalf("%s over %s, %s: %d flows", c.media, name, how, len(g.flows))
				}
				for _, f := range g.flows {
					got := ""
					for _, m := range f.Messages {
						got += fmt.Sprintf("%v %s %s. ", m.FromClient, m.Kind, m.Data)
					}
					if want := "true grpc ask. false grpc one. false grpc two. false grpc grpc-status: 0\r\n. "; got != want || string(f.Response.Body.Data) != c.answer || string(f.Request.Body.Data) != c.ask {
						t.Errorf("%s over %s, %s: messages %q, want %q; bodies %q and %q", c.media, name, how, got, want, f.Request.Body.Data, f.Response.Body.Data)
					}
				}
			}
		}
	}
}
