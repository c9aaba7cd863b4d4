package packet

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// decodeOne decodes a packet of a file's link type.
func decodeOne(d *decoder, linkType uint32, p []byte) (s Segment, ok bool) {
	first, rest := link(linkType, p)
	ok = d.decode(&s, first, rest, 1e18)
	return s, ok
}

func TestPacketsThatHoldASegment(t *testing.T) {
	const hello = "GET / HTTP/1.1\r\n\r\n"
	big := strings.Repeat("0123456789abcdef", 70_000/16)
	merged4, merged6 := framed(layers.EthernetTypeIPv4, plain4(big[:60_000])), slices.Clone(plain6(big[:60_000]))
	merged4 = append(merged4, big[60_000:]...)
	binary.BigEndian.PutUint16(merged4[16:], 0)
	merged6 = append(merged6, big[60_000:]...)
	binary.BigEndian.PutUint16(merged6[4:], 0)
	hop := func(p []byte) []byte { return slices.Concat([]byte{protoTCP, 0, 1, 4, 0, 0, 0, 0}, p) }
	jumbo := append([]byte{protoTCP, 0, 0xc2, 4, 0, 0, 0, 0}, merged6[40:]...)
	binary.BigEndian.PutUint32(jumbo[4:], uint32(len(jumbo)))
	jumbo = slices.Concat(merged6[:40], jumbo)
	jumbo[6] = protoHopByHop
	cutShort := framed(layers.EthernetTypeIPv4, plain4(hello))
	oddOptions := plain4(hello)
	oddOptions[20+20] = 8 // a timestamp option
	oddOptions[20+21] = 0 // with length 0
	const v4, v6 = layers.EthernetTypeIPv4, layers.EthernetTypeIPv6
	tests := []struct {
		name    string
		link    uint32
		packet  []byte
		payload string
		cut     int
		vlan    uint16
		net     uint32 // anyNet: not 0
		v6      bool
	}{
		{name: "Ethernet with IPv4", link: linkEthernet, packet: framed(v4, plain4(hello)), payload: hello},
		{name: "Ethernet with IPv6", link: linkEthernet, packet: framed(v6, plain6(hello)), payload: hello, v6: true},
		{name: "an acknowledgment padded to 60 bytes has no payload", link: linkEthernet,
			packet: wire(eth(v4), ip4(client4, server4, layers.IPProtocolTCP), tcpHead())},
		{name: "a frame check sequence is no payload", link: linkEthernet, payload: hello,
			packet: append(framed(v4, plain4(hello)), 1, 2, 3, 4)},
		{name: "one VLAN tag", link: linkEthernet, payload: hello, vlan: 7, net: netVLAN<<24 | 7,
			packet: wire(eth(0x8100), dot1q(7, v4), gopacket.Payload(plain4(hello)))},
		{name: "802.1ad with 802.1Q within", link: linkEthernet, payload: hello, vlan: 8, net: anyNet,
			packet: wire(eth(0x88a8), dot1q(7, 0x8100), dot1q(8, v4), gopacket.Payload(plain4(hello)))},
		{name: "QinQ of old, with IPv6", link: linkEthernet, payload: hello, vlan: 9, net: anyNet, v6: true,
			packet: wire(eth(0x9100), dot1q(7, 0x8100), dot1q(9, v6), gopacket.Payload(plain6(hello)))},
		{name: "a priority tag is no VLAN", link: linkEthernet, payload: hello,
			packet: wire(eth(0x8100), &layers.Dot1Q{Priority: 5, Type: v4}, gopacket.Payload(plain4(hello)))},
		{name: "MPLS with two labels", link: linkEthernet, payload: hello,
			packet: wire(eth(0x8847), raw(0, 1, 0x40, 64), raw(0, 1, 0x51, 64), gopacket.Payload(plain4(hello)))},
		{name: "PPPoE", link: linkEthernet, payload: hello,
			packet: wire(eth(0x8864), raw(0x11, 0, 0, 9, 1, 0, 0x00, 0x21), gopacket.Payload(plain4(hello)))},
		{name: "Linux cooked", link: linkSLL, payload: hello, packet: slices.Concat(
			[]byte{0, 0, 3, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0}, plain4(hello))},
		{name: "Linux cooked with an absurd address length", link: linkSLL, payload: hello, packet: slices.Concat(
			[]byte{0, 0, 3, 4, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0}, plain4(hello))},
		{name: "Linux cooked with a VLAN tag", link: linkSLL, payload: hello, vlan: 5, net: netVLAN<<24 | 5, packet: slices.Concat(
			[]byte{0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0x81, 0, 0, 5, 8, 0}, plain4(hello))},
		{name: "Linux cooked, version 2, with IPv6", link: linkSLL2, payload: hello, v6: true, packet: slices.Concat(
			[]byte{0x86, 0xdd, 0, 0, 0, 0, 0, 1, 3, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0}, plain6(hello))},
		{name: "raw IP", link: linkRaw, packet: plain4(hello), payload: hello},
		{name: "raw IP with version 6", link: linkRaw, packet: plain6(hello), payload: hello, v6: true},
		{name: "raw IP as BSD numbers it", link: linkRawBSD, packet: plain4(hello), payload: hello},
		{name: "raw IP as OpenBSD numbers it", link: linkRawOpen, packet: plain4(hello), payload: hello},
		{name: "raw IPv4", link: linkIPv4, packet: plain4(hello), payload: hello},
		{name: "raw IPv6", link: linkIPv6, packet: plain6(hello), payload: hello, v6: true},
		{name: "BSD loopback of a little-endian machine", link: linkNull, payload: hello,
			packet: slices.Concat([]byte{2, 0, 0, 0}, plain4(hello))},
		{name: "BSD loopback of a big-endian machine", link: linkNull, payload: hello,
			packet: slices.Concat([]byte{0, 0, 0, 2}, plain4(hello))},
		{name: "BSD loopback with IPv6 of macOS", link: linkNull, payload: hello, v6: true,
			packet: slices.Concat([]byte{30, 0, 0, 0}, plain6(hello))},
		{name: "OpenBSD loopback with IPv6", link: linkLoop, payload: hello, v6: true,
			packet: slices.Concat([]byte{0, 0, 0, 24}, plain6(hello))},
		{name: "PPP", link: linkPPP, packet: slices.Concat([]byte{0x00, 0x21}, plain4(hello)), payload: hello},
		{name: "PPP with HDLC framing and a short protocol", link: linkPPPHDLC, payload: hello, v6: true,
			packet: slices.Concat([]byte{0xff, 3, 0x57}, plain6(hello))},
		{name: "VXLAN", link: linkEthernet, payload: hello, net: netVXLAN<<24 | 42,
			packet: over(portVXLAN, vni(42), gopacket.Payload(framed(v4, plain4(hello))))},
		{name: "VXLAN on the port of Linux", link: linkEthernet, payload: hello, net: netVXLAN<<24 | 42,
			packet: over(portVXLANLinux, vni(42), gopacket.Payload(framed(v4, plain4(hello))))},
		{name: "VXLAN with a VLAN within", link: linkEthernet, payload: hello, net: anyNet, vlan: 3,
			packet: over(portVXLAN, vni(42), gopacket.Payload(wire(eth(0x8100), dot1q(3, v4), gopacket.Payload(plain4(hello)))))},
		{name: "a VLAN around VXLAN is not that of the segment", link: linkEthernet, payload: hello, net: anyNet,
			packet: wire(eth(0x8100), dot1q(3, v4), ip4(vtepA, vtepB, 17), udpTo(portVXLAN), vni(42),
				gopacket.Payload(framed(v4, plain4(hello))))},
		{name: "four tunnels in each other", link: linkEthernet, payload: "deep", net: anyNet, packet: vxlanDepth(4)},
		{name: "GENEVE with options and Ethernet", link: linkEthernet, payload: hello, net: netGENEVE<<24 | 9,
			packet: over(portGENEVE, gopacket.Payload(genevePacket(9, 0x6558, make([]byte, 252), framed(v4, plain4(hello)))))},
		{name: "GENEVE with IP at once", link: linkEthernet, payload: hello, net: netGENEVE << 24, v6: true,
			packet: over(portGENEVE, gopacket.Payload(genevePacket(0, 0x86dd, nil, plain6(hello))))},
		{name: "GRE", link: linkEthernet, payload: hello, net: netGRE << 24,
			packet: wire(eth(v4), ip4(vtepA, vtepB, 47), raw(0, 0, 8, 0), gopacket.Payload(plain4(hello)))},
		{name: "GRE with checksum, key and sequence", link: linkEthernet, payload: hello, net: netGRE<<24 | 5,
			packet: wire(eth(v4), ip4(vtepA, vtepB, 47), raw(0xb0, 0, 8, 0, 1, 1, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1), gopacket.Payload(plain4(hello)))},
		{name: "ERSPAN type I", link: linkEthernet, payload: hello, net: netGRE << 24,
			packet: wire(eth(v4), ip4(vtepA, vtepB, 47), raw(0, 0, 0x88, 0xbe), gopacket.Payload(framed(v4, plain4(hello))))},
		{name: "ERSPAN type II", link: linkEthernet, payload: hello, net: netGRE << 24,
			packet: wire(eth(v4), ip4(vtepA, vtepB, 47), raw(0x10, 0, 0x88, 0xbe, 0, 0, 0, 1), raw(make([]byte, 8)...),
				gopacket.Payload(framed(v4, plain4(hello))))},
		{name: "ERSPAN type III with a platform header", link: linkEthernet, payload: hello, net: netGRE << 24,
			packet: wire(eth(v4), ip4(vtepA, vtepB, 47), raw(0x10, 0, 0x22, 0xeb, 0, 0, 0, 1), raw(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
				raw(make([]byte, 8)...), gopacket.Payload(framed(v4, plain4(hello))))},
		{name: "IPv6 in IPv4", link: linkEthernet, payload: hello, v6: true,
			packet: wire(eth(v4), ip4(vtepA, vtepB, 41), gopacket.Payload(plain6(hello)))},
		{name: "IPv4 in IPv4", link: linkEthernet, payload: hello,
			packet: wire(eth(v4), ip4(vtepA, vtepB, 4), gopacket.Payload(plain4(hello)))},
		{name: "IPv6 extension headers", link: linkRaw, payload: hello, v6: true,
			packet: wire(ip6(protoHopByHop), raw(protoRouting, 0, 1, 4, 0, 0, 0, 0), raw(protoAuth, 0, 0, 0, 0, 0, 0, 0),
				raw(protoDestination, 0, 0, 0, 0, 0, 0, 1), raw(protoFragment, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
				raw(protoTCP, 0, 0, 0, 0, 0, 0, 9), gopacket.Payload(plain6(hello)[40:]))},
		{name: "IPv6 with a hop-by-hop header", link: linkRaw, payload: hello, v6: true,
			packet: wire(ip6(protoHopByHop), gopacket.Payload(hop(plain6(hello)[40:])))},
		{name: "an IPv4 packet of 70 kB merged by the card", link: linkEthernet, packet: merged4, payload: big},
		{name: "an IPv6 packet of 70 kB merged by the card", link: linkIPv6, packet: merged6, payload: big, v6: true},
		{name: "an IPv6 jumbogram", link: linkIPv6, packet: jumbo, payload: big, v6: true},
		{name: "payload cut by the snap length", link: linkEthernet, packet: cutShort[:len(cutShort)-6], payload: hello[:len(hello)-6], cut: 6},
		{name: "payload cut off wholly", link: linkEthernet, packet: cutShort[:len(cutShort)-len(hello)], cut: len(hello)},
		{name: "TCP options cut too", link: linkEthernet, packet: cutShort[:14+20+20], cut: len(hello)},
		{name: "a TCP header cut behind the window", link: linkEthernet, packet: cutShort[:14+20+16], cut: len(hello)},
		{name: "payload cut in a tunnel", link: linkEthernet, payload: hello[:10], cut: len(hello) - 10, net: netVXLAN<<24 | 1,
			packet: func() []byte {
				p := over(portVXLAN, vni(1), gopacket.Payload(framed(v4, plain4(hello))))
				return p[:len(p)-len(hello)+10]
			}()},
		{name: "odd TCP options", link: linkRaw, packet: oddOptions, payload: hello},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			d := newDecoder(&Filter{})
			s, ok := decodeOne(d, c.link, c.packet)
			if !ok {
				t.Fatalf("no segment: %+v", d.counts)
			}
			want := Segment{Time: 1e18, Src: netip.AddrPortFrom(client4, clientPort), Dst: netip.AddrPortFrom(server4, serverPort),
				Seq: 1000, Ack: 2000, Flags: ACK | PSH, Window: 501, Cut: c.cut, VLAN: c.vlan, Net: c.net}
			if c.v6 {
				want.Src, want.Dst = netip.AddrPortFrom(client6, clientPort), netip.AddrPortFrom(server6, serverPort)
			}
			if c.net == anyNet && s.Net != 0 {
				want.Net = s.Net
			}
			payload := s.Payload
			s.Payload = nil
			if !equalSegments(s, want) {
				t.Errorf("got  %+v\nwant %+v", s, want)
			}
			if string(payload) != c.payload {
				t.Errorf("payload of %d bytes %.60q, want %d bytes %.60q", len(payload), payload, len(c.payload), c.payload)
			}
			if n := d.counts; n.Packets != 1 || n.Segments != 1 || n.Bytes == 0 || (n.Cut == 1) != (c.cut > 0) {
				t.Errorf("counted %+v", n)
			}
		})
	}
}

