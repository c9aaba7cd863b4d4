package tcp

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"testing"

	"github.com/starling-load/starling/record/capture/packet"
)

// octet is the byte at a sequence number. In these tests it is the same for both senders.
func octet(seq uint32) byte { return byte(seq*2654435761>>24) ^ byte(seq) }

// A critic is a Stream that knows what it must be told.
type critic struct {
	t      testing.TB
	a      *Assembler
	next   [2]uint32
	told   [2]bool
	ended  [2]bool
	closed bool
}

// half returns the half of which something was just told.
func (k *critic) half(d Dir) *half {
	for _, c := range k.a.conns {
		if c.stream == Stream(k) {
			side := c.client
			if d == FromServer {
				side = 1 - side
			}
			return &c.half[side]
		}
	}
	k.t.Fatal("a connection that is forgotten tells something")
	return nil
}

func (k *critic) advance(d Dir, n uint32) uint32 {
	seq := k.half(d).next - n
	switch {
	case k.closed || k.ended[d]:
		k.t.Fatalf("%v: bytes after the end", d)
	case k.told[d] && seq != k.next[d]:
		k.t.Fatalf("%v: told %d behind %d", d, seq, k.next[d])
	}
	k.told[d], k.next[d] = true, seq+n
	return seq
}

func (k *critic) Data(d Dir, p []byte, at int64) {
	if len(p) == 0 {
		k.t.Fatal("empty data")
	}
	seq := k.advance(d, uint32(len(p)))
	for i := range p {
		if p[i] != octet(seq+uint32(i)) {
			k.t.Fatalf("%v: byte %d is %x", d, seq+uint32(i), p[i])
		}
	}
}

func (k *critic) Gap(d Dir, n, at int64) {
	if n < 1 {
		k.t.Fatalf("a gap of %d", n)
	}
	k.advance(d, uint32(n))
}

func (k *critic) End(d Dir, at int64, reset bool) {
	if k.ended[d] || k.closed {
		k.t.Fatalf("%v: a second end", d)
	}
	k.ended[d] = true
}

func (k *critic) Close(at int64) {
	if k.closed {
		k.t.Fatal("closed twice")
	}
	k.closed = true
}

// check checks what must always hold.
func check(t testing.TB, a *Assembler) {
	t.Helper()
	n := a.Counts()
	waiting := 0
	for _, c := range a.conns {
		waiting += c.cost
		if c.knock != nil {
			waiting += c.knock.payload
		}
		cost := 0
		for _, h := range c.half {
			if h.ending && !h.ended && before(h.end, h.next) {
				t.Fatal("a direction is beyond its end")
			}
			for i := range h.pieces {
				cost += h.pieces[i].cost()
				if i > 0 && before(h.pieces[i].seq, h.pieces[i-1].end()) {
					t.Fatal("pieces overlap")
				}
			}
		}
		if cost != c.cost || c.cost > a.o.MaxFlowBytes {
			t.Fatalf("a connection holds %d and says %d; the most is %d", cost, c.cost, a.o.MaxFlowBytes)
		}
		if c.cost > 0 && c.links[byWait].on == nil {
			t.Fatal("a connection waits and is not in the list")
		}
	}
	if waiting != n.Waiting || waiting > a.o.MaxBytes || len(a.conns) > a.o.MaxConns {
		t.Fatalf("%d bytes wait and %d are counted; the most is %d; %d connections", waiting, n.Waiting, a.o.MaxBytes, len(a.conns))
	}
	if len(a.conns) != a.talking.n+a.resting.n {
		t.Fatalf("%d connections, %d in lists", len(a.conns), a.talking.n+a.resting.n)
	}
}

// feed gives an assembler the segments that data describes, 6 bytes each.
func feed(t testing.TB, data []byte) Counts {
	var a *Assembler
	a = New(Options{
		IsRequest:    func(p []byte) bool { return len(p) > 0 && p[0] < 16 },
		MaxFlowBytes: 800, MaxBytes: 1200, MaxConns: 3,
	}, func(*Conn) Stream { return &critic{t: t, a: a} })
	now := int64(1e18)
	base := [2]uint32{0xffffff80, 0x7fffff00}
	for ; len(data) >= 6; data = data[6:] {
		from := data[0] & 1
		port := 20000 + uint16(data[0]>>1&3)
		ends := [2]netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 1}), port), netip.MustParseAddrPort("10.0.0.2:80")}
		if data[0]&128 != 0 {
			now += 1 << (data[0] >> 3 & 15) * 1e6
		}
		s := packet.Segment{
			Time: now, Src: ends[from], Dst: ends[1-from], Flags: packet.Flags(data[1] & 7),
			Seq: base[from] + uint32(data[2]), Ack: base[1-from] + uint32(data[3]), Cut: int(data[4] >> 6 & data[5] & 7),
		}
		if data[1]&128 == 0 {
			s.Flags |= packet.ACK
		}
		if data[1]&96 == 96 {
			s.Seq, s.Ack = s.Seq*0x1000193, s.Ack*0x1000193 // far away
		}
		s.Payload = make([]byte, data[4]&63)
		for i := range s.Payload {
			s.Payload[i] = octet(s.Seq + uint32(i))
			if s.Flags&packet.SYN != 0 {
				s.Payload[i] = octet(s.Seq + 1 + uint32(i))
			}
		}
		a.Segment(&s)
		check(t, a)
	}
	a.Close()
	if n := a.Counts(); n.Waiting != 0 || n.Open != 0 || len(a.conns) != 0 || a.waiting.n != 0 {
		t.Fatalf("after the end: %+v, %d connections", n, len(a.conns))
	}
	return a.Counts()
}

