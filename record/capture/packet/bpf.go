package packet

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/net/bpf"
)

const (
	snapLength    = 256 << 10 // more than any merged packet, except the largest jumbograms
	maxProgram    = 4096      // instructions that the kernel takes
	packetOut     = 4         // PACKET_OUTGOING of linux/if_packet.h
	offloadedVLAN = 0xfff
)

// capture is what a program depends on beside its filter.
type capture struct {
	// loopback is the index of the loopback interface, if its packets can come. Each of
	// them comes twice, leaving and arriving. The leaving one is dropped.
	loopback int
}

// compile writes a filter as a program for the kernel. The program sees packets without a
// link header (SOCK_DGRAM). It passes every packet that the filter may match. It drops a
// packet that cannot hold TCP. It also drops one that cannot match, if this shows without
// looking through tunnels, tags and extension headers.
func compile(f *Filter, c capture) ([]bpf.RawInstruction, error) {
	for _, part := range []*Filter{f, {Ports: f.Ports}, {}} {
		p := newProgram()
		p.filter(part, c)
		if len(p.code) <= maxProgram {
			return p.assemble()
		}
	}
	panic("the program of the empty filter is short")
}

// label is a place in a program to jump to.
type label int

// The two ends of every program. All other labels come from program.label.
const (
	pass label = iota
	drop
)

// program is a list of instructions whose jumps lead to labels. The kernel only allows
// jumps forward. A jump may be long: each test is followed by long jumps.
type program struct {
	code   []bpf.Instruction
	jumps  map[int]label // where the bpf.Jump at this index leads
	places []int         // the index of each label
}

func newProgram() *program {
	return &program{jumps: make(map[int]label), places: make([]int, 2)}
}

func (p *program) label() label {
	p.places = append(p.places, -1)
	return label(len(p.places) - 1)
}

func (p *program) here(l label) { p.places[l] = len(p.code) }

func (p *program) do(i ...bpf.Instruction) { p.code = append(p.code, i...) }

func (p *program) jump(to label) {
	p.jumps[len(p.code)] = to
	p.do(bpf.Jump{})
}

// when jumps to a label if the accumulator passes the test.
func (p *program) when(cond bpf.JumpTest, value uint32, to label) {
	p.do(bpf.JumpIf{Cond: cond, Val: value, SkipFalse: 1})
	p.jump(to)
}

func (p *program) load(at, size int) { p.do(bpf.LoadAbsolute{Off: uint32(at), Size: size}) }

func (p *program) extension(e bpf.Extension) { p.do(bpf.LoadExtension{Num: e}) }

func (p *program) assemble() ([]bpf.RawInstruction, error) { return bpf.Assemble(p.instructions()) }

// instructions ends the program and resolves its jumps.
func (p *program) instructions() []bpf.Instruction {
	p.here(pass)
	p.do(bpf.RetConstant{Val: snapLength})
	p.here(drop)
	p.do(bpf.RetConstant{Val: 0})
	for at, to := range p.jumps {
		p.code[at] = bpf.Jump{Skip: uint32(p.places[to] - at - 1)}
	}
	return p.code
}

// filter writes the whole program except its end.
func (p *program) filter(f *Filter, c capture) {
	if c.loopback != 0 {
		elsewhere := p.label()
		p.extension(bpf.ExtInterfaceIndex)
		p.when(bpf.JumpNotEqual, uint32(c.loopback), elsewhere)
		p.extension(bpf.ExtType)
		p.when(bpf.JumpEqual, packetOut, drop)
		p.here(elsewhere)
	}
	v4, v6 := p.label(), p.label()
	p.extension(bpf.ExtProto)
	p.when(bpf.JumpEqual, 0x0800, v4)
	p.when(bpf.JumpEqual, 0x86dd, v6)
	for _, t := range []uint32{0x8100, 0x88a8, 0x9100, 0x9200, 0x8847, 0x8848, 0x8864, 0x6558} {
		p.when(bpf.JumpEqual, t, pass) // TCP may lie inside
	}
	p.jump(drop)
	p.here(v4)
	p.ipv4(f)
	p.here(v6)
	p.ipv6(f)
}

