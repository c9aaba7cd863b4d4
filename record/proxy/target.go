package proxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
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

// targets holds the transports to the targets. Nothing in them bounds the time
// of an exchange: slow streams stay.
type targets struct {
	roots   *x509.CertPool // nil: the system's
	address string         // connected to whatever the URL says; "": what the URL says
	server  string         // name that certificates must have; "": that of the URL

	any *http.Transport // HTTP/2 where TLS negotiates it, else HTTP/1.1
	h1  *http.Transport // HTTP/1.1 only, for upgrades
	h2c *http.Transport // HTTP/2 in clear text, for clients that speak it
}

func newTargets(roots *x509.CertPool, address, server string) *targets {
	t := &targets{roots: roots, address: address, server: server}
	t.any = t.transport(true)
	t.h1 = t.transport(false)
	t.h2c = t.transport(true)
	t.h2c.Protocols = new(http.Protocols)
	t.h2c.Protocols.SetUnencryptedHTTP2(true)
	t.h2c.DialContext = t.dial // nothing of HTTP/1 to read along
	return t
}

func (t *targets) close() {
	t.any.CloseIdleConnections()
	t.h1.CloseIdleConnections()
	t.h2c.CloseIdleConnections()
}

func (t *targets) transport(h2 bool) *http.Transport {
	return &http.Transport{
		Proxy: nil, // not from the environment
		DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
			c, err := t.dial(ctx, network, to)
			if err != nil {
				return nil, err
			}
			return &targetConn{Conn: c}, nil
		},
		DialTLSContext: func(ctx context.Context, network, to string) (net.Conn, error) {
			c, err := t.dial(ctx, network, to)
			if err != nil {
				return nil, err
			}
			name := t.server
			if name == "" {
				name = hostname(to)
			}
			return t.handshake(ctx, c, name, h2)
		},
		ForceAttemptHTTP2:     h2,
		HTTP2:                 &http.HTTP2Config{SendPingTimeout: pingAfter},
		DisableCompression:    true,
		MaxIdleConnsPerHost:   idlePerHost,
		IdleConnTimeout:       idleTimeout,
		ExpectContinueTimeout: continueWait,
	}
}

func (t *targets) dial(ctx context.Context, network, to string) (net.Conn, error) {
	if t.address != "" {
		to = t.address
	}
	dialer := net.Dialer{Timeout: dialTimeout}
	return dialer.DialContext(ctx, network, to)
}

// handshake secures c. HTTP/2 connections come back as *tls.Conn, which the
// transport looks for; the others are wrapped to read the heads along.
func (t *targets) handshake(ctx context.Context, c net.Conn, server string, h2 bool) (net.Conn, error) {
	protocols := []string{"http/1.1"}
	if h2 {
		protocols = []string{"h2", "http/1.1"}
	}
	tc := tls.Client(c, &tls.Config{RootCAs: t.roots, ServerName: server, NextProtos: protocols})
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
