package packet

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

const (
	inputBuffer = 256 << 10 // bytes read ahead; blocks up to this size are not copied
	maxRecord   = 16 << 20  // bytes of a packet or block
	maxNesting  = 4         // how deep compressed files may be nested
)

// unpack returns the uncompressed content of r. r may be compressed several times.
func unpack(r io.Reader) (*bufio.Reader, error) {
	in := bufio.NewReaderSize(r, inputBuffer)
	for range maxNesting {
		head, err := in.Peek(len(xzMagic))
		if err != nil && err != io.EOF {
			return nil, err
		}
		var plain io.Reader
		switch {
		case bytes.HasPrefix(head, []byte("\x1f\x8b\x08")):
			if plain, err = gzip.NewReader(in); err != nil {
				return nil, fmt.Errorf("decompress gzip: %w", err)
			}
		case bytes.HasPrefix(head, xzMagic):
			if plain, err = newXZ(in); err != nil {
				return nil, fmt.Errorf("decompress xz: %w", err)
			}
		default:
			return in, nil
		}
		in = bufio.NewReaderSize(plain, inputBuffer)
	}
	return nil, errors.New("compressed more than 4 times: decompress it first")
}

// take reads n bytes into buf. buf only grows as data come.
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