// ipv4 writes the tests of an IPv4 packet. All of them end in pass or drop.
func (p *program) ipv4(f *Filter) {
	tcp, udp := p.label(), p.label()
	p.load(9, 1)
	p.when(bpf.JumpEqual, protoTCP, tcp)
	p.when(bpf.JumpEqual, protoUDP, udp)
	for _, t := range []uint32{protoIPv4, protoIPv6, protoGRE} {
		p.when(bpf.JumpEqual, t, pass)
	}
	p.jump(drop)

	p.here(udp)
	p.load(6, 2)
	p.when(bpf.JumpBitsSet, 0x3fff, pass) // a fragment: its content is known only once it is whole
	p.do(bpf.LoadMemShift{Off: 0}, bpf.LoadIndirect{Off: 2, Size: 2})
	p.tunnelPorts()

	p.here(tcp)
	p.load(6, 2)
	p.when(bpf.JumpBitsSet, 0x3fff, pass)
	p.vlans(f)
	p.hosts(f, 12, 16, true)
	p.do(bpf.LoadMemShift{Off: 0}) // X is the length of the header
	p.ports(f)
}

// ipv6 does the same for IPv6. A packet with extension headers passes, for the decoder to
// judge.
func (p *program) ipv6(f *Filter) {
	tcp, udp := p.label(), p.label()
	p.load(6, 1)
	p.when(bpf.JumpEqual, protoTCP, tcp)
	p.when(bpf.JumpEqual, protoUDP, udp)
	for _, t := range []uint32{protoIPv4, protoIPv6, protoGRE, protoHopByHop, protoRouting, protoFragment,
		protoAuth, protoDestination, protoMobility, protoHIP, protoShim6} {
		p.when(bpf.JumpEqual, t, pass)
	}
	p.jump(drop)

	p.here(udp)
	p.load(40+2, 2)
	p.tunnelPorts()

	p.here(tcp)
	p.vlans(f)
	p.hosts(f, 8, 24, false)
	p.do(bpf.LoadConstant{Dst: bpf.RegX, Val: 40})
	p.ports(f)
}

// tunnelPorts passes a UDP packet if the port in the accumulator is that of a tunnel.
func (p *program) tunnelPorts() {
	for _, port := range []uint32{portVXLAN, portVXLANLinux, portGENEVE} {
		p.when(bpf.JumpEqual, port, pass)
	}
	p.jump(drop)
}

// vlans drops a packet that has none of the VLAN tags. The kernel has removed the
// outermost tag from the data. A packet with more tags does not come here.
func (p *program) vlans(f *Filter) {
	if len(f.VLANs) == 0 {
		return
	}
	wanted := p.label()
	p.extension(bpf.ExtVLANTagPresent)
	p.when(bpf.JumpEqual, 0, drop)
	p.extension(bpf.ExtVLANTag)
	p.do(bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: offloadedVLAN})
	for _, id := range f.VLANs {
		p.when(bpf.JumpEqual, uint32(id), wanted)
	}
	p.jump(drop)
	p.here(wanted)
}

// hosts drops a packet if neither of its addresses, at src and dst, is wanted.
func (p *program) hosts(f *Filter, src, dst int, v4 bool) {
	if len(f.Hosts)+len(f.Nets) == 0 {
		return
	}
	wanted := p.label()
	for _, at := range []int{src, dst} {
		for _, a := range f.Hosts {
			if a.Is4() == v4 {
				p.prefix(netip.PrefixFrom(a, a.BitLen()), at, wanted)
			}
		}
		for _, n := range f.Nets {
			if n.Addr().Is4() == v4 {
				p.prefix(n, at, wanted)
			}
		}
	}
	p.jump(drop)
	p.here(wanted)
}

// prefix jumps if the address at this offset lies in n.
func (p *program) prefix(n netip.Prefix, at int, to label) {
	other := p.label()
	want, bits := n.Addr().AsSlice(), n.Bits()
	for ; bits > 0; bits -= 32 {
		mask := ^uint32(0) << (32 - min(bits, 32))
		p.load(at, 4)
		if bits < 32 {
			p.do(bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: mask})
		}
		p.when(bpf.JumpNotEqual, binary.BigEndian.Uint32(want)&mask, other)
		at, want = at+4, want[4:]
	}
	p.jump(to)
	p.here(other)
}

// ports passes a packet if the TCP header at X has a wanted port. It drops others.
func (p *program) ports(f *Filter) {
	if len(f.Ports) == 0 {
		p.jump(pass)
		return
	}
	for _, at := range []uint32{0, 2} {
		p.do(bpf.LoadIndirect{Off: at, Size: 2})
		for _, port := range f.Ports {
			p.when(bpf.JumpEqual, uint32(port), pass)
		}
	}
	p.jump(drop)
}
