package packet

import (
	"encoding/binary"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// Link types of capture files (www.tcpdump.org/linktypes.html). Several have two numbers,
// because some systems wrote their own DLT into files.
const (
	linkNull     = 0
	linkEthernet = 1
	linkPPP      = 9
	linkPPPHDLC  = 50
	linkRaw      = 101
	linkRawBSD   = 12
	linkRawOpen  = 14
	linkLoop     = 108
	linkSLL      = 113
	linkIPv4     = 228
	linkIPv6     = 229
	linkSLL2     = 276
)

// link returns the first layer of a packet with this link type, and the packet from that
// layer on.
func link(linkType uint32, p []byte) (gopacket.LayerType, []byte) {
	switch linkType {
	case linkEthernet:
		return layers.LayerTypeEthernet, p
	case linkNull, linkLoop:
		return layers.LayerTypeLoopback, p
	case linkRaw, linkRawBSD, linkRawOpen, linkIPv4, linkIPv6:
		return rawIP(p), p
	case linkSLL:
		return layers.LayerTypeLinuxSLL, p
	case linkSLL2: // 2 bytes protocol, 18 bytes interface and address
		if len(p) >= 20 {
			return etherType(binary.BigEndian.Uint16(p)), p[20:]
		}
		return layers.LayerTypeIPv4, nil // too short for anything
	case linkPPP, linkPPPHDLC:
		return layers.LayerTypePPP, p
	}
	return gopacket.LayerTypeZero, p
}

// rawIP tells IPv4 from IPv6 by the version in the packet.
func rawIP(p []byte) gopacket.LayerType {
	if len(p) > 0 && p[0]>>4 == 6 {
		return layers.LayerTypeIPv6
	}
	return layers.LayerTypeIPv4
}

// etherType returns the layer of an EtherType, or zero if no code here decodes it.
func etherType(t uint16) gopacket.LayerType {
	switch t {
	case 0x0800:
		return layers.LayerTypeIPv4
	case 0x86dd:
		return layers.LayerTypeIPv6
	case 0x8100, 0x88a8, 0x9100, 0x9200: // 802.1Q, 802.1ad, and two used before it
		return layers.LayerTypeDot1Q
	case 0x8847, 0x8848:
		return layers.LayerTypeMPLS
	case 0x8864:
		return layers.LayerTypePPPoE
	case 0x6558: // transparent Ethernet bridging
		return layers.LayerTypeEthernet
	}
	return gopacket.LayerTypeZero
}

// ethernet is gopacket's layer, with the EtherTypes known here.
type ethernet struct{ layers.Ethernet }

func (e *ethernet) NextLayerType() gopacket.LayerType { return etherType(uint16(e.EthernetType)) }

// vlan is gopacket's layer. It passes the tag to the decoder.
type vlan struct {
	layers.Dot1Q
	d *decoder
}

func (v *vlan) DecodeFromBytes(p []byte, df gopacket.DecodeFeedback) error {
	if err := v.Dot1Q.DecodeFromBytes(p, df); err != nil {
		return errMalformed
	}
	v.d.tag(v.VLANIdentifier)
	return nil
}

func (v *vlan) NextLayerType() gopacket.LayerType { return etherType(uint16(v.Type)) }

// step is what a layer of this package gives to the parser: the next layer and its bytes.
type step struct {
	next gopacket.LayerType
	rest []byte
}

func (s *step) NextLayerType() gopacket.LayerType { return s.next }
func (s *step) LayerPayload() []byte              { return s.rest }

// sll is the header of Linux "cooked" captures: 14 bytes that are not needed, then the
// protocol.
type sll struct{ step }

func (*sll) CanDecode() gopacket.LayerClass { return layers.LayerTypeLinuxSLL }

func (l *sll) DecodeFromBytes(p []byte, _ gopacket.DecodeFeedback) error {
	if len(p) < 16 {
		return errMalformed
	}
	l.step = step{etherType(binary.BigEndian.Uint16(p[14:])), p[16:]}
	return nil
}

// ppp is RFC 1661, with or without the HDLC framing of RFC 1662. The protocol may be
// compressed to one byte.
type ppp struct{ step }

func (*ppp) CanDecode() gopacket.LayerClass { return layers.LayerTypePPP }

func (l *ppp) DecodeFromBytes(p []byte, _ gopacket.DecodeFeedback) error {
	if len(p) >= 2 && (p[0] == 0xff || p[0] == 0x0f) { // address and control
		p = p[2:]
	}
	if len(p) < 2 {
		return errMalformed
	}
	protocol := uint16(p[0])
	if p = p[1:]; protocol&1 == 0 {
		protocol = protocol<<8 | uint16(p[0])
		p = p[1:]
	}
	switch protocol {
	case 0x0021:
		l.step = step{layers.LayerTypeIPv4, p}
	case 0x0057:
		l.step = step{layers.LayerTypeIPv6, p}
	default:
		l.step = step{}
	}
	return nil
}

// pppoe is a session packet of RFC 2516: 6 bytes, then PPP.
type pppoe struct{ step }

func (*pppoe) CanDecode() gopacket.LayerClass { return layers.LayerTypePPPoE }

func (l *pppoe) DecodeFromBytes(p []byte, _ gopacket.DecodeFeedback) error {
	if len(p) < 6 {
		return errMalformed
	}
	l.step = step{layers.LayerTypePPP, p[6:]}
	return nil
}

// mpls is a stack of labels (RFC 3032). It does not say what follows. That counts as IP
// if it looks like IP. Each direction has its own labels, so labels do not tell networks
// apart.
type mpls struct{ step }

func (*mpls) CanDecode() gopacket.LayerClass { return layers.LayerTypeMPLS }

func (l *mpls) DecodeFromBytes(p []byte, _ gopacket.DecodeFeedback) error {
	for len(p) > 4 {
		bottom := p[2]&1 != 0
		if p = p[4:]; !bottom {
			continue
		}
		if v := p[0] >> 4; v != 4 && v != 6 {
			return errOther
		}
		l.step = step{rawIP(p), p}
		return nil
	}
	return errMalformed
}
