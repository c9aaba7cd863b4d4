package tcp

import "github.com/starling-load/starling/record/capture/packet"

// fin takes a FIN with the sequence number seq.
func (c *conn) fin(side int, seq uint32) {
	h := &c.half[side]
	switch {
	case h.ended || h.ending || before(seq, h.next):
	case len(h.pieces) > 0 && after(h.pieces[len(h.pieces)-1].end(), seq):
		c.a.counts.Outside++ // bytes beyond this FIN are known
	default:
		h.ending, h.end = true, seq
	}
}

// reset takes an RST. It is obeyed at once only if its sequence number is the one that
// the receiver expects (RFC 5961, 3.2). An RST further on waits for the bytes before it.
// It is forgotten when its side goes on.
func (c *conn) reset(side int, seq uint32) {
	h := &c.half[side]
	expected := !h.ready() && (seq == h.next || h.acks && seq == h.acked && before(seq, h.next))
	switch {
	case h.ended: // after its FIN a side may still reset the connection
		if expected && !c.broken {
			c.breakOff()
		}
	case expected:
		h.ending, h.reset, h.end = true, true, h.next
	case after(seq, h.next) && (len(h.pieces) == 0 || !after(h.pieces[len(h.pieces)-1].end(), seq)):
		h.ending, h.reset, h.end = true, true, seq
	default:
		c.a.counts.Outside++
	}
}

// refuse takes an RST from a side that has said nothing yet. It is the answer to a SYN.
func (c *conn) refuse(side int, s *packet.Segment) {
	o := &c.half[1-side]
	if s.Flags&packet.ACK == 0 || !o.known || s.Ack != o.last() && s.Ack != o.start {
		c.a.counts.Outside++
		return
	}
	c.finish(c.last)
}

// endSide tells that a side has ended, once everything before its end was told.
func (c *conn) endSide(side int, at int64) {
	h := &c.half[side]
	h.ended = true
	if !h.reset {
		h.next++ // FIN takes one sequence number
	}
	c.drop(h)
	if stream := c.wantedIf(); stream != nil {
		stream.End(c.dir(side), at, h.reset)
	}
	if h.reset {
		c.breakOff()
	}
	if c.half[0].ended && c.half[1].ended {
		c.finish(at)
	}
}

// wantedIf returns the Stream if it was asked for already. An end alone is no reason to
// ask for it.
func (c *conn) wantedIf() Stream {
	if !c.told {
		return nil
	}
	return c.stream
}

// breakOff gives the other side some time, for packets that were captured out of order.
func (c *conn) breakOff() {
	c.broken = true
	c.breakAt = wait{on: true, since: c.a.now, ticks: c.ticks}
}

// finish tells what is left and that the connection is over.
func (c *conn) finish(at int64) {
	if c.over {
		return
	}
	c.guess()
	c.drain()
	if c.over {
		return // the end of the connection was in what waited
	}
	for side := range c.half {
		h := &c.half[side]
		if h.ended {
			continue
		}
		if h.acks && after(h.acked, h.next+1) || h.ending && after(h.end, h.next) {
			c.skip(side, h.last(), at)
		}
		if h.ending && h.end == h.next || c.broken {
			h.reset = h.reset || c.broken
			h.ended = true
			if stream := c.wantedIf(); stream != nil {
				stream.End(c.dir(side), at, h.reset)
			}
		}
	}
	if stream := c.wantedIf(); stream != nil {
		stream.Close(at)
	}
	c.over, c.stream, c.broken = true, nil, false
	c.forget()
	c.a.waiting.remove(c)
	c.a.rest(c)
}

// drop gives up the pieces behind the end of a direction.
func (c *conn) drop(h *half) {
	for i := range h.pieces {
		c.a.counts.Outside++
		c.weigh(-h.pieces[i].cost())
	}
	h.pieces = nil
}
