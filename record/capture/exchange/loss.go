package exchange

import "github.com/starling-load/starling/record/flow"

// The kinds of losses that a parser declares.
type lossKind uint8

const (
	lossStart lossKind = iota
	lossGap
	lossUnparsed
	lossMemory
	lossKinds
)

func (k lossKind) reason() string {
	return [...]string{flow.LossStart, flow.LossGap, flow.LossUnparsed, flow.LossMemory}[k]
}

// A loss sums up what was lost for one reason since the last declaration.
type loss struct {
	some               bool
	at                 int64 // time of the first
	flows, bytes, gaps uint64
}

// losses sums up what a connection has lost. So a connection that is not understood gives
// one declaration, and not one for each packet.
type losses struct {
	began bool // the missing beginning was noted
	any   bool
	all   [lossKinds]loss
}

func (l *losses) add(k lossKind, at int64, more loss) {
	sum := &l.all[k]
	if !sum.some {
		sum.some, sum.at = true, at
	}
	sum.flows += more.flows
	sum.bytes += more.bytes
	sum.gaps += more.gaps
	l.any = true
}

// flush declares the losses summed up so far.
func (l *losses) flush(to Sink) {
	if !l.any {
		return
	}
	l.any = false
	for k := range l.all {
		if sum := l.all[k]; sum.some {
			l.all[k] = loss{}
			to.Loss(&flow.Loss{
				At: instant(sum.at), Reason: lossKind(k).reason(),
				Flows: sum.flows, Bytes: sum.bytes, Gaps: sum.gaps,
			})
		}
	}
}

// gap notes a hole of n bytes, or of unknown length.
func (p *Parser) gap(n, at int64) {
	n = max(n, 0)
	p.losses.add(lossGap, at, loss{gaps: 1, bytes: uint64(n)})
	p.o.Counts.Gaps.Add(1)
	p.o.Counts.Missing.Add(uint64(n))
}

// unparsed notes bytes that were seen and not understood.
func (p *Parser) unparsed(n, at int64) {
	if n > 0 {
		p.losses.add(lossUnparsed, at, loss{bytes: uint64(n)})
		p.o.Counts.Unparsed.Add(uint64(n))
	}
}

// skipped notes bytes before the first message of a connection whose beginning was not
// seen.
func (p *Parser) skipped(n, at int64) {
	if n > 0 {
		p.losses.add(lossStart, at, loss{bytes: uint64(n)})
		p.o.Counts.Skipped.Add(uint64(n))
	}
}
