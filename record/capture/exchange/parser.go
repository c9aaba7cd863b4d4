package exchange

import (
	"time"

	"github.com/starling-load/starling/record/capture/decrypt"
	"github.com/starling-load/starling/record/capture/tcp"
	"github.com/starling-load/starling/record/flow"
)

// A Sink takes what the parsers find, and owns it from then on. Parsers in several
// goroutines call it at the same time. If it blocks for long, packets are lost.
type Sink interface {
	// Conn is called once for each connection, before its first flow.
	Conn(*flow.Conn)

	// Flow is called once for each exchange, when it is over.
	Flow(*flow.Flow)

	// Loss is called for what is missing. It comes before the next flow of the
	// connection.
	Loss(*flow.Loss)
}

// Options of a Parser. Only Sink is required.
type Options struct {
	// Sink takes connections, flows and losses.
	Sink Sink

	// MaxBody is how many bytes are kept of each body, and of all messages of one stream.
	// 0: 8 MiB.
	MaxBody int64

	// Budget is the memory that all parsers share. When it is empty, bodies keep no more
	// data, and then exchanges are given up and counted. Nil: 64 MiB for this parser.
	Budget *Budget

	// Counts is increased by what the parser finds. Nil: nothing is counted.
	Counts *Counts

	// Keys decrypt TLS. Nil: encrypted bytes count as not understood.
	Keys *decrypt.Keys
}

func (o Options) withDefaults() Options {
	if o.MaxBody == 0 {
		o.MaxBody = 8 << 20
	}
	if o.Budget == nil {
		o.Budget = NewBudget(64 << 20)
	}
	if o.Counts == nil {
		o.Counts = new(Counts)
	}
	return o
}

// A Parser turns the streams of one connection into flows. It is a tcp.Stream and
// belongs to one goroutine.
type Parser struct {
	o         Options
	c         *tcp.Conn
	id        uint64
	layer     layer
	tls       *flow.TLS // set by the TLS layer before it finds anything inside
	held      *exchange // a CONNECT exchange that waits until tls is known
	announced bool
	ended     [2]bool
	last      int64 // time of the last bytes
	losses    losses
}

// New returns the Parser of a connection. id is that of the flow.Conn, 1 or more and
// unique in the recording.
func New(c *tcp.Conn, id uint64, o Options) *Parser {
	p := &Parser{o: o.withDefaults(), c: c, id: id}
	p.layer = newDetect(p, where{scheme: "http"}, c.MidStream)
	return p
}

// Data takes the next bytes of one direction. It does not keep b.
func (p *Parser) Data(d tcp.Dir, b []byte, at int64) {
	if len(b) == 0 {
		return
	}
	p.last = max(p.last, at)
	if p.c.MidStream && !p.losses.began {
		p.losses.began = true
		p.losses.add(lossStart, at, loss{some: true})
	}
	if p.ended[d] {
		p.unparsed(int64(len(b)), at)
		return
	}
	p.layer.Data(d, b, at)
}

// Gap says that n bytes of one direction are missing. -1 is unknown.
func (p *Parser) Gap(d tcp.Dir, n, at int64) {
	if !p.ended[d] {
		p.layer.Gap(d, n, at)
	}
}

// End says that one direction has ended, by a FIN or by a reset. Later bytes in this
// direction are not part of the stream.
func (p *Parser) End(d tcp.Dir, at int64, reset bool) {
	if !p.ended[d] {
		p.ended[d] = true
		p.layer.End(d, at, reset)
	}
}

// Close ends the connection, even if its end was not seen. Open exchanges go to the Sink
// as they are.
func (p *Parser) Close(at int64) {
	p.layer.Close(at)
	p.release()
	p.losses.flush(p.o.Sink)
}

// deliver gives a finished flow to the Sink, and gives back to the budget what the flow
// has taken.
func (p *Parser) deliver(f *flow.Flow, taken int64) {
	p.release()
	p.announce()
	p.losses.flush(p.o.Sink)
	f.Conn = p.id
	n := p.o.Counts
	n.Flows.Add(1)
	if f.Error != "" {
		n.Partial.Add(1)
	}
	if f.Request.Body.Truncated() {
		n.BodiesCut.Add(1)
	}
	if f.Response != nil && f.Response.Body.Truncated() {
		n.BodiesCut.Add(1)
	}
	p.o.Sink.Flow(f)
	p.o.Budget.Give(taken)
}

// finish gives an exchange that is over to the Sink, or counts it if there was no memory
// for it.
func (p *Parser) finish(x *exchange) {
	n := p.o.Counts
	if x.responseHidden() {
		n.ResponsesLost.Add(1)
	}
	if x.shed {
		p.losses.add(lossMemory, p.last, loss{flows: 1})
		n.FlowsShed.Add(1)
		p.o.Budget.Give(x.taken)
		return
	}
	p.deliver(&x.f, x.taken)
}

// hold keeps a CONNECT exchange until it is known how the connection is secured. The Sink
// is told that with the connection, before its first flow.
func (p *Parser) hold(x *exchange) {
	p.release()
	if p.announced {
		p.finish(x)
		return
	}
	p.held = x
}

// release finishes the exchange that hold has kept, if there is one.
func (p *Parser) release() {
	if x := p.held; x != nil {
		p.held = nil
		p.finish(x)
	}
}

// announce gives the connection to the Sink, once.
func (p *Parser) announce() {
	if p.announced {
		return
	}
	p.announced = true
	p.o.Sink.Conn(&flow.Conn{
		ID:     p.id,
		Client: p.c.Client.String(),
		Server: p.c.Server.String(),
		Opened: instant(p.c.Opened),
		TLS:    p.tls,
	})
}

// instant converts the time of a packet to a wall-clock time.
func instant(at int64) time.Time { return time.Unix(0, at).UTC() }
