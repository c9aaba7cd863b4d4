package packet

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"

	"github.com/ulikunitz/xz/lzma"
)

// maxDictionary is the largest dictionary of an xz block. xz -9 uses 64 MiB.
const maxDictionary = 128 << 20

var (
	xzMagic    = []byte("\xfd7zXZ\x00")
	errXZ      = errors.New("not as the xz format has it")
	errXZCheck = errors.New("the checksum of a block is wrong")
)

// xzReader reads the container of .xz files (The .xz File Format 1.2.1) around the LZMA2
// decoder of the library. The container reader of the library is not used, because it
// takes a file that ends behind any block for a whole one, and gives each block the
// dictionary that it asks for, up to 4 GiB.
//
//	stream: header:12 block… index footer:12, zeros up to a multiple of 4
//	block:  size:1 flags:1 sizes filter, zeros, crc:4, LZMA2 data, zeros, check
type xzReader struct {
	in    *bufio.Reader
	flags [2]byte // of the stream; the second one is the kind of check
	check hash.Hash
	size  int       // of the check in bytes
	block io.Reader // LZMA2, nil between blocks
	used  byteCount // compressed bytes of the block
	err   error
}

// byteCount counts the bytes read through it.
type byteCount struct {
	r io.Reader
	n int64
}

func (c *byteCount) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func newXZ(in *bufio.Reader) (*xzReader, error) {
	r := &xzReader{in: in}
	return r, unexpected(r.stream())
}

func (r *xzReader) Read(p []byte) (int, error) {
	for r.err == nil {
		if r.block == nil {
			r.err = r.next()
			continue
		}
		n, err := r.block.Read(p)
		r.check.Write(p[:n])
		if err == io.EOF {
			err = r.endBlock()
		}
		r.err = err
		if n > 0 || r.err != nil {
			return n, r.err
		}
	}
	return 0, r.err
}

// bytes reads n bytes.
func (r *xzReader) bytes(n int) ([]byte, error) {
	p := make([]byte, n)
	_, err := io.ReadFull(r.in, p)
	return p, unexpected(err)
}

// stream reads the header of a stream.
func (r *xzReader) stream() error {
	p, err := r.bytes(12)
	if err != nil {
		return err
	}
	if !bytes.Equal(p[:6], xzMagic) || p[6] != 0 || crc32.ChecksumIEEE(p[6:8]) != binary.LittleEndian.Uint32(p[8:]) {
		return errXZ
	}
	r.flags = [2]byte(p[6:8])
	switch p[7] {
	case 0:
		r.check = crc32.NewIEEE() // not compared
		r.size = 0
		return nil
	case 1:
		r.check = crc32.NewIEEE()
	case 4:
		r.check = crc64.New(crc64.MakeTable(crc64.ECMA))
	case 10:
		r.check = sha256.New()
	default:
		return fmt.Errorf("an unknown kind of check, %d", p[7])
	}
	r.size = r.check.Size()
	return nil
}

// next begins the next block, or ends the stream and begins the next one.
func (r *xzReader) next() error {
	first, err := r.in.ReadByte()
	if err != nil {
		return unexpected(err)
	}
	if first == 0 {
		if err := r.endStream(); err != nil {
			return err
		}
		return r.stream()
	}
	p, err := r.bytes(int(first)*4 + 3)
	if err != nil {
		return err
	}
	p, sum := p[:len(p)-4], p[len(p)-4:]
	if crc32.Update(crc32.ChecksumIEEE([]byte{first}), crc32.IEEETable, p) != binary.LittleEndian.Uint32(sum) {
		return errXZ
	}
	capacity, err := dictionary(p)
	if err != nil {
		return err
	}
	r.used = byteCount{r: r.in}
	r.check.Reset()
	block, err := lzma.Reader2Config{DictCap: capacity}.NewReader2(&r.used)
	if err != nil {
		return unexpected(err)
	}
	r.block = block
	return nil
}

// dictionary returns the size of the dictionary in the header of a block.
func dictionary(p []byte) (int, error) {
	flags, p := p[0], p[1:]
	if flags&0x3f != 0 {
		return 0, errors.New("a filter beside LZMA2: decompress it first")
	}
	for range flags>>6&1 + flags>>7 { // the sizes are not needed
		_, n := binary.Uvarint(p)
		if n <= 0 {
			return 0, errXZ
		}
		p = p[n:]
	}
	if len(p) < 3 || p[0] != 0x21 || p[1] != 1 || p[2] > 40 {
		return 0, errXZ
	}
	size := uint64(2|p[2]&1) << (p[2]/2 + 11)
	if size > maxDictionary {
		return 0, fmt.Errorf("a dictionary of %d MiB is too large: decompress it first", size>>20)
	}
	return int(size), nil
}

// endBlock reads what follows the compressed data of a block.
func (r *xzReader) endBlock() error {
	r.block = nil
	p, err := r.bytes(int(-r.used.n&3) + r.size)
	if err != nil {
		return err
	}
	want := r.check.Sum(nil)
	if r.size > 0 && r.size < sha256.Size { // CRCs are little-endian here
		for i := range want[:len(want)/2] {
			j := len(want) - 1 - i
			want[i], want[j] = want[j], want[i]
		}
	}
	if r.size > 0 && !bytes.Equal(p[len(p)-r.size:], want) {
		return errXZCheck
	}
	return nil
}

// endStream passes over the index and the footer of a stream, and the zeros behind it.
// The error is io.EOF if no further stream follows.
func (r *xzReader) endStream() error {
	index := byteCounter{r.in, 1}
	records, err := binary.ReadUvarint(&index)
	for ; records > 0 && err == nil; records-- {
		if _, err = binary.ReadUvarint(&index); err == nil {
			_, err = binary.ReadUvarint(&index)
		}
	}
	if err != nil {
		return unexpected(err)
	}
	p, err := r.bytes(-index.n&3 + 4 + 12)
	if err != nil {
		return err
	}
	if foot := p[len(p)-4:]; string(foot[2:]) != "YZ" || [2]byte(foot[:2]) != r.flags {
		return errXZ
	}
	for {
		pad, err := r.in.Peek(4)
		switch {
		case err == io.EOF && len(pad) == 0:
			return io.EOF
		case err != nil:
			return unexpected(err)
		case binary.LittleEndian.Uint32(pad) != 0:
			return nil
		}
		r.in.Discard(4)
	}
}

// byteCounter counts single bytes.
type byteCounter struct {
	io.ByteReader
	n int
}

func (c *byteCounter) ReadByte() (byte, error) {
	c.n++
	return c.ByteReader.ReadByte()
}
