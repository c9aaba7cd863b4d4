package flowfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/cespare/xxhash/v2"
)

// nextBlock opens the block at r.off, or the next one that is whole. The caller
// reports its error. It sets r.done at the end of the file.
func (r *Reader) nextBlock() error {
	r.keepEnding()
	r.block = openBlock{raw: r.block.raw[:0], bodies: r.block.bodies[:0]}
	if r.atEnd() {
		return r.finish()
	}
	head, n, err := r.blockHead(r.off)
	if err != nil {
		return r.skipDamage(err)
	}
	at := r.off
	if !r.hasHead {
		r.head.id, r.hasHead = head.id, true
	}
	if head.number < r.number {
		r.off += n + int64(head.stored)
		return r.corrupt(at, int64(head.number), errors.New("the block stands here a second time; passed over"))
	}
	missing := head.number - r.number
	r.number = head.number + 1
	pass := !r.may(&head)
	if pass && !r.others && at+n+int64(head.stored) <= r.size {
		r.off, r.damaged = at+n+int64(head.stored), false
		r.passed += uint64(head.flows)
		return nil
	}
	raw, ok := r.ahead.take(r.block.raw, at+n, &head)
	if !ok {
		raw, err = r.unpack(r.block.raw, at+n, &head)
	}
	if r.locked(err) {
		r.done = true
		return fmt.Errorf("read %s, block %d at offset %d: %w", r.path, head.number, at, err)
	}
	if err != nil {
		return r.skipBlock(at, at+n+int64(head.stored), &head, err)
	}
	r.off = at + n + int64(head.stored)
	r.block = openBlock{off: at, head: head, raw: raw, pass: pass, bodies: r.block.bodies}
	if missing > 0 && !r.damaged {
		r.report(at, int64(head.number-missing), fmt.Errorf("%d blocks are missing before this offset", missing))
	}
	r.damaged = false
	if head.firstFlow > r.nextFlow {
		r.missed += head.firstFlow - r.nextFlow
	}
	r.nextFlow = head.firstFlow
	if r.inOrder {
		r.readAhead()
	}
	r.inOrder = true
	return nil
}

// may reports whether the block can hold a flow that is wanted.
func (r *Reader) may(h *blockHead) bool { return r.o.Filter == nil || r.o.Filter.May(h) }

// readAhead begins with the block at r.off, if there is one and it is wanted.
func (r *Reader) readAhead() {
	if r.hasEnd && r.off >= r.end.index {
		return
	}
	head, n, err := r.blockHead(r.off)
	if err == nil && r.off+n+int64(head.stored) <= r.size && r.may(&head) {
		r.ahead.start(r.src, r.off+n, &head)
	}
}

// atEnd reports whether the blocks end at r.off.
func (r *Reader) atEnd() bool {
	if r.hasEnd {
		return r.off >= r.end.index
	}
	if r.off >= r.size {
		return true
	}
	b, err := r.read(r.off, 12)
	if err != nil {
		return false
	}
	_, ok := frameLen(b, sigIndex)
	return ok
}

// finish checks index, totals and end frame.
func (r *Reader) finish() error {
	r.done = true
	switch {
	case !r.hasEnd && r.off >= r.size:
		return r.corrupt(r.off, -1, ErrTruncated)
	case !r.hasEnd && r.tailCut():
		return r.corrupt(r.off, -1, ErrTruncated)
	case !r.hasEnd:
		return r.corrupt(r.off, -1, fmt.Errorf("end of the file: %w; the blocks before it are whole", errFrame))
	case r.off != r.end.index && !r.damaged:
		return r.corrupt(r.off, -1, errors.New("the index does not begin where the last block ends"))
	case !r.indexSound():
		return r.corrupt(r.end.index, -1, fmt.Errorf("index: %w; the blocks before it are whole", errFrame))
	case !r.hasSum:
		return r.corrupt(r.end.totals, -1, fmt.Errorf("totals: %w; the blocks before it are whole", errFrame))
	case r.end.blocks > r.number:
		return r.corrupt(r.end.index, int64(r.number), fmt.Errorf("%d blocks are missing at the end", r.end.blocks-r.number))
	}
	return nil
}

// tailCut reports whether the frames behind the blocks are sound and only their end
// is missing.
func (r *Reader) tailCut() bool {
	off := r.off
	for _, sig := range [...]string{sigIndex, sigTotals, sigEnd} {
		b, err := r.read(off, 12)
		if err != nil {
			return true
		}
		n, ok := frameLen(b, sig)
		if !ok {
			return false
		}
		if off+n > r.size {
			return true
		}
		off += n
	}
	return false
}

