package proxy

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/elazarl/goproxy"

	"github.com/starling-load/starling/record/flow"
)

// connect serves a CONNECT request. goproxy calls tunnel in the end.
func (p *Proxy) connect(w http.ResponseWriter, r *http.Request, s *inbound) {
	switch {
	case p.loops.back(s.link, r.Header):
		p.refuseLoop(w)
	case s.target == "" && !p.admit(w, r, s.clientOf(r.Header).Addr()):
	case p.o.Upstream != nil:
		p.refuse(w, http.StatusMethodNotAllowed, "this is a reverse proxy; send requests to it without CONNECT")
	case s.target != "" || r.ProtoMajor != 1:
		p.refuse(w, http.StatusMethodNotAllowed, "CONNECT is understood over HTTP/1.1 and outside of tunnels only")
	case hostname(r.Host) == "":
		p.refuse(w, http.StatusBadRequest, "CONNECT needs a host and a port")
	case !p.o.Lists.reach(withPort(r.Host, "https")):
		p.refuse(w, http.StatusForbidden, "host not allowed here")
	default:
		p.engine.ServeHTTP(newResponseWriter(p, w), r)
	}
}

// tunnel answers a CONNECT request, finds out what the client speaks, and passes the
// connection to what serves that.
func (p *Proxy) tunnel(r *http.Request, client net.Conn, _ *goproxy.ProxyCtx) {
	outer := inboundOf(r.Context())
	srv := outer.srv
	c, ok := client.(*peekConn)
	if !ok || !srv.hold(c) {
		client.Close()
		return
	}
	c.target, c.tokens = withPort(r.Host, "https"), r.Header[loopField]
	read := p.clientTLS != nil && p.o.Lists.open(c.target)
	var target net.Conn
	if !read {
		if target = srv.connectTunnel(c); target == nil {
			return
		}
	}
	if _, err := io.WriteString(c, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		srv.drop(c)
		c.Close()
		if target != nil {
			target.Close()
		}
		return
	}
	if !read {
		srv.passThrough(c, target)
		return
	}
	kind, target := srv.sniff(c)
	inner := &inbound{srv: srv, client: outer.client, link: outer.link, from: outer.from, opened: outer.opened, target: c.target}
	switch kind {
	case speaksTLS:
		srv.secure(c, inner)
	case speaksHTTP:
		inner.scheme = "http"
		srv.drop(c)
		go srv.serveFast(c, inner)
	case speaksOpaque:
		if n := srv.passThrough(c, target); n > 0 {
			p.o.Sink.Loss(&flow.Loss{At: outer.opened, Reason: flow.LossUnparsed, Bytes: n})
		}
	case speaksNothing:
		srv.drop(c)
		c.Close()
	}
}

type tokensKey struct{}

// tokensOf are the tokens of the proxies that a tunnel came through.
func tokensOf(ctx context.Context) []string {
	tokens, _ := ctx.Value(tokensKey{}).([]string)
	return slices.Clip(tokens)
}

// dialTunnel connects to the target of a tunnel.
func (s *server) dialTunnel(c *peekConn) (net.Conn, error) {
	return s.p.net.dial(context.WithValue(s.ctx, tokensKey{}, c.tokens), "tcp", c.target)
}

// connectTunnel connects to the target of a tunnel that is passed through unread. It
// does so before the client is told that the tunnel stands. If it cannot connect, it
// tells the client why, closes its connection, and returns nil.
func (s *server) connectTunnel(c *peekConn) net.Conn {
	target, err := s.dialTunnel(c)
	if err == nil {
		return target
	}
	defer s.drop(c)
	defer c.Close()
	name, text := failure(err, c.target)
	s.p.o.Logger.Warn("tunnel not connected", "host", c.target, "error", name)
	resp := failed(err, text)
	resp.Close = true
	_ = resp.Write(c) // the client may have gone
	return nil
}

// secure takes a client's TLS handshake and hands what is inside to the server.
func (s *server) secure(c *peekConn, inner *inbound) {
	ctx, cancel := context.WithTimeout(s.ctx, handshakeTimeout)
	defer cancel()
	tc := tls.Server(c, s.p.clientTLS)
	if err := tc.HandshakeContext(ctx); err != nil {
		s.p.n.handshakeErrors.Add(1)
		s.p.o.Logger.Warn("client did not complete TLS; does it trust the CA?", "host", c.target, "client", inner.client)
		s.drop(c)
		c.Close()
		return
	}
	state := tc.ConnectionState()
	inner.scheme, inner.tls = "https", tlsDetails(&state)
	if host := hostname(c.target); c.target != "" && state.ServerName != "" && state.ServerName != host {
		// The client uses a name for an address, as curl --connect-to does. Its
		// connections go to that address, verify that name, and are not shared with
		// other clients.
		inner.own = newTargets(s.p.net, s.p.self, c.target, state.ServerName)
	}
	c.s = inner
	if state.NegotiatedProtocol == "h2" {
		s.handOver(c, tc)
		return
	}
	s.drop(c)
	go s.serveFast(tc, inner)
}

