package body

import (
	"github.com/cespare/xxhash/v2"

	"github.com/starling-load/starling/record/flow"
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
}

// Start begins a body of about hint bytes, -1 if that is not known, of which at most
// limit bytes are kept.
func (c *Collector) Start(budget *Budget, limit, hint int64) {
	*c = Collector{budget: budget, limit: limit, hint: hint}
}

// CountOnly says that of what comes nothing but the size is wanted.
func (c *Collector) CountOnly() { c.full, c.blind, c.hash = true, true, nil }

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
// gives back. The Collector is empty then.
func (c *Collector) Body() (flow.Body, int64) {
	b, taken := flow.Body{Data: c.data, Size: c.size}, c.taken
	if c.hash != nil && !c.blind {
		b.Hash = c.hash.Sum64()
	}
	*c = Collector{}
	return b, taken
}
