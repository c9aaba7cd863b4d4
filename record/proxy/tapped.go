package proxy

import (
	"io"
	"net"
)

// A clientConn is an HTTP/1 connection from a client.
type clientConn struct {
	net.Conn
	s   *inbound
	tap *requestTap
}

func (c *clientConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.tap.feed(p[:n])
	return n, err
}

func (c *clientConn) Write(p []byte) (int, error) { return c.s.heads.write(c.Conn, p) }

// CloseWrite ends the sending direction; net/http does so after an early answer.
func (c *clientConn) CloseWrite() error { return closeWrite(c.Conn) }

// A targetConn is an HTTP/1 connection to a target.
type targetConn struct {
	net.Conn
	tap   responseTap
	heads headWriter
	ready []byte // from the tap, still to be read
	err   error  // what Read returns once ready is read
}

func (c *targetConn) Write(p []byte) (int, error) { return c.heads.write(c.Conn, p) }

// Read gives the transport what the tap makes of the bytes from the target. It ends the
// connection when a target sends bytes that were not asked for: the transport would
// close it too, but print the bytes.
func (c *targetConn) Read(p []byte) (int, error) {
	for len(c.ready) == 0 {
		if c.err != nil {
			return 0, c.err
		}
		n, err := c.Conn.Read(p)
		give, over := c.tap.feed(p[:n])
		switch {
		case over:
			err, c.err = nil, io.EOF
		case err != nil:
			give = append(give[:len(give):len(give)], c.tap.abandon()...)
			c.err = err
		}
		if len(give) == n && samePlace(give, p) {
			return n, nil
		}
		if c.ready = give; len(give) == 0 && err != nil {
			return 0, err
		}
	}
	n := copy(p, c.ready)
	c.ready = c.ready[n:]
	return n, nil
}

// CloseWrite ends the sending direction.
func (c *targetConn) CloseWrite() error { return closeWrite(c.Conn) }

// closeWrite half-closes c, or closes it when it cannot be half-closed.
func closeWrite(c io.Closer) error {
	if h, ok := c.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return c.Close()
}

// A peekConn is a connection whose first bytes may be looked at before they are read.
type peekConn struct {
	net.Conn
	ahead  []byte   // read from Conn, not yet by the user
	target string   // host and port of the CONNECT request
	tokens []string // of the proxies that it came through
	s      *inbound // set before the connection is handed to the server
}

func (c *peekConn) Read(p []byte) (int, error) {
	if len(c.ahead) > 0 {
		n := copy(p, c.ahead)
		c.ahead = c.ahead[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}

// more reads at least one more byte ahead.
func (c *peekConn) more() error {
	var b [2048]byte
	n, err := c.Conn.Read(b[:])
	c.ahead = append(c.ahead, b[:n]...)
	if n > 0 {
		return nil
	}
	return err
}

// CloseWrite ends the sending direction.
func (c *peekConn) CloseWrite() error { return closeWrite(c.Conn) }
