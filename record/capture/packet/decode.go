package packet

import (
	"errors"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// maxTunnels is how many tunnels may be nested. maxTags is how many VLAN tags in a row
// are kept.
const (
	maxTunnels = 4
	maxTags    = 8
)

// The reasons why a packet gives no segment. They stay inside the package.
var (
	errMalformed = errors.New("malformed packet")
	errOther     = errors.New("not TCP")
	errFragment  = errors.New("fragment of a packet that is not whole yet")
)

// decoder finds the innermost TCP segment of a packet. It decodes into itself. It
// allocates memory only to keep fragments. It belongs to one goroutine at a time.
type decoder struct {
	filter *Filter
	counts Counts
	frags  fragments

	parsers map[gopacket.LayerType]*gopacket.DecodingLayerParser
	latest  *gopacket.DecodingLayerParser // the parser of the layer latestFirst
	table   gopacket.DecodingLayerSparse
	decoded []gopacket.LayerType

	latestFirst gopacket.LayerType

	// These describe the current packet.
	seg     *Segment
	done    bool // seg is filled in
	cut     int  // bytes of the innermost IP packet that the capture did not keep
	tunnels int
	tags    [maxTags]uint16
	tagged  int
	ip      addresses
}

func newDecoder(f *Filter) *decoder {
	d := &decoder{
		filter:  f,
		frags:   newFragments(),
		parsers: make(map[gopacket.LayerType]*gopacket.DecodingLayerParser),
		table:   gopacket.DecodingLayerSparse{},
		decoded: make([]gopacket.LayerType, 0, 32),
	}
	d.frags.lost = &d.counts.FragmentsLost
	var table gopacket.DecodingLayerContainer = d.table
	for _, l := range []gopacket.DecodingLayer{
		&ethernet{}, &vlan{d: d}, &layers.Loopback{}, &sll{}, &ppp{}, &pppoe{}, &mpls{},
		&ipv4{d: d}, &ipv6{d: d}, &udp{}, &vxlan{d: d}, &geneve{d: d}, &gre{d: d}, &tcp{d: d},
	} {
		table = table.Put(l)
	}
	d.table = table.(gopacket.DecodingLayerSparse)
	return d
}

// decode looks for a segment in data. data is a packet captured at time (Unix ns), and
// first is the type of its first layer. decode reports whether s holds a segment now. It
// counts the packet in any case. tags are VLAN identifiers that came beside the data.
func (d *decoder) decode(s *Segment, first gopacket.LayerType, data []byte, time int64, tags ...uint16) bool {
	d.counts.Packets++
	d.counts.Bytes += uint64(len(data))
	*s = Segment{Time: time}
	d.seg, d.done, d.cut, d.tunnels, d.tagged = s, false, 0, 0, 0
	for _, id := range tags {
		d.tag(id)
	}
	err := d.parser(first).DecodeLayers(data, &d.decoded)
	switch {
	case err == nil && d.done:
		return d.admit()
	case err == nil || err == errOther:
		d.counts.Other++
	case err != errFragment:
		d.counts.Malformed++
	}
	return false
}

// admit applies the filter to the segment found.
func (d *decoder) admit() bool {
	s := d.seg
	if !d.filter.match(s, d.tags[:d.tagged]) {
		d.counts.Filtered++
		return false
	}
	d.counts.Segments++
	if s.Cut > 0 {
		d.counts.Cut++
	}
	return true
}

// parser returns the parser for this first layer. If no code here decodes the layer,
// every such packet counts as Counts.Other. A panic of a layer becomes an error.
func (d *decoder) parser(first gopacket.LayerType) *gopacket.DecodingLayerParser {
	if d.latest != nil && d.latestFirst == first {
		return d.latest
	}
	p := d.parsers[first]
	if p == nil {
		p = gopacket.NewDecodingLayerParser(first)
		p.SetDecodingLayerContainer(d.table)
		p.IgnoreUnsupported = true
		d.parsers[first] = p
	}
	d.latest, d.latestFirst = p, first
	return p
}

// tag notes a VLAN tag around the rest of the packet. Identifier 0 only carries a
// priority and is not a network (IEEE 802.1Q, 9.6).
func (d *decoder) tag(id uint16) {
	if id &= 0x0fff; id == 0 {
		return
	}
	d.seg.VLAN = id
	d.enter(netVLAN, uint32(id))
	if d.tagged < maxTags {
		d.tags[d.tagged] = id
		d.tagged++
	}
}

// tunnel notes that the rest of the packet lies in a tunnel.
func (d *decoder) tunnel(kind, id uint32) error {
	if d.tunnels++; d.tunnels > maxTunnels {
		return errOther
	}
	d.seg.VLAN = 0
	d.enter(kind, id)
	return nil
}

// The kinds of networks in Segment.Net.
const (
	netVLAN = 1 + iota
	netVXLAN
	netGENEVE
	netGRE
)

// enter sets Segment.Net for a network inside the present one. The outermost network is
// named by its kind and identifier. A nested one is named by a hash of all networks
// around it.
func (d *decoder) enter(kind, id uint32) {
	n := kind<<24 ^ id
	if d.seg.Net != 0 {
		n = (d.seg.Net*0x9e3779b1 ^ n) * 0x85ebca6b
		n ^= n >> 15
	}
	d.seg.Net = max(n, 1)
}
