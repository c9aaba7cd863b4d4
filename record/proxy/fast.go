package proxy

import (
	"bytes"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/starling-load/starling/record/http1"
	"github.com/starling-load/starling/record/message"
)

// Ordinary exchanges between peers that speak HTTP/1.1, with a target in clear text, pass in
// one goroutine and without net/http: the request is read whole, written to the target, and
// the answer is carried back as it comes. At the first request that is not ordinary, the
// connection goes to net/http with all that was read of it, for the rest of its life.

const (
	fastRequest = 64 << 10               // most bytes of a request that is ordinary
	fastBuffer  = 4 << 10                // memory of a connection between requests, in bytes
	fastPause   = 50 * time.Millisecond  // for the rest of a short body before the request is not ordinary
	watchAfter  = 100 * time.Millisecond // of silence of the target before its client is looked after
)

// What a fastConn does.
const (
	fastIdle int32 = iota // it waits for the first byte of a request
	fastBusy
	fastClosed
)

// A fastConn is a connection of a client whose ordinary exchanges it serves.
type fastConn struct {
	net.Conn
	s     *inbound
	state atomic.Int32

	in      []byte // what was read and is not served yet
	head    http1.Head
	length  int    // of the head
	bad     error  // why there is none
	out     []byte // a message that is being written, used again
	request http.Request
	url     url.URL
	answer  http.Response
	asked   wireHead // as the client sent it
	client  netip.AddrPort
	record  exchange  // used again
	x       *exchange // under way: record; nil: none
	silent  time.Time // until when the client may be, between requests; zero: another time is set
}

// serveFast serves a connection until it ends or goes to net/http.
func (s *server) serveFast(c net.Conn, in *inbound) {
	f := &fastConn{Conn: c, s: in}
	if !s.hold(f) {
		c.Close()
		return
	}
	defer s.drop(f)
	defer f.recovered()
	for f.next() {
		to, body, ordinary := f.ordinary()
		if !ordinary {
			f.handOver()
			return
		}
		if !s.enter() {
			break
		}
		again := f.exchange(to, body)
		s.leave()
		if !again || s.stopping.Load() {
			break
		}
	}
	f.Close()
}

// Close ends the connection.
func (f *fastConn) Close() error {
	if f.state.Swap(fastClosed) == fastClosed {
		return nil
	}
	return f.end()
}

// end closes the connection, and what belongs to it.
func (f *fastConn) end() error {
	if f.s.own != nil {
		f.s.own.close()
	}
	return f.Conn.Close()
}

// closeIdle ends the connection unless an exchange is under way.
func (f *fastConn) closeIdle() {
	if f.state.CompareAndSwap(fastIdle, fastClosed) {
		_ = f.end()
	}
}

// handOver gives the connection to net/http.
func (f *fastConn) handOver() {
	s := f.s.srv
	f.readBy(time.Time{})
	f.s.tap = new(requestTap)
	c := &peekConn{Conn: f.Conn, ahead: f.in, s: f.s}
	select {
	case s.inner <- &clientConn{Conn: c, s: f.s, tap: f.s.tap}:
	case <-s.ended:
		f.Close()
	}
}

// readBy sets the time by which the client has to be read.
func (f *fastConn) readBy(t time.Time) {
	f.silent = time.Time{}
	_ = f.SetReadDeadline(t)
}

// next reads the head of a request, or what shows that it is none. It reports false when the
// client goes away or is silent for too long.
func (f *fastConn) next() bool {
	if !f.state.CompareAndSwap(fastBusy, fastIdle) && f.state.Load() == fastClosed {
		return false
	}
	if len(f.in) == 0 && cap(f.in) > fastBuffer {
		f.in = nil
	}
	if now := time.Now(); f.silent.Sub(now) < clientIdleTime/2 {
		f.readBy(now.Add(clientIdleTime))
		f.silent = now.Add(clientIdleTime)
	}
	for seen := 0; ; {
		if len(f.in) > 0 {
			if seen == 0 && !f.state.CompareAndSwap(fastIdle, fastBusy) {
				return false
			}
			if f.length, f.bad = f.head.ParseRequest(f.in, seen, headRules()); f.bad != http1.ErrMore {
				return true
			}
			if seen == 0 {
				f.readBy(time.Now().Add(readHeadTime))
			}
			seen = len(f.in)
		}
		if !f.read(fastBuffer) {
			return false
		}
	}
}

