package proxy

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/elazarl/goproxy"

	"github.com/starling-load/starling/record/body"
	"github.com/starling-load/starling/record/http1"
)

// Counts are what a proxy has done so far, beside handing flows to its sink.
type Counts struct {
	Conns           uint64    // client connections handed to the sink
	Flows           uint64    // flows handed to the sink
	Served          uint64    // of these: with an answer below 400
	LeftOut         uint64    // exchanges that passed unrecorded because of Options.Lists
	Tunnels         uint64    // CONNECT tunnels passed through unread
	TunnelBytes     uint64    // bytes in them, both directions
	Loops           uint64    // requests that came back to this proxy, answered with 508
	Refused         uint64    // requests answered by the proxy itself: host not allowed, no target
	HandshakeErrors uint64    // clients that did not complete TLS, for instance by not trusting the CA
	BodiesCut       uint64    // bodies of which less than the whole was kept
	MessagesCut     uint64    // messages of streams that were dropped or shortened, and streams that could not be read on
	OddHeads        uint64    // answers whose heads took liberties that browsers accept
	Odd             http1.Odd // the liberties that they took
	Past            Past      // what leads clients of a reverse proxy past it
	Panics          uint64    // panics recovered while handling a request
}

type counters struct {
	conns, flows, served, leftOut, tunnels, tunnelBytes atomic.Uint64
	loops, refused, handshakeErrors                     atomic.Uint64
	bodiesCut, messagesCut, oddHeads, panics            atomic.Uint64
	odd                                                 atomic.Uint32 // an http1.Odd
	past                                                [len(pastWarnings)]atomic.Uint64
	unpacked                                            atomic.Uint64 // pages unpacked to look for links
}

// A Proxy records what passes through it. It is made by New and safe for
// concurrent use.
type Proxy struct {
	o         Options
	chooser   Chooser // the sink, nil if it wants everything
	engine    *goproxy.ProxyHttpServer
	net       *dialer
	loops     *loops
	behind    register // clients that balancers name in their requests
	self      *identity
	targets   *targets
	clientTLS *tls.Config // nil without CA
	budget    *body.Budget
	buffers   sync.Pool // *[]byte of copyBuffer bytes
	connID    atomic.Uint64
	n         counters
}

// copyBuffer is the size of the pieces in which bodies pass, in bytes.
const copyBuffer = 32 << 10

// New checks o and makes a proxy. It opens nothing and starts nothing.
func New(o Options) (*Proxy, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	p := &Proxy{o: o, loops: newLoops(), self: &identity{roots: o.UpstreamRoots, certs: o.ClientCertificates}}
	p.chooser, _ = o.Sink.(Chooser)
	p.budget = body.NewBudget(o.MaxInFlight)
	p.buffers.New = func() any { b := make([]byte, copyBuffer); return &b }
	p.net = &dialer{
		direct: net.Dialer{Timeout: dialTimeout},
		loops:  p.loops,
		via:    o.Via,
		secure: func(host string) *tls.Config { return p.self.tlsConfig(host, host, "http/1.1") },
	}
	p.targets = newTargets(p.net, p.self, "", "")
	if o.CA != nil {
		p.clientTLS = clientTLS(o.CA)
	}
	p.engine = p.newEngine()
	return p, nil
}

// newEngine makes a goproxy that does not decode, log, dial or sign. Requests are sent
// by the round tripper, CONNECT is served by tunnel.
func (p *Proxy) newEngine() *goproxy.ProxyHttpServer {
	e := goproxy.NewProxyHttpServer()
	e.Logger = quiet{p.o.Logger}
	e.Tr = p.targets.any
	e.ConnectDial = nil // set from the environment by the constructor
	e.KeepHeader = true // otherwise what Connection lists is lost; stripHop removes those fields
	e.OnRequest().HandleConnectFunc(func(host string, _ *goproxy.ProxyCtx) (*goproxy.ConnectAction, string) {
		return &goproxy.ConnectAction{Action: goproxy.ConnectHijack, Hijack: p.tunnel}, host
	})
	var send goproxy.RoundTripper = goproxy.RoundTripperFunc(p.roundTrip)
	e.OnRequest().DoFunc(func(r *http.Request, ctx *goproxy.ProxyCtx) (*http.Request, *http.Response) {
		ctx.RoundTripper = send
		return r, nil
	})
	return e
}

// quiet passes goproxy's messages on without their values, which can hold parts
// of the traffic.
type quiet struct{ log *slog.Logger }

func (q quiet) Printf(format string, _ ...any) {
	q.log.Debug("message of goproxy", "format", format)
}

// Counts returns what the proxy has done so far.
func (p *Proxy) Counts() Counts {
	return Counts{
		Conns:           p.n.conns.Load(),
		Flows:           p.n.flows.Load(),
		Served:          p.n.served.Load(),
		LeftOut:         p.n.leftOut.Load(),
		Tunnels:         p.n.tunnels.Load(),
		TunnelBytes:     p.n.tunnelBytes.Load(),
		Loops:           p.n.loops.Load(),
		Refused:         p.n.refused.Load(),
		HandshakeErrors: p.n.handshakeErrors.Load(),
		BodiesCut:       p.n.bodiesCut.Load(),
		MessagesCut:     p.n.messagesCut.Load(),
		OddHeads:        p.n.oddHeads.Load(),
		Odd:             http1.Odd(p.n.odd.Load()),
		Past:            Past{Pages: p.n.past[0].Load(), Clients: p.n.past[1].Load(), Cookies: p.n.past[2].Load()},
		Panics:          p.n.panics.Load(),
	}
}

// Listen opens Options.Listen.
func (p *Proxy) Listen() (net.Listener, error) {
	l, err := net.Listen("tcp", p.o.Listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("listen on %s: %w; stop the program that holds the port or choose another address", p.o.Listen, syscall.EADDRINUSE)
	case err != nil:
		return nil, fmt.Errorf("listen on %s: %w; give an address of this machine as HOST:PORT", p.o.Listen, err)
	}
	return l, nil
}
