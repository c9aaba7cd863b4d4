package message

import (
	"bytes"
	"time"

	"github.com/gobwas/ws"

	"github.com/starling-load/starling/record/flow"
)

// A Socket finds the messages in one direction of a WebSocket (RFC 6455), from
// the first byte behind the opening handshake. Fragments are put together,
// masks are removed. A close message is its code and reason as sent.
type Socket struct {
	deflate bool
	limit   int
	emit    Emit
	lost    bool

	head   []byte // header bytes so far
	frame  ws.Header
	inside bool  // frame is valid, its payload has left to come
	read   int64 // payload bytes of the frame seen

	data    partial // the data message, over all its frames
	control partial // the control frame
	inflate inflater
}

// A partial is a WebSocket message under way. Its op is OpContinuation when
// there is none.
type partial struct {
	buffer
	op         ws.OpCode
	compressed bool
}

// NewSocket makes the parser of one direction. deflate says that the peers have
// agreed to permessage-deflate (RFC 7692), with context takeover or without. At
// most limit bytes of each message are given to emit.
func NewSocket(deflate bool, limit int, emit Emit) *Socket {
	return &Socket{deflate: deflate, limit: limit, emit: emit, inflate: inflater{limit: limit, may: newAllowance(limit)}}
}

// Lost reports whether the bytes did not follow the protocol at some point.
// Nothing is emitted from there on.
func (s *Socket) Lost() bool { return s.lost }

// Feed takes the next bytes, which passed at the offset at. It keeps none of p.
func (s *Socket) Feed(p []byte, at time.Duration) {
	for len(p) > 0 && !s.lost {
		if s.inside {
			p = s.payload(p)
		} else {
			p = s.header(p)
		}
		if s.inside && s.read == s.frame.Length {
			s.endFrame(at)
		}
	}
}

// header takes bytes of a frame header and returns those behind it.
func (s *Socket) header(p []byte) []byte {
	n := min(headerLength(s.head)-len(s.head), len(p))
	s.head = append(s.head, p[:n]...)
	if len(s.head) < headerLength(s.head) {
		return p[n:]
	}
	h, err := ws.ReadHeader(bytes.NewReader(s.head))
	s.head = s.head[:0]
	if err != nil || !s.follows(h) {
		s.lost = true
		return nil
	}
	s.frame, s.inside, s.read = h, true, 0
	if h.OpCode != ws.OpContinuation {
		m := s.current()
		m.op, m.compressed = h.OpCode, h.Rsv1()
	}
	return p[n:]
}

// follows reports whether a frame is possible at this place. If not, this is no
// WebSocket, or bytes are missing.
func (s *Socket) follows(h ws.Header) bool {
	under := s.data.op != ws.OpContinuation // a message in fragments is under way
	switch {
	case h.OpCode.IsReserved(), h.Length < 0, h.Rsv2(), h.Rsv3():
		return false
	case h.OpCode.IsControl():
		return h.Fin && !h.Rsv1() && h.Length <= ws.MaxControlFramePayloadSize
	case h.OpCode == ws.OpContinuation:
		return under && !h.Rsv1()
	}
	return !under && (s.deflate || !h.Rsv1())
}

// headerLength returns how long a frame header is, as far as its beginning tells.
func headerLength(b []byte) int {
	if len(b) < 2 {
		return 2
	}
	n := 2
	switch b[1] & 0x7f {
	case 126:
		n += 2
	case 127:
		n += 8
	}
	if b[1]&0x80 != 0 {
		n += 4
	}
	return n
}

func (s *Socket) current() *partial {
	if s.frame.OpCode.IsControl() {
		return &s.control
	}
	return &s.data
}

// payload takes bytes of a frame and returns those behind it.
func (s *Socket) payload(p []byte) []byte {
	n := min(int64(len(p)), s.frame.Length-s.read)
	kept := s.current().add(p[:n], s.room())
	if s.frame.Masked {
		ws.Cipher(kept, s.frame.Mask, int(s.read&3))
	}
	s.read += n
	return p[n:]
}

// room is how many bytes of the current message are kept. A control frame is
// always kept whole.
func (s *Socket) room() int {
	if s.frame.OpCode.IsControl() {
		return max(s.limit, ws.MaxControlFramePayloadSize)
	}
	return s.limit
}

func (s *Socket) endFrame(at time.Duration) {
	s.inside = false
	if !s.frame.Fin {
		return
	}
	m := s.current()
	data, size := m.data, m.size
	if m.compressed {
		data, size = s.inflate.message(m.buffer)
	}
	s.emit(at, kindOf(m.op), data[:min(len(data), s.limit)], size)
	m.reset()
	m.op = ws.OpContinuation
}

func kindOf(op ws.OpCode) flow.MessageKind {
	switch op {
	case ws.OpText:
		return flow.MessageText
	case ws.OpPing:
		return flow.MessagePing
	case ws.OpPong:
		return flow.MessagePong
	case ws.OpClose:
		return flow.MessageClose
	}
	return flow.MessageBinary
}
