package packet

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/gopacket"
	"golang.org/x/net/bpf"
)

// kernelView is a packet as the kernel shows it to a program: the data from the network
// header on, and what the kernel knows beside them.
type kernelView struct {
	data     []byte
	protocol uint16
	vlan     uint16 // 0: no tag
	outgoing bool
	netIf    int
}

// run runs a program on a packet. The virtual machine has no extensions, so their values
// are written into the program first.
func run(t *testing.T, p *program, v kernelView) int {
	t.Helper()
	code := slices.Clone(p.instructions())
	for i, c := range code {
		x, ok := c.(bpf.LoadExtension)
		if !ok {
			continue
		}
		value := uint32(0)
		switch {
		case x.Num == bpf.ExtProto:
			value = uint32(v.protocol)
		case x.Num == bpf.ExtInterfaceIndex:
			value = uint32(v.netIf)
		case x.Num == bpf.ExtType && v.outgoing:
			value = packetOut
		case x.Num == bpf.ExtVLANTag:
			value = 0xa000 | uint32(v.vlan)
		case x.Num == bpf.ExtVLANTagPresent && v.vlan != 0:
			value = 1
		}
		code[i] = bpf.LoadConstant{Dst: bpf.RegA, Val: value}
	}
	vm, err := bpf.NewVM(code)
	if err != nil {
		t.Fatal(err)
	}
	n, err := vm.Run(v.data)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// many returns n hosts that no packet has.
func many(n int) (out []netip.Addr) {
	for i := range n {
		out = append(out, netip.AddrFrom4([4]byte{100, byte(i >> 16), byte(i >> 8), byte(i)}))
	}
	return out
}

func TestTheKernelPassesWhatTheFilterWantsAndLittleElse(t *testing.T) {
	prefix := func(s string) []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix(s)} }
	const tcp4, tcp6 = "TCP over IPv4", "TCP over IPv6"
	withOptions := slices.Concat([]byte{0x46}, plain4("x")[1:20], []byte{1, 1, 1, 1}, plain4("x")[20:])
	packets := map[string]kernelView{
		tcp4:                    {data: plain4("x"), protocol: 0x0800, netIf: 2},
		tcp6:                    {data: plain6("x"), protocol: 0x86dd, netIf: 2},
		"IPv4 options":          {data: withOptions, protocol: 0x0800, netIf: 2},
		"VLAN 7":                {data: plain4("x"), protocol: 0x0800, vlan: 7, netIf: 2},
		"two tags":              {data: slices.Concat([]byte{0, 8, 8, 0}, plain4("x")), protocol: 0x8100, vlan: 7, netIf: 2},
		"VXLAN":                 {data: vxlanDepth(1)[14:], protocol: 0x0800, netIf: 2},
		"GENEVE over IPv6":      {data: wire(ip6(protoUDP), udpTo(portGENEVE), raw(0)), protocol: 0x86dd, netIf: 2},
		"a fragment":            {data: split4(plain4("0123456789abcdef"), 8)[1], protocol: 0x0800, netIf: 2},
		"IPv6 extensions":       {data: split6(plain6("0123456789abcdef"), 8)[1], protocol: 0x86dd, netIf: 2},
		"DNS":                   {data: over(53, text("query"))[14:], protocol: 0x0800, netIf: 2},
		"DNS over IPv6":         {data: wire(ip6(protoUDP), udpTo(53), text("query")), protocol: 0x86dd, netIf: 2},
		"ICMP":                  {data: wire(ip4(client4, server4, 1), raw(8)), protocol: 0x0800, netIf: 2},
		"ARP":                   {data: make([]byte, 28), protocol: 0x0806, netIf: 2},
		"nothing":               {protocol: 0x0800, netIf: 2},
		"arriving on loopback":  {data: plain4("x"), protocol: 0x0800, netIf: 1},
		"leaving on loopback":   {data: plain4("x"), protocol: 0x0800, netIf: 1, outgoing: true},
		"leaving on an adapter": {data: plain4("x"), protocol: 0x0800, netIf: 2, outgoing: true},
	}
	// The decoder judges what only a walk through the packet can tell.
	unsure := []string{"two tags", "VXLAN", "GENEVE over IPv6", "a fragment", "IPv6 extensions"}
	plain := []string{tcp4, "IPv4 options", "VLAN 7", "arriving on loopback", "leaving on an adapter"}
	all := append(slices.Clone(plain), tcp6)
	tests := []struct {
		name   string
		filter Filter
		want   []string
	}{
		{"everything", Filter{}, all},
		{"the destination port", Filter{Ports: []uint16{80, serverPort}}, all},
		{"the source port", Filter{Ports: []uint16{clientPort}}, all},
		{"another port", Filter{Ports: []uint16{9}}, nil},
		{"a host of IPv4", Filter{Hosts: []netip.Addr{server4}}, plain},
		{"a host of IPv6", Filter{Hosts: []netip.Addr{client6}}, []string{tcp6}},
		{"another host", Filter{Hosts: []netip.Addr{vtepA}}, nil},
		{"a net of IPv4", Filter{Nets: prefix("10.1.0.0/20")}, plain},
		{"a net of IPv6", Filter{Nets: prefix("2001:db8:1::/47")}, []string{tcp6}},
		{"every IPv6 address", Filter{Nets: prefix("::/0")}, []string{tcp6}},
		{"another net", Filter{Nets: prefix("10.1.16.0/20")}, nil},
		{"a host with another port", Filter{Hosts: []netip.Addr{server4}, Ports: []uint16{9}}, nil},
		{"a VLAN", Filter{VLANs: []uint16{7}}, []string{"VLAN 7"}},
		{"another VLAN", Filter{VLANs: []uint16{8}}, nil},
		{"a hundred hosts", Filter{Hosts: append(many(100), server4)}, plain},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			want := append(slices.Clone(c.want), unsure...)
			for name, v := range packets {
				p := newProgram()
				p.filter(c.filter.clean(), capture{loopback: 1})
				if got := run(t, p, v) == snapLength; got != slices.Contains(want, name) {
					t.Errorf("%s: passed %v, want %v", name, got, !got)
				}
			}
		})
	}
}

