package packet

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/google/gopacket"
)

// feed decodes packets one second apart (gap). It returns the segments that it found.
func feed(d *decoder, gap int64, packets ...[]byte) (found []Segment) {
	for i, p := range packets {
		var s Segment
		first, rest := link(linkRaw, p)
		if d.decode(&s, first, rest, 1e18+int64(i)*gap) {
			s.Payload = slices.Clone(s.Payload)
			found = append(found, s)
		}
	}
	return found
}

func TestFragmentsOfAPacket(t *testing.T) {
	const second = 1e9
	payload := strings.Repeat("0123456789", 300)
	v4, v6 := split4(plain4(payload), 1480), split6(plain6(payload), 1448)
	reversed := slices.Clone(v4)
	slices.Reverse(reversed)
	overlapping := slices.Clone(v4[1])
	binary.BigEndian.PutUint16(overlapping[6:], binary.BigEndian.Uint16(overlapping[6:])-1)
	differing := slices.Clone(v4[0])
	differing[len(differing)-1]++
	otherEnd := slices.Clone(v4[2][:len(v4[2])-8])
	binary.BigEndian.PutUint16(otherEnd[2:], uint16(len(otherEnd)))
	otherID := func(p []byte) []byte { p = slices.Clone(p); p[5]++; return p }
	beyond := slices.Clone(v4[1])
	binary.BigEndian.PutUint16(beyond[6:], 0x1fff)
	odd := slices.Clone(v4[0][:len(v4[0])-3])
	binary.BigEndian.PutUint16(odd[2:], uint16(len(odd)))
	inner := over(portVXLAN, vni(4), gopacket.Payload(framed(0x0800, plain4(payload))))
	tests := []struct {
		name    string
		packets [][]byte
		gap     int64
		whole   int // segments with the payload
		lost    uint64
	}{
		{"three in order are one segment", v4, second, 1, 0},
		{"three in reverse are one segment", reversed, second, 1, 0},
		{"three of IPv6 are one segment", v6, second, 1, 0},
		{"a packet in a tunnel whose outer packet is in fragments", split4(inner[14:], 1480), second, 1, 0},
		{"an exact copy does no harm", [][]byte{v4[0], v4[0], v4[1], v4[2]}, second, 1, 0},
		{"a copy with other bytes refuses the packet", [][]byte{v4[0], differing, v4[1], v4[2]}, second, 0, 4},
		{"an overlap refuses the packet", [][]byte{v4[0], overlapping, v4[1], v4[2]}, second, 0, 4},
		{"two different ends refuse the packet", [][]byte{v4[0], v4[2], otherEnd, v4[1]}, second, 0, 4},
		{"bytes behind the end refuse the packet", [][]byte{v4[2], v4[0], beyond, v4[1]}, second, 1, 1},
		{"one missing gives nothing", [][]byte{v4[0], v4[2]}, second, 0, 2},
		{"thirty seconds are too long", v4, 16 * second, 0, 3},
		{"two packets in turn", [][]byte{v4[0], otherID(v4[0]), v4[1], otherID(v4[1]), v4[2], otherID(v4[2])}, second, 2, 0},
		{"the same identifier again, after the first is whole", slices.Concat(v4, v4), second, 2, 0},
		{"a fragment with a remainder of eight is refused alone", slices.Concat([][]byte{odd}, v4), second, 1, 1},
		{"a fragment cut by the snap length counts as lost", [][]byte{v4[0][:500], v4[1], v4[2]}, second, 0, 3},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			d := newDecoder(&Filter{})
			found := feed(d, c.gap, c.packets...)
			d.frags.end()
			if len(found) != c.whole {
				t.Errorf("%d segments, want %d (%+v)", len(found), c.whole, d.counts)
			}
			for _, s := range found {
				if string(s.Payload) != payload || s.Cut != 0 {
					t.Errorf("segment of %d bytes, cut %d, want the %d of the payload", len(s.Payload), s.Cut, len(payload))
				}
			}
			if n := d.counts; n.Fragments != uint64(len(c.packets)) || n.FragmentsLost != c.lost {
				t.Errorf("counted %+v, want %d fragments, %d lost", n, len(c.packets), c.lost)
			}
			if d.frags.size != 0 || len(d.frags.waiting) != 0 || len(d.frags.order) != 0 {
				t.Errorf("%d bytes of %d packets wait at the end", d.frags.size, len(d.frags.waiting))
			}
		})
	}
}

func TestFragmentsTakeBoundedMemory(t *testing.T) {
	first := split4(plain4(strings.Repeat("x", 3000)), 1480)[0]
	tiny := split4(plain4(strings.Repeat("x", 6000)), 8)
	d := newDecoder(&Filter{})
	for i := range 50_000 {
		p := slices.Clone(first)
		binary.BigEndian.PutUint32(p[12:], uint32(i)) // another source each time
		feed(d, 0, p)
	}
	if d.frags.size > fragmentBudget || len(d.frags.waiting) > fragmentPackets {
		t.Errorf("%d bytes of %d packets wait", d.frags.size, len(d.frags.waiting))
	}
	if n := d.counts; n.FragmentsLost+uint64(len(d.frags.waiting)) != n.Fragments {
		t.Errorf("%d wait and %d are lost of %d", len(d.frags.waiting), n.FragmentsLost, n.Fragments)
	}
	if found := feed(d, 0, tiny...); len(found) != 0 {
		t.Errorf("a packet of %d fragments was put together", len(tiny))
	}

	d = newDecoder(&Filter{})
	feed(d, 0, first) // waits for ever, before all others
	for i := range 20_000 {
		for _, p := range split4(plain4("0123456789abcdef"), 24) {
			binary.BigEndian.PutUint32(p[12:], uint32(i))
			feed(d, 0, p)
		}
	}
	if d.counts.Segments != 20_000 || len(d.frags.order) > 1000 {
		t.Errorf("%d packets put together, %d remembered", d.counts.Segments, len(d.frags.order))
	}
}
