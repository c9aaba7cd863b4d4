package packet

import (
	"encoding/binary"
	"net/netip"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// addresses are those of the innermost IP header.
type addresses struct{ src, dst netip.Addr }

// Protocol numbers of IP and of IPv6 extension headers.
const (
	protoHopByHop    = 0
	protoIPv4        = 4
	protoTCP         = 6
	protoUDP         = 17
	protoIPv6        = 41
	protoRouting     = 43
	protoFragment    = 44
	protoGRE         = 47
	protoAuth        = 51
	protoDestination = 60
	protoMobility    = 135
	protoHIP         = 139
	protoShim6       = 140
)

// transport returns the layer of an IP protocol, or zero if no code here decodes it.
func transport(protocol uint8) gopacket.LayerType {
	switch protocol {
	case protoTCP:
		return layers.LayerTypeTCP
	case protoUDP:
		return layers.LayerTypeUDP
	case protoGRE:
		return layers.LayerTypeGRE
	case protoIPv4:
		return layers.LayerTypeIPv4
	case protoIPv6:
		return layers.LayerTypeIPv6
	}
	return gopacket.LayerTypeZero
}

// ipv4 is an IPv4 header (RFC 791). A total length of 0 means all that was captured: the
// network card merged such packets or has not cut them yet, and they may be longer than
// the field can say.
type ipv4 struct {
	step
	d *decoder
}

func (*ipv4) CanDecode() gopacket.LayerClass { return layers.LayerTypeIPv4 }

func (l *ipv4) DecodeFromBytes(p []byte, _ gopacket.DecodeFeedback) error {
	if len(p) < 20 || p[0]>>4 != 4 {
		return errMalformed
	}
	head, total := int(p[0]&15)*4, int(binary.BigEndian.Uint16(p[2:]))
	if total == 0 {
		total = len(p)
	}
	if head < 20 || head > len(p) || head > total {
		return errMalformed
	}
	d := l.d
	d.cut = max(total-len(p), 0)
	body := p[head:min(total, len(p))]
	d.ip.src = netip.AddrFrom4([4]byte(p[12:16]))
	d.ip.dst = netip.AddrFrom4([4]byte(p[16:20]))
	l.next = transport(p[9])
	if l.next == gopacket.LayerTypeZero {
		return errOther
	}
	if at := binary.BigEndian.Uint16(p[6:]); at&0x3fff != 0 {
		f := fragment{
			key:  fragmentKey{net: d.seg.Net, addresses: d.ip, protocol: p[9], id: uint32(binary.BigEndian.Uint16(p[4:]))},
			at:   int(at&0x1fff) * 8,
			more: at&0x2000 != 0,
			data: body,
		}
		whole, _, err := d.fragment(f)
		if err != nil {
			return err
		}
		body = whole
	}
	if len(body) == 0 {
		return errMalformed
	}
	l.rest = body
	return nil
}

// fragment passes f to the fragments that wait. It returns the whole body if f was the
// last missing one.
func (d *decoder) fragment(f fragment) (whole []byte, next uint8, err error) {
	d.counts.Fragments++
	if d.cut > 0 {
		d.counts.FragmentsLost++
		return nil, 0, errFragment
	}
	whole, next = d.frags.add(f, d.seg.Time)
	if whole == nil {
		return nil, 0, errFragment
	}
	return whole, next, nil
}

// ipv6 is an IPv6 header with its extension headers (RFC 8200, RFC 2675).
type ipv6 struct {
	step
	d *decoder
}

func (*ipv6) CanDecode() gopacket.LayerClass { return layers.LayerTypeIPv6 }

func (l *ipv6) DecodeFromBytes(p []byte, _ gopacket.DecodeFeedback) error {
	if len(p) < 40 || p[0]>>4 != 6 {
		return errMalformed
	}
	d := l.d
	d.ip.src = netip.AddrFrom16([16]byte(p[8:24]))
	d.ip.dst = netip.AddrFrom16([16]byte(p[24:40]))
	length, next, body := int(binary.BigEndian.Uint16(p[4:])), p[6], p[40:]
	if length == 0 { // a jumbogram or a merged packet
		if length = len(body); next == protoHopByHop {
			length = jumboLength(body)
		}
	}
	d.cut = max(length-len(body), 0)
	body = body[:min(length, len(body))]
	for range 16 { // extension headers; no normal packet has more
		if t := transport(next); t != gopacket.LayerTypeZero {
			if len(body) == 0 {
				return errMalformed
			}
			l.step = step{t, body}
			return nil
		}
		var err error
		if next, body, err = l.extension(next, body); err != nil {
			return err
		}
	}
	return errMalformed
}

// extension passes over one extension header of the given type.
func (l *ipv6) extension(kind uint8, p []byte) (next uint8, rest []byte, err error) {
	size := 0
	switch kind {
	case protoHopByHop, protoRouting, protoDestination, protoMobility, protoHIP, protoShim6, protoAuth, protoFragment:
		if len(p) < 8 {
			return 0, nil, errMalformed
		}
		size = (int(p[1]) + 1) * 8
	default:
		return 0, nil, errOther
	}
	switch kind {
	case protoAuth:
		size = (int(p[1]) + 2) * 4
	case protoFragment:
		return l.fragment(p)
	}
	if size > len(p) {
		return 0, nil, errMalformed
	}
	return p[0], p[size:], nil
}

// fragment reads a fragment header. The header behind it is that of the first fragment.
func (l *ipv6) fragment(p []byte) (next uint8, rest []byte, err error) {
	at := binary.BigEndian.Uint16(p[2:])
	if at&0xfff9 == 0 { // a whole packet in one fragment (RFC 6946)
		return p[0], p[8:], nil
	}
	d := l.d
	rest, next, err = d.fragment(fragment{
		key:  fragmentKey{net: d.seg.Net, addresses: d.ip, id: binary.BigEndian.Uint32(p[4:])},
		at:   int(at &^ 7),
		more: at&1 != 0,
		next: p[0],
		data: p[8:],
	})
	return next, rest, err
}

// jumboLength returns the length in the jumbo option of a hop-by-hop header, or the
// length of p if there is no such option.
func jumboLength(p []byte) int {
	if len(p) < 8 {
		return len(p)
	}
	for o := p[2:min((int(p[1])+1)*8, len(p))]; len(o) >= 2; {
		switch {
		case o[0] == 0: // one byte of padding
			o = o[1:]
			continue
		case o[0] == 0xc2 && o[1] == 4 && len(o) >= 6:
			if n := binary.BigEndian.Uint32(o[2:]); n > 0xffff && n < 1<<30 {
				return int(n)
			}
			return len(p)
		}
		o = o[min(2+int(o[1]), len(o)):]
	}
	return len(p)
}

// tcp is a TCP header (RFC 9293). Its options are not read, so a header with odd or cut
// options still gives a segment.
type tcp struct {
	step
	d *decoder
}

func (*tcp) CanDecode() gopacket.LayerClass { return layers.LayerTypeTCP }

func (l *tcp) DecodeFromBytes(p []byte, _ gopacket.DecodeFeedback) error {
	if len(p) < 16 {
		return errMalformed
	}
	d := l.d
	head := int(p[12]>>4) * 4
	payload := len(p) + d.cut - head // on the wire
	if head < 20 || payload < 0 {
		return errMalformed
	}
	s := d.seg
	s.Src = netip.AddrPortFrom(d.ip.src, binary.BigEndian.Uint16(p))
	s.Dst = netip.AddrPortFrom(d.ip.dst, binary.BigEndian.Uint16(p[2:]))
	s.Seq, s.Ack = binary.BigEndian.Uint32(p[4:]), binary.BigEndian.Uint32(p[8:])
	s.Flags = Flags(p[13] & 0x1f)
	s.Window = binary.BigEndian.Uint16(p[14:])
	s.Payload = p[min(head, len(p)):]
	s.Cut = payload - len(s.Payload)
	d.done = true
	l.step = step{}
	return nil
}