func TestAFilterTooLongForTheKernelIsAppliedInPart(t *testing.T) {
	code, err := compile((Filter{Hosts: many(5000), Ports: []uint16{80}}).clean(), capture{})
	if err != nil {
		t.Fatal(err)
	}
	ports, err := compile((Filter{Ports: []uint16{80}}).clean(), capture{})
	if err != nil || !slices.Equal(code, ports) {
		t.Errorf("a program of %d instructions and %v, want the %d for the ports", len(code), err, len(ports))
	}
}

// reversed returns a packet of the opposite direction: the addresses and ports of a plain
// segment are swapped.
func reversed(p []byte, at, size, ports int) []byte {
	p = slices.Clone(p)
	swap := func(at, size int) {
		copy(p[at:], slices.Concat(p[at+size:at+2*size], p[at:at+size]))
	}
	swap(at, size)
	if ports > 0 {
		swap(ports, 2)
	}
	return p
}

func TestBothDirectionsGoToOneReader(t *testing.T) {
	tunnel := vxlanDepth(1)[14:]
	back := reversed(tunnel, 12, 4, 0)
	binary.BigEndian.PutUint16(back[20:], 999) // each end chooses its own outer port
	jumbo := wire(ip6(protoHopByHop), raw(protoTCP, 0, 0xc2, 4, 0, 1, 0, 0), gopacket.Payload(plain6("x")[40:]))
	tagged := func(p []byte) []byte { return slices.Concat([]byte{0, 7, 8, 0}, p) }
	tests := []struct {
		name        string
		protocol    uint16
		there, back []byte
	}{
		{"IPv4", 0x0800, plain4("x"), reversed(plain4("y"), 12, 4, 20)},
		{"IPv6", 0x86dd, plain6("x"), reversed(plain6("y"), 8, 16, 40)},
		{"a jumbogram and its answer", 0x86dd, jumbo, reversed(plain6("y"), 8, 16, 40)},
		{"a tunnel", 0x0800, tunnel, back},
		{"a second VLAN tag", 0x8100, tagged(plain4("x")), tagged(reversed(plain4("y"), 12, 4, 20))},
	}
	for _, c := range tests {
		a := run(t, spread(0), kernelView{data: c.there, protocol: c.protocol})
		b := run(t, spread(0), kernelView{data: c.back, protocol: c.protocol})
		if a != b || a == 0 {
			t.Errorf("%s: %d there and %d back, want the same and not 0", c.name, a, b)
		}
	}
	readers := map[int]int{}
	for port := range uint16(1000) {
		p := plain4("x")
		binary.BigEndian.PutUint16(p[20:], 32768+port)
		readers[run(t, spread(0), kernelView{data: p, protocol: 0x0800})%4]++
	}
	for i := range 4 {
		if readers[i] < 150 {
			t.Errorf("connections of 1000 ports go to 4 readers as %v, want them spread", readers)
		}
	}
}
