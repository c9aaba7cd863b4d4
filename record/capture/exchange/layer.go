package exchange

import "github.com/starling-load/starling/record/capture/tcp"

// A layer reads one protocol of a connection. Its methods are those of tcp.Stream: p is
// valid during the call, at is the time of the packet in nanoseconds since the Unix
// epoch, and a hole of -1 bytes has an unknown length. If a layer finds another protocol
// inside its own, it makes a layer for that protocol and passes everything on from there.
type layer interface {
	Data(d tcp.Dir, p []byte, at int64)
	Gap(d tcp.Dir, n int64, at int64)
	End(d tcp.Dir, at int64, reset bool)

	// Close ends the layer. It gives open exchanges to the sink.
	Close(at int64)
}

// A where says what surrounds a layer.
type where struct {
	scheme    string // "http", or "https" inside TLS
	authority string // host and port of the CONNECT request around it; "" outside a tunnel
}

// opaque is the layer of an unknown protocol. It only counts bytes.
type opaque struct {
	p *Parser
	x *exchange // the exchange that led here, given to the sink at the end; may be nil
	n int       // ends seen
}

func (o *opaque) Data(_ tcp.Dir, p []byte, at int64) { o.p.unparsed(int64(len(p)), at) }

func (o *opaque) Gap(d tcp.Dir, n, at int64) {
	o.p.gap(n, at)
	if o.x != nil {
		o.x.fail(gapIn(d))
	}
}

func (o *opaque) End(d tcp.Dir, at int64, reset bool) {
	o.n++
	if o.x == nil {
		return
	}
	if reset && o.n == 1 {
		o.x.fail(brokeOff(d))
	}
	if reset || o.n == 2 {
		o.Close(at)
	}
}

func (o *opaque) Close(at int64) {
	if o.x != nil {
		o.x.f.Done = o.x.since(at)
		o.p.finish(o.x)
		o.x = nil
	}
}
