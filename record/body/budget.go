package body

import "sync/atomic"

// A Budget is a number of bytes that any number of goroutines may take from.
type Budget struct{ free atomic.Int64 }

// NewBudget returns a Budget of that many bytes.
func NewBudget(bytes int64) *Budget {
	b := new(Budget)
	b.Give(bytes)
	return b
}

// Free returns the bytes that are not taken.
func (b *Budget) Free() int64 { return b.free.Load() }

// Take takes n bytes. If fewer are free, it takes none and reports false.
func (b *Budget) Take(n int64) bool {
	if b.free.Add(-n) >= 0 {
		return true
	}
	b.free.Add(n)
	return false
}

// Give gives back n bytes.
func (b *Budget) Give(n int64) {
	if n != 0 {
		b.free.Add(n)
	}
}
