package packet

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
)

// Block types of pcapng (draft-ietf-opsawg-pcapng).
const (
	blockSection    = 0x0a0d0d0a
	blockInterface  = 1
	blockPacket     = 2 // obsolete
	blockSimple     = 3
	blockStatistics = 5
	blockEnhanced   = 6
	blockSecrets    = 10

	sectionMagic    = 0x1a2b3c4d
	secretsTLS      = 0x544c534b // a key log of TLS
	maxInterfaces   = 1 << 16    // of one section
	unknownDrops    = 0xffff
	optionDrops     = 4  // of an enhanced packet
	optionIfDrops   = 5  // of a statistics block
	optionOSDrops   = 7  // of a statistics block
	optionTimeUnit  = 9  // if_tsresol
	optionTimeStart = 14 // if_tsoffset
)

// pcapng reads the frames of a pcapng file, block by block.
type pcapng struct {
	in      *bufio.Reader
	secrets func([]byte)
	order   binary.ByteOrder
	ifs     []netIf
	offset  int64 // of the current block
	size    int   // of the current block, to be passed over before the next one
	peeked  bool  // the block is still in the buffer of in
	buf     []byte
	latest  int64 // time of the last packet, for packets without a time
	ended   bool
	dropped uint64 // drops in earlier sections
}

// netIf is an interface of the present section.
type netIf struct {
	link, snap     uint32
	unit           uint8 // if_tsresol
	start          int64 // if_tsoffset in ns
	dropped, total uint64
}

func newPcapng(in *bufio.Reader, secrets func([]byte)) *pcapng {
	return &pcapng{in: in, secrets: secrets, order: binary.LittleEndian}
}

func (r *pcapng) next(f *frame) error {
	for {
		kind, body, err := r.block()
		if err != nil {
			return err
		}
		found, err := r.read(kind, body, f)
		if err != nil {
			return &DamageError{r.offset, err}
		}
		if found {
			return nil
		}
	}
}

// read takes the content of a block. It reports whether the block is a packet, which is
// in f then.
func (r *pcapng) read(kind uint32, p []byte, f *frame) (bool, error) {
	switch kind {
	case blockSection:
		r.dropped = r.drops()
		r.ifs = r.ifs[:0]
	case blockInterface:
		return false, r.readInterface(p)
	case blockEnhanced:
		return r.readEnhanced(p, f)
	case blockPacket:
		return r.readObsolete(p, f)
	case blockSimple:
		return r.readSimple(p, f)
	case blockStatistics:
		r.readStatistics(p)
	case blockSecrets:
		return false, r.readSecrets(p)
	}
	return false, nil
}

// block returns the type and body of the next block. The body is valid until the next
// call. Errors are io.EOF and *DamageError.
//
//	type:4 length:4 body:length-12 length:4
func (r *pcapng) block() (kind uint32, body []byte, err error) {
	if err := r.pass(); err != nil {
		return 0, nil, err
	}
	head, err := r.in.Peek(12)
	if len(head) == 0 && err == io.EOF {
		r.ended = true
		return 0, nil, io.EOF
	}
	if err != nil {
		return r.end(fmt.Errorf("read block head: %w", unexpected(err)))
	}
	if kind = r.order.Uint32(head); kind == blockSection { // its bytes are the same in both orders
		switch {
		case binary.LittleEndian.Uint32(head[8:]) == sectionMagic:
			r.order = binary.LittleEndian
		case binary.BigEndian.Uint32(head[8:]) == sectionMagic:
			r.order = binary.BigEndian
		default:
			return r.end(fmt.Errorf("a section without byte-order magic: %x", head[8:12]))
		}
	}
	length := r.order.Uint32(head[4:])
	if length < 12 || length%4 != 0 {
		return r.end(fmt.Errorf("a block of %d bytes cannot be", length))
	}
	r.size = int(length)
	r.peeked = length <= inputBuffer || length > maxRecord
	if length > maxRecord {
		return 0, nil, &DamageError{r.offset, fmt.Errorf("a block of %d bytes is too long", length)}
	}
	var all []byte
	if r.peeked {
		all, err = r.in.Peek(r.size)
	} else {
		r.buf, err = take(r.in, r.buf, r.size)
		all = r.buf
	}
	if err != nil {
		return r.end(fmt.Errorf("read a block of %d bytes: %w", length, unexpected(err)))
	}
	if again := r.order.Uint32(all[length-4:]); again != length {
		return 0, nil, &DamageError{r.offset, fmt.Errorf("a block of %d bytes ends with the length %d", length, again)}
	}
	return kind, all[8 : length-4], nil
}

// pass passes over the block that was read last.
func (r *pcapng) pass() error {
	if r.ended {
		return io.EOF
	}
	if r.peeked {
		if _, err := r.in.Discard(r.size); err != nil {
			r.ended = true
			return &DamageError{r.offset, fmt.Errorf("read a block of %d bytes: %w", r.size, unexpected(err))}
		}
	}
	r.offset += int64(r.size)
	r.size, r.peeked = 0, false
	return nil
}

// end is called for damage behind which no further block can be found.
func (r *pcapng) end(err error) (uint32, []byte, error) {
	r.ended = true
	return 0, nil, &DamageError{r.offset, err}
}

func (r *pcapng) readInterface(p []byte) error {
	if len(p) < 8 {
		return fmt.Errorf("an interface of %d bytes", len(p))
	}
	if len(r.ifs) == maxInterfaces {
		return fmt.Errorf("more than %d interfaces", maxInterfaces)
	}
	i := netIf{link: uint32(r.order.Uint16(p)), snap: r.order.Uint32(p[4:]), unit: 6}
	r.options(p[8:], func(code uint16, v []byte) {
		switch {
		case code == optionTimeUnit && len(v) == 1:
			i.unit = v[0]
		case code == optionTimeStart && len(v) == 8:
			i.start = int64(r.order.Uint64(v)) * 1e9
		}
	})
	r.ifs = append(r.ifs, i)
	return nil
}

