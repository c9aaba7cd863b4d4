package exchange

import (
	"time"

	"github.com/starling-load/starling/record/capture/tcp"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/message"
)

// A socket is the layer of a WebSocket.
type socket struct {
	p      *Parser
	x      *exchange
	side   [2]*message.Socket // nil after a hole, because the beginning of a frame cannot be found
	ends   int
	closed bool // a close frame was seen
}

func newSocket(p *Parser, x *exchange) *socket {
	s := &socket{p: p, x: x}
	deflate := message.IsDeflate(x.response.Headers)
	for d := range s.side {
		s.side[d] = message.NewSocket(deflate, maxMessage, func(at time.Duration, kind flow.MessageKind, data []byte, size int64) {
			s.closed = s.closed || kind == flow.MessageClose
			if s.x != nil && !s.x.shed {
				p.message(s.x, at, kind, tcp.Dir(d) == tcp.FromClient, data, size)
			}
		})
	}
	return s
}

func (s *socket) Data(d tcp.Dir, b []byte, at int64) {
	if r := s.side[d]; r != nil && s.x != nil {
		s.x.f.Done = s.x.since(at)
		if r.Feed(b, s.x.since(at)); !r.Lost() {
			return
		}
	}
	s.p.unparsed(int64(len(b)), at)
}

func (s *socket) Gap(d tcp.Dir, n, at int64) {
	s.p.gap(n, at)
	if s.x != nil {
		s.x.fail(gapIn(d))
	}
	s.side[d] = nil
}

func (s *socket) End(d tcp.Dir, at int64, reset bool) {
	if s.x == nil {
		return
	}
	s.ends++
	if s.ends == 1 && !s.closed {
		s.x.fail(brokeOff(d)) // there was no close frame, so even an orderly end is an error
	}
	if reset || s.ends == 2 {
		s.x.f.Done = s.x.since(at)
		s.emit()
	}
}

func (s *socket) Close(int64) {
	if s.x == nil {
		return
	}
	if s.ends == 0 && !s.closed {
		s.x.fail(failStopped)
	}
	s.emit()
}

func (s *socket) emit() {
	if s.x.f.Done == 0 {
		s.x.f.Done = s.x.f.FirstByte
	}
	s.p.finish(s.x)
	s.x = nil
}
