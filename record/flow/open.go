package flow

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// ReaderOptions say how recordings are read. The zero value reads all of what is
// not encrypted.
type ReaderOptions struct {
	// Decrypt undoes WriterOptions.Encrypt for one block. An error of it means,
	// before the first block that it could decrypt, that the key is the wrong
	// one, and ends the reading; after that it is damage of the block. Nil:
	// encrypted blocks are ErrEncrypted.
	Decrypt func(sealed []byte) (plain []byte, err error)

	// Filter leaves out all flows that do not match, and passes over blocks that
	// provably hold none that does. Nil: every flow is given.
	Filter *Filter

	// ReuseBodies lets the bodies of a flow be valid until the next call of
	// Next alone; all else of it is valid for ever. Whoever looks at one flow
	// after another reads faster by it.
	ReuseBodies bool

	// Open opens a file by its path, more than once where that is needed. Nil:
	// os.Open.
	Open func(path string) (File, error)

	// check looks at both checksums of a block.
	check bool
}

// A File is what a Reader needs of one. It must not change but for growing.
type File interface {
	io.ReaderAt
	io.Closer
	Stat() (fs.FileInfo, error)
}

// Open opens a flow file. Damage of its header or index is no error yet: Next
// reports it. A file that is none is ErrNotFlowFile, a newer format ErrVersion.
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
	if from, ok := o.Filter.from(); ok {
		return r, r.seekFilter(from)
	}
	return r, nil
}

// readFileHead accepts a damaged header if what must follow it is there.
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

// Totals returns the sums that the writer stored at the end of the file; false
// if there are none or they are damaged. They are those of the whole file, also
// with a Filter.
func (r *Reader) Totals() (Totals, bool) { return r.totals, r.hasSum }