// indexSound checks the hash of the index. It does not load the index into memory.
func (r *Reader) indexSound() bool {
	n := r.end.totals - r.end.index
	b, err := r.read(r.end.index, 12)
	if err != nil {
		return false
	}
	if got, ok := frameLen(b, sigIndex); !ok || got != n {
		return false
	}
	var hash xxhash.Digest
	hash.Reset()
	if _, err := io.Copy(&hash, io.NewSectionReader(r.src, r.end.index, n-8)); err != nil {
		return false
	}
	b, err = r.read(r.end.totals-8, 8)
	return err == nil && binary.LittleEndian.Uint64(b) == hash.Sum64()
}

// blockHead reads the head of a block of this file and returns its length.
func (r *Reader) blockHead(off int64) (blockHead, int64, error) {
	b, err := r.read(off, 12)
	if err != nil {
		return blockHead{}, 0, err
	}
	n, ok := frameLen(b, sigBlock)
	if !ok || n > maxBlockHead {
		return blockHead{}, 0, errFrame
	}
	if b, err = r.read(off, n); err != nil {
		return blockHead{}, 0, err
	}
	h, err := parseBlockHead(b)
	switch {
	case err != nil:
		return blockHead{}, 0, err
	case r.hasHead && h.id != r.head.id:
		return blockHead{}, 0, errors.New("block of another recording")
	case h.number > 1<<62:
		return blockHead{}, 0, errFrame
	}
	return h, n, nil
}

// unpack decompresses a block into dst, which it replaces if it is too small.
func (r *Reader) unpack(dst []byte, off int64, h *blockHead) ([]byte, error) {
	switch {
	case h.flags&^flagEncrypted != 0:
		return dst[:0], fmt.Errorf("block flags %#x: %w", h.flags, ErrVersion)
	case h.raw > maxRaw || int64(h.stored) > storedMax(int64(h.raw), h.flags&flagEncrypted != 0):
		return dst[:0], fmt.Errorf("length: %w", errFrame)
	}
	b, err := r.read(off, int64(h.stored))
	if err != nil {
		return dst[:0], err
	}
	if xxhash.Sum64(b) != h.hash {
		return dst[:0], errFrame
	}
	if h.flags&flagEncrypted != 0 {
		if b, err = r.unseal(b); err != nil {
			return dst[:0], err
		}
	}
	return decompress(r.zstd, dst, b, h)
}

// skipBlock passes over a block with a sound head and an unsound content.
func (r *Reader) skipBlock(at, next int64, h *blockHead, err error) error {
	// The error of a read is not wrapped; that of a decoder is.
	if err == io.ErrUnexpectedEOF && !r.hasEnd {
		r.done = true
		return r.corrupt(at, int64(h.number), ErrTruncated)
	}
	r.off = next
	if next > r.size {
		r.off = at + 1
		r.resync()
	}
	r.damaged = true
	return r.corrupt(at, int64(h.number), err)
}

// skipDamage passes over bytes that are no block, up to the next block.
func (r *Reader) skipDamage(err error) error {
	at := r.off
	r.off++
	r.resync()
	r.damaged = true
	if errors.Is(err, io.ErrUnexpectedEOF) && !r.hasEnd && r.off >= r.size {
		r.done = true
		return r.corrupt(at, int64(r.number), ErrTruncated)
	}
	return r.corrupt(at, int64(r.number), err)
}

// resync moves r.off to the next sound block head, or to the end.
func (r *Reader) resync() {
	pattern := binary.LittleEndian.AppendUint32(nil, frameMagic)
	limit := r.size
	if r.hasEnd {
		limit = r.end.index
	}
	window := make([]byte, 64<<10)
	for r.off < limit {
		n, err := r.src.ReadAt(window[:min(int64(len(window)), limit-r.off)], r.off)
		b := window[:n]
		i := bytes.Index(b, pattern)
		switch {
		case i >= 0:
			r.off += int64(i)
			if _, _, err := r.blockHead(r.off); err == nil {
				return
			}
			if !r.hasEnd && r.atEnd() && r.tailWhole() {
				return
			}
			r.off++
		case n < len(pattern) || err != nil && err != io.EOF:
			r.off = limit
		default:
			r.off += int64(n - len(pattern) + 1)
		}
	}
}

// tailWhole reports whether a sound index begins at r.off.
func (r *Reader) tailWhole() bool {
	b, err := r.read(r.off, 12)
	if err != nil {
		return false
	}
	n, ok := frameLen(b, sigIndex)
	if !ok || n > r.size-r.off {
		return false
	}
	saved := r.end
	defer func() { r.end = saved }()
	r.end = endFrame{index: r.off, totals: r.off + n}
	return r.indexSound()
}
