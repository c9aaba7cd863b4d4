package exchange

import "sync/atomic"

// A Budget bounds the memory that exchanges under way take, over all parsers that
// share it. It is safe for concurrent use.
type Budget struct{ free atomic.Int64 }

// NewBudget returns a Budget of so many bytes.
func NewBudget(bytes int64) *Budget {
	b := new(Budget)
	b.free.Store(bytes)
	return b
}

// Free returns the bytes that are not taken.
func (b *Budget) Free() int64 { return b.free.Load() }

// take reserves n bytes, or reports false and reserves none.
func (b *Budget) take(n int64) bool {
	if b.free.Add(-n) >= 0 {
		return true
	}
	b.free.Add(n)
	return false
}

func (b *Budget) give(n int64) {
	if n != 0 {
		b.free.Add(n)
	}
}
