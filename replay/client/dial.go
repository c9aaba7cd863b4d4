package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// A carrier is a connection made ready for HTTP.
type carrier struct {
	net.Conn              // TLS where the origin is https
	raw      *meteredConn // below TLS
	http2    bool
	absolute bool   // requests carry the whole URL, for a proxy
	proxied  string // Proxy-Authorization of such requests
}

// dial connects to e: TCP, proxy, TLS.
func (d *Dialer) dial(ctx context.Context, e *endpoint) (*carrier, error) {
	ctx, cancel := context.WithTimeout(ctx, d.options.DialTimeout)
	defer cancel()
	c, err := d.connect(ctx, e)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", e.address, blameDial(ctx, err))
	}
	return c, nil
}

// Reach finds out whether somebody accepts connections where r goes. With a proxy, it
// asks whether the proxy accepts them.
func (d *Dialer) Reach(ctx context.Context, r Route) error {
	e, err := r.parse(&d.options)
	if err != nil {
		return err
	}
	address := e.address
	if d.proxy != nil {
		address = d.proxy.Host
	}
	ctx, cancel := context.WithTimeout(ctx, d.options.DialTimeout)
	defer cancel()
	c, err := d.tcp(ctx, d.resolve(address))
	if err != nil {
		return fmt.Errorf("connect to %s: %w", address, err)
	}
	return c.Close()
}

// blameDial names the error of a connection that took too long. Others it returns as
// they are.
func blameDial(ctx context.Context, err error) error {
	if isTimeout(err) || errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return named(connectTimeout, errors.New("no connection in time"))
	}
	return err
}

func (d *Dialer) connect(ctx context.Context, e *endpoint) (*carrier, error) {
	var c *carrier
	var err error
	if d.proxy != nil {
		c, err = d.throughProxy(ctx, e)
	} else {
		c, err = d.tcp(ctx, d.resolve(e.address))
	}
	if err != nil {
		return nil, err
	}
	if !e.secure {
		c.http2 = e.protocol == HTTP2
		return c, nil
	}
	if err := d.secure(ctx, c, e); err != nil {
		c.raw.Close()
		return nil, err
	}
	return c, nil
}

// tcp connects to address ("host:port") itself.
func (d *Dialer) tcp(ctx context.Context, address string) (*carrier, error) {
	dialer := net.Dialer{KeepAlive: -1}
	if n := uint64(len(d.sources)); n > 0 {
		dialer.LocalAddr = &net.TCPAddr{IP: d.sources[(d.turn.Add(1)-1)%n]}
		dialer.Control = lateBind
	}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	raw := &meteredConn{Conn: conn, epoch: time.Now()}
	return &carrier{Conn: raw, raw: raw}, nil
}

// resolve returns where to connect for address, as Options.Resolve says.
func (d *Dialer) resolve(address string) string {
	if len(d.options.Resolve) == 0 {
		return address
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	to, ok := d.options.Resolve[address]
	if !ok {
		to, ok = d.options.Resolve[host]
	}
	switch {
	case !ok:
		return address
	case hasPort(to):
		return to
	}
	return net.JoinHostPort(to, port)
}

// hasPort reports whether address ends with a port.
func hasPort(address string) bool {
	_, port, err := net.SplitHostPort(address)
	return err == nil && port != ""
}

// secure makes the TLS handshake for e on c.
func (d *Dialer) secure(ctx context.Context, c *carrier, e *endpoint) error {
	config := d.tls.Clone()
	config.ServerName = e.name
	switch e.protocol {
	case HTTP1:
		config.NextProtos = []string{"http/1.1"}
	case HTTP2:
		config.NextProtos = []string{"h2"}
	default:
		config.NextProtos = []string{"h2", "http/1.1"}
	}
	secure := tls.Client(c.Conn, config)
	err := secure.HandshakeContext(ctx)
	c.http2 = secure.ConnectionState().NegotiatedProtocol == "h2"
	if e.protocol == HTTP2 && (err == nil && !c.http2 || refusedALPN(err)) {
		return named(noHTTP2, errors.New("the target does not agree to HTTP/2, which the recording used"))
	}
	c.Conn = secure
	return blameTLS(err)
}

// refusedALPN recognises the alert of a server that speaks none of the protocols
// offered (RFC 7301, section 3.2), which crypto/tls gives no type.
func refusedALPN(err error) bool {
	return err != nil && strings.Contains(err.Error(), "no application protocol")
}