// anyNet is a Segment.Net that is not 0.
const anyNet = 1<<32 - 1

func equalSegments(a, b Segment) bool {
	same := bytes.Equal(a.Payload, b.Payload)
	a.Payload, b.Payload = nil, nil
	return same && a.Time == b.Time && a.Src == b.Src && a.Dst == b.Dst && a.Seq == b.Seq && a.Ack == b.Ack &&
		a.Flags == b.Flags && a.Window == b.Window && a.Cut == b.Cut && a.VLAN == b.VLAN && a.Net == b.Net
}

func TestPacketsThatHoldNoSegment(t *testing.T) {
	const v4 = layers.EthernetTypeIPv4
	shortTotal := plain4("x")
	binary.BigEndian.PutUint16(shortTotal[2:], 10)
	tests := []struct {
		name      string
		link      uint32
		packet    []byte
		malformed bool
	}{
		{name: "ARP", link: linkEthernet, packet: framed(0x0806, make([]byte, 28))},
		{name: "UDP", link: linkEthernet, packet: over(53, text("query"))},
		{name: "ICMP", link: linkEthernet, packet: wire(eth(v4), ip4(client4, server4, 1), raw(8, 0, 0, 0))},
		{name: "a frame of IEEE 802.3 with a length", link: linkEthernet, packet: framed(60, make([]byte, 60))},
		{name: "a link type that nothing here decodes", link: 127, packet: make([]byte, 100)},
		{name: "a fifth tunnel", link: linkEthernet, packet: vxlanDepth(5)},
		{name: "no VXLAN, by its flags", link: linkEthernet, packet: over(portVXLAN, raw(make([]byte, 60)...))},
		{name: "a control message of GENEVE", link: linkEthernet, packet: over(portGENEVE, raw(0, 0x80, 8, 0, 0, 0, 0, 0))},
		{name: "an encrypted IPv6 packet", link: linkRaw, packet: wire(ip6(50), raw(make([]byte, 40)...))},
		{name: "IPv6 without anything", link: linkRaw, packet: wire(ip6(59))},
		{name: "an empty packet", link: linkRaw, packet: nil, malformed: true},
		{name: "an empty frame", link: linkEthernet, packet: nil, malformed: true},
		{name: "a frame cut in its header", link: linkEthernet, packet: make([]byte, 13), malformed: true},
		{name: "a cooked frame cut in its header", link: linkSLL, packet: make([]byte, 15), malformed: true},
		{name: "a cooked frame of version 2 cut in its header", link: linkSLL2, packet: make([]byte, 19), malformed: true},
		{name: "IPv4 shorter than its header", link: linkRaw, packet: shortTotal, malformed: true},
		{name: "IPv4 whose header length is under 20", link: linkRaw, packet: append([]byte{0x44}, plain4("x")[1:]...), malformed: true},
		{name: "TCP whose header is under 20", link: linkRaw, malformed: true,
			packet: func() []byte { p := plain4("x"); p[32] = 0x40; return p }()},
		{name: "TCP whose header is longer than the packet", link: linkRaw, malformed: true,
			packet: func() []byte { p := plain4("x"); p[32] = 0xf0; return p }()},
		{name: "a TCP header cut before the window", link: linkRaw, packet: plain4("x")[:20+15], malformed: true},
		{name: "IPv6 extension headers without end", link: linkRaw, malformed: true,
			packet: wire(ip6(protoDestination), gopacket.Payload(bytes.Repeat([]byte{protoDestination, 0, 0, 0, 0, 0, 0, 0}, 100)))},
		{name: "an IPv6 extension header longer than the packet", link: linkRaw, malformed: true,
			packet: wire(ip6(protoDestination), raw(protoTCP, 200, 0, 0, 0, 0, 0, 0))},
		{name: "GRE cut in its key", link: linkRaw, packet: wire(ip4(vtepA, vtepB, 47), raw(0x20, 0, 8, 0, 1)), malformed: true},
		{name: "GENEVE options longer than the packet", link: linkEthernet, packet: over(portGENEVE, raw(63, 0, 8, 0, 0, 0, 0, 0)), malformed: true},
		{name: "MPLS without end", link: linkEthernet, packet: framed(0x8847, make([]byte, 60)), malformed: true},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			d := newDecoder(&Filter{})
			if s, ok := decodeOne(d, c.link, c.packet); ok {
				t.Fatalf("got segment %+v", s)
			}
			n := d.counts
			if n.Packets != 1 || (n.Malformed == 1) != c.malformed || (n.Other == 1) == c.malformed {
				t.Errorf("counted %+v, want malformed: %v", n, c.malformed)
			}
		})
	}
}

