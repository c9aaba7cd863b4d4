package packet

import "net/netip"

// Filter chooses segments. Kinds are joined by "and", the values of one kind by "or";
// Hosts and Nets are one kind. An empty Filter chooses everything.
type Filter struct {
	// Ports match the source or the destination port.
	Ports []uint16
	// Hosts and Nets match the source or the destination address.
	Hosts []netip.Addr
	Nets  []netip.Prefix
	// VLANs match any of the VLAN tags around a packet, the outer as well as the inner.
	VLANs []uint16
}
