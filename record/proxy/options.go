package proxy

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/proxy/authority"
	"github.com/starling-load/starling/record/proxy/balancer"
	"github.com/starling-load/starling/record/spool"
)

// A Sink takes what the proxy has seen. Its methods are called from many
// goroutines at a time and in the path of the traffic: they must not block. What
// they are given is theirs from then on.
type Sink interface {
	// Conn is called once for each client connection, before its first flow.
	Conn(*flow.Conn)

	// Flow is called once for each exchange that is recorded, when it is over.
	Flow(*flow.Flow)

	// Loss is told of traffic that is missing or incomplete in the flows: exchanges
	// that the Lists leave out (flow.LossFiltered), the bytes of tunnels that are
	// neither TLS nor HTTP (flow.LossUnparsed), messages beyond the limits
	// (flow.LossMemory).
	Loss(*flow.Loss)
}

// A Chooser is a Sink that can refuse an exchange at its beginning. The content of
// such an exchange is not kept.
type Chooser interface {
	// Wants is asked when the head of a request is known.
	Wants(*flow.Flow) bool

	// Pass is called instead of Flow for an exchange that Wants refused. The flow may
	// lack content.
	Pass(*flow.Flow)
}

// Options configure a Proxy. Only Sink is required.
type Options struct {
	// Listen is the address that Proxy.Listen opens. Empty: 127.0.0.1:8080.
	Listen string

	// Upstream is the origin to which a reverse proxy sends every request:
	// "http://HOST:PORT", "https://HOST:PORT", or "h2c://HOST:PORT" for an origin that
	// takes HTTP/2 in clear text from any client. With "http", HTTP/2 is spoken for
	// gRPC, and for clients that speak it in clear text. Nil makes a forward proxy.
	Upstream *url.URL

	// UpstreamHost sends the Host of Upstream instead of that of the client, for an
	// Upstream that serves several names, and names it in Origin and Referer.
	// Applications that build links from Host then name Upstream: in the heads of
	// answers that is changed back, in bodies it is only counted ([Past]).
	UpstreamHost bool

	// Access says which clients may use the proxy.
	Access Access

	// TrustForwarded is the networks of load balancers. From them the proxy takes the
	// PROXY protocol, and what their requests say of their clients. To the Sink, each
	// client that requests name has a connection of its own.
	TrustForwarded balancer.Trust

	// CA signs the certificates shown to clients. Nil: CONNECT tunnels pass
	// through unread and are only counted.
	CA *authority.Authority

	// ListenTLS makes clients of a reverse proxy speak TLS to the listener, with
	// a certificate of CA for the name that they ask for.
	ListenTLS bool

	// Lists say which hosts are reached, opened and recorded.
	Lists Lists

	// Via is another proxy that all connections to targets go through:
	// "http://HOST:PORT", "https://…" or "socks5://…", with USER:PASSWORD@ before the
	// host if it asks for them. Nil: none; the environment does not count.
	Via *url.URL

	// UpstreamRoots verify the certificates of targets and of Via. Nil: those of
	// the system.
	UpstreamRoots *x509.CertPool

	// ClientCertificates are shown to targets that ask for one: the first that is
	// for the host and that the target accepts.
	ClientCertificates []ClientCertificate

	// MaxBody is how many bytes of each body, and of all messages of one stream,
	// are kept. 0: 8 MiB.
	MaxBody int64

	// Spool takes the part of request bodies beyond MaxBody or 8 MiB. Such a body of a
	// flow has Open. The Sink must open and close it once, also for a flow that it does
	// not want. Nil: bodies are cut to MaxBody.
	Spool *spool.Spool

	// MaxLong is the longest request body that goes to Spool, in bytes. Longer ones
	// are cut to MaxBody.
	MaxLong int64

	// MaxInFlight bounds the memory in bytes for the bodies of all exchanges under way.
	// Beyond it, bodies keep no more data. 0: 128 MiB.
	MaxInFlight int64

	// Grace is how long exchanges may go on when Serve is told to stop. 0: 3 s.
	Grace time.Duration

	// Opened is told of each connection of a client when it is accepted. It must not
	// block. Nil: nobody is told.
	Opened func(client, server netip.AddrPort)

	// Sink takes connections, flows and losses.
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
		o.MaxInFlight = 128 << 20
	}
	if o.Grace == 0 {
		o.Grace = 3 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Lists = o.Lists.normal()
	return o
}

func (o Options) validate() error {
	var errs []error
	if o.Sink == nil {
		errs = append(errs, errors.New("proxy: Options.Sink is nil; it takes the recorded flows"))
	}
	if o.MaxBody < 0 || o.MaxLong < 0 || o.MaxInFlight < 0 || o.Grace < 0 {
		errs = append(errs, errors.New("proxy: MaxBody, MaxLong, MaxInFlight and Grace cannot be negative"))
	}
	if o.UpstreamHost && o.Upstream == nil {
		errs = append(errs, errors.New("proxy: UpstreamHost needs Upstream"))
	}
	if o.ListenTLS && (o.CA == nil || o.Upstream == nil) {
		errs = append(errs, errors.New("proxy: ListenTLS needs CA and Upstream"))
	}
	if u := o.Upstream; u != nil && (!isOrigin(u, "http", "https", "h2c") || u.User != nil) {
		errs = append(errs, fmt.Errorf("proxy: upstream %q is not an origin; give it as http://HOST:PORT, https://HOST:PORT or h2c://HOST:PORT", u.Redacted()))
	}
	if u := o.Via; u != nil && !isOrigin(u, "http", "https", "socks5", "socks5h") {
		errs = append(errs, fmt.Errorf("proxy: %q is not a proxy; give it as http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT", u.Redacted()))
	}
	if err := o.Access.validate(o.Upstream == nil); err != nil {
		errs = append(errs, err)
	}
	if err := o.Lists.validate(); err != nil {
		errs = append(errs, err)
	}
	if l := o.Lists; o.Upstream != nil && len(l.AllowHosts)+len(l.DenyHosts)+len(l.MITM)+len(l.Tunnel) > 0 {
		errs = append(errs, errors.New("proxy: with one upstream there are no hosts to allow, deny, open or let pass; those lists are for a forward proxy"))
	}
	for i, c := range o.ClientCertificates {
		if c.Host != "" && !hostPattern(c.Host) {
			errs = append(errs, badHostPattern(c.Host))
		}
		if len(c.Certificate.Certificate) == 0 || c.Certificate.PrivateKey == nil {
			errs = append(errs, fmt.Errorf("proxy: client certificate %d has no chain or no private key", i))
		}
	}
	return errors.Join(errs...)
}

// isOrigin reports whether u is nothing but a host, of one of the schemes.
func isOrigin(u *url.URL, schemes ...string) bool {
	for _, s := range schemes {
		if u.Scheme == s {
			return u.Hostname() != "" && strings.Trim(u.Path, "/") == "" && u.RawQuery == "" && u.Fragment == ""
		}
	}
	return false
}
