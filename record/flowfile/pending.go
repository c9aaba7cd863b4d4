package flowfile

import (
	"encoding/binary"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/starling-load/starling/record/flow"
)

// A pending block is not on disk yet.
type pending struct {
	head   blockHead
	raw    []byte
	bodies uint32
	notes  []note
}

// noteFlow enters the flow into the head of the pending block.
func (w *Writer) noteFlow(f *flow.Flow, n *note) {
	h := &w.block.head
	start := unixNano(f.Start)
	if h.flows == 0 {
		h.firstFlow, h.start, h.end = f.Number, start, start
	}
	h.flows++
	h.start, h.end = min(h.start, start), max(h.end, start)
	h.sessions.add(flow.ConnHash(f.Conn))
	h.sessions.add(n.who.Hash)
	h.endpoints.add(f.Request.EndpointHash())
}

func (w *Writer) put(record []byte, n note) {
	w.block.raw = binary.AppendUvarint(w.block.raw, uint64(len(record)))
	w.block.raw = append(w.block.raw, record...)
	w.block.notes = append(w.block.notes, n)
}

// Flush seals the block: afterwards everything written is in the file. Without
// unsealed records it does nothing. A *WriteError says that the block is lost;
// the file is then as it was before, and the Writer can be used on.
func (w *Writer) Flush() error {
	if len(w.block.raw) == 0 {
		return nil
	}
	h := &w.block.head
	if h.flows == 0 {
		h.firstFlow = w.next
	}
	w.data = w.zstd.EncodeAll(w.block.raw, w.data[:0])
	at := w.off
	if w.o.Encrypt != nil {
		h.flags, h.sessions.any, h.endpoints.any = flagEncrypted, true, true
		if err := w.seal(len(w.block.raw)); err != nil {
			return w.lose(at, fmt.Errorf("encrypt a block: %w", err))
		}
	}
	h.id, h.number = w.head.id, w.blocks
	h.raw, h.stored, h.hash = uint32(len(w.block.raw)), uint32(len(w.data)), xxhash.Sum64(w.data)
	w.out = append(h.append(w.out[:0]), w.data...)
	if err := w.append(w.out); err != nil {
		return w.lose(at, err)
	}
	if h.flows > 0 {
		w.latest = max(w.latest, h.end)
	}
	w.index = entry{offset: at, firstFlow: h.firstFlow, start: h.start, latest: w.latest}.append(w.index)
	w.blocks++
	for i := range w.block.notes {
		w.tally.add(&w.block.notes[i])
	}
	w.reset()
	return nil
}

// lose gives up the pending block. at is the offset where it should have stood.
func (w *Writer) lose(at int64, err error) error {
	w.bodies.forget(func(p bodyPlace) bool { return p.block == at })
	lost := uint64(w.block.head.flows)
	w.reset()
	return &WriteError{Path: w.path, Flows: lost, Err: err}
}

// reset empties the pending block and keeps its memory, unless it is unusually
// much.
func (w *Writer) reset() {
	p := &w.block
	p.raw, p.bodies = p.raw[:0], 0
	clear(p.notes)
	p.notes = p.notes[:0]
	sessions, endpoints := p.head.sessions, p.head.endpoints
	sessions.reset()
	endpoints.reset()
	p.head = blockHead{sessions: sessions, endpoints: endpoints}
	if cap(p.raw) > 2*max(w.o.BlockSize, defaultBlockSize) {
		p.raw, w.out, w.data = nil, nil, nil
	}
}