func TestEqualAddressesInDifferentNetworksHaveDifferentNets(t *testing.T) {
	const v4 = layers.EthernetTypeIPv4
	inner := gopacket.Payload(framed(v4, plain4("x")))
	tagged := func(ids ...uint16) []byte {
		p := []gopacket.SerializableLayer{eth(0x8100)}
		for i, id := range ids {
			next := layers.EthernetType(0x8100)
			if i == len(ids)-1 {
				next = v4
			}
			p = append(p, dot1q(id, next))
		}
		return wire(append(p, gopacket.Payload(plain4("x")))...)
	}
	packets := map[string][]byte{
		"plain":            framed(v4, plain4("x")),
		"VLAN 1":           tagged(1),
		"VLAN 2":           tagged(2),
		"VLAN 1 in 2":      tagged(2, 1),
		"VLAN 2 in 1":      tagged(1, 2),
		"VXLAN 1":          over(portVXLAN, vni(1), inner),
		"VXLAN 2":          over(portVXLAN, vni(2), inner),
		"VLAN 1 in VXLAN1": over(portVXLAN, vni(1), gopacket.Payload(tagged(1))),
		"VLAN 1 in VXLAN2": over(portVXLAN, vni(2), gopacket.Payload(tagged(1))),
		"GENEVE 1":         over(portGENEVE, gopacket.Payload(genevePacket(1, 0x6558, nil, inner))),
		"VXLAN 1 twice":    over(portVXLAN, vni(1), gopacket.Payload(over(portVXLAN, vni(1), inner))),
	}
	nets := map[uint32]string{}
	d := newDecoder(&Filter{})
	for name, p := range packets {
		s, ok := decodeOne(d, linkEthernet, p)
		if !ok {
			t.Fatalf("%s: no segment", name)
		}
		if other := nets[s.Net]; other != "" {
			t.Errorf("%s and %s are both net %#x", name, other, s.Net)
		}
		nets[s.Net] = name
		if name == "plain" && s.Net != 0 {
			t.Errorf("plain packets are net %#x, want 0", s.Net)
		}
	}
}

