package flowfile

import (
	"io"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/zstd"
)

// aheadMax is the longest block, decompressed, that is read ahead.
const aheadMax = 4 * defaultBlockSize

// An ahead decompresses the next block of a file while the Reader gives out the
// records of the block before. It only saves time: it does not report damage, as the
// Reader meets the same damage again.
//
// At most one goroutine runs, for one block. start begins it; take and stop wait for
// its end. Until then the fields belong to the goroutine, except off and want.
type ahead struct {
	src  io.ReaderAt
	off  int64     // of the stored block in work, 0 for none
	want blockHead // of that block

	check  bool          // of newDecompressor
	zstd   *zstd.Decoder // nil before the first block
	stored []byte
	raw    []byte
	whole  bool          // raw is the block
	ended  chan struct{} // has room for the one end
}

// start begins to decompress the clear block that is stored at off.
func (a *ahead) start(src io.ReaderAt, off int64, h *blockHead) {
	if h.flags != 0 || h.raw > aheadMax || int64(h.stored) > storedMax(int64(h.raw), false) {
		return
	}
	if a.zstd == nil {
		z, err := newDecompressor(a.check)
		if err != nil {
			return
		}
		a.zstd, a.ended = z, make(chan struct{}, 1)
	}
	a.src, a.off, a.want, a.whole = src, off, *h, false
	go a.run()
}

func (a *ahead) run() {
	defer func() { a.ended <- struct{}{} }()
	if n := int(a.want.stored); cap(a.stored) < n {
		a.stored = make([]byte, n)
	} else {
		a.stored = a.stored[:n]
	}
	if n, _ := a.src.ReadAt(a.stored, a.off); n < len(a.stored) || xxhash.Sum64(a.stored) != a.want.hash {
		return
	}
	var err error
	a.raw, err = decompress(a.zstd, a.raw, a.stored, &a.want)
	a.whole = err == nil
}

// stop waits for the block in work and forgets it.
func (a *ahead) stop() {
	if a.off != 0 {
		<-a.ended
		a.off = 0
	}
}

// take returns the block stored at off if it is the one that was read ahead, and
// takes dst, which is no longer used, for the next one.
func (a *ahead) take(dst []byte, off int64, h *blockHead) ([]byte, bool) {
	at := a.off
	a.stop()
	if at != off || !a.whole || h.hash != a.want.hash || h.raw != a.want.raw || h.stored != a.want.stored || h.flags != 0 {
		return nil, false
	}
	raw := a.raw
	a.raw, a.whole = dst[:0], false
	return raw, true
}

// close waits for the block in work and gives up the decompressor.
func (a *ahead) close() {
	a.stop()
	if a.zstd != nil {
		a.zstd.Close()
	}
}