// read reads more from the client, with room for at least some bytes.
func (f *fastConn) read(room int) bool {
	if cap(f.in)-len(f.in) < room/2 {
		f.in = append(make([]byte, 0, 2*cap(f.in)+room), f.in...)
	}
	n, err := f.Conn.Read(f.in[len(f.in):cap(f.in)])
	f.in = f.in[:len(f.in)+n]
	return n > 0 || err == nil
}

// A fastBody is the request that was read, as offsets into what was.
type fastBody struct{ head, end int }

// ordinary reports whether the request that was read is one that this code serves: it is
// clear, short, and goes to a target in clear text. What is not, is left to net/http as it is.
func (f *fastConn) ordinary() (to route, body fastBody, ok bool) {
	p, h, n := f.s.srv.p, &f.head, f.length
	if f.bad != nil || h.Minor != 1 || h.Odd != 0 || p.net.via != nil || p.o.UpstreamHost {
		return to, body, false
	}
	framing := h.RequestBody()
	if framing.Body != http1.NoBody && framing.Body != http1.Sized || framing.Length > fastRequest-int64(n) {
		return to, body, false
	}
	f.asked = newWireHead(h, f.in[:n])
	host, ok := f.plain()
	if !ok || !f.addressed(host, framing.Length) || !f.admitted() {
		return to, body, false
	}
	var problem string
	if to, _, problem = p.route(f.s, &f.request); problem != "" || to.upstream != "http" || to.h2c {
		return to, body, false
	}
	body = fastBody{head: n, end: n + int(framing.Length)}
	return to, body, f.whole(body.end)
}

// plain looks at the fields of a request. It returns the host, and false if a field says more
// than what is to be passed on.
func (f *fastConn) plain() (host string, ok bool) {
	hosts := 0
	for _, h := range f.asked.headers {
		switch {
		case strings.EqualFold(h.Name, "Host"):
			host = h.Value
			hosts++
		case strings.EqualFold(h.Name, "TE"), strings.EqualFold(h.Name, "Expect"), strings.EqualFold(h.Name, "Upgrade"), strings.EqualFold(h.Name, loopField),
			strings.EqualFold(h.Name, "Connection") && !strings.EqualFold(h.Value, "keep-alive") && !strings.EqualFold(h.Value, "close"):
			return "", false
		}
	}
	return host, hosts == 1 && plainHost(host) && !message.IsGRPC(f.asked.headers)
}

// admitted finds the client of a request. It reports false if the request is or may be one
// that handle refuses.
func (f *fastConn) admitted() bool {
	p, h := f.s.srv.p, http.Header(nil)
	if len(p.o.TrustForwarded) > 0 {
		h = make(http.Header)
		for _, field := range f.asked.headers {
			h.Add(field.Name, field.Value)
		}
	}
	f.client = f.s.clientOf(h)
	a := &p.o.Access
	return (f.s.target != "" || len(a.Credentials) == 0 && a.has(f.client.Addr())) && !p.loops.back(f.s.link, nil)
}

// plainHost reports whether a host has only characters of names, addresses and ports.
func plainHost(host string) bool {
	for _, c := range []byte(host) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-_.:[]", c) >= 0) {
			return false
		}
	}
	return host != ""
}

