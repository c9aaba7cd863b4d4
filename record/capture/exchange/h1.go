package exchange

import (
	"github.com/starling-load/starling/record/body"
	"github.com/starling-load/starling/record/capture/tcp"
	"github.com/starling-load/starling/record/http1"
)

// A state is what one direction of HTTP/1 reads next.
type state uint8

const (
	atHead    state = iota // a head, or nothing more
	inBody                 // a body, of which left bytes are to come
	toEnd                  // a body that ends with the connection
	inChunks               // a chunked body and its trailer section
	isLost                 // the position in the stream is not known
	isWaiting              // client: the answer decides in which protocol its next bytes are
)

// A side is one direction of HTTP/1.
type side struct {
	state  state
	ended  bool
	try    bool          // lost: a head may begin with the next byte
	start  bool          // lost because the beginning was not seen
	back   state         // after an early answer: the state of the body that may still come
	begun  int64         // time of the first byte of the current head
	last   int64         // time of the last bytes
	left   int64         // bytes to come of a body of known length
	chunks *http1.Chunks // of the current chunked body, reused for the next one; nil at first
	x      *exchange     // the exchange of the current message; nil if there is none or it is not kept
	body   body.Collector
	feed   feed   // reads the messages in the current body; nil: there are none
	buf    []byte // the part so far of a head or trailer section
}

// h1 is the layer of HTTP/1.x.
type h1 struct {
	p    *Parser
	w    where
	side [2]side
	next layer // the layer of the protocol that took over

	queue []*exchange // open exchanges, oldest first
	few   [2]*exchange

	pipelined bool   // the client was seen to send a request before its turn
	unsure    bool   // messages may be missing, so order alone does not pair them
	holed     bool   // there was a hole
	deep      bool   // more messages may be missing than the queue can hold
	hole      uint32 // number of the last hole or garbage, counting from 1
	holeAt    int64  // time of the last server bytes before it
	spoke     int64  // time of the last server bytes since then, or 0
	turned    int64  // value of spoke at the last turn

	hidden hidden
}

// newH1 makes the layer. mid means that both streams may begin anywhere.
func newH1(p *Parser, w where, mid bool) *h1 {
	h := &h1{p: p, w: w}
	h.queue = h.few[:0]
	if mid {
		for d := range h.side {
			h.side[d].state, h.side[d].try, h.side[d].start = isLost, true, true
		}
		h.unsure = true
	}
	return h
}

// Data takes the next bytes of one direction.
func (h *h1) Data(d tcp.Dir, p []byte, at int64) {
	if h.next != nil {
		h.next.Data(d, p, at)
		return
	}
	s := &h.side[d]
	if s.state == isLost && len(s.buf) == 0 && h.isTurn(d, at) {
		s.try = true
	}
	s.last = max(s.last, at)
	if d == tcp.FromServer && h.unsure && at > h.holeAt {
		h.spoke = s.last
	}
	h.run(d, p, at)
	if c := &h.side[tcp.FromClient]; c.state == isWaiting && c.x.answered && h.next == nil {
		h.resume()
	}
}

// run reads bytes as the state of their direction says.
func (h *h1) run(d tcp.Dir, p []byte, at int64) {
	s := &h.side[d]
	for len(p) > 0 {
		if h.next != nil {
			h.next.Data(d, p, at)
			return
		}
		switch s.state {
		case atHead:
			p = h.head(d, p, at)
		case inBody, toEnd:
			p = h.content(d, p, at)
		case inChunks:
			p = h.chunked(d, p, at)
		case isLost:
			p = h.search(d, p, at)
		case isWaiting:
			p = h.wait(p, at)
		}
	}
}

// head reads bytes of a head. It returns the bytes behind the head.
func (h *h1) head(d tcp.Dir, p []byte, at int64) []byte {
	s := &h.side[d]
	had := len(s.buf)
	if had == 0 {
		lines := len(p)
		p = trimLines(p)
		if lines -= len(p); s.state == isLost && lines > 0 {
			h.drop(d, lines, at)
		}
		if len(p) == 0 {
			return nil
		}
		s.begun = at
	}
	b := p[:min(len(p), maxHead+1-had)]
	if had > 0 {
		if !h.keep(s, b) {
			return h.noRoom(d, p, at)
		}
		b = s.buf
	}
	head := h.p.o.Budget.head()
	defer h.p.o.Budget.giveHead(head)
	n, err := h.findHead(d, head, b, had, false)
	if err == http1.ErrMore {
		if had == 0 && !h.keep(s, b) {
			return h.noRoom(d, p, at)
		}
		return nil
	}
	h.drain(s)
	rest := p[n-had:]
	if err != nil || !h.take(d, head, b[:n], at, false) {
		h.garbage(d, b[:n], at)
	}
	return rest
}

