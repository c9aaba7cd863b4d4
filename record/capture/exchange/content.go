package exchange

import (
	"github.com/cespare/xxhash/v2"

	"github.com/starling-load/starling/record/flow"
)

// A content collects one body: its beginning, its size and its hash.
type content struct {
	budget *Budget
	limit  int64 // most bytes of data kept
	hint   int64 // expected size; -1: unknown
	taken  int64 // from budget: the capacity of data
	data   []byte
	size   int64
	full   bool           // data has its end: limit, budget or a hole was reached
	hole   bool           // bytes are missing: there is no hash
	hash   *xxhash.Digest // of all bytes, from where data is full
}

// start prepares for a body of about hint bytes.
func (c *content) start(p *Parser, hint int64) {
	*c = content{budget: p.o.Budget, limit: p.o.MaxBody, hint: hint}
}

// add takes the next bytes and copies what it keeps.
func (c *content) add(p []byte) {
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

// skip takes n bytes that are missing.
func (c *content) skip(n int64) {
	c.size += max(n, 0)
	c.full, c.hole, c.hash = true, true, nil
}

// firstPiece is the most memory that a declared length alone reserves, in bytes. A
// quarter of the content makes it credible.
const firstPiece = 64 << 10

// grow makes room for n bytes of data, out of the budget.
func (c *content) grow(n int64) bool {
	if n <= c.taken {
		return true
	}
	size := max(n, 2*c.taken)
	if c.hint >= n && (c.hint <= size || c.hint <= firstPiece || c.hint <= 4*n) {
		size = c.hint
	} else if c.hint < 0 {
		size = max(size, 512)
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

// body returns what was collected, and what it took of the budget, which is the
// caller's to give back. The content is empty then.
func (c *content) body() (flow.Body, int64) {
	b, taken := flow.Body{Data: c.data, Size: c.size}, c.taken
	if c.hash != nil && !c.hole {
		b.Hash = c.hash.Sum64()
	}
	*c = content{}
	return b, taken
}
