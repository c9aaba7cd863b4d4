package packet

import (
	"net/netip"
	"slices"
)

// Filter chooses segments. A segment must match every kind that is set, by at least one
// of its values. Hosts and Nets are one kind. An empty Filter chooses everything.
type Filter struct {
	// Ports match the source or the destination port.
	Ports []uint16
	// Hosts and Nets match the source or the destination address.
	Hosts []netip.Addr
	Nets  []netip.Prefix
	// VLANs match any of the VLAN tags around a packet, outer or inner.
	VLANs []uint16
}

// match applies the filter to a segment with the given VLAN tags around it.
func (f *Filter) match(s *Segment, tags []uint16) bool {
	if len(f.Ports) > 0 && !slices.Contains(f.Ports, s.Src.Port()) && !slices.Contains(f.Ports, s.Dst.Port()) {
		return false
	}
	if len(f.Hosts)+len(f.Nets) > 0 && !f.holds(s.Src.Addr()) && !f.holds(s.Dst.Addr()) {
		return false
	}
	if len(f.VLANs) == 0 {
		return true
	}
	return slices.ContainsFunc(tags, func(id uint16) bool { return slices.Contains(f.VLANs, id) })
}

// holds reports whether an address is wanted.
func (f *Filter) holds(a netip.Addr) bool {
	return slices.Contains(f.Hosts, a) ||
		slices.ContainsFunc(f.Nets, func(n netip.Prefix) bool { return n.Contains(a) })
}

// clean returns a copy whose addresses compare equal to those of packets: IPv4 is never
// mapped into IPv6, and there are no zones.
func (f Filter) clean() *Filter {
	c := Filter{Ports: slices.Clone(f.Ports), VLANs: slices.Clone(f.VLANs)}
	for _, a := range f.Hosts {
		c.Hosts = append(c.Hosts, a.Unmap().WithZone(""))
	}
	for _, n := range f.Nets {
		if a := n.Addr(); a.Is4In6() && n.Bits() >= 96 {
			n = netip.PrefixFrom(a.Unmap(), n.Bits()-96)
		}
		c.Nets = append(c.Nets, n.Masked())
	}
	return &c
}