// take begins the message whose head is b. It reports false if b cannot be a head at this
// place. cut means that a hole follows.
func (h *h1) take(d tcp.Dir, head *http1.Head, b []byte, at int64, cut bool) bool {
	if d == tcp.FromClient {
		h.request(head, b, at, cut)
		return true
	}
	return h.answer(head, b, at, cut)
}

// keep appends p to the buffer if the budget allows it.
func (h *h1) keep(s *side, p []byte) bool {
	if !h.p.o.Budget.Take(int64(len(p))) {
		return false
	}
	s.buf = append(s.buf, p...)
	return true
}

// drain empties the buffer and gives its memory back to the budget. Slices of it stay
// valid.
func (h *h1) drain(s *side) {
	if s.buf != nil {
		h.p.o.Budget.Give(int64(len(s.buf)))
		s.buf = nil
	}
}

// noRoom gives up a head because there is no memory for it.
func (h *h1) noRoom(d tcp.Dir, p []byte, at int64) []byte {
	s := &h.side[d]
	n := len(s.buf) + len(p)
	h.drain(s)
	h.stray(d)
	h.drop(d, n, at)
	return nil
}

// garbage takes bytes that stand where a head should begin and are not a head.
func (h *h1) garbage(d tcp.Dir, b []byte, at int64) {
	s := &h.side[d]
	switch {
	case s.back != atHead: // not a head: the body that was open when the early answer came
		s.state, s.back = s.back, atHead
		h.run(d, b, at)
		return
	case s.state != isLost:
		if x := h.awaiting(s.begun); d == tcp.FromServer && x != nil {
			x.fail(failInvalid)
		}
		h.stray(d)
	}
	s.try = false
	h.drop(d, len(b), at)
}

// stray notes that the position in a direction is lost. The current message stays open
// until the next one is found.
func (h *h1) stray(d tcp.Dir) {
	s := &h.side[d]
	s.state, s.try, s.back = isLost, false, atHead
	h.doubt()
}

// doubt notes that messages may be missing from now on.
func (h *h1) doubt() {
	h.unsure, h.spoke, h.holeAt = true, 0, h.side[tcp.FromServer].last
	h.hole++
}

// drop counts bytes that are skipped.
func (h *h1) drop(d tcp.Dir, n int, at int64) {
	s := &h.side[d]
	if s.start {
		h.p.skipped(int64(n), at)
	} else {
		h.p.unparsed(int64(n), at)
	}
	if d == tcp.FromServer && s.x != nil {
		s.x.f.Done = s.x.since(at)
	}
}

// maxEarly is the most bytes of a client that wait until their protocol is known.
const maxEarly = 64 << 10

// wait keeps what a client sends after it has asked for another protocol.
func (h *h1) wait(p []byte, at int64) []byte {
	s := &h.side[tcp.FromClient]
	if len(s.buf) == 0 {
		s.begun = at
	}
	if len(s.buf)+len(p) > maxEarly || !h.keep(s, p) {
		h.resume()
		return p
	}
	return nil
}

// resume reads the bytes that wait as HTTP.
func (h *h1) resume() {
	s := &h.side[tcp.FromClient]
	b, at := s.buf, s.begun
	h.drain(s)
	s.state, s.x = atHead, nil
	h.run(tcp.FromClient, b, at)
}

// become passes the connection to another protocol.
func (h *h1) become(l layer, at int64) {
	h.next = l
	s := &h.side[tcp.FromClient]
	if b := s.buf; len(b) > 0 {
		h.drain(s)
		l.Data(tcp.FromClient, b, s.begun)
	}
	if s.ended {
		l.End(tcp.FromClient, max(s.last, at), false)
	}
}
