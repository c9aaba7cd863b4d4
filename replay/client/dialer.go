package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Options set what all connections of a Dialer share. The zero value is ready.
type Options struct {
	// Insecure accepts any server certificate. For test targets only.
	Insecure bool

	// Roots are trusted beside nothing else; nil means the system's.
	Roots *x509.CertPool

	// H2C speaks HTTP/2 without TLS to http:// origins.
	H2C bool

	// HTTP1 refuses HTTP/2 on https:// origins.
	HTTP1 bool

	// MaxBody is how many bytes of a body are kept for checks and bindings;
	// the rest is read and counted. 0 means 4 MiB.
	MaxBody int64

	// DialTimeout bounds TCP and TLS set-up. 0 means 10 s.
	DialTimeout time.Duration
}

func (o Options) withDefaults() Options {
	if o.MaxBody == 0 {
		o.MaxBody = 4 << 20
	}
	if o.DialTimeout == 0 {
		o.DialTimeout = 10 * time.Second
	}
	return o
}

// maxHeaderBytes bounds the head of an answer.
const maxHeaderBytes = 1 << 20

// A Dialer opens connections. It is safe for concurrent use.
type Dialer struct {
	options   Options
	transport *http.Transport
}

// NewDialer returns a Dialer with the given options.
func NewDialer(o Options) *Dialer {
	o = o.withDefaults()
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!o.H2C)
	protocols.SetHTTP2(!o.HTTP1)
	protocols.SetUnencryptedHTTP2(o.H2C)
	dial := &net.Dialer{Timeout: o.DialTimeout, KeepAlive: -1}
	t := &http.Transport{
		Protocols:              protocols,
		TLSClientConfig:        &tls.Config{InsecureSkipVerify: o.Insecure, RootCAs: o.Roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    o.DialTimeout,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeaderBytes,
		WriteBufferSize:        2 << 10,
		ReadBufferSize:         4 << 10,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := dial.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			meter, _ := ctx.Value(meterKey{}).(*meter)
			return &meteredConn{Conn: c, meter: meter}, nil
		},
	}
	return &Dialer{options: o, transport: t}
}

// Conn returns a connection to origin ("scheme://host[:port]") that dials on
// first use.
func (d *Dialer) Conn(origin string) (Conn, error) {
	u, err := url.Parse(origin)
	if err != nil {
		return nil, fmt.Errorf("parse origin %q: %w", origin, err)
	}
	port := u.Port()
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("origin %q: the scheme must be http or https", origin)
	case u.Hostname() == "":
		return nil, fmt.Errorf("origin %q names no host", origin)
	case port == "" && u.Scheme == "http":
		port = "80"
	case port == "":
		port = "443"
	}
	return &conn{dialer: d, scheme: u.Scheme, address: net.JoinHostPort(u.Hostname(), port)}, nil
}