// What a client says first in a tunnel.
type speech uint8

const (
	speaksNothing speech = iota // it went away
	speaksTLS
	speaksHTTP
	speaksOpaque
	speaksMore // not decided yet
)

const (
	// quietTime is how long a client may be silent before the proxy connects to the
	// target. The target may be the one that speaks first, as in SMTP or SSH.
	quietTime = 300 * time.Millisecond
	// unclearTime is how long the first line of a request may take.
	unclearTime = 5 * time.Second
)

// recognise returns the protocol that b is the beginning of.
func recognise(b []byte) speech {
	switch {
	case len(b) == 0:
		return speaksMore
	case b[0] == 0x16: // TLS record of a handshake
		if len(b) == 1 {
			return speaksMore
		}
		if b[1] == 3 {
			return speaksTLS
		}
		return speaksOpaque
	}
	line, _, whole := bytes.Cut(b, []byte("\n"))
	method, _, spaced := bytes.Cut(line, []byte(" "))
	for _, c := range method {
		if (c < 'A' || c > 'Z') && c != '-' && c != '_' || len(method) > 24 {
			return speaksOpaque
		}
	}
	switch {
	case whole && spaced && len(method) > 0 && bytes.Contains(line, []byte(" HTTP/")):
		return speaksHTTP
	case whole:
		return speaksOpaque
	case len(b) > 2<<10 && spaced:
		return speaksHTTP // a long target
	}
	return speaksMore
}

// sniff waits for the first bytes of the client. If the target speaks first, it
// returns the connection to it.
func (s *server) sniff(c *peekConn) (speech, net.Conn) {
	defer c.SetReadDeadline(time.Time{})
	var err error
	if len(c.ahead) == 0 {
		_ = c.SetReadDeadline(time.Now().Add(quietTime))
		err = c.more()
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		if target := s.speaksFirst(c); target != nil {
			return speaksOpaque, target
		}
		err = nil
	}
	_ = c.SetReadDeadline(time.Now().Add(unclearTime))
	for {
		switch k := recognise(c.ahead); {
		case k != speaksMore:
			return k, nil
		case err != nil && len(c.ahead) == 0:
			return speaksNothing, nil
		case err != nil:
			return speaksOpaque, nil
		}
		if len(c.ahead) == 0 {
			_ = c.SetReadDeadline(time.Time{})
		}
		err = c.more()
	}
}

// speaksFirst connects to the target of a silent client and waits for either side. It
// returns the connection if the target spoke first, and nil if the client did or the
// target cannot be reached.
func (s *server) speaksFirst(c *peekConn) net.Conn {
	conn, err := s.dialTunnel(c)
	if err != nil {
		return nil
	}
	target := &peekConn{Conn: conn}
	if !s.hold(target) {
		conn.Close()
		return nil
	}
	defer s.drop(target)
	past := time.Unix(1, 0)
	done := make(chan struct{})
	_ = c.SetReadDeadline(time.Time{}) // before the target can interrupt
	go func() {
		defer close(done)
		_ = target.more() // what there is shows in ahead
		_ = c.SetReadDeadline(past)
	}()
	_ = c.more() // a byte, the end, or interrupted by the target
	_ = target.SetReadDeadline(past)
	<-done
	_ = target.SetReadDeadline(time.Time{})
	if len(target.ahead) == 0 || len(c.ahead) > 0 && recognise(c.ahead) == speaksTLS {
		target.Close()
		return nil
	}
	return target
}

// passThrough carries an unread tunnel and returns how many bytes went through it.
// target may be nil.
func (s *server) passThrough(c *peekConn, target net.Conn) (bytes uint64) {
	defer s.drop(c)
	defer c.Close()
	if target == nil {
		conn, err := s.dialTunnel(c)
		if err != nil {
			name, _ := failure(err, c.target)
			s.p.o.Logger.Warn("tunnel not connected", "host", c.target, "error", name)
			return 0
		}
		target = conn
	}
	defer target.Close()
	if !s.hold(target) {
		return 0
	}
	defer s.drop(target)
	s.p.n.tunnels.Add(1)
	var n atomic.Uint64
	count := tapped{feed: func(p []byte, _ time.Duration) { n.Add(uint64(len(p))) }}
	s.p.splice(c, target, count, count)
	s.p.n.tunnelBytes.Add(n.Load())
	return n.Load()
}
