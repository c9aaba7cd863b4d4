package proxy

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/elazarl/goproxy"

	"github.com/starling-load/starling/record/flow"
)

// A Sink takes what the proxy has seen. Its methods are called from many
// goroutines at a time and in the path of the traffic: they must not block. What
// they are given is theirs from then on.
type Sink interface {
	// Conn is called once for each client connection, before its first flow.
	Conn(*flow.Conn)

	// Flow is called once for each exchange, when it is over.
	Flow(*flow.Flow)
}

// Options configure a Proxy. Only Sink is required.
type Options struct {
	// Listen is the address that Proxy.Listen opens. Empty: 127.0.0.1:8080.
	Listen string

	// Upstream is the origin ("http://HOST:PORT" or https) to which a reverse
	// proxy sends every request. Nil makes a forward proxy.
	Upstream *url.URL

	// KeepHost sends the client's Host header to Upstream instead of Upstream's
	// own. Applications that build absolute links or compare Origin with Host
	// need it.
	KeepHost bool

	// CA signs the certificates shown to clients. Nil: CONNECT tunnels pass
	// through unread and are only counted.
	CA *Authority

	// ListenTLS makes clients of a reverse proxy speak TLS to the listener, with
	// a certificate of CA for the name that they ask for.
	ListenTLS bool

	// AllowHosts are the hosts to which a forward proxy connects: "HOST",
	// "HOST:PORT" or "*.DOMAIN". Others are refused with status 403. Nil: all.
	AllowHosts []string

	// UpstreamRoots verify the targets' certificates. Nil: those of the system.
	UpstreamRoots *x509.CertPool

	// MaxBody is how many bytes of each body, and of all messages of one stream,
	// are kept. 0: 8 MiB.
	MaxBody int64

	// MaxInFlight bounds the bytes kept in memory for all exchanges that are not
	// over. Beyond it bodies keep no more data. 0: 256 MiB.
	MaxInFlight int64

	// Grace is how long exchanges may go on when Serve is told to stop. 0: 3 s.
	Grace time.Duration

	// Sink takes connections and flows.
	Sink Sink

	// Logger takes events of the proxy's life, never contents. Nil: none.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:8080"
	}
	if o.MaxBody == 0 {
		o.MaxBody = 8 << 20
	}
	if o.MaxInFlight == 0 {
		o.MaxInFlight = 256 << 20
	}
	if o.Grace == 0 {
		o.Grace = 3 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

func (o Options) validate() error {
	var errs []error
	if o.Sink == nil {
		errs = append(errs, errors.New("proxy: Options.Sink is nil; it takes the recorded flows"))
	}
	if o.MaxBody < 0 || o.MaxInFlight < 0 || o.Grace < 0 {
		errs = append(errs, errors.New("proxy: MaxBody, MaxInFlight and Grace cannot be negative"))
	}
	if o.ListenTLS && (o.CA == nil || o.Upstream == nil) {
		errs = append(errs, errors.New("proxy: ListenTLS needs CA and Upstream"))
	}
	if u := o.Upstream; u != nil {
		if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil ||
			u.Path != "" && u.Path != "/" || u.RawQuery != "" {
			errs = append(errs, fmt.Errorf("proxy: upstream %q is not an origin; give it as http://HOST:PORT or https://HOST:PORT", u.Redacted()))
		}
	}
	return errors.Join(errs...)
}

// Counts says what a proxy has done so far beside handing flows to its sink.
type Counts struct {
	Conns           uint64 // client connections handed to the sink
	Flows           uint64 // flows handed to the sink
	Tunnels         uint64 // CONNECT tunnels passed through unread
	Refused         uint64 // requests answered by the proxy itself: host not allowed, no target
	HandshakeErrors uint64 // clients that did not complete TLS, for instance by not trusting the CA
	BodiesCut       uint64 // bodies of which less than the whole was kept
	MessagesCut     uint64 // messages of streams that were dropped or shortened
	Panics          uint64 // panics recovered while handling a request
}

type counters struct {
	conns, flows, tunnels, refused, handshakeErrors atomic.Uint64
	bodiesCut, messagesCut, panics                  atomic.Uint64
}

// A Proxy records what passes through it. It is made by New and safe for
// concurrent use.
type Proxy struct {
	o         Options
	allow     allowList
	engine    *goproxy.ProxyHttpServer
	targets   *targets
	clientTLS *tls.Config // nil without CA
	budget    budget
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
	p := &Proxy{o: o, allow: newAllowList(o.AllowHosts)}
	p.budget.free.Store(o.MaxInFlight)
	p.buffers.New = func() any { b := make([]byte, copyBuffer); return &b }
	p.targets = newTargets(o.UpstreamRoots, "", "")
	if o.CA != nil {
		p.clientTLS = o.CA.tlsConfig()
	}
	p.engine = p.newEngine()
	return p, nil
}

// newEngine sets goproxy up so that it neither decodes, logs, dials nor signs by
// itself: sending is the round tripper's part, CONNECT that of tunnel.
func (p *Proxy) newEngine() *goproxy.ProxyHttpServer {
	e := goproxy.NewProxyHttpServer()
	e.Logger = quiet{p.o.Logger}
	e.Tr = p.targets.any
	e.ConnectDial = nil // set from the environment by the constructor
	e.KeepAcceptEncoding = true
	e.OnRequest().HandleConnectFunc(func(host string, _ *goproxy.ProxyCtx) (*goproxy.ConnectAction, string) {
		return &goproxy.ConnectAction{Action: goproxy.ConnectHijack, Hijack: p.tunnel}, host
	})
	e.OnRequest().DoFunc(func(r *http.Request, ctx *goproxy.ProxyCtx) (*http.Request, *http.Response) {
		ctx.RoundTripper = goproxy.RoundTripperFunc(p.roundTrip)
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
		Tunnels:         p.n.tunnels.Load(),
		Refused:         p.n.refused.Load(),
		HandshakeErrors: p.n.handshakeErrors.Load(),
		BodiesCut:       p.n.bodiesCut.Load(),
		MessagesCut:     p.n.messagesCut.Load(),
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
