package message

import (
	"encoding/base64"
	"strings"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// The flags of a message. The last one of a call of gRPC-Web holds what gRPC has in the
// trailers of HTTP/2.
const (
	flagPacked   = 0x01
	flagTrailers = 0x80
)

// Web finds the messages in the body of one direction of a call of gRPC-Web
// (github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md). They are those of gRPC, and a
// last one with the trailers: lines "name: value". In the text form they are written as
// Base64, in pieces that were encoded alone.
type Web struct {
	*GRPC
	text bool
	four []byte // characters of Base64 that wait for others
}

// NewWeb makes the parser of one direction, whose fields are h, as NewGRPC does. It
// returns nil if the body is not one of gRPC-Web, or has a content coding.
func NewWeb(h flow.Headers, limit int, emit Emit) *Web {
	kind, _, _ := strings.Cut(mediaType(h), "+")
	if kind != "application/grpc-web" && kind != "application/grpc-web-text" {
		return nil
	}
	if coding := h.Value("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return nil
	}
	g := NewGRPC(h.Value("Grpc-Encoding"), limit, emit)
	g.web = true
	return &Web{GRPC: g, text: kind == "application/grpc-web-text"}
}

// Feed takes the next bytes of the body, which passed at the offset at. It keeps none
// of p.
func (w *Web) Feed(p []byte, at time.Duration) {
	if !w.text {
		w.GRPC.Feed(p, at)
		return
	}
	for _, c := range p {
		if c == '\r' || c == '\n' || w.lost {
			continue
		}
		if w.four = append(w.four, c); len(w.four) < 4 {
			continue
		}
		var three [3]byte
		n, err := base64.StdEncoding.Decode(three[:], w.four)
		if w.four = w.four[:0]; err != nil {
			w.lost = true
			return
		}
		w.GRPC.Feed(three[:n], at)
	}
}
