package flowfile

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"

	"github.com/klauspost/compress/zstd"

	"github.com/starling-load/starling/record/flow"
)

// storage is what a Writer needs of a file. Write appends.
type storage interface {
	Write(p []byte) (int, error)
	Truncate(size int64) error
	Sync() error
	Close() error
}

// A Writer writes one flow file. It is not safe for concurrent use.
type Writer struct {
	path string
	file storage
	o    WriterOptions
	zstd *zstd.Encoder

	head     fileHead
	off      int64 // length of the file: where the next block goes
	next     uint64
	hash     bodyHash
	bodies   recent[bodyKey, bodyPlace]
	tally    tally
	index    []byte
	blocks   uint64
	latest   int64
	infos    int64 // room that the Info records so far take in the totals
	sealCost int64 // what encryption adds to a block, see measureSeal
	closed   bool

	block  pending
	enc    encoder
	places []*bodyPlace // of the bodies of a flow, reused
	piece  []byte       // of a body, reused
	out    []byte       // head and compressed block, reused
	data   []byte       // compressed block, reused
}

// Create makes a flow file of mode 0600, locks it and writes its header. If the path
// exists, the error is fs.ErrExist; if another process is writing the file, it is
// ErrLocked as well.
func Create(path string, o WriterOptions) (*Writer, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("create %s: %w", path, err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR|os.O_APPEND, 0o600)
	if errors.Is(err, fs.ErrExist) && locked(path) {
		return nil, fmt.Errorf("create %s: %w (%w)", path, ErrLocked, fs.ErrExist)
	}
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("create %s: %w; remove it or choose another name", path, fs.ErrExist)
	}
	if err != nil {
		return nil, fmt.Errorf("create recording: %w", err)
	}
	if err := lock(file); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), file.Close())
	}
	w, err := newWriter(path, file, o)
	if err != nil {
		return nil, errors.Join(err, file.Close(), os.Remove(path))
	}
	return w, nil
}

// NewWriter returns a Writer that writes a flow file to w. Errors call it by name. A
// write that fails cuts the file off, as w cannot take anything back. Close does not
// close w.
func NewWriter(name string, w io.Writer, o WriterOptions) (*Writer, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("create %s: %w", name, err)
	}
	return newWriter(name, stream{w}, o)
}

// A stream is a storage that cannot take anything back.
type stream struct{ io.Writer }

func (stream) Truncate(int64) error { return errors.ErrUnsupported }
func (stream) Sync() error          { return errors.ErrUnsupported }
func (stream) Close() error         { return nil }

// newWriter writes the header to an empty file. The options are complete.
func newWriter(path string, file storage, o WriterOptions) (*Writer, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderCRC(true), zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithWindowSize(1<<20))
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", path, err)
	}
	w := &Writer{path: path, file: file, o: o, zstd: enc, head: fileHead{id: o.id, created: o.created}}
	w.bodies.max = tableMax
	if w.hash, err = newBodyHash(); err != nil {
		return nil, fmt.Errorf("create %s: %w", path, err)
	}
	for w.head.id == 0 {
		var b [8]byte
		if _, err := rand.Read(b[:]); err != nil {
			return nil, fmt.Errorf("create %s: %w", path, err)
		}
		w.head.id = binary.LittleEndian.Uint64(b[:])
	}
	if err := w.append(w.head.append(nil)); err != nil {
		return nil, fmt.Errorf("create %s: %w", path, err)
	}
	w.latest = math.MinInt64
	if err := w.measureSeal(); err != nil {
		return nil, fmt.Errorf("create %s: %w", path, err)
	}
	return w, nil
}

// Write adds a *Flow, *Conn, *Loss or *Info and sets the Number of a flow. It keeps
// nothing of the record. The record is on disk when its block is sealed: by
// Flush, Close, or a later Write.
//
// ErrFull and ErrTooLong refuse this record alone. A *WriteError says that the block
// before was lost, and this record with it.
func (w *Writer) Write(r flow.Record) error {
	if w.closed {
		return fmt.Errorf("write %s: %w", w.path, errClosed)
	}
	if cap(w.enc.b) > 2*max(w.o.BlockSize, defaultBlockSize) {
		w.enc.b = nil
	}
	var err error
	switch r := r.(type) {
	case *flow.Flow:
		err = w.writeFlow(r)
	case *flow.Conn:
		w.enc.b = w.enc.b[:0]
		w.enc.conn(r)
		err = w.writeSmall(r)
	case *flow.Loss:
		w.enc.b = w.enc.b[:0]
		w.enc.loss(r)
		err = w.writeSmall(r)
	case *flow.Info:
		w.enc.b = w.enc.b[:0]
		w.enc.info(r)
		w.infos += jsonRoom(r)
		err = w.writeSmall(r)
	default:
		err = fmt.Errorf("record of type %T", r)
	}
	if werr := (*WriteError)(nil); err == nil || errors.As(err, &werr) {
		return err
	}
	return fmt.Errorf("write %s: %w", w.path, err)
}

// Size returns the length of the file so far, without the unsealed block.
func (w *Writer) Size() int64 { return w.off }

// Totals returns the sums of all that is sealed.
func (w *Writer) Totals() Totals { return w.tally.sum(w.off) }

// writeSmall adds the encoded record, which has no bodies.
func (w *Writer) writeSmall(r flow.Record) error {
	if len(w.enc.b) > MaxRecord {
		return ErrTooLong
	}
	_, forLoss := r.(*flow.Loss)
	if err := w.room(len(w.enc.b), 1, forLoss); err != nil {
		return err
	}
	if err := w.fit(len(w.enc.b)); err != nil {
		return err
	}
	w.put(w.enc.b, noteOf(r))
	return nil
}

