package flowfile

import (
	"fmt"
	"math"
	"sort"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// SeekFlow moves to flow number n. The next record is that flow; where it is missing,
// the first flow after it, or io.EOF. It reads two dozen index entries and
// decompresses one block. Without an index it reads the head of every block before.
// Conn records before that place are passed over.
func (r *Reader) SeekFlow(n uint64) error {
	err := r.seek(func(e entry) bool { return e.firstFlow > n }, true)
	if err != nil {
		return err
	}
	r.skip = func(f *flow.Flow) bool { return f.Number >= n }
	return nil
}

// SeekTime moves to the first flow in the file that starts at t or later. Flows stand
// in the order of their ends, so that a later flow can still start before t. The cost
// is that of SeekFlow.
func (r *Reader) SeekTime(t time.Time) error {
	at := unixNano(t)
	err := r.seek(func(e entry) bool { return e.latest >= at }, false)
	if err != nil {
		return err
	}
	r.skip = func(f *flow.Flow) bool { return !f.Start.Before(t) }
	return nil
}

// seekFilter moves to the first block that can hold a flow that starts at from
// (unix nanoseconds) or later.
func (r *Reader) seekFilter(from int64) error {
	return r.seek(func(e entry) bool { return e.latest >= from }, false)
}

// seek moves to the first block for which after is true; with before, to the block in
// front of that one. If after is true for a block, it is true for all later blocks.
func (r *Reader) seek(after func(entry) bool, before bool) error {
	r.block = openBlock{raw: r.block.raw[:0], bodies: r.block.bodies[:0]}
	r.queue, r.done, r.damaged, r.inOrder = nil, false, false, false
	if r.hasEnd && r.indexSound() {
		if err := r.seekIndex(after, before); err != nil || r.off == r.end.index {
			return err
		}
		if h, _, err := r.blockHead(r.off); err == nil && h.number == r.number {
			return nil
		}
	}
	r.seekHeads(after, before, nil) // also where damage moved the blocks away from the index
	return nil
}

func (r *Reader) seekIndex(after func(entry) bool, before bool) error {
	var failed error
	at := func(i int) entry {
		b, err := r.read(r.end.index+frameHead+4+int64(i)*entrySize, entrySize)
		if err != nil {
			failed = err
			return entry{}
		}
		return parseEntry(b)
	}
	count := int(r.end.blocks)
	i := sort.Search(count, func(i int) bool { return failed != nil || after(at(i)) })
	if before && i > 0 {
		i--
	}
	r.number, r.off = uint64(i), r.end.index
	if i < count {
		r.off = at(i).offset
	}
	if failed != nil {
		return fmt.Errorf("seek in the index of %s: %w", r.path, failed)
	}
	return nil
}

// seekHeads is seek by reading the heads of the blocks. It calls see, if that is not
// nil, with each head. Damage on the way is not reported.
func (r *Reader) seekHeads(after func(entry) bool, before bool, see func(*blockHead)) {
	r.off, r.number = int64(fileHeadSize), 0
	latest := int64(math.MinInt64)
	var last struct {
		off    int64
		number uint64
		known  bool
	}
	for !r.atEnd() {
		h, n, err := r.blockHead(r.off)
		if err != nil {
			r.off++
			r.resync()
			continue
		}
		r.number = h.number
		if see != nil {
			see(&h)
		}
		if h.flows > 0 {
			latest = max(latest, h.end)
		}
		if after(entry{firstFlow: h.firstFlow, latest: latest}) {
			break
		}
		last.off, last.number, last.known = r.off, h.number, true
		r.off += n + int64(h.stored)
	}
	if before && last.known {
		r.off, r.number = last.off, last.number
	}
}
