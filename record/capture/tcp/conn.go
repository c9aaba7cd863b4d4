package tcp

import (
	"net/netip"

	"github.com/starling-load/starling/record/capture/packet"
)

// undecided is the value of conn.client while the client is not known.
const undecided = -1

// A conn is one connection of an Assembler. Its sides are 0 and 1 in the order of
// their addresses; half i is what side i sends.
type conn struct {
	a      *Assembler
	key    key
	links  [listKinds]link
	addrs  [2]netip.AddrPort
	half   [2]half
	opened int64
	last   int64
	ticks  uint32 // segments seen

	client    int  // side, or undecided
	first     int  // side of the first segment
	handshake bool // SYN or SYN-ACK was seen
	cost      int  // memory of what waits

	stream  Stream // nil: not asked for yet, not wanted, or over
	told    bool   // open was called
	broken  bool   // a reset was told: the other direction has until brokenAt + slackTime
	over    bool   // Close was told, or there is nothing to tell
	knock   *knock
	breakAt wait
}

// take takes a segment that belongs to the connection.
func (c *conn) take(side int, s *packet.Segment) {
	h, o := &c.half[side], &c.half[1-side]
	if c.over {
		c.tooLate(h, s)
		return
	}
	c.ticks++
	c.last = c.a.now
	seq := s.Seq
	switch {
	case s.Flags&packet.SYN != 0:
		seq++
		c.shake(side, s)
	case s.Flags&packet.RST != 0 && !h.known:
		c.refuse(side, s)
		return
	case !h.known:
		h.begin(seq)
	}
	if s.Flags&packet.ACK != 0 {
		o.confirm(s.Ack)
	}
	if n := len(s.Payload) + s.Cut; n > 0 {
		c.payload(side, seq, s)
		seq += uint32(n)
	}
	switch {
	case s.Flags&packet.RST != 0:
		c.reset(side, seq)
	case s.Flags&packet.FIN != 0:
		c.fin(side, seq)
	}
	c.settle()
}

// payload takes the bytes of a segment. They begin at seq.
func (c *conn) payload(side int, seq uint32, s *packet.Segment) {
	h := &c.half[side]
	counts := &c.a.counts
	c.decide(side, s.Payload)
	known, kept := s.Payload, uint32(len(s.Payload))
	end := seq + kept + uint32(s.Cut)
	if h.ended {
		c.tooLate(h, s)
		return
	}
	h.heard = true
	if !after(end, h.next) {
		counts.Repeated += uint64(end - seq)
		return
	}
	if h.ending && after(end, h.end) {
		h.ending, h.reset = false, false // the direction went on, so the FIN or RST was not its own
	}
	if old := h.next - seq; before(seq, h.next) {
		counts.Repeated += uint64(old)
		known = known[min(old, kept):]
		seq = h.next
	}
	acks := s.Flags&packet.ACK != 0
	if seq == h.next && len(h.pieces) == 0 && c.client != undecided && !(acks && c.half[1-side].lacks(s.Ack)) {
		c.tell(side, known, end-seq-uint32(len(known)), s.Time)
		return
	}
	run := piece{seq: seq, n: uint32(len(known)), data: known, ack: s.Ack, acks: acks, at: s.Time}
	c.hold(h, run)
	run.seq, run.data = seq+run.n, nil
	run.n = end - run.seq
	c.hold(h, run)
}

// tooLate counts a segment that comes after the end of its direction.
func (c *conn) tooLate(h *half, s *packet.Segment) {
	switch n := uint32(len(s.Payload) + s.Cut); {
	case n == 0:
	case h.known && !after(s.Seq+n, h.next):
		c.a.counts.Repeated += uint64(n)
	default:
		c.a.counts.Outside++
	}
}

// hold keeps a piece until it can be told.
func (c *conn) hold(h *half, p piece) {
	if p.n == 0 {
		return
	}
	cost, repeated := h.pieces.insert(p)
	c.a.counts.Repeated += uint64(repeated)
	c.weigh(cost)
}

// weigh adds cost to the memory that the connection holds.
func (c *conn) weigh(cost int) {
	c.cost += cost
	c.a.counts.Waiting += cost
}

// tell passes on the next bytes of a side, and then a hole of missing bytes.
func (c *conn) tell(side int, p []byte, missing uint32, at int64) {
	h := &c.half[side]
	stream, d := c.wanted(), c.dir(side)
	h.finGap = false
	if len(p) > 0 {
		h.next += uint32(len(p))
		c.a.counts.Bytes += uint64(len(p))
		if stream != nil {
			stream.Data(d, p, at)
		}
	}
	if missing > 0 {
		h.next += missing
		c.a.counts.Gaps++
		c.a.counts.Missing += uint64(missing)
		if stream != nil {
			stream.Gap(d, int64(missing), at)
		}
	}
}

// pump tells all pieces that can be told.
func (c *conn) pump() {
	for c.client != undecided && !c.over && (c.pumpSide(c.client) || c.pumpSide(1-c.client) || c.untie()) {
	}
}

// pumpSide tells the pieces of a side that can be told. It reports whether there were
// any.
func (c *conn) pumpSide(side int) (told bool) {
	h, o := &c.half[side], &c.half[1-side]
	for !h.ended && h.ready() && !(h.pieces[0].acks && o.lacks(h.pieces[0].ack)) {
		c.tellFirst(side)
		told = true
	}
	if h.ending && h.end == h.next && !h.ended {
		c.endSide(side, c.last)
		told = true
	}
	return told
}

// tellFirst tells the first piece of a side, which is ready.
func (c *conn) tellFirst(side int) {
	p := c.half[side].pieces.pop()
	c.weigh(-p.cost())
	if p.data != nil {
		c.tell(side, p.data, 0, p.at)
	} else {
		c.tell(side, nil, p.n, p.at)
	}
}

// untie goes on when both sides wait for each other. Each says that it received the next
// piece of the other before it sent its own. Retransmitted segments do that.
func (c *conn) untie() bool {
	if !c.half[0].ready() || !c.half[1].ready() || c.half[0].ended || c.half[1].ended {
		return false
	}
	c.tellFirst(c.client)
	return true
}

// settle tells what can be told after a segment, and updates the waits.
func (c *conn) settle() {
	if c.over || c.quiet() {
		return
	}
	c.pump()
	c.patience()
	c.enlist()
	if c.a.exceeded(c) {
		c.a.enforce(c)
		c.enlist()
	}
}

// quiet reports whether nothing waits and nothing ends. This is the common case.
func (c *conn) quiet() bool {
	return c.cost == 0 && c.links[byWait].on == nil && c.client != undecided && c.half[0].calm() && c.half[1].calm()
}

// calm reports whether the direction has told all that it is known to have sent.
func (h *half) calm() bool {
	return !h.ending && (!h.acks || !after(h.acked, h.next))
}

// enlist puts the connection into the list of those that wait, or removes it.
func (c *conn) enlist() {
	waits := !c.over && (c.cost > 0 || c.half[0].wait.on || c.half[1].wait.on || c.broken)
	on := c.links[byWait].on != nil
	switch {
	case waits && !on:
		c.a.waiting.add(c)
	case !waits && on:
		c.a.waiting.remove(c)
	}
}
