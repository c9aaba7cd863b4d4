package packet

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/ulikunitz/xz"
)

const (
	inputBuffer = 256 << 10 // bytes read ahead; blocks up to this size are not copied
	maxRecord   = 16 << 20  // bytes of a packet or block
	maxNesting  = 4         // compressed files in each other
	maxXZDict   = 128 << 20
)

// unpack returns the uncompressed content of r, which may be compressed several times.
func unpack(r io.Reader) (*bufio.Reader, error) {
	in := bufio.NewReaderSize(r, inputBuffer)
	for range maxNesting {
		head, err := in.Peek(24)
		if err != nil && err != io.EOF {
			return nil, err
		}
		var plain io.Reader
		switch {
		case bytes.HasPrefix(head, []byte("\x1f\x8b\x08")):
			if plain, err = gzip.NewReader(in); err != nil {
				return nil, fmt.Errorf("decompress gzip: %w", err)
			}
		case bytes.HasPrefix(head, []byte("\xfd7zXZ\x00")):
			if err := checkXZ(head); err != nil {
				return nil, fmt.Errorf("decompress xz: %w", err)
			}
			if plain, err = xz.NewReader(in); err != nil {
				return nil, fmt.Errorf("decompress xz: %w", err)
			}
		default:
			return in, nil
		}
		in = bufio.NewReaderSize(plain, inputBuffer)
	}
	return nil, errors.New("compressed more than 4 times: decompress it first")
}

// checkXZ looks at the first block's header, behind the 12 bytes of the stream's, for
// the size of the dictionary, which the library allocates as stated (.xz file format
// 1.2.1, 3.1 and 5.3.1).
func checkXZ(head []byte) error {
	if len(head) < 24 || head[12] == 0 { // no block
		return nil
	}
	p := head[14:]
	for range head[13] >> 6 & 1 { // compressed size
		p = skipVarint(p)
	}
	for range head[13] >> 7 { // uncompressed size
		p = skipVarint(p)
	}
	if len(p) < 3 || p[0] != 0x21 || p[1] != 1 {
		return nil // another filter: the library says so
	}
	bits := p[2]
	if size := (2 | uint64(bits)&1) << (bits/2 + 11); bits > 40 || size > maxXZDict {
		return fmt.Errorf("a dictionary of %d MiB is too large: decompress it first", size>>20)
	}
	return nil
}

func skipVarint(p []byte) []byte {
	for len(p) > 0 && p[0]&0x80 != 0 {
		p = p[1:]
	}
	return p[min(1, len(p)):]
}

// take reads n bytes into buf, which grows only as far as there is data.
func take(in io.Reader, buf []byte, n int) ([]byte, error) {
	buf = buf[:0]
	for len(buf) < n {
		if cap(buf) == len(buf) {
			buf = append(buf, make([]byte, min(n, max(len(buf), inputBuffer)))...)[:len(buf)]
		}
		m, err := io.ReadFull(in, buf[len(buf):min(n, cap(buf))])
		buf = buf[:len(buf)+m]
		if err != nil {
			return buf, io.ErrUnexpectedEOF
		}
	}
	return buf, nil
}
