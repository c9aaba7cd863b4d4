package compare

import (
	"maps"
	"slices"

	"github.com/starling-load/starling/replay/stats"
)

// A Block is what was measured of one side during one part of the comparison.
type Block struct {
	Endpoints map[string]*stats.Cell
	Errors    []stats.ErrorGroup

	// Void says why the block must not count, for example because the replayer
	// was the bottleneck. A pair with a void block is left out.
	Void string
}

// FromTimeline returns a finished run as one block. An invalid run is void.
func FromTimeline(t *stats.Timeline) *Block {
	b := &Block{Endpoints: t.Endpoints(), Errors: t.Errors()}
	if v := t.Summary().Validity; v.Verdict == stats.Invalid {
		b.Void = v.Reasons[0]
	}
	return b
}

// Slices cuts a run into at most n blocks of equal length, to compare two runs with
// each other. A short run gives fewer: a block is at least as long as a span of the
// run file.
func Slices(r *stats.Run, n int) []*Block {
	n = min(n, len(r.Spans))
	blocks := make([]*Block, 0, max(n, 0))
	for i := range n {
		blocks = append(blocks, join(r.Spans[i*len(r.Spans)/n:(i+1)*len(r.Spans)/n]))
	}
	return blocks
}

// join merges intervals into a block.
func join(list []*stats.Interval) *Block {
	b := &Block{Endpoints: map[string]*stats.Cell{}}
	for _, iv := range list {
		for name, c := range iv.Endpoints {
			if b.Endpoints[name] == nil {
				b.Endpoints[name] = new(stats.Cell)
			}
			b.Endpoints[name].Merge(c)
		}
		b.Errors = append(b.Errors, iv.Errors...)
	}
	return b
}

// pairs are the blocks that count, side by side.
type pairs struct{ baseline, candidate []*Block }

// cell returns the counts of an endpoint in a block. They are empty when it was not
// visited.
func (b *Block) cell(endpoint string) *stats.Cell {
	if c := b.Endpoints[endpoint]; c != nil {
		return c
	}
	return &stats.Cell{}
}

// endpoints returns the names that occur on either side, sorted.
func (p pairs) endpoints() []string {
	names := map[string]bool{}
	for _, b := range slices.Concat(p.baseline, p.candidate) {
		for name := range b.Endpoints {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
