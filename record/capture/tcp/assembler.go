package tcp

import "github.com/starling-load/starling/record/capture/packet"

// An Assembler puts the segments of any number of connections in order. It belongs
// to one goroutine.
type Assembler struct {
	o      Options
	open   func(*Conn) Stream
	counts Counts
}

// New returns an Assembler that asks open for the Stream of each connection, once it
// is known which side is the client and something is to be told. Where open returns
// nil the connection is passed over.
func New(o Options, open func(*Conn) Stream) *Assembler {
	return &Assembler{o: o.withDefaults(), open: open}
}

// Segment takes the next segment. Its payload is not kept beyond the call.
func (a *Assembler) Segment(s *packet.Segment) {}

// Flush closes the connections that were silent since before olderThan, and tells
// the holes of others that began before it. Time is that of the packets, in
// nanoseconds since the Unix epoch.
func (a *Assembler) Flush(olderThan int64) {}

// Close tells what still waits, holes included, and closes all connections.
func (a *Assembler) Close() {}

// Counts returns the numbers of this moment.
func (a *Assembler) Counts() Counts { return a.counts }
