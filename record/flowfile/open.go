package flowfile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/starling-load/starling/record/flow"
)

// ReaderOptions say how recordings are read. The zero value reads all of what is
// not encrypted.
type ReaderOptions struct {
	// Decrypt undoes WriterOptions.Encrypt for one block. If it fails before it
	// has decrypted any block, the key is the wrong one and the reading ends. If
	// it fails later, the block is damaged. Nil: an encrypted block is
	// ErrEncrypted. A Shelf calls it from several goroutines at once.
	Decrypt func(sealed []byte) (plain []byte, err error)

	// Filter leaves out all flows that do not match. Blocks that cannot hold a
	// matching flow are not read. Nil: every flow is given.
	Filter Filter

	// ReuseBodies makes reading faster for a caller that looks at one flow after
	// another: the bodies of a flow are then valid only until the next call of
	// Next. The rest of the flow stays valid.
	ReuseBodies bool

	// Open opens a file by its path, more than once where that is needed. Nil:
	// os.Open.
	Open func(path string) (File, error)

	// Conn, where not nil, is called by Flows with each connection of the recording,
	// before the flows that came over it.
	Conn func(*flow.Conn)

	// check looks at both checksums of a block.
	check bool
}

// A Filter chooses flows. Several goroutines may ask it at once. An Expression of
// package filter is one.
type Filter interface {
	// Match reports whether the flow is wanted. It gets flows without bodies.
	Match(*flow.Flow) bool

	// May is false if no flow of a block can match.
	May(flow.Outline) bool

	// From returns the instant, in unix nanoseconds, before which no flow that
	// matches starts; false if there is none.
	From() (int64, bool)
}

// A File is what a Reader needs of an open file. The file may grow meanwhile; it
// must not change otherwise.
type File interface {
	io.ReaderAt
	io.Closer
	Stat() (fs.FileInfo, error)
}

// Open opens a flow file. It does not fail for damage of the header or index: Next
// reports that. Another file is ErrNotFlowFile, and one of a newer format ErrVersion.
func Open(path string) (*Reader, error) { return OpenWith(path, ReaderOptions{}) }

// OpenWith is Open with options. With a Filter, Next gives matching flows alone
// and begins at the first block that can hold one.
func OpenWith(path string, o ReaderOptions) (*Reader, error) {
	open := o.Open
	if open == nil {
		open = func(path string) (File, error) { return os.Open(path) }
	}
	file, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("open recording: %w", err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = ErrNotFlowFile
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), file.Close())
	}
	r, err := newReader(path, file, info.Size(), o)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), file.Close())
	}
	r.closer = file
	return r, nil
}

func newReader(path string, src io.ReaderAt, size int64, o ReaderOptions) (*Reader, error) {
	r := &Reader{path: path, src: src, size: size, o: o, off: int64(fileHeadSize), inOrder: true}
	r.bodies.limit = cacheLimit
	r.readEnd()
	if err := r.readFileHead(); err != nil {
		return nil, err
	}
	var err error
	r.ahead.check = o.check
	r.zstd, err = newDecompressor(o.check)
	if err != nil {
		return nil, err
	}
	if o.Filter != nil {
		if from, ok := o.Filter.From(); ok {
			return r, r.seekFilter(from)
		}
	}
	return r, nil
}

// readFileHead accepts a damaged header if a block or the end of a flow file shows
// what the file is.
func (r *Reader) readFileHead() error {
	b, err := r.read(0, int64(fileHeadSize))
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if err == nil {
		r.head, err = parseFileHead(b)
		if errors.Is(err, ErrVersion) {
			return err
		}
		if r.hasHead = err == nil; r.hasHead {
			return nil
		}
	}
	if _, _, err := r.blockHead(int64(fileHeadSize)); err != nil && !r.hasEnd {
		return ErrNotFlowFile
	}
	r.report(0, -1, fmt.Errorf("header: %w", errFrame))
	return nil
}

// readEnd looks for the end frame and the totals. Their damage is reported when
// reading gets there.
func (r *Reader) readEnd() {
	b, err := r.read(r.size-endSize, endSize)
	if err != nil {
		return
	}
	if r.end, err = parseEnd(b, r.size); err != nil {
		return
	}
	r.hasEnd = true
	n := r.size - endSize - r.end.totals
	if n > maxTotals {
		return
	}
	if b, err = r.read(r.end.totals, n); err != nil {
		return
	}
	text, err := parseFrame(b, sigTotals)
	if err == nil && json.Unmarshal(text, &r.totals) == nil {
		r.totals.BytesFile, r.hasSum = r.size, true
	}
}

// Totals returns the sums that the writer stored at the end of the file. It is false
// if there are none or they are damaged. A Filter has no effect on them.
func (r *Reader) Totals() (Totals, bool) { return r.totals, r.hasSum }
