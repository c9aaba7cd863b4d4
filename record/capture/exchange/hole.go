package exchange

import (
	"bytes"

	"github.com/starling-load/starling/record/capture/tcp"
)

// Gap takes a hole of n bytes, or of unknown length.
//
// If a body or a chunk reaches beyond the hole, the position behind the hole is known.
// Otherwise the position is lost until the next head.
func (h *h1) Gap(d tcp.Dir, n, at int64) {
	if h.next != nil {
		h.next.Gap(d, n, at)
		return
	}
	h.p.gap(n, at)
	h.holed = true
	s := &h.side[d]
	if s.state == atHead && len(s.buf) == 0 && s.back == atHead && n > 0 {
		h.hidden.head(d)
	}
	h.bodyAfterAll(d, at)
	h.failMessage(d, at)
	switch {
	case s.state == toEnd:
		s.body.Miss(n)
		return
	case s.state == inChunks && n >= 0 && n <= s.chunks.Left():
		s.body.Miss(n)
		s.chunks.Skip(n)
		return
	case s.state == inBody && n >= 0 && n <= s.left:
		s.body.Miss(n)
		if s.left -= n; s.left == 0 {
			h.ended(d, at)
		}
		return
	case s.state == inBody && n > s.left:
		s.body.Miss(s.left)
		h.ended(d, at)
		h.hidden.head(d)
	case s.state == atHead && len(s.buf) > 0:
		if !h.cutHead(d, at) {
			h.hidden.head(d)
		}
	case s.state == inBody, s.state == inChunks && s.chunks.Left() > 0:
		s.body.Miss(-1)
	}
	h.dropBuffer(d, at)
	if s.state != isLost || s.start {
		h.stray(d)
	}
	h.unsure, s.try = true, true
}

// failMessage notes the hole in the current message.
func (h *h1) failMessage(d tcp.Dir, at int64) {
	s := &h.side[d]
	if s.x == nil || s.state == isWaiting || d == tcp.FromClient && s.x.asked {
		return
	}
	s.x.fail(gapIn(d))
	if d == tcp.FromServer {
		s.x.f.Done = s.x.since(at)
	}
}

// cutHead takes the lines of a head that is cut by a hole. It reports false if they do
// not tell which message it was.
func (h *h1) cutHead(d tcp.Dir, at int64) bool {
	s := &h.side[d]
	b := s.buf
	end := bytes.LastIndexByte(b, '\n') + 1
	if end == 0 {
		return false
	}
	h.drain(s)
	head := h.p.o.Budget.head()
	defer h.p.o.Budget.giveHead(head)
	_, err := h.findHead(d, head, b[:end], 0, true)
	taken := err == nil && h.take(d, head, b[:end], at, true)
	if taken {
		h.p.unparsed(int64(len(b)-end), at)
	} else {
		h.drop(d, len(b), at)
	}
	return taken
}

// bodyAfterAll decides that the bytes after an early answer are the body of the request,
// because no head can be found in them.
func (h *h1) bodyAfterAll(d tcp.Dir, at int64) {
	s := &h.side[d]
	if b := s.buf; s.back != atHead {
		h.drain(s)
		s.state, s.back = s.back, atHead
		h.run(d, b, at)
	}
}

// dropBuffer gives up an incomplete head or line.
func (h *h1) dropBuffer(d tcp.Dir, at int64) {
	h.bodyAfterAll(d, at)
	s := &h.side[d]
	if s.state == inChunks {
		n := s.chunks.Pending()
		h.trailers(d, at)
		h.drop(d, n, at)
	} else if n := len(s.buf); n > 0 {
		h.drain(s)
		h.drop(d, n, at)
	}
}

// search skips bytes up to the next head, in a direction whose position is lost.
func (h *h1) search(d tcp.Dir, p []byte, at int64) []byte {
	s := &h.side[d]
	if s.try || len(s.buf) > 0 {
		return h.head(d, p, at)
	}
	n := len(p)
	if h.pipelined { // a head may begin anywhere
		if d == tcp.FromServer {
			if i := bytes.IndexByte(p, 'H'); i >= 0 {
				n, s.try = i, true
			}
		} else if i := bytes.IndexByte(p, '\n'); i >= 0 {
			n, s.try = i+1, true
		}
	}
	h.drop(d, n, at)
	return p[n:]
}
