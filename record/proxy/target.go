package proxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	dialTimeout      = 30 * time.Second
	handshakeTimeout = 30 * time.Second
	continueWait     = time.Second      // for 100 Continue before the body goes out anyway
	idleTimeout      = 90 * time.Second // of connections to targets
	idlePerHost      = 256
	pingAfter        = 30 * time.Second // silence of an HTTP/2 connection before it is probed
)

// A ClientCertificate is what the proxy shows to targets that ask for one.
type ClientCertificate struct {
	// Host is the pattern, as in Lists, of the targets that it is for. Empty: all.
	Host string

	// Certificate is the chain with its private key.
	Certificate tls.Certificate
}

// An identity holds what the proxy shows to targets and what it demands of them.
type identity struct {
	roots *x509.CertPool // nil: the system's
	certs []ClientCertificate
}

// tlsConfig is the client side towards server, for the target at address.
func (i *identity) tlsConfig(server, address string, protocols ...string) *tls.Config {
	c := &tls.Config{RootCAs: i.roots, ServerName: server, NextProtos: protocols}
	for _, cert := range i.certs {
		if cert.Host == "" || matchHost(cert.Host, server) || matchHost(cert.Host, address) {
			c.Certificates = append(c.Certificates, cert.Certificate)
		}
	}
	return c
}

// targets holds the transports to the targets. They set no limit on the time of an
// exchange, so slow streams stay.
type targets struct {
	net     *dialer
	self    *identity
	address string // connected to whatever the URL says; "": what the URL says
	server  string // name that certificates must have; "": that of the URL

	any   *http.Transport // HTTP/2 where TLS negotiates it, else HTTP/1.1
	h1    *http.Transport // HTTP/1.1 only, for upgrades
	h2c   *http.Transport // HTTP/2 in clear text, for those who speak it
	plain *http.Transport // plain HTTP requests given to a proxy in between; nil: none
	fast  *fastPool       // for what passes without net/http
}

func newTargets(d *dialer, self *identity, address, server string) *targets {
	t := &targets{net: d, self: self, address: address, server: server}
	t.fast = newFastPool(t)
	t.any = t.transport(true)
	t.h1 = t.transport(false)
	t.h2c = t.transport(true)
	t.h2c.Protocols = new(http.Protocols)
	t.h2c.Protocols.SetUnencryptedHTTP2(true)
	t.h2c.DialContext = t.dial // nothing of HTTP/1 to read along
	if d.isHTTP() {
		t.plain = t.transport(false)
		// The scheme says how to write requests; connect knows about TLS.
		t.plain.Proxy = http.ProxyURL(&url.URL{Scheme: "http", User: d.via.User, Host: d.viaAddress()})
		t.plain.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return tapTarget(d.connect(ctx)) }
	}
	return t
}

func (t *targets) close() {
	t.fast.close()
	for _, tr := range []*http.Transport{t.any, t.h1, t.h2c, t.plain} {
		if tr != nil {
			tr.CloseIdleConnections()
		}
	}
}

func (t *targets) transport(h2 bool) *http.Transport {
	return &http.Transport{
		Proxy: nil, // not from the environment
		DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
			return tapTarget(t.dial(ctx, network, to))
		},
		DialTLSContext: func(ctx context.Context, network, to string) (net.Conn, error) {
			c, err := t.dial(ctx, network, to)
			if err != nil {
				return nil, err
			}
			return t.handshake(ctx, c, to, h2)
		},
		ForceAttemptHTTP2:     h2,
		HTTP2:                 &http.HTTP2Config{SendPingTimeout: pingAfter},
		DisableCompression:    true,
		MaxIdleConnsPerHost:   idlePerHost,
		IdleConnTimeout:       idleTimeout,
		ExpectContinueTimeout: continueWait,

		MaxResponseHeaderBytes: http.DefaultMaxHeaderBytes, // as of clients
	}
}

// tapTarget wraps a connection that was dialled, so that its heads are seen.
func tapTarget(c net.Conn, err error) (net.Conn, error) {
	if err != nil {
		return nil, err
	}
	return &targetConn{Conn: c}, nil
}

func (t *targets) dial(ctx context.Context, network, to string) (net.Conn, error) {
	if t.address != "" {
		to = t.address
	}
	return t.net.dial(ctx, network, to)
}

// handshake secures c. It returns HTTP/2 connections as *tls.Conn, which the transport
// looks for. It wraps the others, so that their heads are seen.
func (t *targets) handshake(ctx context.Context, c net.Conn, to string, h2 bool) (net.Conn, error) {
	protocols := []string{"http/1.1"}
	if h2 {
		protocols = []string{"h2", "http/1.1"}
	}
	server := t.server
	if server == "" {
		server = hostname(to)
	}
	tc := tls.Client(c, t.self.tlsConfig(server, to, protocols...))
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	if err := tc.HandshakeContext(ctx); err != nil {
		c.Close()
		return nil, &handshakeError{err}
	}
	if tc.ConnectionState().NegotiatedProtocol == "h2" {
		return tc, nil
	}
	return &targetConn{Conn: tc}, nil
}