// readEnhanced reads interface:4 time:4+4 captured:4 original:4 data options.
func (r *pcapng) readEnhanced(p []byte, f *frame) (bool, error) {
	if len(p) < 20 {
		return false, fmt.Errorf("a packet block of %d bytes", len(p))
	}
	i, err := r.netIf(r.order.Uint32(p))
	if err != nil {
		return false, err
	}
	captured := r.order.Uint32(p[12:])
	if err := r.packet(i, p[4:12], captured, p[20:], f); err != nil {
		return false, err
	}
	if rest := p[20+captured:]; len(rest) > 4 {
		r.options(rest[min(-captured&3, uint32(len(rest))):], func(code uint16, v []byte) {
			if code == optionDrops && len(v) == 8 {
				i.dropped += r.order.Uint64(v)
			}
		})
	}
	return true, nil
}

// readObsolete reads interface:2 drops:2 time:4+4 captured:4 original:4 data options.
func (r *pcapng) readObsolete(p []byte, f *frame) (bool, error) {
	if len(p) < 20 {
		return false, fmt.Errorf("a packet block of %d bytes", len(p))
	}
	i, err := r.netIf(uint32(r.order.Uint16(p)))
	if err != nil {
		return false, err
	}
	if n := r.order.Uint16(p[2:]); n != unknownDrops {
		i.dropped += uint64(n)
	}
	err = r.packet(i, p[4:12], r.order.Uint32(p[12:]), p[20:], f)
	return err == nil, err
}

// readSimple reads original:4 data. The packet belongs to the first interface of the
// section. It has no time, so it gets the time of the packet before it.
func (r *pcapng) readSimple(p []byte, f *frame) (bool, error) {
	if len(p) < 4 {
		return false, fmt.Errorf("a packet block of %d bytes", len(p))
	}
	i, err := r.netIf(0)
	if err != nil {
		return false, err
	}
	captured := min(r.order.Uint32(p), uint32(len(p)-4))
	if i.snap > 0 {
		captured = min(captured, i.snap)
	}
	*f = frame{link: i.link, data: p[4 : 4+captured], time: r.latest}
	return true, nil
}

// packet fills f. at is the time, upper half first.
func (r *pcapng) packet(i *netIf, at []byte, captured uint32, data []byte, f *frame) error {
	if uint64(captured) > uint64(len(data)) {
		return fmt.Errorf("a packet of %d bytes in a block with %d", captured, len(data))
	}
	r.latest = i.start + ticks(uint64(r.order.Uint32(at))<<32|uint64(r.order.Uint32(at[4:])), i.unit)
	*f = frame{link: i.link, data: data[:captured], time: r.latest}
	return nil
}

func (r *pcapng) netIf(n uint32) (*netIf, error) {
	if uint64(n) >= uint64(len(r.ifs)) {
		return nil, fmt.Errorf("a packet of interface %d, and the section has %d", n, len(r.ifs))
	}
	return &r.ifs[n], nil
}

// readStatistics takes how many packets an interface dropped, from start to now.
func (r *pcapng) readStatistics(p []byte) {
	if len(p) < 12 {
		return
	}
	i, err := r.netIf(r.order.Uint32(p))
	if err != nil {
		return
	}
	total := uint64(0)
	r.options(p[12:], func(code uint16, v []byte) {
		if (code == optionIfDrops || code == optionOSDrops) && len(v) == 8 {
			total += r.order.Uint64(v)
		}
	})
	i.total = max(i.total, total)
}

// drops returns how many packets the file says were dropped while it was written. Drops
// in packet blocks are contained in those of the statistics.
func (r *pcapng) drops() uint64 {
	sum := r.dropped
	for i := range r.ifs {
		sum += max(r.ifs[i].dropped, r.ifs[i].total)
	}
	return sum
}

// readSecrets reads type:4 length:4 data.
func (r *pcapng) readSecrets(p []byte) error {
	if len(p) < 8 {
		return fmt.Errorf("a secrets block of %d bytes", len(p))
	}
	n := r.order.Uint32(p[4:])
	if uint64(n) > uint64(len(p)-8) {
		return fmt.Errorf("secrets of %d bytes in a block with %d", n, len(p)-8)
	}
	if r.secrets != nil && r.order.Uint32(p) == secretsTLS {
		r.secrets(p[8 : 8+n])
	}
	return nil
}

// options calls each for every option of a block: code:2 length:2 value, padded to 4.
func (r *pcapng) options(p []byte, each func(code uint16, value []byte)) {
	for len(p) >= 4 {
		code, n := r.order.Uint16(p), int(r.order.Uint16(p[2:]))
		if p = p[4:]; code == 0 || n > len(p) {
			return
		}
		each(code, p[:n])
		p = p[min((n+3)&^3, len(p)):]
	}
}

// ticks converts a time to nanoseconds. Its unit is 10⁻ⁿ s, or 2⁻ⁿ s if the upper bit of
// unit is set.
func ticks(t uint64, unit uint8) int64 {
	n := uint(unit & 0x7f)
	if unit&0x80 == 0 {
		for ; n < 9; n++ {
			t *= 10
		}
		for ; n > 9 && t > 0; n-- {
			t /= 10
		}
		return int64(t)
	}
	high, low := bits.Mul64(t, 1e9)
	if n < 64 {
		return int64(high<<(64-n) | low>>n)
	}
	return int64(high >> (n - 64))
}
