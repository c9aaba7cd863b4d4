package flowfile

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/starling-load/starling/record/flow"
)

// A Reader reads a flow file from front to back, or from where a seek put it.
// It is not safe for concurrent use. Its memory has a bound, whatever the file holds:
// two blocks (2 MiB in files of a Writer with its default options, at most 128 MiB),
// a third block of at most 4 MiB, and 32 MiB of bodies. While records of one block
// are given out, a goroutine decompresses the next.
type Reader struct {
	path   string
	src    io.ReaderAt
	closer io.Closer // nil: none
	size   int64
	o      ReaderOptions
	zstd   *zstd.Decoder

	head    fileHead
	hasHead bool
	end     endFrame // valid if hasEnd
	hasEnd  bool
	totals  Totals
	hasSum  bool

	off      int64   // of the next frame
	number   uint64  // that the next block should have
	nextFlow uint64  // number of the next flow, where known
	queue    []error // found before or between blocks, to be reported first
	done     bool    // the end was reached; the queue may still hold errors

	block   openBlock
	ahead   ahead
	inOrder bool // no seek since the last block was opened: the next one is worth reading ahead
	bodies  bodyCache
	lost    map[int64]bool // blocks whose bodies were reported as lost
	buf     []byte         // heads and stored blocks
	spare   []byte         // decompressed blocks that are read for their bodies alone
	wanted  []wantedBody
	skip    func(*flow.Flow) bool // while seeking: true for the flow to stop at
	damaged bool                  // something was reported since the last good block

	unsealed bool   // a block could be decrypted
	others   bool   // with a Filter, give the records that are no flows as well
	passed   uint64 // flows that did not match the Filter
	missed   uint64 // numbers of flows passed over at the beginning of blocks
}

// An openBlock is the decompressed block that records are read from.
type openBlock struct {
	off    int64
	head   blockHead
	raw    []byte
	pos    int
	pass   bool   // no flow in it matches the Filter
	bodies []span // body records so far
	ending int    // of them behind the last record that is no body
}

type span struct{ from, to int }

// Close closes the file. Flows that were read remain valid.
func (r *Reader) Close() error {
	r.ahead.close()
	r.zstd.Close()
	r.done, r.queue, r.block = true, nil, openBlock{}
	if r.closer == nil {
		return nil
	}
	return r.closer.Close()
}

// Next returns the next record; io.EOF at the end. A *CorruptError reports damage,
// and the call after it goes on behind the damage. A file without index ends with a
// *CorruptError of ErrTruncated before io.EOF. Any other error, such as ErrEncrypted,
// ends the reading.
//
// A record is valid for ever and is the caller's. Flows with equal bodies share
// their bytes, so that Body.Data must not be modified; see also ReuseBodies. Body.Open
// opens the file anew by its path, and can be called also after Close.
func (r *Reader) Next() (flow.Record, error) {
	for {
		if len(r.queue) > 0 {
			err := r.queue[0]
			r.queue = r.queue[1:]
			return nil, err
		}
		if r.block.pos < len(r.block.raw) {
			rec, err := r.record()
			if err != nil {
				return nil, err
			}
			if rec != nil && r.wants(rec) {
				r.fetch()
				return rec, nil
			}
			continue
		}
		if r.done {
			return nil, io.EOF
		}
		if err := r.nextBlock(); err != nil {
			return nil, err
		}
	}
}

// wants reports whether a record is given out. A seek and the Filter pass over some.
func (r *Reader) wants(rec flow.Record) bool {
	f, ok := rec.(*flow.Flow)
	if r.skip != nil {
		if !ok || !r.skip(f) {
			return false
		}
		r.skip = nil
	}
	switch {
	case r.o.Filter == nil:
		return true
	case !ok:
		return r.others
	case !r.o.Filter.Match(f):
		r.passed++
		return false
	}
	return true
}

// record reads one record of the block. Bodies and records of unknown kinds are
// nil; the bodies of a flow are in wanted.
func (r *Reader) record() (flow.Record, error) {
	b := &r.block
	n, k := binary.Uvarint(b.raw[b.pos:])
	if k <= 0 || n == 0 || n > uint64(len(b.raw)-b.pos-k) {
		b.pos = len(b.raw)
		return nil, r.corrupt(b.off, int64(b.head.number), fmt.Errorf("length: %w", errRecord))
	}
	from := b.pos + k
	b.pos = from + int(n)
	payload := b.raw[from:b.pos]
	if payload[0] == kindBody {
		if len(b.bodies) < maxBodies {
			b.bodies = append(b.bodies, span{from + 1, b.pos})
			b.ending++
		}
		return nil, nil
	}
	b.ending = 0
	if b.pass && payload[0] == kindFlow {
		r.nextFlow++
		r.passed++
		return nil, nil
	}
	r.wanted = r.wanted[:0]
	rec, err := decodeRecord(payload, &r.wanted)
	if payload[0] == kindFlow {
		if f, ok := rec.(*flow.Flow); ok {
			f.Number = r.nextFlow
		}
		r.nextFlow++
	}
	if err != nil {
		return nil, r.corrupt(b.off, int64(b.head.number), err)
	}
	return rec, nil
}

