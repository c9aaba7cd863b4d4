package flowfile

import (
	"bytes"
	"cmp"
	"container/list"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"slices"
	"sync"

	"github.com/starling-load/starling/record/flow"
)

// ErrNoFlow says that a recording holds no flow of a number.
var ErrNoFlow = errors.New("the recording has no flow of this number")

// A Shelf gives the flows of one recording by their numbers. Several goroutines may
// use it at once.
//
// Its memory does not depend on what the recording holds: 32 MiB of blocks that
// were used last, two blocks for each processor, and 24 bytes for each block of the
// file.
type Shelf struct {
	path   string
	file   File
	size   int64 // of the file when it was opened
	o      ReaderOptions
	blocks []shelved    // in the order of their flows
	arms   chan *Reader // one for each flow that may be in work; they read blocks alone
	recent recentBlocks
}

// A shelved is where the flows of a block are.
type shelved struct {
	off   int64
	first uint64 // number of the first flow
	flows uint32
}

// OpenShelf opens a recording. It reads the heads of all blocks, and passes over
// those that are damaged; see Flows. A Filter has no effect.
func OpenShelf(path string, o ReaderOptions) (*Shelf, error) {
	o.Filter = nil
	r, err := OpenWith(path, o)
	if err != nil {
		return nil, err
	}
	s := &Shelf{path: path, file: r.closer.(File), size: r.size, o: o, arms: make(chan *Reader, runtime.GOMAXPROCS(0))}
	s.recent.limit = cacheLimit
	next := uint64(0)
	r.seekHeads(func(entry) bool { return false }, false, func(h *blockHead) {
		if h.flows > 0 && h.firstFlow >= next { // else it stands here a second time
			s.blocks = append(s.blocks, shelved{r.off, h.firstFlow, h.flows})
			next = h.firstFlow + uint64(h.flows)
		}
	})
	s.arms <- r
	for len(s.arms) < cap(s.arms) {
		arm, err := newReader(path, s.file, s.size, o)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), s.Close())
		}
		s.arms <- arm
	}
	return s, nil
}

// Close waits for the flows in work and closes the file. Flows that were read remain
// valid.
func (s *Shelf) Close() error {
	for range len(s.arms) {
		arm := <-s.arms
		arm.closer = nil
		arm.Close() // cannot fail: the file is not its own
	}
	close(s.arms)
	return s.file.Close()
}

// Flows goes over all flows of the recording as it was when the Shelf was opened.
// Damage is an error between them (a *CorruptError), and the flows that it took
// cannot be read by number either. A flow and its bodies are valid until the next one.
func (s *Shelf) Flows() iter.Seq2[*flow.Flow, error] {
	return func(yield func(*flow.Flow, error) bool) {
		o := s.o
		o.ReuseBodies = true
		r, err := newReader(s.path, s.file, s.size, o)
		if err != nil {
			yield(nil, fmt.Errorf("open %s: %w", s.path, err))
			return
		}
		defer r.Close()
		r.flows(yield)
	}
}

// Flow returns the flow with a number, which is the caller's. Body.Open works as
// long as the Shelf is open, for each that asks. A body in a block
// that is damaged is missing from it, as Body.Truncated then says. It reads and
// decompresses one block, or one more for each body that stands in another block,
// unless they were used not long ago.
//
// ErrNoFlow is a number that the recording does not have, a *CorruptError a flow
// that cannot be read.
func (s *Shelf) Flow(number uint64) (*flow.Flow, error) {
	at, found := slices.BinarySearchFunc(s.blocks, number, func(b shelved, n uint64) int {
		if b.first <= n && n-b.first < uint64(b.flows) {
			return 0
		}
		return cmp.Compare(b.first, n)
	})
	if !found {
		return nil, fmt.Errorf("read flow %d of %s: %w", number, s.path, ErrNoFlow)
	}
	arm, open := <-s.arms
	if !open {
		return nil, fmt.Errorf("read flow %d of %s: %w", number, s.path, errClosed)
	}
	defer func() { s.arms <- arm }()
	b, err := s.block(arm, s.blocks[at].off)
	if err != nil {
		return nil, err
	}
	f, err := b.flow(number-s.blocks[at].first, &arm.wanted)
	if err != nil {
		return nil, arm.corrupt(b.off, b.number, err)
	}
	f.Number = number
	for _, w := range arm.wanted {
		if w.pieces == nil {
			w.body.Data = s.body(arm, b, w)
		} else if w.place(b.off) == nil {
			w.body.Open = func() (io.ReadCloser, error) { return &pieceReader{from: shelfPiece{s}, list: w.pieces}, nil }
		}
	}
	return f, nil
}

