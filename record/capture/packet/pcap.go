package packet

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/google/gopacket/pcapgo"
)

// frame is a packet of a file.
type frame struct {
	link uint32
	data []byte // valid until the next frame is read
	time int64  // Unix ns
}

const (
	pcapHead   = 24
	pcapRecord = 16
	// pcapUsual is the longest packet that pcapgo reads. pcapgo allocates that much at
	// once.
	pcapUsual = 65535
)

// pcapFile reads the frames of a classic pcap file. pcapgo reads most of them. pcapFile
// itself reads those that pcapgo refuses: packets that are longer than usual, or have
// more bytes captured than there were.
type pcapFile struct {
	in     *bufio.Reader
	file   *pcapgo.Reader
	link   uint32
	offset int64 // of the next record
	skip   int   // bytes of a record that is too long, to be passed over first
	buf    []byte
	ended  bool
}

func newPcap(in *bufio.Reader) (*pcapFile, error) {
	head, err := in.Peek(pcapHead)
	if err != nil {
		return nil, &DamageError{0, fmt.Errorf("read file header: %w", unexpected(err))}
	}
	order := binary.ByteOrder(binary.BigEndian)
	if head[0] == 0xd4 || head[0] == 0x4d {
		order = binary.LittleEndian
	}
	// The upper 16 bits describe a frame check sequence. The IP length cuts it off.
	link := order.Uint32(head[20:]) & 0xffff
	file, err := pcapgo.NewReader(in)
	if err != nil {
		return nil, &DamageError{0, fmt.Errorf("read file header: %w", err)}
	}
	file.SetSnaplen(pcapUsual)
	return &pcapFile{in: in, file: file, link: link, offset: pcapHead}, nil
}

func (r *pcapFile) next(f *frame) error {
	if r.skip > 0 {
		n, err := r.in.Discard(r.skip)
		r.skip = 0
		r.offset += int64(n)
		r.ended = err != nil
	}
	if r.ended {
		return io.EOF
	}
	start := r.offset
	data, info, err := r.file.ZeroCopyReadPacketData()
	size := info.CaptureLength
	switch {
	case err == io.EOF && size == 0:
		r.ended = true
		return io.EOF
	case err != nil && size > maxRecord:
		r.offset += pcapRecord
		r.skip = size
		return &DamageError{start, fmt.Errorf("a packet of %d bytes is too long to be one", size)}
	case err != nil && (size > pcapUsual || size > info.Length):
		r.buf, err = take(r.in, r.buf, size)
		data = r.buf
	}
	if err != nil {
		r.ended = true
		return &DamageError{start, fmt.Errorf("read packet: %w", unexpected(err))}
	}
	r.offset += pcapRecord + int64(size)
	*f = frame{link: r.link, data: data, time: info.Timestamp.UnixNano()}
	return nil
}

func (*pcapFile) drops() uint64 { return 0 }

// unexpected returns io.ErrUnexpectedEOF for an end in the middle of something.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
