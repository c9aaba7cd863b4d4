package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	socks "golang.org/x/net/proxy"
)

// A dialer connects to targets, straight or through another proxy.
type dialer struct {
	direct net.Dialer
	via    *url.URL                      // nil: straight
	secure func(host string) *tls.Config // towards a proxy that is spoken to in TLS
	loops  *loops
}

// A loopError says that a request came back to a proxy that it went through.
type loopError struct {
	tokens []string // of that proxy, and maybe of others
}

func (e *loopError) Error() string { return loopText }

// open connects to an address.
func (d *dialer) open(ctx context.Context, address string) (net.Conn, error) {
	c, err := d.direct.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return d.loops.opened(c), nil
}

// A viaError is a failure of the proxy in between, not of the target.
type viaError struct {
	host   string // of the proxy
	status int    // its answer to CONNECT, 0 for none
	err    error
}

func (e *viaError) Error() string {
	if e.status != 0 {
		return fmt.Sprintf("proxy %s answered CONNECT with status %d", e.host, e.status)
	}
	return fmt.Sprintf("connect through proxy %s: %v", e.host, e.err)
}

func (e *viaError) Unwrap() error { return e.err }

// hint says what a person can do about it.
func (e *viaError) hint() string {
	if e.status == http.StatusProxyAuthRequired {
		return "; it asks for a user and password, which its URL can hold"
	}
	return "; see whether it runs and may be used"
}

// isHTTP reports whether the proxy in between speaks HTTP. Such a proxy takes plain
// requests without a tunnel.
func (d *dialer) isHTTP() bool {
	return d.via != nil && (d.via.Scheme == "http" || d.via.Scheme == "https")
}

// dial opens a connection to address that carries any bytes.
func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	switch {
	case d.via == nil:
		return d.open(ctx, address)
	case d.isHTTP():
		return d.tunnel(ctx, address)
	}
	return d.socks(ctx, network, address)
}

// viaAddress is the host and port of the proxy in between.
func (d *dialer) viaAddress() string {
	if d.via.Port() == "" && !d.isHTTP() {
		return net.JoinHostPort(d.via.Hostname(), "1080")
	}
	return withPort(d.via.Host, d.via.Scheme)
}

// socks connects by SOCKS version 5 (RFC 1928); names are resolved by the proxy.
func (d *dialer) socks(ctx context.Context, network, address string) (net.Conn, error) {
	var auth *socks.Auth
	if u := d.via.User; u != nil {
		password, _ := u.Password()
		auth = &socks.Auth{User: u.Username(), Password: password}
	}
	s, err := socks.SOCKS5("tcp", d.viaAddress(), auth, &d.direct)
	if err != nil {
		return nil, &viaError{host: d.via.Host, err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	c, err := s.(socks.ContextDialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, &viaError{host: d.via.Host, err: err}
	}
	return d.loops.opened(c), nil
}

// connect opens a connection to a proxy that speaks HTTP, in TLS or not.
func (d *dialer) connect(ctx context.Context) (net.Conn, error) {
	c, err := d.open(ctx, d.viaAddress())
	if err != nil {
		return nil, &viaError{host: d.via.Host, err: err}
	}
	if d.via.Scheme == "http" {
		return c, nil
	}
	tc := tls.Client(c, d.secure(d.via.Hostname()))
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	if err := tc.HandshakeContext(ctx); err != nil {
		c.Close()
		return nil, &viaError{host: d.via.Host, err: err}
	}
	return tc, nil
}

// tunnel asks a proxy that speaks HTTP for a connection to address (RFC 9110,
// section 9.3.6).
func (d *dialer) tunnel(ctx context.Context, address string) (net.Conn, error) {
	c, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(handshakeTimeout))
	ahead, err := d.ask(ctx, c, address)
	_ = c.SetDeadline(time.Time{})
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		c.Close()
		if errors.As(err, new(*viaError)) || errors.As(err, new(*loopError)) {
			return nil, err
		}
		return nil, &viaError{host: d.via.Host, err: err}
	}
	if len(ahead) == 0 {
		return c, nil
	}
	return &peekConn{Conn: c, ahead: ahead}, nil
}

// ask sends CONNECT and reads the answer. It returns the bytes of the target that came
// right behind the answer.
func (d *dialer) ask(ctx context.Context, c net.Conn, address string) (ahead []byte, err error) {
	head := "CONNECT " + address + " HTTP/1.1\r\nHost: " + address + "\r\n"
	for _, token := range append(tokensOf(ctx), d.loops.token) {
		head += loopField + ": " + token + "\r\n"
	}
	if u := d.via.User; u != nil {
		password, _ := u.Password()
		head += "Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+password)) + "\r\n"
	}
	if _, err := io.WriteString(c, head+"\r\n"); err != nil {
		return nil, err
	}
	br := bufio.NewReader(io.LimitReader(c, maxHead))
	resp, err := http.ReadResponse(br, &http.Request{Method: http.MethodConnect})
	if err != nil {
		return nil, errors.New("its answer is not HTTP") // the text would quote it
	}
	if tokens := resp.Header[loopField]; resp.StatusCode == http.StatusLoopDetected && len(tokens) > 0 {
		return nil, &loopError{tokens}
	}
	if resp.StatusCode/100 != 2 {
		return nil, &viaError{host: d.via.Host, status: resp.StatusCode}
	}
	ahead, _ = br.Peek(br.Buffered())
	return ahead, nil
}
