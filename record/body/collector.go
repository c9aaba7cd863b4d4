package body

import (
	"bytes"
	"io"

	"github.com/cespare/xxhash/v2"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/spool"
)

// A Collector collects one body. It belongs to one goroutine.
type Collector struct {
	budget *Budget
	limit  int64 // most bytes of data that are kept
	hint   int64 // expected size; -1: unknown
	taken  int64 // from budget: the capacity of data
	data   []byte
	size   int64
	full   bool           // nothing more is added to data: the limit, the budget or a hole was reached
	blind  bool           // only the size is wanted, or known: there is no hash
	hash   *xxhash.Digest // of all bytes; begins when data is full
	rest   *rest          // nil if nothing behind data is kept
}

// A rest is the part of a body behind its data.
type rest struct {
	spool *spool.Spool
	most  int64       // the longest body that is kept whole
	file  *spool.File // nil until the first byte comes
}

// Start begins a body of about hint bytes, of which at most limit bytes are kept. A hint
// of -1 is unknown.
func (c *Collector) Start(budget *Budget, limit, hint int64) {
	*c = Collector{budget: budget, limit: limit, hint: hint}
}

// KeepRest keeps the rest of the body in a Spool: what is beyond the limit or does not
// fit into the budget. A body longer than most loses its rest. Call it right after Start.
func (c *Collector) KeepRest(s *spool.Spool, most int64) { c.rest = &rest{spool: s, most: most} }

// CountOnly says that from now on only the size is wanted.
func (c *Collector) CountOnly() {
	c.full, c.blind, c.hash = true, true, nil
	c.dropRest()
}

// Miss says that n bytes of the body were not seen. A negative n is unknown. Nothing
// after them is kept, and there is no hash.
func (c *Collector) Miss(n int64) {
	c.size += max(n, 0)
	c.CountOnly()
}

// Add takes the next bytes. It copies what it keeps.
func (c *Collector) Add(p []byte) {
	if len(p) == 0 {
		return
	}
	c.size += int64(len(p))
	if !c.full {
		keep := min(int64(len(p)), c.limit-int64(len(c.data)))
		if !c.grow(int64(len(c.data)) + keep) {
			keep = min(keep, int64(cap(c.data)-len(c.data)))
		}
		c.data = append(c.data, p[:keep]...)
		if p = p[keep:]; len(p) == 0 {
			return
		}
		c.full = true
		c.hash = xxhash.New()
		_, _ = c.hash.Write(c.data) // never fails
	}
	if c.hash != nil {
		_, _ = c.hash.Write(p)
	}
	if c.rest != nil && !c.rest.add(p, c.size) {
		c.dropRest()
	}
}

// add adds p and reports whether the rest is whole so far. size is that of the body.
func (r *rest) add(p []byte, size int64) bool {
	if r.file == nil {
		r.file = r.spool.File()
	}
	return size <= r.most && r.file.Write(p)
}

// dropRest gives up the rest and keeps data.
func (c *Collector) dropRest() {
	if c.rest != nil && c.rest.file != nil {
		_ = c.rest.file.Discard() // its content is not wanted any more
	}
	c.rest = nil
}

const (
	leastPiece = 512      // least bytes that are taken at a time
	firstPiece = 64 << 10 // most bytes that are taken because of an expected size alone
)

// grow makes room for n bytes of data and takes it from the budget. Once a quarter of the
// expected size has come, it takes room for all of it.
func (c *Collector) grow(n int64) bool {
	if n <= c.taken {
		return true
	}
	size := max(n, 2*c.taken)
	if c.hint >= n && (c.hint <= size || c.hint <= firstPiece || c.hint <= 4*n) {
		size = c.hint
	} else if c.hint < 0 {
		size = max(size, leastPiece)
	}
	size = min(size, c.limit)
	if !c.budget.Take(size - c.taken) {
		return false
	}
	c.taken = size
	data := make([]byte, len(c.data), size)
	copy(data, c.data)
	c.data = data
	return true
}

// Started reports whether a body is being collected.
func (c *Collector) Started() bool { return c.budget != nil }

// Size returns the number of bytes that came or were missed.
func (c *Collector) Size() int64 { return c.size }

// Body returns what was collected and the number of bytes that it took from the budget.
// The caller gives these back. The Collector is empty then. If a body with a rest has an
// Open, call it once, and close what it returns.
func (c *Collector) Body() (flow.Body, int64) {
	b, taken := flow.Body{Data: c.data, Size: c.size}, c.taken
	if c.hash != nil && !c.blind {
		b.Hash = c.hash.Sum64()
	}
	if c.rest != nil && c.rest.file != nil {
		b.Open = c.rest.behind(c.data)
	}
	*c = Collector{}
	return b, taken
}

// behind returns a function that opens the whole body, which begins with data.
func (r *rest) behind(data []byte) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		content, err := r.file.Open()
		if err != nil {
			return nil, err
		}
		return struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(data), content), content}, nil
	}
}