// body returns the data of a body; nil if it cannot be read.
func (s *Shelf) body(arm *Reader, b *indexedBlock, w wantedBody) []byte {
	if w.distance > uint64(b.off) {
		return nil
	}
	if w.distance > 0 {
		var err error
		if b, err = s.block(arm, b.off-int64(w.distance)); err != nil {
			return nil
		}
	}
	if w.index >= uint64(len(b.bodies)) {
		return nil
	}
	data := b.raw[b.bodies[w.index].from:b.bodies[w.index].to]
	if uint64(len(data)) != w.length {
		return nil
	}
	return slices.Clone(data) // a part of the block would keep all of it in memory
}

// block returns the block at an offset.
func (s *Shelf) block(arm *Reader, off int64) (*indexedBlock, error) {
	if b := s.recent.find(off); b != nil {
		return b, nil
	}
	b, err := arm.indexBlock(off)
	if err == nil {
		s.recent.keep(b)
	}
	return b, err
}

// An indexedBlock is a decompressed block with the places of its flows and bodies.
type indexedBlock struct {
	off    int64
	number int64
	raw    []byte
	flows  []extent
	bodies []extent
}

// An extent is a part of a block, in bytes.
type extent struct{ from, to uint32 }

// leastFlow is less than the length of any flow record. It bounds how many flows a
// block can hold.
const leastFlow = 16

// indexBlock reads the block at an offset.
func (r *Reader) indexBlock(off int64) (*indexedBlock, error) {
	head, n, err := r.blockHead(off)
	if err != nil {
		return nil, r.corrupt(off, -1, err)
	}
	b := &indexedBlock{off: off, number: int64(head.number)}
	if r.spare, err = r.unpack(r.spare, off+n, &head); err != nil {
		return nil, r.corrupt(off, b.number, err)
	}
	b.raw = bytes.Clone(r.spare) // without the room that decompressing takes
	if cap(r.spare) > 4*defaultBlockSize {
		r.spare = nil
	}
	for pos := 0; pos < len(b.raw); {
		n, k := binary.Uvarint(b.raw[pos:])
		if k <= 0 || n == 0 || n > uint64(len(b.raw)-pos-k) {
			break // what stands before it can be read
		}
		from := pos + k
		pos = from + int(n)
		switch kind := b.raw[from]; {
		case kind == kindFlow && n < leastFlow:
			return b, nil
		case kind == kindFlow:
			b.flows = append(b.flows, extent{uint32(from), uint32(pos)})
		case kind == kindBody && len(b.bodies) < maxBodies:
			b.bodies = append(b.bodies, extent{uint32(from + 1), uint32(pos)})
		}
	}
	return b, nil
}

// flow decodes a flow of the block, and leaves in wanted what bodies it needs.
func (b *indexedBlock) flow(place uint64, wanted *[]wantedBody) (*flow.Flow, error) {
	*wanted = (*wanted)[:0]
	if place >= uint64(len(b.flows)) {
		return nil, fmt.Errorf("length: %w", errRecord)
	}
	rec, err := decodeRecord(b.raw[b.flows[place].from:b.flows[place].to], wanted)
	if err != nil {
		return nil, err
	}
	return rec.(*flow.Flow), nil // it begins with kindFlow
}

// recentBlocks are the blocks used last, up to a limit in bytes.
type recentBlocks struct {
	limit int

	mu    sync.Mutex
	size  int
	byOff map[int64]*list.Element // of *indexedBlock
	order list.List               // the block used last comes first
}

// find returns the block at an offset; nil if it is not among them.
func (r *recentBlocks) find(off int64) *indexedBlock {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e, ok := r.byOff[off]; ok {
		r.order.MoveToFront(e)
		return e.Value.(*indexedBlock)
	}
	return nil
}

// keep remembers a block, and forgets those not used for longest. A
// block longer than a quarter of the limit is not kept.
func (r *recentBlocks) keep(b *indexedBlock) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byOff == nil {
		r.byOff = map[int64]*list.Element{}
	}
	if _, known := r.byOff[b.off]; known || b.cost() > r.limit/4 {
		return
	}
	r.byOff[b.off] = r.order.PushFront(b)
	r.size += b.cost()
	for r.size > r.limit {
		e := r.order.Back()
		old := e.Value.(*indexedBlock)
		r.order.Remove(e)
		delete(r.byOff, old.off)
		r.size -= old.cost()
	}
}

// cost is what the block takes in memory, roughly.
func (b *indexedBlock) cost() int {
	const extentSize, entrySize = 8, 200
	return cap(b.raw) + extentSize*(cap(b.flows)+cap(b.bodies)) + entrySize
}
