package proxy

import (
	"crypto/rand"
	"errors"
	"hash/maphash"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// loopField carries the token of a proxy: in the answer to a request that came back to
// it, in CONNECT requests to a proxy in between, and in requests that may be going round.
const loopField = "Starling-Loop"

const (
	manyAlike = 100         // requests for one thing under way, beyond which they may be going round
	wary      = time.Minute // how long all requests carry the token after a loop was found
)

// loops recognises requests that come back to the proxy that sent them. Without that one
// request would use up all descriptors.
//
// A request that comes straight back is known by the two ends of its connection: this
// proxy has opened it. Nothing is sent to targets for that. One that comes back
// through other proxies is known by a token. Requests carry it when many alike are under
// way, as they are in a loop, so that targets hardly ever see it.
type loops struct {
	token string
	seed  maphash.Seed
	until atomic.Int64 // unix nanoseconds up to which all requests carry the token

	mu    sync.Mutex
	ours  map[link]struct{} // connections that this proxy has opened
	alike map[uint64]int    // requests under way, by a hash of what they ask for
}

// A link is a connection: who opened it, and who took it. One end alone is not enough:
// connections to different addresses may have the same port at the end that opens them.
type link struct{ opener, taker netip.AddrPort }

func newLoops() *loops {
	return &loops{token: rand.Text(), seed: maphash.MakeSeed(), ours: map[link]struct{}{}, alike: map[uint64]int{}}
}

// An ownConn is a connection that this proxy has opened.
type ownConn struct {
	net.Conn
	l    *loops
	link link
}

// opened remembers c until it is closed.
func (l *loops) opened(c net.Conn) net.Conn {
	own := link{addrPort(c.LocalAddr()), addrPort(c.RemoteAddr())}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ours[own] = struct{}{}
	return &ownConn{c, l, own}
}

// Close closes the connection.
func (c *ownConn) Close() error {
	c.l.mu.Lock()
	delete(c.l.ours, c.link) // before another can have the addresses
	c.l.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite ends the sending direction.
func (c *ownConn) CloseWrite() error { return closeWrite(c.Conn) }

// SyscallConn gives access to the descriptor, if there is one: see isOpen.
func (c *ownConn) SyscallConn() (syscall.RawConn, error) {
	if sc, ok := c.Conn.(syscall.Conn); ok {
		return sc.SyscallConn()
	}
	return nil, errors.ErrUnsupported
}

// addrPort is an address of TCP; the zero value for others.
func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		at := t.AddrPort()
		return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
	}
	return netip.AddrPort{}
}

// back reports whether a request with these fields, over a connection of a client, was
// sent by this proxy. After one with the token the proxy is wary.
func (l *loops) back(from link, h http.Header) bool {
	found := slices.Contains(h[loopField], l.token)
	if !found {
		l.mu.Lock()
		_, found = l.ours[from]
		l.mu.Unlock()
		return found
	}
	l.until.Store(time.Now().Add(wary).UnixNano())
	return true
}

// enter counts a request that goes out, until leave is called with the key. It returns the
// token if the request may be going round, to be put on it, else "".
func (l *loops) enter(to route, method string) (key uint64, token string) {
	var h maphash.Hash
	h.SetSeed(l.seed)
	for _, part := range [...]string{method, to.authority, to.target} {
		h.WriteString(part)
		h.WriteByte(0)
	}
	key = h.Sum64()
	l.mu.Lock()
	l.alike[key]++
	many := l.alike[key] > manyAlike
	l.mu.Unlock()
	if until := l.until.Load(); many || until != 0 && time.Now().UnixNano() < until {
		token = l.token
	}
	return key, token
}

// leave counts a request out.
func (l *loops) leave(key uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.alike[key]--; l.alike[key] == 0 {
		delete(l.alike, key)
	}
}

// refuseLoop answers a request that came back to this proxy.
func (p *Proxy) refuseLoop(w http.ResponseWriter) {
	if p.n.loops.Add(1) == 1 {
		p.o.Logger.Warn("a request came back to this proxy; give the address of the application as the upstream, and that of another proxy to go through")
	}
	w.Header().Set(loopField, p.loops.token)
	p.refuse(w, http.StatusLoopDetected, loopText)
}

const loopText = "the request came back to this proxy itself: it goes round in a loop; give the proxy the address of the application"