// fetch fills in the bodies of the flow just decoded that stand elsewhere. Where one
// is lost, the flow keeps its size and hash. The loss is queued as an error, once for
// each damaged block.
func (r *Reader) fetch() {
	for i := range r.wanted {
		w := &r.wanted[i]
		if w.pieces != nil {
			if err := w.place(r.block.off); err != nil {
				r.report(r.block.off, int64(r.block.head.number), err)
			} else {
				w.body.Open = r.openPieces(w.pieces)
			}
			continue
		}
		got, err := r.body(w)
		if err != nil {
			if at := r.block.off - int64(w.distance); !r.lost[at] {
				if r.lost == nil || len(r.lost) > 1024 {
					r.lost = map[int64]bool{}
				}
				r.lost[at] = true
				r.report(r.block.off, int64(r.block.head.number), err)
			}
			continue
		}
		w.body.Data = got
	}
}

func (r *Reader) body(w *wantedBody) ([]byte, error) {
	if w.distance > uint64(r.block.off) || w.index > 1<<32-1 {
		return nil, errRecord
	}
	at := bodyPlace{block: r.block.off - int64(w.distance), index: uint32(w.index)}
	var got []byte
	if w.distance == 0 {
		got = r.bodyHere(at)
	} else if b, ok := r.bodies.find(at); ok {
		got = b.data
	} else {
		var err error
		if got, err = r.bodyElsewhere(at); err != nil {
			return nil, fmt.Errorf("%w: %w", errNoBody, err)
		}
	}
	if got == nil || uint64(len(got)) != w.length {
		return nil, fmt.Errorf("reference to a body: %w", errRecord)
	}
	return got, nil
}

// bodyHere returns a body that stands in the block being read; nil: there is none.
func (r *Reader) bodyHere(at bodyPlace) []byte {
	if int(at.index) >= len(r.block.bodies) {
		return nil
	}
	s := r.block.bodies[at.index]
	if r.o.ReuseBodies {
		return r.block.raw[s.from:s.to:s.to]
	}
	if b, ok := r.bodies.find(at); ok {
		return b.data
	}
	return r.keep(at, r.block.raw[s.from:s.to])
}

// keepEnding keeps the bodies at the end of the block: their flow is the first record
// of the next block.
func (r *Reader) keepEnding() {
	b := &r.block
	for i := len(b.bodies) - min(b.ending, 2); i < len(b.bodies); i++ {
		s := b.bodies[i]
		place := bodyPlace{block: b.off, index: uint32(i)}
		if _, known := r.bodies.find(place); !known && s.to-s.from <= r.bodies.limit/4 {
			r.keep(place, b.raw[s.from:s.to])
		}
	}
}

func (r *Reader) keep(at bodyPlace, data []byte) []byte {
	b := newCachedBody(at, data)
	r.bodies.add(b)
	return b.data
}

// bodyElsewhere decompresses an earlier block for a body, and keeps the other
// bodies of that block as well.
func (r *Reader) bodyElsewhere(at bodyPlace) ([]byte, error) {
	head, n, err := r.blockHead(at.block)
	if err != nil {
		return nil, err
	}
	if r.spare, err = r.unpack(r.spare, at.block+n, &head); err != nil {
		return nil, err
	}
	var got []byte
	raw := r.spare
	for i := uint32(0); len(raw) > 0; {
		n, k := binary.Uvarint(raw)
		if k <= 0 || n == 0 || n > uint64(len(raw)-k) {
			break
		}
		payload := raw[k : k+int(n)]
		raw = raw[k+int(n):]
		if payload[0] != kindBody {
			continue
		}
		place := bodyPlace{block: at.block, index: i}
		if place == at {
			got = r.keep(place, payload[1:])
		} else if _, known := r.bodies.find(place); !known && r.bodies.size+len(payload) < r.bodies.limit/2 {
			r.keep(place, payload[1:])
		}
		i++
	}
	if cap(r.spare) > 4*defaultBlockSize {
		r.spare = nil
	}
	return got, nil
}

// report queues an error; corrupt makes one.
func (r *Reader) report(off, block int64, err error) {
	r.queue = append(r.queue, r.corrupt(off, block, err))
}

func (r *Reader) corrupt(off, block int64, err error) error {
	return &CorruptError{Path: r.path, Offset: off, Block: block, Err: err}
}

// read returns n bytes of the file, in a buffer that the next call reuses. A
// file too short for them is io.ErrUnexpectedEOF.
func (r *Reader) read(off, n int64) ([]byte, error) {
	if off < 0 || n < 0 || n > r.size-off {
		return nil, io.ErrUnexpectedEOF
	}
	if int64(cap(r.buf)) < n || int64(cap(r.buf)) > max(4*n, 4*defaultBlockSize) {
		r.buf = make([]byte, n)
	}
	b := r.buf[:n]
	if got, err := r.src.ReadAt(b, off); int64(got) < n {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF // the file has become shorter
		}
		return nil, err
	}
	return b, nil
}
