package record

import (
	"sync"

	"github.com/starling-load/starling/record/flow"
)

// A ledger sums losses by reason until they are declared in the recording.
type ledger struct {
	mu       sync.Mutex
	open     []flow.Loss // not declared yet, one for each reason
	purposed uint64      // flows left out on purpose, ever
}

// maxReasons bounds the ledger. Further reasons are summed under the last one.
const maxReasons = 32

func (g *ledger) add(l flow.Loss) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if l.OnPurpose() {
		g.purposed += l.Flows
	}
	g.merge(l)
}

func (g *ledger) merge(l flow.Loss) {
	for i := range g.open {
		o := &g.open[i]
		if o.Reason != l.Reason && i < maxReasons-1 {
			continue
		}
		if l.At.Before(o.At) {
			o.At = l.At
		}
		o.Sessions += l.Sessions
		o.Flows += l.Flows
		o.Packets += l.Packets
		o.Bytes += l.Bytes
		o.Gaps += l.Gaps
		o.Messages += l.Messages
		return
	}
	g.open = append(g.open, l)
}

// take returns what is not declared yet.
func (g *ledger) take() []flow.Loss {
	g.mu.Lock()
	defer g.mu.Unlock()
	open := g.open
	g.open = nil
	return open
}

// giveBack returns losses that could not be declared.
func (g *ledger) giveBack(ls []flow.Loss) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, l := range ls {
		g.merge(l)
	}
}

func (g *ledger) onPurpose() uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.purposed
}
