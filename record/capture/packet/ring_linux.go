package packet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"golang.org/x/sys/unix"
)

const idleAfter = 100 * time.Millisecond

// ring is a Source that reads a ring of the kernel (TPACKET_V3, packet_mmap in the
// kernel's documentation). The ring consists of blocks of memory, which kernel and reader
// own in turn. Segments point into the current block. The block goes back to the kernel
// when Next is called for the first packet behind it.
//
//	block: status, number of packets, offset of the first | packet | packet | …
//	packet: tpacket3_hdr | sockaddr_ll | data from the network header on
type ring struct {
	iface   string
	decoder *decoder
	file    *os.File // the socket; its poller wakes Next
	conn    syscall.RawConn
	memory  []byte
	cleanup runtime.Cleanup
	closed  atomic.Bool

	// These belong to the goroutine that reads.
	block   []byte // the current block; nil while the kernel owns it
	current int    // number of the current block, or of the next one
	left    int    // packets in block
	packet  uint32 // offset of the next packet in block
	failure error

	public tally
	mu     sync.Mutex
	drops  uint64 // guarded by mu
}

// openRing makes a socket and maps its ring. The socket is bound to no interface yet.
func openRing(size int) (*ring, error) {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("open packet socket", err)
	}
	memory, err := mapRing(fd, size)
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	r := &ring{file: os.NewFile(uintptr(fd), "packet socket"), memory: memory}
	r.cleanup = runtime.AddCleanup(r, func(m []byte) { unix.Munmap(m) }, memory)
	if r.conn, err = r.file.SyscallConn(); err != nil {
		r.discard()
		return nil, err
	}
	return r, nil
}

func mapRing(fd, size int) ([]byte, error) {
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return nil, os.NewSyscallError("choose TPACKET_V3", err)
	}
	blocks := max((size+blockBytes-1)/blockBytes, 2)
	const frameBytes = 2048 // TPACKET_V3 packs frames closely, but wants a frame size all the same
	req := unix.TpacketReq3{
		Block_size: blockBytes, Block_nr: uint32(blocks),
		Frame_size: frameBytes, Frame_nr: uint32(blocks * (blockBytes / frameBytes)),
		Retire_blk_tov: blockTimeMs,
	}
	if err := unix.SetsockoptTpacketReq3(fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &req); err != nil {
		return nil, os.NewSyscallError(fmt.Sprintf("make a ring of %d MiB", blocks*blockBytes>>20), err)
	}
	memory, err := unix.Mmap(fd, 0, blocks*blockBytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	return memory, os.NewSyscallError("map the ring", err)
}

// control calls f with the socket. It fails if the socket is closed.
func (r *ring) control(f func(fd int) error) error {
	var inner error
	if err := r.conn.Control(func(fd uintptr) { inner = f(int(fd)) }); err != nil {
		return err
	}
	return inner
}

func (r *ring) Next(s *Segment) error {
	for {
		if r.closed.Load() {
			return r.leave()
		}
		if r.left == 0 {
			if err := r.turn(); err != nil {
				return err
			}
			continue
		}
		if r.take(s) {
			return nil
		}
	}
}

// take decodes the next packet of the block. It reports whether that is a segment.
func (r *ring) take(s *Segment) bool {
	const address = (unix.SizeofTpacket3Hdr + unix.TPACKET_ALIGNMENT - 1) &^ (unix.TPACKET_ALIGNMENT - 1)
	p := r.block[r.packet:]
	head := (*unix.Tpacket3Hdr)(unsafe.Pointer(&p[:address+unix.SizeofSockaddrLinklayer][0]))
	from := (*unix.RawSockaddrLinklayer)(unsafe.Pointer(&p[address]))
	r.left--
	r.packet += head.Next_offset
	data := p[head.Net:][:head.Snaplen]
	first, data := network(ntohs(from.Protocol), data)
	at := int64(head.Sec)*1e9 + int64(head.Nsec)
	if head.Status&unix.TP_STATUS_VLAN_VALID != 0 {
		return r.decoder.decode(s, first, data, at, uint16(head.Hv1.Vlan_tci))
	}
	return r.decoder.decode(s, first, data, at)
}

// network returns the first layer of a packet from which the kernel removed the link
// header. If there are VLAN tags in the data, kernels differ, so the data decide. A
// tagged packet that is being sent begins behind its tag, but older kernels call it a
// VLAN packet. A packet with a second tag begins at that tag, but newer kernels (6.10)
// call it by what is behind the tag.
func network(protocol uint16, p []byte) (gopacket.LayerType, []byte) {
	first := etherType(protocol)
	switch first {
	case layers.LayerTypeDot1Q, layers.LayerTypeIPv4, layers.LayerTypeIPv6:
	default:
		return first, p
	}
	switch {
	case len(p) < 4:
	case holdsIP(p) && first == rawIP(p):
	case etherType(binary.BigEndian.Uint16(p[2:])) != gopacket.LayerTypeZero:
		return layers.LayerTypeDot1Q, p
	case holdsIP(p):
		return rawIP(p), p
	}
	return first, p
}

