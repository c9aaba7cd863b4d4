package packet

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

const (
	blockBytes  = 1 << 20 // size of a block of the ring; a packet can be as long
	blockTimeMs = 20      // a block that is not full is handed over after this time
)

// Listen captures TCP segments on a network interface of Linux. "any" means all
// interfaces. It only needs the capability CAP_NET_RAW. Each Source is read by its own
// goroutine until Next fails. The caller closes all of them.
//
// Packets are those that the machine sees: merged when received, not yet cut when sent.
// On a loopback interface each comes once. Next returns ErrIdle about every 100 ms
// without packets. While an interface is down, there are just no packets. If it is
// removed, Next fails.
func Listen(iface string, o LiveOptions) ([]Source, error) {
	o = o.withDefaults()
	if o.Readers < 0 || o.Readers > maxReaders || o.RingBytes < 0 {
		return nil, fmt.Errorf("capture on %s: %d readers with rings of %d bytes: choose 1 to %d readers",
			iface, o.Readers, o.RingBytes, maxReaders)
	}
	index, loopback, err := findInterface(iface)
	if err != nil {
		return nil, err
	}
	rings, err := openRings(index, o)
	if err == nil {
		err = start(rings, o.Filter.clean(), capture{loopback: loopback})
	}
	if err != nil {
		for _, r := range rings {
			r.discard()
		}
		return nil, explain(iface, err)
	}
	sources := make([]Source, len(rings))
	for i, r := range rings {
		r.iface = iface
		r.decoder = newDecoder(o.Filter.clean())
		sources[i] = r
	}
	return sources, nil
}

// findInterface returns the index of an interface, or 0 for "any". It also returns the
// index of the loopback interface if its packets are captured.
func findInterface(name string) (index, loopback int, err error) {
	all, err := net.Interfaces()
	if err != nil {
		return 0, 0, fmt.Errorf("capture on %s: list interfaces: %w", name, err)
	}
	index = -1
	if name == "any" {
		index = 0
	}
	var names []string
	for _, i := range all {
		if i.Name == name {
			index = i.Index
		}
		names = append(names, i.Name)
	}
	for _, i := range all {
		if i.Flags&net.FlagLoopback != 0 && (index == 0 || index == i.Index) {
			loopback = i.Index
		}
	}
	if index < 0 {
		return 0, 0, fmt.Errorf("capture on %s: no such interface: choose one of %q or any", name, names)
	}
	return index, loopback, nil
}

// explain adds to an error what the user can do about it.
func explain(iface string, err error) error {
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		return fmt.Errorf("capture on %s: %w: it needs the capability CAP_NET_RAW and nothing else: run it as root, "+
			"or give the program the capability once: sudo setcap cap_net_raw+ep \"$(command -v starling)\"", iface, err)
	}
	if errors.Is(err, unix.ENOMEM) {
		return fmt.Errorf("capture on %s: %w: choose a smaller ring or fewer readers", iface, err)
	}
	return fmt.Errorf("capture on %s: %w", iface, err)
}

// openRings opens a socket with a ring for each reader. The sockets drop all packets
// until start gives them their filter. If there is an error, the rings opened so far are
// returned too.
func openRings(index int, o LiveOptions) (rings []*ring, err error) {
	nothing, err := bpf.Assemble([]bpf.Instruction{bpf.RetConstant{Val: 0}})
	if err != nil {
		return nil, err
	}
	group := 0
	for i := range o.Readers {
		r, err := openRing(o.RingBytes)
		if err != nil {
			return rings, err
		}
		rings = append(rings, r)
		if err := r.control(func(fd int) error {
			if err := attach(fd, unix.SO_ATTACH_FILTER, unix.SOL_SOCKET, nothing); err != nil {
				return err
			}
			if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: ntohs(unix.ETH_P_ALL), Ifindex: index}); err != nil {
				return os.NewSyscallError("bind", err)
			}
			if o.Promiscuous && index != 0 {
				m := unix.PacketMreq{Ifindex: int32(index), Type: unix.PACKET_MR_PROMISC}
				if err := unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &m); err != nil {
					return os.NewSyscallError("set promiscuous mode", err)
				}
			}
			if o.Readers == 1 {
				return nil
			}
			group, err = joinGroup(fd, group, i == 0)
			return err
		}); err != nil {
			return rings, err
		}
	}
	return rings, nil
}

// joinGroup adds the socket to the group among which packets are spread. The first socket
// founds the group. The kernel finds a number for it.
func joinGroup(fd, group int, first bool) (int, error) {
	kind := unix.PACKET_FANOUT_CBPF | unix.PACKET_FANOUT_FLAG_DEFRAG
	if first {
		kind |= unix.PACKET_FANOUT_FLAG_UNIQUEID
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_FANOUT, group|kind<<16); err != nil {
		return 0, os.NewSyscallError("join fanout group", err)
	}
	if !first {
		return group, nil
	}
	code, err := bpf.Assemble(spread(netOffset).instructions())
	if err != nil {
		return 0, err
	}
	if err := attach(fd, unix.PACKET_FANOUT_DATA, unix.SOL_PACKET, code); err != nil {
		return 0, err
	}
	joined, err := unix.GetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_FANOUT)
	return joined & 0xffff, os.NewSyscallError("read fanout group", err)
}

// start gives the sockets their filter, so that packets come.
func start(rings []*ring, f *Filter, c capture) error {
	code, err := compile(f, c)
	if err != nil {
		return err
	}
	for _, r := range rings {
		if err := r.control(func(fd int) error {
			return attach(fd, unix.SO_ATTACH_FILTER, unix.SOL_SOCKET, code)
		}); err != nil {
			return err
		}
	}
	return nil
}

// attach passes a program to the kernel by a socket option.
func attach(fd, option, level int, code []bpf.RawInstruction) error {
	filter := make([]unix.SockFilter, len(code))
	for i, c := range code {
		filter[i] = unix.SockFilter{Code: c.Op, Jt: c.Jt, Jf: c.Jf, K: c.K}
	}
	f := unix.SockFprog{Len: uint16(len(filter)), Filter: unsafe.SliceData(filter)}
	err := unix.SetsockoptSockFprog(fd, level, option, &f)
	runtime.KeepAlive(filter)
	return os.NewSyscallError("attach filter", err)
}
