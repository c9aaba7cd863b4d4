package message

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"strings"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// GRPC finds the messages in the body of one direction of a gRPC call, of any of
// the four kinds: each has a prefix of five bytes, a flag and its length.
//
//	0      1              5
//	| flag | length, u32  | message |
//
// Flag 1 is a message compressed as the "grpc-encoding" field says. Messages of
// "gzip" are decompressed; those of other codings are given as they are.
type GRPC struct {
	gzip  bool
	web   bool // of gRPC-Web
	limit int
	emit  Emit
	lost  bool

	head []byte // prefix bytes so far
	left int64  // bytes of the message to come
	body buffer

	inflate gzip.Reader
	plain   bytes.Buffer
	may     allowance
}

// grpcPrefix is the length of what stands before each message, in bytes.
const grpcPrefix = 5

// NewGRPC makes the parser of one direction. encoding is the value of its
// "grpc-encoding" field, "" for none. At most limit bytes of each message are
// given to emit.
func NewGRPC(encoding string, limit int, emit Emit) *GRPC {
	return &GRPC{gzip: strings.EqualFold(encoding, "gzip"), limit: limit, emit: emit, may: newAllowance(limit)}
}

// Lost reports whether the bytes did not follow the protocol at some point.
// Nothing is emitted from there on.
func (g *GRPC) Lost() bool { return g.lost }

// Whole reports whether the bytes so far end where a message ends.
func (g *GRPC) Whole() bool { return !g.lost && len(g.head) == 0 }

// Feed takes the next bytes of the body, which passed at the offset at. It keeps
// none of p.
func (g *GRPC) Feed(p []byte, at time.Duration) {
	for len(p) > 0 && !g.lost {
		if len(g.head) < grpcPrefix {
			n := min(grpcPrefix-len(g.head), len(p))
			g.head = append(g.head, p[:n]...)
			p = p[n:]
			if len(g.head) < grpcPrefix {
				return
			}
			g.lost = g.head[0] > 1 && !g.trailers()
			g.left = int64(binary.BigEndian.Uint32(g.head[1:]))
		}
		n := min(g.left, int64(len(p)))
		g.body.add(p[:n], g.limit)
		g.left -= n
		p = p[n:]
		if g.left == 0 && !g.lost {
			g.end(at)
		}
	}
}

// trailers reports whether the frame is one of trailers.
func (g *GRPC) trailers() bool { return g.web && g.head[0]&^flagPacked == flagTrailers }

// end emits the message that is complete.
func (g *GRPC) end(at time.Duration) {
	data, size := g.body.data, g.body.size
	if g.head[0]&flagPacked != 0 && g.gzip {
		data, size = g.unzip()
	}
	g.emit(at, flow.MessageGRPC, data, size)
	g.body.reset()
	g.head = g.head[:0]
}

// unzip decompresses the message as far as it goes.
func (g *GRPC) unzip() (data []byte, size int64) {
	if g.plain.Cap() > idleBuffer {
		g.plain = bytes.Buffer{}
	}
	g.plain.Reset()
	least := max(g.body.size, 1)
	if err := g.inflate.Reset(bytes.NewReader(g.body.data)); err != nil {
		return nil, least
	}
	most := g.may.message(g.body.size, g.limit)
	_, err := io.Copy(&g.plain, io.LimitReader(&g.inflate, min(most, int64(g.limit))))
	data, size = g.plain.Bytes(), int64(g.plain.Len())
	defer func() { g.may.bytes -= size }()
	if err != nil { // damaged, or its end was not kept
		return data, max(least, size+1)
	}
	// The rest is counted, not kept; one byte too many says that it goes on.
	more, err := io.Copy(io.Discard, io.LimitReader(&g.inflate, most-size+1))
	size += more
	if err != nil {
		return data, max(least, size+1)
	}
	return data, size
}