// TestAResetWhereBytesWaitDoesNotEndBeforeThem resets a direction at the place of bytes
// that wait until the client is known.
func TestAResetWhereBytesWaitDoesNotEndBeforeThem(t *testing.T) {
	var a *Assembler
	a = New(Options{IsRequest: func(p []byte) bool { return p[0] == octet(500) }}, func(*Conn) Stream { return &critic{t: t, a: a} })
	ends := [2]netip.AddrPort{netip.MustParseAddrPort("10.0.0.1:20000"), netip.MustParseAddrPort("10.0.0.2:30000")}
	send := func(from int, flags packet.Flags, seq, ack uint32, n int) {
		s := packet.Segment{Time: 1e18, Src: ends[from], Dst: ends[1-from], Flags: flags | packet.ACK, Seq: seq, Ack: ack}
		for i := range n {
			s.Payload = append(s.Payload, octet(seq+uint32(i)))
		}
		a.Segment(&s)
		check(t, a)
	}
	send(1, 0, 1000, 500, 4)
	send(1, packet.RST, 1000, 500, 0)
	send(0, 0, 500, 1000, 4) // now the client is known
	a.Close()
	if n := a.Counts(); n.Waiting != 0 || n.Open != 0 || n.Bytes == 0 {
		t.Errorf("after the end: %+v", n)
	}
}

func FuzzAssembler(f *testing.F) {
	f.Add([]byte("\x00\x02\x00\x00\x00\x00\x01\x02\x00\x01\x00\x00\x00\x00\x01\x01\x04\x00"))
	f.Add(bytes.Repeat([]byte{0, 0, 10, 1, 5, 0, 1, 0, 1, 20, 4, 0}, 20))
	f.Fuzz(func(t *testing.T, data []byte) { feed(t, data) })
}

func TestArbitrarySegmentsKeepOrderAndBounds(t *testing.T) {
	var sum Counts
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 0))
		data := make([]byte, 6*400)
		for i := range data {
			data[i] = byte(random.Uint32())
			switch i % 6 {
			case 0:
				if random.IntN(10) > 0 {
					data[i] &= 127 // time rarely passes
				}
			case 1:
				if random.IntN(8) > 0 {
					data[i] = 16 // payload and ACK alone
				}
			}
		}
		n := feed(t, data)
		sum.Bytes += n.Bytes
		sum.Gaps += n.Gaps
		sum.Overflows += n.Overflows
		sum.Repeated += n.Repeated
		sum.Outside += n.Outside
		sum.Evicted += n.Evicted
	}
	if sum.Bytes == 0 || sum.Gaps == 0 || sum.Overflows == 0 || sum.Repeated == 0 || sum.Outside == 0 || sum.Evicted == 0 {
		t.Errorf("something was not tried: %+v", sum)
	}
}

func TestOneByteSegmentsOutOfOrderStayWithinTheBudget(t *testing.T) {
	s := newStory(t, Options{MaxFlowBytes: 1 << 20})
	s.play(shake + "> A 1 1 GET1")
	for i := range 10_000 {
		s.line("< A " + strconv.Itoa(20_000-2*i) + " 5 x")
		if n := s.a.Counts(); n.Waiting > 1<<20 {
			t.Fatalf("%d bytes of memory for %d segments", n.Waiting, i+1)
		}
	}
	if n := s.a.Counts(); n.Overflows == 0 || n.Gaps == 0 {
		t.Errorf("nothing was given up: %+v", n)
	}
	s.a.Close()
}

func TestInOrderSegmentsTakeNoMemory(t *testing.T) {
	s := newStory(t, Options{})
	s.play(shake)
	a := New(Options{}, func(*Conn) Stream { return discard{} })
	g := packet.Segment{Time: 1e18, Src: s.addresses[0], Dst: s.addresses[1], Flags: packet.SYN}
	a.Segment(&g)
	g.Flags, g.Seq, g.Payload = packet.ACK, 1, make([]byte, 1460)
	if n := testing.AllocsPerRun(1000, func() {
		g.Time += 1e6
		a.Segment(&g)
		g.Seq += 1460
	}); n != 0 {
		t.Errorf("%v allocations for a segment in order", n)
	}
}

// discard is a Stream that does nothing.
type discard struct{}

func (discard) Data(Dir, []byte, int64) {}
func (discard) Gap(Dir, int64, int64)   {}
func (discard) End(Dir, int64, bool)    {}
func (discard) Close(int64)             {}

func BenchmarkSegmentInOrder(b *testing.B) {
	a := New(Options{}, func(*Conn) Stream { return discard{} })
	ends := [2]netip.AddrPort{netip.MustParseAddrPort("10.0.0.1:40000"), netip.MustParseAddrPort("10.0.0.2:80")}
	g := packet.Segment{Time: 1e18, Src: ends[0], Dst: ends[1], Flags: packet.SYN}
	a.Segment(&g)
	g.Flags, g.Seq, g.Payload = packet.ACK, 1, make([]byte, 1460)
	b.SetBytes(1460)
	b.ReportAllocs()
	for b.Loop() {
		a.Segment(&g)
		g.Seq += 1460
		g.Time += 1000
	}
}
