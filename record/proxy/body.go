package proxy

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"

	"github.com/starling-load/starling/record/flow"
)

// A budget is a number of bytes that may still be taken.
type budget struct{ free atomic.Int64 }

func (b *budget) take(n int64) bool {
	if b.free.Add(-n) >= 0 {
		return true
	}
	b.free.Add(n)
	return false
}

func (b *budget) give(n int64) { b.free.Add(n) }

// A content collects one body: its beginning, its size and its hash. Its methods
// are not safe for concurrent use.
type content struct {
	budget *budget
	limit  int64 // most bytes of data kept
	hint   int64 // expected size; -1: unknown
	taken  int64 // from budget, the capacity of data
	data   []byte
	full   bool // data has its end: limit or budget was reached
	skip   bool // nothing but the size is wanted
	size   int64
	hash   *xxhash.Digest // of all bytes, from where data is full
}

func (c *content) init(b *budget, limit, hint int64) {
	c.budget, c.limit, c.hint = b, limit, hint
}

func (c *content) add(p []byte) {
	if len(p) == 0 {
		return
	}
	c.size += int64(len(p))
	if c.skip {
		return
	}
	if !c.full {
		keep := min(int64(len(p)), c.limit-int64(len(c.data)))
		if !c.grow(int64(len(c.data)) + keep) {
			keep = min(keep, int64(cap(c.data)-len(c.data)))
		}
		c.data = append(c.data, p[:keep]...)
		if p = p[keep:]; len(p) == 0 {
			return
		}
		c.full, c.hash = true, xxhash.New()
		_, _ = c.hash.Write(c.data) // never fails
	}
	if c.hash != nil {
		_, _ = c.hash.Write(p)
	}
}

// firstPiece is the most memory that a declared length alone reserves, in bytes.
const firstPiece = 64 << 10

// grow makes room for n bytes of data, out of the budget.
func (c *content) grow(n int64) bool {
	if n <= c.taken {
		return true
	}
	size := max(n, 2*c.taken, 512)
	if c.hint >= n && (c.hint <= size || c.hint <= firstPiece) {
		size = c.hint
	}
	size = min(size, c.limit)
	if !c.budget.take(size - c.taken) {
		return false
	}
	c.taken = size
	data := make([]byte, len(c.data), size)
	copy(data, c.data)
	c.data = data
	return true
}

// body returns what was collected. The memory goes with it, and its share of
// the budget has to be given back with release.
func (c *content) body() flow.Body {
	b := flow.Body{Data: c.data, Size: c.size}
	if c.hash != nil {
		b.Hash = c.hash.Sum64()
	}
	return b
}

func (c *content) release() {
	c.budget.give(c.taken)
	c.taken, c.full = 0, true
}

// errClosed ends a tee that was closed before the end of its body.
var errClosed = errors.New("closed before its end")

// A watcher is shown a body.
type watcher interface {
	saw(p []byte)    // each piece as it was read
	ended(err error) // once: nil at the whole end, the error, or errClosed
}

// A tee passes a body on unchanged and shows it to an exchange while it does.
type tee struct {
	io.ReadCloser
	watcher
	once sync.Once
}

func (t *tee) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	if n > 0 {
		t.saw(p[:n])
	}
	if err == io.EOF {
		t.once.Do(func() { t.ended(nil) })
	} else if err != nil {
		t.once.Do(func() { t.ended(err) })
	}
	return n, err
}

func (t *tee) Close() error {
	t.once.Do(func() { t.ended(errClosed) })
	return t.ReadCloser.Close()
}
