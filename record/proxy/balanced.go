package proxy

import (
	"net"
	"net/http"
	"net/netip"

	"github.com/starling-load/starling/record/proxy/balancer"
)

// A balancedConn is a connection from a balancer. It may begin with a header of the PROXY
// protocol, which Read takes away and tells the inbound.
type balancedConn struct {
	net.Conn
	s     *inbound
	begun bool
	ahead []byte // read, but not by the user
}

// balanced wraps the connection of s if it is from a balancer.
func (s *inbound) balanced(c net.Conn) net.Conn {
	if !s.srv.p.o.TrustForwarded.Has(s.link.opener.Addr()) {
		return c
	}
	return &balancedConn{Conn: c, s: s}
}

func (c *balancedConn) Read(p []byte) (int, error) {
	if !c.begun {
		if err := c.begin(); err != nil {
			return 0, err
		}
	}
	if len(c.ahead) > 0 {
		n := copy(p, c.ahead)
		c.ahead = c.ahead[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}

// begin reads up to where a header ends, or cannot be.
func (c *balancedConn) begin() error {
	var b [1 << 10]byte
	for {
		n, err := c.Conn.Read(b[:])
		c.ahead = append(c.ahead, b[:n]...)
		client, length, problem := balancer.Parse(c.ahead)
		switch {
		case problem == balancer.ErrMalformed:
			c.Close()
			c.s.srv.p.n.refused.Add(1)
			c.s.srv.p.o.Logger.Warn("a balancer sent a PROXY header that is malformed; its connection is closed", "balancer", c.s.client)
			return problem
		case problem == balancer.ErrMore && err == nil:
			continue
		case problem == balancer.ErrMore && len(c.ahead) == 0:
			return err
		case client.IsValid():
			c.s.from = client
		}
		c.begun, c.ahead = true, c.ahead[length:]
		return nil // an error of the connection comes again
	}
}

// CloseWrite ends the sending direction.
func (c *balancedConn) CloseWrite() error { return closeWrite(c.Conn) }

// clientOf is the client of a request: the other end of the connection, or what a
// balancer there says.
func (s *inbound) clientOf(h http.Header) netip.AddrPort {
	return s.srv.p.o.TrustForwarded.Client(s.from, h)
}
