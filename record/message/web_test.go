package message

import (
	"encoding/base64"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

func TestMessagesOfGRPCWebWhereverTheBytesAreCut(t *testing.T) {
	b64 := base64.StdEncoding.EncodeToString
	one, two, end := prefixed(0, "one"), prefixed(1, gzipped("twice")), prefixed(0x80, "grpc-status: 0\r\n")
	want := []got{whole(flow.MessageGRPC, "one"), whole(flow.MessageGRPC, "twice"), whole(flow.MessageGRPC, ""), whole(flow.MessageGRPC, "grpc-status: 0\r\n")}
	stream := one + two + prefixed(0, "") + end
	for name, c := range map[string]struct{ media, stream string }{
		"binary":            {"application/grpc-web+proto", stream},
		"binary, no codec":  {"Application/gRPC-Web; x=y", stream},
		"text":              {"application/grpc-web-text", b64([]byte(stream))},
		"text in pieces":    {"application/grpc-web-text+proto", b64([]byte(one)) + "\r\n" + b64([]byte(two)) + b64([]byte(prefixed(0, "")+end))},
		"packed trailers":   {"application/grpc-web", one + two + prefixed(0, "") + prefixed(0x81, gzipped("grpc-status: 0\r\n"))},
		"bytes that follow": {"application/grpc-web", stream + prefixed(2, "what") + prefixed(0, "four")},
	} {
		h := flow.Headers{{Name: "Content-Type", Value: c.media}, {Name: "Grpc-Encoding", Value: "gzip"}}
		t.Run(name, func(t *testing.T) {
			checkCuts(t, c.stream, want, func(e Emit) feeder { return NewWeb(h, 1<<20, e) })
		})
	}
}

func TestWhatIsNoGRPCWebHasNoParser(t *testing.T) {
	for _, h := range []flow.Headers{
		nil, {{Name: "Content-Type", Value: "application/grpc"}}, {{Name: "Content-Type", Value: "application/grpc-webby"}},
		{{Name: "Content-Type", Value: "application/grpc-web"}, {Name: "Content-Encoding", Value: "gzip"}},
	} {
		if NewWeb(h, 1<<20, new(collector).emit) != nil {
			t.Errorf("%v has one", h)
		}
	}
	var c collector
	w := NewWeb(flow.Headers{{Name: "Content-Type", Value: "application/grpc-web-text"}}, 1<<20, c.emit)
	if w.Feed([]byte("AAAA$$$$AAAA"), 0); !w.Lost() {
		t.Error("what is no Base64 is read")
	}
}