func TestTheFilterChoosesSegments(t *testing.T) {
	const v4 = layers.EthernetTypeIPv4
	vlan := wire(eth(0x88a8), dot1q(7, 0x8100), dot1q(8, v4), gopacket.Payload(plain4("x")))
	tunnel := over(portVXLAN, vni(42), gopacket.Payload(framed(v4, plain4("x"))))
	p := netip.MustParsePrefix
	tests := []struct {
		name   string
		filter Filter
		packet []byte
		want   bool
	}{
		{"the destination port", Filter{Ports: []uint16{80, serverPort}}, framed(v4, plain4("x")), true},
		{"the source port", Filter{Ports: []uint16{clientPort}}, framed(v4, plain4("x")), true},
		{"another port", Filter{Ports: []uint16{serverPort + 1}}, framed(v4, plain4("x")), false},
		{"the source host", Filter{Hosts: []netip.Addr{client4}}, framed(v4, plain4("x")), true},
		{"the destination host, mapped into IPv6", Filter{Hosts: []netip.Addr{netip.AddrFrom16(server4.As16())}}, framed(v4, plain4("x")), true},
		{"another host", Filter{Hosts: []netip.Addr{vtepA}}, framed(v4, plain4("x")), false},
		{"the net", Filter{Nets: []netip.Prefix{p("10.1.128.3/8")}}, framed(v4, plain4("x")), true},
		{"the net, mapped into IPv6", Filter{Nets: []netip.Prefix{p("::ffff:10.1.0.0/112")}}, framed(v4, plain4("x")), true},
		{"another net", Filter{Nets: []netip.Prefix{p("10.3.0.0/16")}}, framed(v4, plain4("x")), false},
		{"an IPv6 net", Filter{Nets: []netip.Prefix{p("2001:db8:1::/48")}}, framed(0x86dd, plain6("x")), true},
		{"another IPv6 net", Filter{Nets: []netip.Prefix{p("2001:db8:2::/48")}}, framed(0x86dd, plain6("x")), false},
		{"one of host and net", Filter{Hosts: []netip.Addr{vtepA}, Nets: []netip.Prefix{p("10.1.0.0/16")}}, framed(v4, plain4("x")), true},
		{"the port but not the host", Filter{Ports: []uint16{serverPort}, Hosts: []netip.Addr{vtepA}}, framed(v4, plain4("x")), false},
		{"the inner VLAN", Filter{VLANs: []uint16{8}}, vlan, true},
		{"the outer VLAN", Filter{VLANs: []uint16{7}}, vlan, true},
		{"another VLAN", Filter{VLANs: []uint16{9}}, vlan, false},
		{"no VLAN at all", Filter{VLANs: []uint16{9}}, framed(v4, plain4("x")), false},
		{"the host within a tunnel", Filter{Hosts: []netip.Addr{client4}}, tunnel, true},
		{"the host outside a tunnel", Filter{Hosts: []netip.Addr{vtepA}}, tunnel, false},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			d := newDecoder(c.filter.clean())
			_, got := decodeOne(d, linkEthernet, c.packet)
			if got != c.want || (d.counts.Filtered == 1) == c.want {
				t.Errorf("passed: %v, want %v (%+v)", got, c.want, d.counts)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	for _, p := range [][]byte{framed(0x0800, plain4("x")), framed(0x86dd, plain6("x")), vxlanDepth(2),
		over(portGENEVE, gopacket.Payload(genevePacket(9, 0x6558, make([]byte, 8), framed(0x0800, plain4("x")))))} {
		f.Add(uint16(linkEthernet), p)
	}
	f.Add(uint16(linkRaw), split4(plain4("0123456789abcdef"), 8)[1])
	f.Add(uint16(linkRaw), split6(plain6("0123456789abcdef"), 8)[1])
	f.Add(uint16(linkPPP), []byte{0, 0x21})
	f.Add(uint16(linkSLL2), make([]byte, 20))
	f.Fuzz(func(t *testing.T, linkType uint16, p []byte) {
		d := newDecoder(&Filter{})
		first, rest := link(uint32(linkType), p)
		d.parser(first).IgnorePanic = true
		var s Segment
		ok := d.decode(&s, first, rest, 0)
		n := d.counts
		if ok && (len(s.Payload) > len(p) || s.Cut < 0 || !s.Src.IsValid()) {
			t.Errorf("segment %+v of %d bytes", s, len(p))
		}
		if got := n.Segments + n.Other + n.Malformed; got > 1 || got+n.Fragments == 0 {
			t.Errorf("counted %+v for one packet", n)
		}
	})
}