// holdsIP reports whether p may be a whole IP packet. A packet with a tag in front is not
// one.
func holdsIP(p []byte) bool {
	switch {
	case len(p) >= 20 && p[0]>>4 == 4:
		return int(binary.BigEndian.Uint16(p[2:])) <= len(p)
	case len(p) >= 40 && p[0]>>4 == 6:
		return 40+int(binary.BigEndian.Uint16(p[4:])) <= len(p)
	}
	return false
}

// turn gives the current block back and waits for the next one.
func (r *ring) turn() error {
	if r.block != nil {
		atomic.StoreUint32(r.status(), unix.TP_STATUS_KERNEL)
		r.block = nil
		r.current = (r.current + 1) % (len(r.memory) / blockBytes)
		r.publish()
	}
	if atomic.LoadUint32(r.status())&unix.TP_STATUS_USER == 0 {
		if err := r.wait(); err != nil {
			return err
		}
	}
	r.block = r.memory[r.current*blockBytes:][:blockBytes]
	head := r.head()
	r.left, r.packet = int(head.Num_pkts), head.Offset_to_first_pkt
	return nil
}

// head returns the head of the current block.
func (r *ring) head() *unix.TpacketHdrV1 {
	desc := (*unix.TpacketBlockDesc)(unsafe.Pointer(&r.memory[r.current*blockBytes]))
	return (*unix.TpacketHdrV1)(unsafe.Pointer(&desc.Hdr))
}

func (r *ring) status() *uint32 { return &r.head().Block_status }

// wait returns when the reader owns the current block.
func (r *ring) wait() error {
	if r.failure != nil {
		return r.failure
	}
	if err := r.file.SetReadDeadline(time.Now().Add(idleAfter)); err != nil {
		return r.leave()
	}
	err := r.conn.Read(func(fd uintptr) bool {
		if atomic.LoadUint32(r.status())&unix.TP_STATUS_USER != 0 {
			return true
		}
		r.failure = r.trouble(int(fd))
		return r.failure != nil
	})
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		r.publish()
		if err := r.gone(); err != nil {
			r.failure = err
			return err
		}
		return ErrIdle
	case err != nil:
		return r.leave()
	}
	return r.failure
}

// trouble returns the error of a socket. It returns nil if the interface is only down,
// because it may come up again.
func (r *ring) trouble(fd int) error {
	code, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil || code == 0 || code == int(unix.ENETDOWN) {
		return nil
	}
	return fmt.Errorf("capture on %s: %w", r.iface, unix.Errno(code))
}

// gone returns an error if the interface was removed.
func (r *ring) gone() (err error) {
	r.control(func(fd int) error {
		name, failed := unix.Getsockname(fd)
		if a, ok := name.(*unix.SockaddrLinklayer); failed == nil && ok && a.Ifindex < 0 {
			err = fmt.Errorf("capture on %s: the interface was removed: start anew when it is back", r.iface)
		}
		return nil
	}) // a closed socket is not asked; Next handles that
	return err
}

// publish shows the counts and asks the kernel for its drops.
func (r *ring) publish() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.addDrops()
	r.decoder.counts.KernelDrops = r.drops
	r.public.set(r.decoder.counts)
}

// addDrops adds the drops since the last call. The kernel counts from 0 after each.
func (r *ring) addDrops() {
	r.control(func(fd int) error {
		if n, err := unix.GetsockoptTpacketStatsV3(fd, unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
			r.drops += uint64(n.Drops)
		}
		return nil
	}) // a closed socket was asked before
}

func (r *ring) Counts() Counts { return r.public.get() }

// Close ends the capture. The memory is freed when Next has noticed.
func (r *ring) Close() error {
	if r.closed.Swap(true) {
		return nil
	}
	r.mu.Lock()
	r.addDrops()
	r.mu.Unlock()
	return r.file.Close()
}

// leave ends the reading after Close.
func (r *ring) leave() error {
	if r.memory != nil {
		r.publish()
		r.unmap()
	}
	return net.ErrClosed
}

func (r *ring) unmap() {
	r.cleanup.Stop()
	unix.Munmap(r.memory)
	r.memory, r.block, r.left = nil, nil, 0
}

// discard undoes openRing.
func (r *ring) discard() {
	r.file.Close()
	r.unmap()
}

// ntohs converts between the byte orders of network and machine.
func ntohs(n uint16) uint16 {
	b := (*[2]byte)(unsafe.Pointer(&n))
	return uint16(b[0])<<8 | uint16(b[1])
}
