package packet

import "net/netip"

// Flags are the control bits of a TCP header as on the wire (RFC 9293, 3.1).
type Flags uint8

// The bits that reassembly looks at.
const (
	FIN Flags = 1 << iota
	SYN
	RST
	PSH
	ACK
)

// Segment is one TCP segment as captured.
type Segment struct {
	// Time is the capture time in nanoseconds since the Unix epoch.
	Time int64
	// Src and Dst are the innermost addresses; IPv4 is never mapped into IPv6.
	Src, Dst netip.AddrPort
	// Seq and Ack are the raw sequence numbers.
	Seq, Ack uint32
	Flags    Flags
	// Window is the unscaled window of the header.
	Window uint16
	// Payload is valid until the next call of Next on the same source.
	Payload []byte
	// Cut is the number of payload bytes behind Payload that were on the wire and that
	// the capture did not keep.
	Cut int
	// VLAN is the innermost VLAN identifier, or 0 if there is none.
	VLAN uint16
	// Net keeps equal addresses of different networks apart. It depends on the VLAN tags
	// and tunnel identifiers around the packet, and is 0 if there are none. Both
	// directions of a connection have the same Net. The interface does not matter,
	// because the same packet is often seen on several (bridge and port).
	Net uint32
}
