package runfile

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// The largest frame of a run file, in bytes. A writer stays far below.
const (
	maxFrame   = 64 << 20 // compressed
	maxDecoded = 64 << 20
)

var frameMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}

var errTooLarge = errors.New("frame larger than 64 MiB")

// frames reads the zstd frames of a file one by one. A damaged frame does not
// harm the others.
type frames struct {
	file    io.ReaderAt
	size    int64
	offset  int64 // of the next frame
	decoder *zstd.Decoder
}

func newFrames(file io.ReaderAt, size int64) (*frames, error) {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(maxDecoded))
	if err != nil {
		return nil, err
	}
	return &frames{file: file, size: size, decoder: d}, nil
}

// next returns the content of the next frame, which the caller owns. At the end
// the error is io.EOF. After any other error it goes on at the next place that
// looks like a frame.
func (f *frames) next() (content []byte, offset int64, err error) {
	offset = f.offset
	if offset >= f.size {
		return nil, offset, io.EOF
	}
	length, err := f.length(offset)
	if err == nil {
		raw := make([]byte, length)
		if _, err = f.file.ReadAt(raw, offset); err == nil {
			content, err = f.decoder.DecodeAll(raw, nil)
		}
	}
	if err != nil {
		f.offset = f.seek(offset + 1)
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, offset, err
	}
	f.offset = offset + length
	return content, offset, nil
}

// length walks the blocks of the frame at offset (RFC 8878, section 3.1.1) and
// returns its length in bytes.
func (f *frames) length(offset int64) (int64, error) {
	var head zstd.Header
	buf := make([]byte, zstd.HeaderMaxSize)
	n, err := f.file.ReadAt(buf, offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	if err := head.Decode(buf[:n]); err != nil {
		return 0, err
	}
	if head.Skippable {
		return f.within(offset, int64(head.HeaderSize)+int64(head.SkippableSize))
	}
	at := int64(head.HeaderSize)
	for last := false; !last; {
		var b [4]byte
		if _, err := f.file.ReadAt(b[:3], offset+at); err != nil {
			return 0, err
		}
		block := binary.LittleEndian.Uint32(b[:])
		last = block&1 == 1
		size := int64(block >> 3)
		switch block >> 1 & 3 {
		case 1: // one byte, repeated
			size = 1
		case 3:
			return 0, errors.New("reserved block type")
		}
		if at += 3 + size; at > maxFrame {
			return 0, errTooLarge
		}
	}
	if head.HasCheckSum {
		at += 4
	}
	return f.within(offset, at)
}

func (f *frames) within(offset, length int64) (int64, error) {
	if length > maxFrame {
		return 0, errTooLarge
	}
	if offset+length > f.size {
		return 0, io.ErrUnexpectedEOF
	}
	return length, nil
}

// seek returns the offset of the next frame magic at or after from, or the size
// of the file.
func (f *frames) seek(from int64) int64 {
	r := bufio.NewReaderSize(io.NewSectionReader(f.file, from, f.size-from), 64<<10)
	for {
		window, err := r.Peek(32 << 10)
		if i := bytes.Index(window, frameMagic); i >= 0 {
			return from + int64(i)
		}
		if err != nil {
			return f.size
		}
		skip := len(window) - len(frameMagic) + 1
		if _, err := r.Discard(skip); err != nil {
			return f.size
		}
		from += int64(skip)
	}
}

func (f *frames) close() { f.decoder.Close() }

// A DamageError says what of a run file could not be read.
type DamageError struct {
	Path   string
	Offset int64 // of the frame, in bytes
	Frame  int   // counted from 0
	Err    error
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("%s: frame %d at byte %d: %v", e.Path, e.Frame, e.Offset, e.Err)
}

func (e *DamageError) Unwrap() error { return e.Err }