func (w *Writer) writeFlow(f *flow.Flow) error {
	c, loss, err := limited(f, w.o.MaxBody)
	if err != nil {
		return err
	}
	all := bodies(c)
	need := recordBound(c)
	if need > MaxRecord {
		return ErrTooLong
	}
	records := 1
	for _, b := range all {
		n := int64(len(b.Data))
		if b.Open != nil {
			n = b.Size
		}
		need += int(n)
		records += int(n/pieceSize) + 1
	}
	if err := w.room(need, records, false); err != nil {
		return err
	}
	long, err := w.storeBodies(all)
	if err != nil {
		return err
	}
	if err := w.encodeFlow(c, long); err != nil {
		return err
	}
	f.Number = w.next
	w.next++
	n := noteOf(c)
	c.Number = f.Number
	w.noteFlow(c, &n)
	w.put(w.enc.b, n)
	if loss != nil {
		return w.Write(loss)
	}
	return nil
}

// storeBodies stores the bodies of a flow and leaves their places in w.places. A long
// body becomes a cut one with its first piece as data; long has its pieces.
func (w *Writer) storeBodies(all []*flow.Body) (long []pieces, err error) {
	w.places = slices.Grow(w.places[:0], len(all))[:len(all)]
	for i, b := range all {
		if b.Open != nil {
			list, broken, err := w.storePieces(b)
			if err != nil {
				return nil, err
			}
			if !broken {
				b.Data = w.piece[:list[0].length] // of which only the length matters now
				w.places[i] = &list[0].bodyPlace
				if *b = b.Cut(-1); b.Open != nil {
					long = append(long, pieces{i, list})
				}
				continue
			}
			b.Open, b.Data = nil, b.Data[:min(len(b.Data), MaxData)]
		}
		if w.places[i], err = w.storeBody(b.Data, inlineMax); err != nil {
			return nil, err
		}
	}
	return long, nil
}

// encodeFlow leaves the flow in w.enc.b and makes sure that it fits into the
// block. Sealing moves the block, and with it the distances to the bodies.
func (w *Writer) encodeFlow(f *flow.Flow, long []pieces) error {
	for range 2 {
		w.enc.b, w.enc.block = w.enc.b[:0], w.off
		w.enc.flow(f, w.places, long)
		if err := w.fit(len(w.enc.b)); err != nil {
			return err
		}
		if w.enc.block == w.off {
			break
		}
	}
	return nil
}

// storeBody stores a body and returns where it stands. A body shorter than least
// stands in the flow itself; the place is then nil.
func (w *Writer) storeBody(data []byte, least int) (*bodyPlace, error) {
	if len(data) < least || len(data) == 0 {
		return nil, nil
	}
	key := w.hash.key(data)
	if p, ok := w.bodies.find(key); ok {
		return &p, nil
	}
	if err := w.fit(len(data) + 1); err != nil {
		return nil, err
	}
	p := bodyPlace{block: w.off, index: w.block.bodies}
	w.block.raw = binary.AppendUvarint(w.block.raw, uint64(len(data)+1))
	w.block.raw = append(w.block.raw, kindBody)
	w.block.raw = append(w.block.raw, data...)
	w.block.bodies++
	w.bodies.add(key, p)
	return &p, nil
}

// fit seals the block if a record of n bytes would make it too long.
func (w *Writer) fit(n int) error {
	if len(w.block.raw) > 0 && len(w.block.raw)+n+binary.MaxVarintLen32 > w.o.BlockSize {
		return w.Flush()
	}
	return nil
}

// append writes b whole, or puts the file back to where it was.
func (w *Writer) append(b []byte) error {
	n, err := w.file.Write(b)
	if err == nil && n < len(b) {
		err = fmt.Errorf("%d of %d bytes written", n, len(b))
	}
	if err == nil {
		w.off += int64(len(b))
		return nil
	}
	if terr := w.file.Truncate(w.off); terr != nil && n > 0 {
		return errors.Join(err, fmt.Errorf("take back the unfinished block: %w", terr))
	}
	return err
}

// Close seals the last block, writes index and totals, and closes the file. On
// an error every sealed block is still readable.
func (w *Writer) Close() error {
	if w.closed {
		return nil
	}
	w.closed = true
	errs := []error{w.Flush(), w.finish(), w.zstd.Close()}
	if err := w.file.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		errs = append(errs, fmt.Errorf("write %s: %w", w.path, err))
	}
	if err := w.file.Close(); err != nil {
		errs = append(errs, fmt.Errorf("close %s: %w", w.path, err))
	}
	return errors.Join(errs...)
}

// finish appends index, totals and end in one write.
func (w *Writer) finish() error {
	end := endFrame{index: w.off, blocks: w.blocks}
	out := slices.Grow(w.out[:0], len(w.index)+8<<10)
	out = openFrame(out, sigIndex)
	out = append(out, w.index...)
	out = closeFrame(out, 0)

	end.totals = w.off + int64(len(out))
	// BytesFile is 0 here: the length of the file is not known yet. The reader sets it.
	text, err := json.Marshal(w.tally.sum(0))
	if err != nil {
		return fmt.Errorf("write the totals of %s: %w", w.path, err)
	}
	at := len(out)
	out = openFrame(out, sigTotals)
	out = append(out, text...)
	out = closeFrame(out, at)
	out = end.append(out, w.off+int64(len(out)))
	if err := w.append(out); err != nil {
		return fmt.Errorf("write the index of %s: %w", w.path, err)
	}
	return nil
}
