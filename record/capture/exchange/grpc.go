package exchange

import (
	"time"

	"github.com/starling-load/starling/record/capture/tcp"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/message"
)

// grpc reads the messages in one direction of a gRPC call of any kind. h are the fields
// of that direction.
func (l *h2) grpc(s *h2stream, d tcp.Dir, h flow.Headers) feed {
	x := s.x
	emit := func(at time.Duration, kind flow.MessageKind, data []byte, size int64) {
		l.p.message(x, at, kind, d == tcp.FromClient, data, size)
	}
	return message.NewGRPC(h.Value("grpc-encoding"), maxMessage, emit)
}
