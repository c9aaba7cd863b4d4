package flowfile

import (
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// With room for one more part of a zstd frame, and some bytes, behind its end, the
// decompressor copies in long strides up to the last part.
const (
	zstdPart  = 128 << 10
	zstdSlack = 16
)

// newDecompressor makes a decoder that checks the checksum of what it decompresses
// only if told to: the hash in the block head, which is longer and covers the same
// bytes before, was looked at already.
func newDecompressor(check bool) (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.IgnoreChecksum(!check),
		zstd.WithDecoderMaxMemory(maxRaw), zstd.WithDecoderMaxWindow(maxRaw), zstd.WithDecodeAllCapLimit(true))
}

// decompress puts the block of a zstd frame into dst, which it replaces if it is
// too small or far too large. A block that is not as long as its head says is
// damaged.
func decompress(z *zstd.Decoder, dst, frame []byte, h *blockHead) ([]byte, error) {
	// The capacity bounds what a block may decompress to.
	need := int(h.raw) + min(int(h.raw), zstdPart) + zstdSlack
	if cap(dst) < need || cap(dst) > max(4*need, 4*defaultBlockSize) {
		dst = make([]byte, 0, (need+zstdPart-1)&^(zstdPart-1))
	}
	out, err := z.DecodeAll(frame, dst[:0:need])
	if err != nil {
		return dst[:0], fmt.Errorf("decompress: %w", err)
	}
	if len(out) != int(h.raw) {
		return dst[:0], fmt.Errorf("decompressed length: %w", errFrame)
	}
	return dst[:len(out)], nil // which is out, with all the room there is
}
