package packet

import (
	"encoding/binary"
	"net"
	"net/netip"
	"slices"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// The addresses of generated packets.
var (
	client4 = netip.MustParseAddr("10.1.0.7")
	server4 = netip.MustParseAddr("10.2.0.80")
	client6 = netip.MustParseAddr("2001:db8::7")
	server6 = netip.MustParseAddr("2001:db8:1::80")
	vtepA   = netip.MustParseAddr("192.0.2.1")
	vtepB   = netip.MustParseAddr("192.0.2.2")
)

const (
	clientPort = 40007
	serverPort = 8080
)

// wire returns the bytes of nested layers, outermost first. Lengths are filled in.
// Checksums are left wrong.
func wire(all ...gopacket.SerializableLayer) []byte {
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true}, all...); err != nil {
		panic(err)
	}
	return slices.Clone(b.Bytes())
}

func raw(p ...byte) gopacket.Payload { return gopacket.Payload(p) }

func text(s string) gopacket.Payload { return gopacket.Payload(s) }

func eth(t layers.EthernetType) *layers.Ethernet {
	return &layers.Ethernet{SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, DstMAC: net.HardwareAddr{2, 0, 0, 0, 0, 2}, EthernetType: t}
}

func dot1q(id uint16, t layers.EthernetType) *layers.Dot1Q {
	return &layers.Dot1Q{VLANIdentifier: id, Type: t}
}

func ip4(src, dst netip.Addr, p layers.IPProtocol) *layers.IPv4 {
	return &layers.IPv4{Version: 4, TTL: 64, Id: 77, Protocol: p, SrcIP: src.AsSlice(), DstIP: dst.AsSlice()}
}

func ip6(p layers.IPProtocol) *layers.IPv6 {
	return &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: p, SrcIP: client6.AsSlice(), DstIP: server6.AsSlice()}
}

func udpTo(port uint16) *layers.UDP {
	return &layers.UDP{SrcPort: 54321, DstPort: layers.UDPPort(port)}
}

func tcpHead() *layers.TCP {
	return &layers.TCP{SrcPort: clientPort, DstPort: serverPort, Seq: 1000, Ack: 2000, ACK: true, PSH: true, Window: 501,
		Options: []layers.TCPOption{
			{OptionType: layers.TCPOptionKindNop, OptionLength: 1}, {OptionType: layers.TCPOptionKindNop, OptionLength: 1},
			{OptionType: layers.TCPOptionKindTimestamps, OptionLength: 10, OptionData: make([]byte, 8)}}}
}

// plain4 and plain6 are packets without a link header.
func plain4(payload string) []byte {
	return wire(ip4(client4, server4, layers.IPProtocolTCP), tcpHead(), text(payload))
}

func plain6(payload string) []byte { return wire(ip6(layers.IPProtocolTCP), tcpHead(), text(payload)) }

func genevePacket(vni uint32, protocol uint16, options, inner []byte) []byte {
	p := []byte{byte(len(options) / 4), 0, 0, 0, 0, 0, 0, 0}
	binary.BigEndian.PutUint16(p[2:], protocol)
	binary.BigEndian.PutUint32(p[4:], vni<<8)
	return slices.Concat(p, options, inner)
}

// over wraps the content of a tunnel in Ethernet, IPv4 and UDP.
func over(port uint16, inner ...gopacket.SerializableLayer) []byte {
	return wire(append([]gopacket.SerializableLayer{eth(layers.EthernetTypeIPv4), ip4(vtepA, vtepB, layers.IPProtocolUDP), udpTo(port)}, inner...)...)
}

func vni(id uint32) *layers.VXLAN { return &layers.VXLAN{ValidIDFlag: true, VNI: id} }

// framed puts an Ethernet header before a packet.
func framed(t layers.EthernetType, p []byte) []byte { return wire(eth(t), gopacket.Payload(p)) }

// vxlanDepth returns a packet inside n tunnels.
func vxlanDepth(n int) []byte {
	p := framed(layers.EthernetTypeIPv4, plain4("deep"))
	for i := range n {
		p = over(portVXLAN, vni(uint32(100+i)), gopacket.Payload(p))
	}
	return p
}

// split4 cuts an IPv4 packet without options into fragments of at most size bytes.
func split4(p []byte, size int) (fragments [][]byte) {
	head, body := p[:20], p[20:]
	for at := 0; at < len(body); at += size {
		end := min(at+size, len(body))
		f := slices.Concat(head, body[at:end])
		flags := uint16(at / 8)
		if end < len(body) {
			flags |= 0x2000
		}
		binary.BigEndian.PutUint16(f[2:], uint16(len(f)))
		binary.BigEndian.PutUint16(f[6:], flags)
		fragments = append(fragments, f)
	}
	return fragments
}

// split6 cuts an IPv6 packet without extension headers into fragments.
func split6(p []byte, size int) (fragments [][]byte) {
	head, body := p[:40], p[40:]
	for at := 0; at < len(body); at += size {
		end := min(at+size, len(body))
		ext := []byte{head[6], 0, 0, 0, 0, 0, 0, 99}
		flags := uint16(at)
		if end < len(body) {
			flags |= 1
		}
		binary.BigEndian.PutUint16(ext[2:], flags)
		f := slices.Concat(head, ext, body[at:end])
		f[6] = protoFragment
		binary.BigEndian.PutUint16(f[4:], uint16(len(f)-40))
		fragments = append(fragments, f)
	}
	return fragments
}
