package tcp

import (
	"bytes"
	"net/netip"
	"time"

	"github.com/starling-load/starling/record/capture/packet"
)

// sweepEvery is how often holes and silent connections are checked, in packet time.
const sweepEvery = int64(100 * time.Millisecond)

// restTime is how long the addresses of a connection are remembered after it is over. The
// same holds for a connection that has said nothing.
const restTime = int64(time.Minute)

// An Assembler puts the segments of any number of connections in order. It belongs
// to one goroutine. Its memory is bounded by Options.MaxConns and Options.MaxBytes.
type Assembler struct {
	o      Options
	open   func(*Conn) Stream
	counts Counts

	conns   map[key]*conn
	recent  *conn // of the last segment
	now     int64 // latest packet time
	sweepAt int64

	talking list // connections that have sent something and are open
	resting list // all others
	waiting list // connections with pieces or holes that wait
}

// A key names a connection by its addresses, the smaller one first.
type key struct {
	a, b         [16]byte
	portA, portB uint16
	net          uint32
}

// New returns an Assembler. It calls open for the Stream of a connection, once it knows
// which side is the client and has something to tell. If open returns nil, the connection
// is passed over.
func New(o Options, open func(*Conn) Stream) *Assembler {
	return &Assembler{
		o: o.withDefaults(), open: open, conns: map[key]*conn{},
		talking: list{kind: byAge}, resting: list{kind: byAge}, waiting: list{kind: byWait},
	}
}

// Segment takes the next segment. It does not keep the payload after the call.
func (a *Assembler) Segment(s *packet.Segment) {
	a.counts.Segments++
	a.Advance(s.Time)
	k, side := keyOf(s)
	c := a.recent
	if c == nil || c.key != k {
		c = a.conns[k]
	}
	if c = a.of(c, k, side, s); c == nil {
		return
	}
	a.recent = c
	c.take(side, s)
	a.touch(c)
}

// Advance says that packet time has reached now without a segment. Holes that have waited
// too long are told, and connections that were silent for too long are closed. now is in
// nanoseconds since the Unix epoch.
func (a *Assembler) Advance(now int64) {
	a.now = max(a.now, now)
	if a.now >= a.sweepAt {
		a.sweep()
	}
}

// Close tells what still waits, holes included, and closes all connections. It begins
// with the one that was silent for longest.
func (a *Assembler) Close() {
	for _, l := range []*list{&a.talking, &a.resting} {
		for l.head != nil {
			a.retire(l.head)
		}
	}
}

// Counts returns the numbers of this moment.
func (a *Assembler) Counts() Counts {
	n := a.counts
	n.Open = a.talking.n
	return n
}

// keyOf returns the key of a segment's connection and the side that sent it.
func keyOf(s *packet.Segment) (key, int) {
	src, dst := s.Src.Addr().As16(), s.Dst.Addr().As16()
	order := bytes.Compare(src[:], dst[:])
	if order > 0 || order == 0 && s.Src.Port() > s.Dst.Port() {
		return key{a: dst, b: src, portA: s.Dst.Port(), portB: s.Src.Port(), net: s.Net}, 1
	}
	return key{a: src, b: dst, portA: s.Src.Port(), portB: s.Dst.Port(), net: s.Net}, 0
}

// begin makes a connection whose first segment came from side.
func (a *Assembler) begin(k key, side int, s *packet.Segment) *conn {
	for len(a.conns) >= a.o.MaxConns {
		a.evict()
	}
	c := &conn{a: a, key: k, opened: s.Time, last: a.now, client: undecided, first: side}
	c.addrs = [2]netip.AddrPort{s.Src, s.Dst}
	if side == 1 {
		c.addrs = [2]netip.AddrPort{s.Dst, s.Src}
	}
	a.conns[k] = c
	a.resting.add(c)
	return c
}

// retire finishes a connection and forgets its addresses.
func (a *Assembler) retire(c *conn) {
	c.finish(c.last)
	a.resting.remove(c)
	delete(a.conns, c.key)
	if a.recent == c {
		a.recent = nil
	}
}

// evict makes room for one connection.
func (a *Assembler) evict() {
	if c := a.resting.head; c != nil {
		a.retire(c)
		return
	}
	a.counts.Evicted++
	a.retire(a.talking.head)
}

// touch notes that a connection is alive.
func (a *Assembler) touch(c *conn) {
	switch l := c.links[byAge].on; {
	case l == &a.resting && !c.over && (c.half[0].heard || c.half[1].heard):
		a.resting.remove(c)
		a.talking.add(c)
	case l != nil && !c.over:
		l.renew(c)
	}
}

// rest notes that a connection is over.
func (a *Assembler) rest(c *conn) {
	a.talking.remove(c)
	a.resting.remove(c)
	a.resting.add(c)
}

// exceeded reports whether a memory bound is exceeded.
func (a *Assembler) exceeded(c *conn) bool { return c.exceeds() || a.counts.Waiting > a.o.MaxBytes }

// exceeds reports whether the connection alone holds too much.
func (c *conn) exceeds() bool {
	return c.cost > c.a.o.MaxFlowBytes || len(c.half[0].pieces) > maxPieces || len(c.half[1].pieces) > maxPieces
}

// enforce gives up holes: first in c, until c holds no more than it may, then in the
// connections that wait for longest. Every connection that holds pieces is in a.waiting.
func (a *Assembler) enforce(c *conn) {
	for c.exceeds() && c.relent() {
		a.counts.Overflows++
	}
	for v := a.waiting.head; v != nil && a.counts.Waiting > a.o.MaxBytes; {
		next := v.links[byWait].next
		if v.cost > 0 {
			a.counts.Overflows++
			v.drain()
			v.enlist()
		}
		v = next
	}
}

// sweep checks the connections to which no segment has come.
func (a *Assembler) sweep() {
	a.sweepAt = a.now + sweepEvery
	for c := a.waiting.head; c != nil; {
		next := c.links[byWait].next
		c.patience()
		c.enlist()
		c = next
	}
	a.expire(&a.talking, a.now-int64(a.o.Idle))
	a.expire(&a.resting, a.now-restTime)
}

// expire closes the connections of l whose last segment came before olderThan.
func (a *Assembler) expire(l *list, olderThan int64) {
	for l.head != nil && l.head.last < olderThan {
		a.retire(l.head)
	}
}
