package packet

import "golang.org/x/net/bpf"

// netOffset makes a load count from the network header, whatever the data of the packet
// begin with (SKF_NET_OFF of linux/filter.h, -0x100000).
const netOffset = 0xfff00000

// The scratch memory of the program of spread.
const (
	scratchBase  = iota // of the IP header
	scratchHash         // what both directions have in common, so far
	scratchOther        // second operand of an exclusive or
)

// spread writes the program by which the kernel chooses one of several readers. The
// kernel's own hash is symmetric for TCP. It is not for the outer UDP ports of a tunnel,
// which each direction chooses on its own. This program joins addresses and ports by
// exclusive or, so both directions give the same result. A packet that is not plain TCP
// goes by its outer addresses alone, so a tunnel stays with one reader.
//
// The kernel puts IPv4 fragments together before the program runs. IPv6 fragments may
// reach another reader than the rest of their connection.
func spread(base uint32) *program {
	p := newProgram()
	mix, v4, v6 := p.label(), p.label(), p.label()
	p.do(bpf.LoadConstant{Dst: bpf.RegA, Val: 0}, bpf.StoreScratch{Src: bpf.RegA, N: scratchHash},
		bpf.LoadConstant{Dst: bpf.RegA, Val: base}, bpf.StoreScratch{Src: bpf.RegA, N: scratchBase})
	p.extension(bpf.ExtProto)
	p.when(bpf.JumpEqual, 0x0800, v4)
	p.when(bpf.JumpEqual, 0x86dd, v6)
	p.when(bpf.JumpNotEqual, 0x8100, mix)
	p.do(bpf.LoadConstant{Dst: bpf.RegA, Val: base + 4}, bpf.StoreScratch{Src: bpf.RegA, N: scratchBase},
		bpf.LoadAbsolute{Off: base + 2, Size: 2}) // what is behind a second tag
	p.when(bpf.JumpEqual, 0x0800, v4)
	p.when(bpf.JumpEqual, 0x86dd, v6)
	p.jump(mix)

	p.here(v4)
	p.xor(12, 16)
	p.at(9, 1)
	p.when(bpf.JumpNotEqual, protoTCP, mix)
	p.at(6, 2)
	p.when(bpf.JumpBitsSet, 0x3fff, mix)
	p.at(0, 1)
	p.do(bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 15}, bpf.ALUOpConstant{Op: bpf.ALUOpShiftLeft, Val: 2})
	p.xorPorts(mix)

	p.here(v6)
	for at := uint32(8); at < 24; at += 4 {
		p.xor(at, at+16)
	}
	plain := p.label()
	p.at(6, 1)
	p.when(bpf.JumpEqual, protoTCP, plain)
	p.when(bpf.JumpNotEqual, protoHopByHop, mix)
	p.at(40, 2) // the header with the length of a jumbogram, before TCP
	p.when(bpf.JumpNotEqual, protoTCP<<8, mix)
	p.do(bpf.LoadConstant{Dst: bpf.RegA, Val: 48})
	p.xorPorts(mix)
	p.here(plain)
	p.do(bpf.LoadConstant{Dst: bpf.RegA, Val: 40})
	p.xorPorts(mix)

	p.here(mix)
	p.do(bpf.LoadScratch{Dst: bpf.RegA, N: scratchHash},
		bpf.ALUOpConstant{Op: bpf.ALUOpMul, Val: 0x9e3779b1},
		bpf.ALUOpConstant{Op: bpf.ALUOpShiftRight, Val: 16},
		bpf.RetA{})
	return p
}

// at loads what is at an offset of the IP header.
func (p *program) at(offset uint32, size int) {
	p.do(bpf.LoadScratch{Dst: bpf.RegX, N: scratchBase}, bpf.LoadIndirect{Off: offset, Size: size})
}

// xor joins two words of the IP header into the hash.
func (p *program) xor(a, b uint32) {
	for _, offset := range []uint32{a, b} {
		p.at(offset, 4)
		p.join()
	}
}

// join joins the accumulator into the hash.
func (p *program) join() {
	p.do(bpf.LoadScratch{Dst: bpf.RegX, N: scratchHash}, bpf.ALUOpX{Op: bpf.ALUOpXor},
		bpf.StoreScratch{Src: bpf.RegA, N: scratchHash})
}

// xorPorts joins the ports behind an IP header into the hash, and jumps. The length of
// the header is in the accumulator.
func (p *program) xorPorts(to label) {
	p.do(bpf.LoadScratch{Dst: bpf.RegX, N: scratchBase}, bpf.ALUOpX{Op: bpf.ALUOpAdd},
		bpf.StoreScratch{Src: bpf.RegA, N: scratchBase})
	for _, offset := range []uint32{0, 2} {
		p.at(offset, 2)
		p.join()
	}
	p.jump(to)
}
