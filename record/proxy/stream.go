package proxy

import (
	"slices"
	"time"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/message"
)

const (
	maxMessage  = 1 << 20 // most bytes kept of one message
	maxMessages = 100_000 // most messages kept of one exchange
)

// messageCost is what one message takes beside its data, in bytes.
const messageCost = 64

// A parser finds messages in one direction of a stream.
type parser interface {
	Feed(p []byte, at time.Duration)
}

// streams holds the parsers of an exchange's messages. x.mu guards them.
type streams struct {
	up, down parser // from and to the client; nil: no messages
	taken    int64  // bytes out of the budget
	closed   bool   // a close message of a WebSocket was seen
}

// emit is the Emit of one direction.
func (x *exchange) emit(fromClient bool) message.Emit {
	return func(at time.Duration, kind flow.MessageKind, data []byte, size int64) {
		x.message(flow.Message{At: at, FromClient: fromClient, Kind: kind, Data: data, Size: size})
	}
}

// message records a copy of m. x.mu is held.
func (x *exchange) message(m flow.Message) {
	st := &x.streams
	st.closed = st.closed || m.Kind == flow.MessageClose
	cost := int64(len(m.Data)) + messageCost
	if len(x.f.Messages) >= maxMessages || st.taken+cost > x.p.o.MaxBody+maxMessages*messageCost || !x.p.budget.Take(cost) {
		x.p.n.messagesCut.Add(1)
		x.lost++
		return
	}
	if int64(len(m.Data)) < m.Size {
		x.p.n.messagesCut.Add(1)
	}
	st.taken += cost
	m.Data = append(make([]byte, 0, len(m.Data)), m.Data...)
	i := len(x.f.Messages) // an answer may be looked at before its question: both have passed by then
	for i > 0 && x.f.Messages[i-1].At > m.At {
		i--
	}
	x.f.Messages = slices.Insert(x.f.Messages, i, m)
}

// readRequest starts the parser for the stream in a request, if there is one.
func (x *exchange) readRequest(h2 bool) {
	h := x.f.Request.Headers
	if !message.IsGRPC(h) {
		if p := message.NewWeb(h, maxMessage, x.emit(true)); p != nil && !x.skip {
			x.streams.up = p
		}
		return
	}
	x.to.h2c = x.to.h2c || h2 // who speaks gRPC speaks HTTP/2
	if !x.skip {
		x.streams.up = message.NewGRPC(h.Value("Grpc-Encoding"), maxMessage, x.emit(true))
	}
}

// readResponse starts the parser for the stream in a response, if there is one.
func (x *exchange) readResponse() {
	switch h := x.f.Response.Headers; {
	case x.skip:
	case message.IsGRPC(h):
		x.streams.down = message.NewGRPC(h.Value("Grpc-Encoding"), maxMessage, x.emit(false))
	case message.IsEvents(h):
		x.streams.down = message.NewEvents(maxMessage, x.emit(false))
	default:
		if p := message.NewWeb(h, maxMessage, x.emit(false)); p != nil {
			x.streams.down = p
		}
	}
}

// readSocket starts the parsers of both directions of a WebSocket and returns
// what shows them the bytes.
func (x *exchange) readSocket() (up, down tapped) {
	if x.skip {
		return up, down
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	deflate := message.IsDeflate(x.f.Response.Headers)
	x.streams.up = message.NewSocket(deflate, maxMessage, x.emit(true))
	x.streams.down = message.NewSocket(deflate, maxMessage, x.emit(false))
	see := func(into parser) tapped {
		return tapped{x: x, feed: func(p []byte, at time.Duration) {
			x.mu.Lock()
			defer x.mu.Unlock()
			into.Feed(p, at)
		}}
	}
	return see(x.streams.up), see(x.streams.down)
}

// endStreams counts the streams that could not be read on. x.mu is held.
func (x *exchange) endStreams() {
	for _, p := range []parser{x.streams.up, x.streams.down} {
		if l, ok := p.(interface{ Lost() bool }); ok && l.Lost() {
			x.p.n.messagesCut.Add(1)
		}
	}
}
