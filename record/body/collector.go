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
	limit  int64 // most bytes of data kept
	hint   int64 // expected size; -1: unknown
	taken  int64 // from budget: the capacity of data
	data   []byte
	size   int64
	full   bool           // data has its end: limit, budget or a hole was reached
	blind  bool           // nothing but the size is wanted, or known: there is no hash
	hash   *xxhash.Digest // of all bytes, from where data is full
	rest   *rest          // nil where nothing is kept behind data
}

// A rest is what a body has behind its data.
type rest struct {
	spool *spool.Spool
	most  int64       // longest body that is kept whole
	file  *spool.File // nil before the first byte
}

// Start begins a body of about hint bytes, -1 if that is not known, of which at most
// limit bytes are kept.
func (c *Collector) Start(budget *Budget, limit, hint int64) {
	*c = Collector{budget: budget, limit: limit, hint: hint}
}

// KeepRest has what follows the limit, or does not fit into the budget, kept in a
// Spool, if the body is not longer than most. It belongs behind Start.
func (c *Collector) KeepRest(s *spool.Spool, most int64) { c.rest = &rest{spool: s, most: most} }

// CountOnly says that of what comes nothing but the size is wanted.
func (c *Collector) CountOnly() {
	c.full, c.blind, c.hash = true, true, nil
	c.dropRest()
}

// Miss says that n bytes of the body were not seen; a negative n is unknown. Nothing
// that follows is kept, and there is no hash.
func (c *Collector) Miss(n int64) {
	c.size += max(n, 0)
	c.CountOnly()
}

// Add takes the next bytes and copies what it keeps.
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

// add reports whether the rest is whole so far. size is that of the body.
func (r *rest) add(p []byte, size int64) bool {
	if r.file == nil {
		r.file = r.spool.File()
	}
	return size <= r.most && r.file.Write(p)
}

// dropRest keeps nothing but data.
func (c *Collector) dropRest() {
	if c.rest != nil && c.rest.file != nil {
		_ = c.rest.file.Discard() // it holds nothing that anybody wants
	}
	c.rest = nil
}

const (
	leastPiece = 512      // bytes that are taken at a time, at least
	firstPiece = 64 << 10 // most bytes that an expected size alone takes
)

// grow makes room for n bytes of data, out of the budget. Once a quarter of the
// expected size has come, all of it is believed.
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

// Size returns the bytes that came, and those that were missed.
func (c *Collector) Size() int64 { return c.size }

// Body returns what was collected, and what it took of the budget, which the caller
// gives back. The Collector is empty then. A body with a rest has Open, which has to
// be called once, and what it opens be closed.
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

// behind returns what opens the body that begins with data.
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
