package tcp

import "github.com/starling-load/starling/record/capture/packet"

// syncRange is how far the acknowledgment of a SYN may go beyond it, because a SYN can
// carry data.
const syncRange = 64 << 10

// A knock is a SYN or SYN-ACK that does not belong to the open connection between its
// addresses. If the endpoints go on from it, a new connection has begun.
type knock struct {
	side    int
	segment packet.Segment
	payload int // bytes of memory
}

// of returns the connection to which a segment belongs. It may begin that connection. c
// is the connection that has the addresses now, if any. The result is nil if the segment
// belongs to none.
func (a *Assembler) of(c *conn, k key, side int, s *packet.Segment) *conn {
	syn, payload := s.Flags&packet.SYN != 0, len(s.Payload)+s.Cut > 0
	switch {
	case syn && s.Flags&(packet.RST|packet.FIN) != 0:
	case c == nil:
		if syn || payload && s.Flags&packet.RST == 0 {
			return a.begin(k, side, s)
		}
		return nil // mostly the last ACKs of a connection that is over
	case c.knock != nil && c.knock.answered(side, s) && s.Seq != c.half[side].next:
		saved := c.knock
		c.knock = nil
		a.retire(c)
		a.counts.Waiting -= saved.payload
		c = a.begin(k, saved.side, &saved.segment)
		c.take(saved.side, &saved.segment)
		return c
	case syn && c.over, syn && c.strange(side, s) && (c.broken || !c.half[0].heard && !c.half[1].heard):
		a.retire(c)
		return a.begin(k, side, s)
	case syn && c.strange(side, s):
		c.keep(side, s)
	case syn || c.half[side].fits(s.Seq):
		return c
	case payload && (c.over || c.half[side].strayed(s)):
		a.retire(c)
		return a.begin(k, side, s)
	}
	a.counts.Outside++
	return nil
}

// strange reports whether a SYN does not belong to the connection.
func (c *conn) strange(side int, s *packet.Segment) bool {
	h, o := &c.half[side], &c.half[1-side]
	seq := s.Seq + 1
	switch {
	case !h.known:
		return s.Flags&packet.ACK != 0 && o.known && s.Ack-o.start > syncRange
	case seq == h.start:
		return false
	case h.heard:
		return true
	}
	return h.start-seq > syncRange // a start that was only inferred may lie behind data in the SYN
}

// strayed reports whether a segment out of reach continues another one out of reach. Then
// what is known about the direction is outdated.
func (h *half) strayed(s *packet.Segment) bool {
	if h.stray && s.Seq == h.strayEnd {
		return true
	}
	h.stray, h.strayEnd = true, s.Seq+uint32(len(s.Payload)+s.Cut)
	return false
}

// keep keeps a SYN as the knock. It replaces an earlier knock.
func (c *conn) keep(side int, s *packet.Segment) {
	if k := c.knock; k != nil && k.side == side && k.segment.Seq == s.Seq {
		return
	}
	c.forget()
	k := &knock{side: side, segment: *s}
	k.segment.Payload = nil
	if n := len(s.Payload); c.a.counts.Waiting+n <= c.a.o.MaxBytes {
		k.segment.Payload = append([]byte(nil), s.Payload...)
		k.payload = n
		c.a.counts.Waiting += n
	} else {
		k.segment.Cut += n
	}
	c.knock = k
}

// forget drops the knock.
func (c *conn) forget() {
	if c.knock != nil {
		c.a.counts.Waiting -= c.knock.payload
		c.knock = nil
	}
}

// answered reports whether a segment continues the knock.
func (k *knock) answered(side int, s *packet.Segment) bool {
	data := uint32(len(k.segment.Payload) + k.segment.Cut)
	if side == k.side {
		return s.Flags&packet.SYN == 0 && s.Seq-(k.segment.Seq+1) <= data
	}
	if k.segment.Flags&packet.ACK != 0 && s.Flags&packet.SYN == 0 && s.Seq == k.segment.Ack {
		return true
	}
	return s.Flags&packet.ACK != 0 && s.Ack-(k.segment.Seq+1) <= data
}
