package session

import (
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/starling-load/starling/model/session/origin"
	"github.com/starling-load/starling/record/flow"
)

// Conns tells of the connections of a recording who opened them, and when. It keeps
// 40 bytes of each. The zero value knows none.
type Conns struct {
	byID    map[uint64]opened
	servers map[string]bool
}

type opened struct {
	client  netip.Addr
	at      int64  // unix nanoseconds; 0: not known
	process uint32 // 0: not known
}

// Add remembers a connection.
func (c *Conns) Add(conn *flow.Conn) {
	if c.byID == nil {
		c.byID = map[uint64]opened{}
	}
	o := opened{client: origin.Address(conn.Client), process: uint32(conn.Process)}
	if !conn.Opened.IsZero() {
		o.at = unixNano(conn.Opened)
	}
	c.byID[conn.ID] = o
	if conn.Server != "" && len(c.servers) < maxServers {
		if c.servers == nil {
			c.servers = map[string]bool{}
		}
		c.servers[conn.Server] = true
	}
}

// maxServers is the number of different servers that are remembered.
const maxServers = 1024

// Servers lists what the connections led to, as host:port, sorted. A recorder in front of
// a server is asked by another name than it.
func (c *Conns) Servers() []string {
	if c == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(c.servers))
}

// of returns what is known of a connection. An address that is not valid is unknown.
func (c *Conns) of(id uint64) opened {
	if c == nil {
		return opened{}
	}
	return c.byID[id]
}

// unixNano is t in unix nanoseconds. A time out of their range becomes the nearest
// time within it.
func unixNano(t time.Time) int64 {
	switch s := t.Unix(); {
	case s < -9223372036:
		return -1 << 63
	case s > 9223372035:
		return 1<<63 - 1
	}
	return t.UnixNano()
}
