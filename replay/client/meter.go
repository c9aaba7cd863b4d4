package client

import (
	"bytes"
	"net"
	"sync/atomic"
	"time"
)

// A meteredConn counts the bytes of a connection and notes the first write after
// it was armed. HTTP/2 writes and reads on goroutines of its own, so all fields
// are atomic.
type meteredConn struct {
	net.Conn
	epoch   time.Time    // instants below are offsets from it
	armed   atomic.Bool  // the next write is the first of an exchange
	sent    atomic.Int64 // ns since epoch
	written atomic.Int64 // bytes that no exchange has counted yet
	read    atomic.Int64 // bytes that no exchange has counted yet
	first   atomic.Bool  // something was read
	http1   atomic.Bool  // what was read began like an answer of HTTP/1
}

// arm asks for the instant of the next write.
func (c *meteredConn) arm() {
	c.sent.Store(0)
	c.armed.Store(true)
}

// sentAt is the instant of the first write since arm, zero if there was none.
func (c *meteredConn) sentAt() time.Time {
	if ns := c.sent.Load(); ns != 0 {
		return c.epoch.Add(time.Duration(ns))
	}
	return time.Time{}
}

func (c *meteredConn) Write(p []byte) (int, error) {
	if c.armed.Load() && c.armed.CompareAndSwap(true, false) {
		c.sent.Store(int64(time.Since(c.epoch)))
	}
	n, err := c.Conn.Write(p)
	c.written.Add(int64(n))
	return n, err
}

func (c *meteredConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && !c.first.Load() && c.first.CompareAndSwap(false, true) {
		c.http1.Store(bytes.HasPrefix(p[:n], []byte("HTTP/1.")))
	}
	c.read.Add(int64(n))
	return n, err
}
