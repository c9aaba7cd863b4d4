package client

import (
	"net"
	"sync/atomic"
	"time"
)

// meterKey carries the *meter of a connection to be dialled through a context.
type meterKey struct{}

// A meter counts the bytes of a connection and notes the first write after it
// was armed. The transport writes and reads on goroutines of its own, so all
// fields are atomic.
type meter struct {
	epoch   time.Time    // instants below are offsets from it
	armed   atomic.Bool  // the next write is the first of an exchange
	sent    atomic.Int64 // ns since epoch
	written atomic.Int64 // bytes
	read    atomic.Int64 // bytes
}

func (m *meter) arm() {
	m.sent.Store(0)
	m.armed.Store(true)
}

func (m *meter) sentAt() time.Time {
	if ns := m.sent.Load(); ns != 0 {
		return m.epoch.Add(time.Duration(ns))
	}
	return time.Time{}
}

type meteredConn struct {
	net.Conn
	meter *meter
}

func (c *meteredConn) Write(p []byte) (int, error) {
	if c.meter.armed.Load() && c.meter.armed.CompareAndSwap(true, false) {
		c.meter.sent.Store(int64(time.Since(c.meter.epoch)))
	}
	n, err := c.Conn.Write(p)
	c.meter.written.Add(int64(n))
	return n, err
}

func (c *meteredConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.meter.read.Add(int64(n))
	return n, err
}
