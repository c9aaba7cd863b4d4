package exchange

import (
	"sync"

	"github.com/starling-load/starling/record/body"
	"github.com/starling-load/starling/record/http1"
)

// A Budget bounds the memory of all open exchanges in the parsers that share it. It is
// safe for concurrent use.
type Budget struct {
	body.Budget
	heads sync.Pool // of *http1.Head; each is used while one head is parsed
}

// NewBudget returns a Budget of that many bytes.
func NewBudget(bytes int64) *Budget {
	b := new(Budget)
	b.Give(bytes)
	return b
}

// head returns a Head to parse into. giveHead takes it back.
func (b *Budget) head() *http1.Head {
	if h, ok := b.heads.Get().(*http1.Head); ok {
		return h
	}
	return &http1.Head{Fields: make([]http1.Field, 0, 32)}
}

// maxFieldsKept is the longest list of fields that is kept for the next head.
const maxFieldsKept = 1024

func (b *Budget) giveHead(h *http1.Head) {
	if cap(h.Fields) <= maxFieldsKept {
		b.heads.Put(h)
	}
}
