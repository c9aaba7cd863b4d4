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
	link   link           // its ends; the client is the opener
	from   netip.AddrPort // of whom a balancer there says, before it says anything of requests
	opened time.Time
	scheme string // "http" or "https"
	target string // host and port of the CONNECT request; "" outside a tunnel
	tls    *flow.TLS
	tap    *requestTap // nil with HTTP/2
	heads  headWriter  // unused with HTTP/2
	own    *targets    // nil: the proxy's

	register register // of the connection itself
}

type inboundKey struct{}

// inboundOf returns the client connection of a request that the server has read.
func inboundOf(ctx context.Context) *inbound {
	s, _ := ctx.Value(inboundKey{}).(*inbound)
	return s
}

// maxClients is how many clients of balancers are remembered.
const maxClients = 64 << 10

// A register gives connections their IDs, by the clients that they are of. It is never
// copied. The zero value is empty.
type register struct {
	mu  sync.Mutex
	ids map[netip.AddrPort]uint64
}

// announce hands the connection to the sink, once, and returns its ID. Each client that a
// balancer names in its requests has a connection of its own, whichever of those of the
// balancer it comes over: what the client had is not known. to is the route of its first
// request. state is that of the connection, where net/http knows it.
func (s *inbound) announce(client netip.AddrPort, to route, state *tls.ConnectionState) uint64 {
	p, known := s.srv.p, &s.register
	if client != s.from {
		known = &p.behind
	}
	known.mu.Lock()
	defer known.mu.Unlock()
	if id, met := known.ids[client]; met {
		return id
	}
	if known.ids == nil || len(known.ids) >= maxClients {
		known.ids = make(map[netip.AddrPort]uint64, 1)
	}
	c := &flow.Conn{ID: p.connID.Add(1), Client: s.client, Server: withPort(to.dial, to.upstream), Opened: s.opened, TLS: s.tls}
	if c.TLS == nil && state != nil {
		c.TLS = tlsDetails(state)
	}
	if client != s.link.opener {
		c.Client = client.String()
	}
	known.ids[client] = c.ID
	p.n.conns.Add(1)
	p.o.Sink.Conn(c)
	return c.ID
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
	ends := link{addrPort(c.RemoteAddr()), addrPort(c.LocalAddr())}
	return &inbound{srv: s, client: c.RemoteAddr().String(), link: ends, from: ends.opener, opened: time.Now(), scheme: scheme}
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
