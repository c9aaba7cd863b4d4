package message

import (
	"strings"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// An Emit takes one message. at is the offset given to the Feed that brought the last
// byte. data is decompressed and valid during the call; it holds at most the parser's
// limit of bytes. size is the whole length in bytes. If the content cannot be
// decompressed to its end, size is the least possible length, which is above len(data).
type Emit func(at time.Duration, kind flow.MessageKind, data []byte, size int64)

// inflateFactor times the limit is how far a compressed message is read to learn
// its size.
const inflateFactor = 8

// An allowance is how many bytes the messages of one direction may still be decompressed to.
// To decompress takes time from the traffic, and a peer can make a thousand bytes to be
// decompressed out of one that it sends.
type allowance struct{ bytes int64 }

const (
	inflateRatio = 32       // bytes for each one on the wire
	inflateEach  = 32 << 10 // bytes for each message: one that repeats another is short
)

func newAllowance(limit int) allowance { return allowance{2 * inflateFactor * int64(limit)} }

// message returns to how many bytes a message of wire bytes may be decompressed.
func (a *allowance) message(wire int64, limit int) int64 {
	a.bytes += wire*inflateRatio + inflateEach
	return min(a.bytes, int64(limit)*inflateFactor)
}

// idleBuffer is how much memory a parser keeps between two messages, in bytes.
const idleBuffer = 64 << 10

// IsEvents reports whether a response with these fields is a stream of server-sent
// events that can be read as it comes. It is false for a compressed one.
func IsEvents(h flow.Headers) bool {
	if mediaType(h) != "text/event-stream" {
		return false
	}
	coding := h.Value("Content-Encoding")
	return coding == "" || strings.EqualFold(coding, "identity")
}

// IsGRPC reports whether a message with these fields holds gRPC messages:
// "application/grpc", with or without a codec ("application/grpc+proto").
// It is false for gRPC-Web; see NewWeb.
func IsGRPC(h flow.Headers) bool {
	kind := mediaType(h)
	return kind == "application/grpc" || strings.HasPrefix(kind, "application/grpc+")
}

// IsDeflate reports whether the response that opens a WebSocket agrees to
// permessage-deflate.
func IsDeflate(h flow.Headers) bool {
	for _, v := range h.Values("Sec-WebSocket-Extensions") {
		for offer := range strings.SplitSeq(v, ",") {
			name, _, _ := strings.Cut(offer, ";")
			if strings.EqualFold(strings.TrimSpace(name), "permessage-deflate") {
				return true
			}
		}
	}
	return false
}

// mediaType returns the content type without parameters in lower case, or "".
func mediaType(h flow.Headers) string {
	kind, _, _ := strings.Cut(h.Value("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

// A buffer is a message under way: its beginning and its length.
type buffer struct {
	data []byte
	size int64
}

// add takes bytes of the message, of which at most limit are kept in all. It
// returns those kept.
func (b *buffer) add(p []byte, limit int) []byte {
	b.size += int64(len(p))
	at := len(b.data)
	b.data = append(b.data, p[:min(len(p), max(limit-at, 0))]...)
	return b.data[at:]
}

// whole reports whether all bytes of the message were kept.
func (b *buffer) whole() bool { return b.size == int64(len(b.data)) }

// reset makes room for the next message. A large buffer is given up, since the
// connection may be idle for long.
func (b *buffer) reset() {
	b.data, b.size = b.data[:0], 0
	if cap(b.data) > idleBuffer {
		b.data = nil
	}
}
