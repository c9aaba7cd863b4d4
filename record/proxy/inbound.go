package proxy

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/proxy/authority"
)

// An inbound is one client connection, from the point where it carries HTTP: the
// TCP connection itself, or what flows inside its CONNECT tunnel.
type inbound struct {
	srv    *server
	client string
	peer   netip.AddrPort // the other end of the connection
	opened time.Time
	scheme string // "http" or "https"
	target string // host and port of the CONNECT request; "" outside a tunnel
	tls    *flow.TLS
	tap    *requestTap // nil with HTTP/2
	heads  headWriter  // unused with HTTP/2
	own    *targets    // nil: the proxy's

	announced sync.Once
	id        uint64
}

type inboundKey struct{}

// inboundOf returns the client connection of a request that the server has read.
func inboundOf(ctx context.Context) *inbound {
	s, _ := ctx.Value(inboundKey{}).(*inbound)
	return s
}

// announce hands the connection to the sink, once, and returns its ID. to is the route
// of its first request. state is that of the connection, where net/http knows it.
func (s *inbound) announce(to route, state *tls.ConnectionState) uint64 {
	s.announced.Do(func() {
		if s.tls == nil && state != nil {
			s.tls = tlsDetails(state)
		}
		p := s.srv.p
		s.id = p.connID.Add(1)
		p.n.conns.Add(1)
		p.o.Sink.Conn(&flow.Conn{ID: s.id, Client: s.client, Server: withPort(to.dial, to.upstream), Opened: s.opened, TLS: s.tls})
	})
	return s.id
}

// pool has the connections to targets for what passes without net/http.
func (s *inbound) pool() *fastPool {
	if s.own != nil {
		return s.own.fast
	}
	return s.srv.p.targets.fast
}

// connContext finds the inbound of a connection that the server takes.
func (s *server) connContext(ctx context.Context, c net.Conn) context.Context {
	var found *inbound
	switch c := c.(type) {
	case *clientConn:
		found = c.s
	case *tls.Conn:
		if inner, ok := c.NetConn().(*peekConn); ok {
			found = inner.s
		}
	}
	return context.WithValue(ctx, inboundKey{}, found)
}

func (s *server) newInbound(c net.Conn, scheme string) *inbound {
	if s.p.o.Opened != nil {
		client, _ := c.RemoteAddr().(*net.TCPAddr)
		own, _ := c.LocalAddr().(*net.TCPAddr)
		if client != nil && own != nil {
			s.p.o.Opened(client.AddrPort(), own.AddrPort())
		}
	}
	return &inbound{srv: s, client: c.RemoteAddr().String(), peer: addrPort(c.RemoteAddr()), opened: time.Now(), scheme: scheme}
}

// tlsDetails describes a TLS connection.
func tlsDetails(state *tls.ConnectionState) *flow.TLS {
	return &flow.TLS{
		Version:    tls.VersionName(state.Version),
		Cipher:     tls.CipherSuiteName(state.CipherSuite),
		ServerName: state.ServerName,
		ALPN:       state.NegotiatedProtocol,
	}
}

// clientTLS is the server side towards clients. The certificate is for the name that
// the client asks for. Without one it is for the address of the CONNECT request or of
// the listener.
func clientTLS(a *authority.Authority) *tls.Config {
	return &tls.Config{
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if hello.ServerName != "" {
				return a.Certificate(hello.ServerName)
			}
			if c, ok := hello.Conn.(*peekConn); ok && c.target != "" {
				return a.Certificate(hostname(c.target))
			}
			return a.Certificate(hostname(hello.Conn.LocalAddr().String()))
		},
	}
}
