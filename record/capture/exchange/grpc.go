package exchange

import (
	"time"

	"github.com/starling-load/starling/record/capture/tcp"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/message"
)

// web returns what reads the messages in one direction of a call of gRPC-Web, whose
// fields are h; nil if it is none.
func (p *Parser) web(x *exchange, d tcp.Dir, h flow.Headers) feed {
	w := message.NewWeb(h, maxMessage, func(at time.Duration, kind flow.MessageKind, data []byte, size int64) {
		p.message(x, at, kind, d == tcp.FromClient, data, size)
	})
	if w == nil {
		return nil
	}
	return w
}

// grpc reads the messages in one direction of a gRPC call of any kind. h are the fields
// of that direction.
func (l *h2) grpc(s *h2stream, d tcp.Dir, h flow.Headers) feed {
	x := s.x
	emit := func(at time.Duration, kind flow.MessageKind, data []byte, size int64) {
		l.p.message(x, at, kind, d == tcp.FromClient, data, size)
	}
	return message.NewGRPC(h.Value("grpc-encoding"), maxMessage, emit)
}