// addressed makes the request that routes are found by. It reports false if its target is not
// clear.
func (f *fastConn) addressed(host string, length int64) bool {
	f.url = url.URL{}
	origin, authority, scheme := http1.SplitTarget(f.asked.target)
	if authority != "" {
		f.url, host = url.URL{Scheme: strings.ToLower(scheme), Host: authority}, authority
	}
	f.request = http.Request{
		Method: f.asked.method, RequestURI: f.asked.target, URL: &f.url, Host: host, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		ContentLength: length,
	}
	if scheme := f.asked.headers.Value("X-Forwarded-Proto"); scheme != "" { // see facadeOf
		f.request.Header = http.Header{"X-Forwarded-Proto": {scheme}}
	}
	return plainHost(host) && plainPath(origin) && f.asked.method != http.MethodConnect
}

// plainPath reports whether a target in origin form has a path that is clear: each escape in
// it is one.
func plainPath(target string) bool {
	path, _, _ := strings.Cut(target, "?")
	if path == "" || path[0] != '/' || strings.IndexByte(target, '#') >= 0 {
		return false
	}
	_, err := url.PathUnescape(path)
	return err == nil
}

// whole reads the request to its end, and waits a moment for that.
func (f *fastConn) whole(end int) bool {
	if len(f.in) >= end {
		return true
	}
	f.readBy(time.Now().Add(fastPause))
	for len(f.in) < end {
		if !f.read(end - len(f.in)) {
			return false // net/http meets the same
		}
	}
	return true
}

// exchange passes one request on and its answer back. It reports whether the connection may
// have another one.
func (f *fastConn) exchange(to route, body fastBody) (again bool) {
	p := f.s.srv.p
	defer f.recovered()
	x := &f.record
	x.start(p, f.s, f.client, to, &f.request, forTarget(f.asked))
	f.x = x
	x.r = &f.request
	(*requestWatcher)(x).saw(f.in[body.head:body.end])
	(*requestWatcher)(x).ended(nil)
	key, token := p.loops.enter(to, f.request.Method)
	defer p.loops.leave(key)
	f.writeRequest(to, body, token)
	last := !f.head.Persistent()
	f.in = append(f.in[:0], f.in[body.end:]...)
	again = f.send(x, to, last) && !last
	cut := x.finish()
	f.x = nil
	if cap(f.out) > idleHead {
		f.out = nil
	}
	return again && !cut
}

// recovered ends an exchange that panicked, and its connection.
func (f *fastConn) recovered() {
	e := recover()
	if e == nil {
		return
	}
	p := f.s.srv.p
	p.n.panics.Add(1)
	p.o.Logger.Error("panic while passing a request on", "stack", string(debug.Stack()))
	if f.x != nil {
		f.x.fail(failPanic)
		f.x.finish()
	}
	f.Close()
}

// writeRequest makes the request to the target: the lines of the client, without those that
// are for this connection.
func (f *fastConn) writeRequest(to route, body fastBody, token string) {
	out := http1.AppendRequestLine(f.out[:0], f.request.Method, to.target, "HTTP/1.1")
	for _, field := range f.head.Fields {
		name := field.Name.Bytes(f.in)
		switch {
		case endsHere(name):
		case sameName(name, "Host") && string(field.Value.Bytes(f.in)) != to.authority:
			out = http1.AppendField(out, string(name), to.authority)
		default:
			out = append(append(out, field.Line().Bytes(f.in)...), "\r\n"...)
		}
	}
	if token != "" {
		out = http1.AppendField(out, loopField, token)
	}
	f.out = append(http1.AppendEnd(out), f.in[body.head:body.end]...)
}

// endsHere reports whether a field belongs to one connection: see hopByHop.
func endsHere(name []byte) bool {
	switch len(name) {
	case len("Connection"), len("Upgrade"), len("Proxy-Connection"), len("Proxy-Authenticate"), len("Proxy-Authorization"), len("Transfer-Encoding"):
	default:
		return false
	}
	for _, hop := range hopByHop {
		if len(hop) == len(name) && bytes.EqualFold(name, []byte(hop)) {
			return true
		}
	}
	return false
}
