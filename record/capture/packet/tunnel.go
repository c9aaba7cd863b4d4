package packet

import (
	"encoding/binary"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// UDP ports of tunnels.
const (
	portVXLAN      = 4789
	portVXLANLinux = 8472 // Linux before the port was assigned, and flannel
	portGENEVE     = 6081
)

// udp is gopacket's layer. The tunnels known here can follow it.
type udp struct{ layers.UDP }

func (u *udp) DecodeFromBytes(p []byte, df gopacket.DecodeFeedback) error {
	if len(p) < 8 {
		return errMalformed
	}
	switch binary.BigEndian.Uint16(p[2:]) {
	case portVXLAN, portVXLANLinux, portGENEVE:
		return u.UDP.DecodeFromBytes(p, df)
	}
	return errOther
}

func (u *udp) NextLayerType() gopacket.LayerType {
	if u.DstPort == portGENEVE {
		return layers.LayerTypeGeneve
	}
	return layers.LayerTypeVXLAN
}

// vxlan is gopacket's layer (RFC 7348). It passes the tunnel to the decoder.
type vxlan struct {
	layers.VXLAN
	d *decoder
}

func (v *vxlan) DecodeFromBytes(p []byte, df gopacket.DecodeFeedback) error {
	if err := v.VXLAN.DecodeFromBytes(p, df); err != nil {
		return errMalformed
	}
	if !v.ValidIDFlag {
		return errOther
	}
	return v.d.tunnel(netVXLAN, v.VNI)
}

// geneve is the header of RFC 8926. Options are passed over.
type geneve struct {
	step
	d *decoder
}

func (*geneve) CanDecode() gopacket.LayerClass { return layers.LayerTypeGeneve }

func (g *geneve) DecodeFromBytes(p []byte, _ gopacket.DecodeFeedback) error {
	if len(p) < 8 || p[0]>>6 != 0 {
		return errMalformed
	}
	if p[1]&0x80 != 0 { // a control message
		return errOther
	}
	head := 8 + int(p[0]&0x3f)*4
	if head > len(p) {
		return errMalformed
	}
	g.step = step{etherType(binary.BigEndian.Uint16(p[2:])), p[head:]}
	return g.d.tunnel(netGENEVE, binary.BigEndian.Uint32(p[4:])>>8)
}

// gre is the header of RFC 2784 and 2890. IP, Ethernet or ERSPAN (types I, II and III)
// follow it. A key tells networks apart.
type gre struct {
	step
	d *decoder
}

func (*gre) CanDecode() gopacket.LayerClass { return layers.LayerTypeGRE }

func (g *gre) DecodeFromBytes(p []byte, _ gopacket.DecodeFeedback) error {
	if len(p) < 4 {
		return errMalformed
	}
	flags, protocol, head := p[0], binary.BigEndian.Uint16(p[2:]), 4
	if flags&0x40 != 0 || p[1]&7 != 0 { // source routing, or the variant of PPTP
		return errOther
	}
	if flags&0x80 != 0 { // checksum
		head += 4
	}
	key := uint32(0)
	if flags&0x20 != 0 {
		if len(p) < head+4 {
			return errMalformed
		}
		key = binary.BigEndian.Uint32(p[head:])
		head += 4
	}
	sequence := flags&0x10 != 0
	if sequence {
		head += 4
	}
	g.next = etherType(protocol)
	switch protocol {
	case 0x88be: // ERSPAN: type II has a sequence number and 8 bytes, type I has neither
		g.next = layers.LayerTypeEthernet
		if sequence {
			head += 8
		}
	case 0x22eb: // ERSPAN type III: 12 bytes, and 8 more if the last bit says so
		g.next = layers.LayerTypeEthernet
		if len(p) >= head+12 && p[head+11]&1 != 0 {
			head += 8
		}
		head += 12
	}
	if head > len(p) {
		return errMalformed
	}
	g.rest = p[head:]
	return g.d.tunnel(netGRE, key)
}
