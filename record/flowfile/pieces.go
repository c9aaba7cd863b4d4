package flowfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/starling-load/starling/record/flow"
)

const (
	// pieceSize is the length of all pieces of a body but the last, in bytes.
	// Whoever reads the body holds one piece.
	pieceSize = 256 << 10

	// maxPieces is the number of pieces of all bodies of a flow.
	maxPieces = 1 << 16

	// MaxData is the longest body, in bytes, that a Writer stores as one record.
	// Longer ones are stored in pieces.
	MaxData = 48 << 20
)

// spread makes a body that is too long for one record one that is stored in
// pieces. Of one that was cut before, it cuts more.
func spread(b flow.Body) flow.Body {
	switch all := b.Data; {
	case len(all) <= MaxData:
	case b.Truncated():
		b.Data = all[:MaxData:MaxData]
	default:
		b.Hash, b.Data = b.Sum(), all[:pieceSize:pieceSize]
		b.Open = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(all)), nil }
	}
	return b
}

// pieceCost is the most that the pieces of a body add to the record of its flow.
func pieceCost(b *flow.Body) int {
	const head, each = 2 * 10, 10 + 5 + 5
	if b.Open == nil {
		return 0
	}
	return head + each*int(b.Size/pieceSize+1)
}

// storePieces stores the content of a body in pieces. broken says that the content
// could not be read whole; the body is a cut one then.
func (w *Writer) storePieces(b *flow.Body) (list []piece, broken bool, err error) {
	content, err := b.Open()
	if err != nil {
		return nil, true, nil
	}
	defer content.Close() // was only read
	if w.piece == nil {
		w.piece = make([]byte, pieceSize)
	}
	for left := b.Size; left > 0; {
		part := w.piece[:min(left, pieceSize)]
		if _, err := io.ReadFull(content, part); err != nil {
			return nil, true, nil
		}
		left -= int64(len(part))
		place, err := w.storeBody(part, 0)
		if err != nil {
			return nil, false, err
		}
		list = append(list, piece{*place, uint32(len(part))})
	}
	return list, false, nil
}

// openPieces returns what opens the content of a body that stands in pieces.
func (r *Reader) openPieces(list []piece) func() (io.ReadCloser, error) {
	path, o := r.path, r.o
	o.Filter, o.ReuseBodies = nil, false
	return func() (io.ReadCloser, error) {
		r, err := OpenWith(path, o)
		if err != nil {
			return nil, err
		}
		return &pieceReader{from: &onePiece{r: r}, list: list}, nil
	}
}

// A pieceSource reads pieces.
type pieceSource interface {
	// read returns a piece, which is valid until the next call.
	read(p piece) ([]byte, error)
	io.Closer
}

// onePiece reads pieces of one body, with the block that was read last.
type onePiece struct {
	r     *Reader
	block *indexedBlock
}

func (o *onePiece) read(p piece) ([]byte, error) {
	if o.block == nil || o.block.off != p.block {
		var err error
		if o.block, err = o.r.indexBlock(p.block); err != nil {
			return nil, err
		}
	}
	return o.block.piece(p)
}

func (o *onePiece) Close() error { return o.r.Close() }

// shelfPiece reads pieces from a Shelf, which shares its blocks among all.
type shelfPiece struct{ s *Shelf }

func (s shelfPiece) read(p piece) ([]byte, error) {
	arm, open := <-s.s.arms
	if !open {
		return nil, fmt.Errorf("read a body of %s: %w", s.s.path, errClosed)
	}
	defer func() { s.s.arms <- arm }()
	b, err := s.s.block(arm, p.block)
	if err != nil {
		return nil, err
	}
	data, err := b.piece(p)
	return slices.Clone(data), err // a part of the block would keep all of it in memory
}

func (shelfPiece) Close() error { return nil }

// piece returns a piece that stands in the block.
func (b *indexedBlock) piece(p piece) ([]byte, error) {
	if uint64(p.index) >= uint64(len(b.bodies)) {
		return nil, fmt.Errorf("reference to a piece: %w", errRecord)
	}
	data := b.raw[b.bodies[p.index].from:b.bodies[p.index].to]
	if len(data) != int(p.length) {
		return nil, fmt.Errorf("reference to a piece: %w", errRecord)
	}
	return data, nil
}

// A pieceReader reads the pieces of one body as a stream.
type pieceReader struct {
	from pieceSource
	list []piece // to come
	now  []byte  // what was read and not given yet
}

// Read implements io.Reader.
func (r *pieceReader) Read(p []byte) (int, error) {
	for len(r.now) == 0 {
		if r.from == nil {
			return 0, os.ErrClosed
		}
		if len(r.list) == 0 {
			return 0, io.EOF
		}
		var err error
		if r.now, err = r.from.read(r.list[0]); err != nil {
			return 0, err
		}
		r.list = r.list[1:]
	}
	n := copy(p, r.now)
	r.now = r.now[n:]
	return n, nil
}

// Close gives up what the body was read with.
func (r *pieceReader) Close() error {
	if r.from == nil {
		return nil
	}
	err := r.from.Close()
	r.from, r.list, r.now = nil, nil, nil
	return err
}

// place gives the pieces of a body their blocks, when that of their flow is at off.
// They are those of the whole content, or an error.
func (w *wantedBody) place(off int64) error {
	whole := int64(0)
	for i := range w.pieces {
		p := &w.pieces[i]
		if p.block > off {
			return errRecord
		}
		p.block = off - p.block
		whole += int64(p.length)
	}
	if whole != w.body.Size {
		return errors.New("the pieces of a body are not as long as the body")
	}
	return nil
}
