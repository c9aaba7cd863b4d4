package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	readHeadTime   = time.Minute      // for a request head, from its first byte
	clientIdleTime = 10 * time.Minute // between requests of a connection
)

// A server is one run of Serve. It is also the listener that gives net/http the
// connections found inside tunnels.
type server struct {
	p       *Proxy
	ctx     context.Context // ends when exchanges are cut
	http    *http.Server
	addr    net.Addr
	inner   chan net.Conn // unbuffered: a connection is taken by net/http or closed
	ended   chan struct{} // no more inner connections
	end     sync.Once
	stopped atomic.Bool // connections that break off now do so because the server stops

	stopping atomic.Bool // a connection ends with its exchange

	mu     sync.Mutex
	closed bool
	held   map[io.Closer]struct{} // connections that net/http does not know
	busy   int                    // handlers that have not ended
	idle   chan struct{}          // closed when busy is 0 and closed is set
}

// Serve proxies the connections of l until ctx ends. It then lets exchanges go on for
// Options.Grace; those that it cuts after that are recorded as "stopped". It closes l,
// and returns when every flow is with the sink. The error is nil after ctx ended.
func (p *Proxy) Serve(ctx context.Context, l net.Listener) error {
	if u := p.o.Upstream; u != nil && withPort(u.Host, u.Scheme) == l.Addr().String() {
		l.Close()
		return fmt.Errorf("serve on %s: the upstream is this proxy itself; give the address of the application", l.Addr())
	}
	if u := p.o.Via; u != nil && p.net.viaAddress() == l.Addr().String() {
		l.Close()
		return fmt.Errorf("serve on %s: the proxy to send through is this proxy itself; give the address of another", l.Addr())
	}
	inside, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	s := &server{
		p: p, ctx: inside, addr: l.Addr(),
		inner: make(chan net.Conn), ended: make(chan struct{}),
		held: make(map[io.Closer]struct{}), idle: make(chan struct{}),
	}
	s.http = s.newHTTP()
	served := make(chan error, 2)
	go func() { served <- s.http.Serve(&outerListener{Listener: l, s: s}) }()
	go func() { served <- s.http.Serve(s) }()
	var err error
	awaited := 2
	select {
	case <-ctx.Done():
	case err = <-served:
		awaited = 1
	}
	stopErr := s.stop(cut)
	for range awaited {
		if e := <-served; err == nil {
			err = e
		}
	}
	p.targets.close()
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, stopErr)
}

func (s *server) newHTTP() *http.Server {
	h := &http.Server{
		Handler:                      http.HandlerFunc(s.serveHTTP),
		DisableGeneralOptionsHandler: true,
		ReadHeaderTimeout:            readHeadTime,
		IdleTimeout:                  clientIdleTime,
		ErrorLog:                     log.New(io.Discard, "", 0), // its messages can quote the traffic
		BaseContext:                  func(net.Listener) context.Context { return s.ctx },
		ConnContext:                  s.connContext,
		ConnState:                    s.connState,
		Protocols:                    new(http.Protocols),
	}
	h.Protocols.SetHTTP1(true)
	h.Protocols.SetHTTP2(true)
	h.Protocols.SetUnencryptedHTTP2(true)
	return h
}

func (s *server) serveHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		panic(http.ErrAbortHandler)
	}
	defer s.leave()
	s.p.handle(w, r)
}

// stop ends the run. It takes nothing new, waits at most Options.Grace, and then cuts
// what still goes on.
func (s *server) stop(cut func()) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.p.o.Grace)
	defer cancel()
	s.closeIdle()
	err := s.http.Shutdown(ctx)
	s.close()
	if err == nil {
		select {
		case <-s.idle:
		case <-ctx.Done():
		}
	}
	s.stopped.Store(true)
	cut()
	_ = s.http.Close()
	s.closeHeld()
	timer := time.NewTimer(s.p.o.Grace + time.Second)
	defer timer.Stop()
	select {
	case <-s.idle:
		return nil
	case <-timer.C:
		return errors.New("stop proxy: an exchange did not end though its connections are closed; its flow is not recorded")
	}
}

// enter counts a handler in, unless the server has closed.
func (s *server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.busy++
	return true
}

func (s *server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy--
	s.wake()
}

func (s *server) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.wake()
}

// wake tells stop that nothing is under way any more. s.mu is held.
func (s *server) wake() {
	if s.closed && s.busy == 0 {
		select {
		case <-s.idle:
		default:
			close(s.idle)
		}
	}
}

// hold keeps a connection that net/http has given away, so that stop finds it. It
// reports false if the server has stopped already.
func (s *server) hold(c io.Closer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped.Load() {
		return false
	}
	s.held[c] = struct{}{}
	return true
}

func (s *server) drop(c io.Closer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.held, c)
}

// closeIdle ends the connections without an exchange, and lets the others end with theirs.
func (s *server) closeIdle() {
	s.stopping.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.held {
		if f, ok := c.(*fastConn); ok {
			f.closeIdle()
		}
	}
}

func (s *server) closeHeld() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.held {
		c.Close()
	}
}

// handOver gives what is inside the held connection c to net/http.
func (s *server) handOver(c *peekConn, inside net.Conn) {
	defer s.drop(c)
	select {
	case s.inner <- inside:
	case <-s.ended:
		inside.Close()
	}
}

// connState frees what belongs to one client connection.
func (s *server) connState(c net.Conn, state http.ConnState) {
	if state != http.StateClosed && state != http.StateHijacked {
		return
	}
	var ended *inbound
	switch c := c.(type) {
	case *clientConn:
		ended = c.s
	case *tls.Conn:
		if p, ok := c.NetConn().(*peekConn); ok {
			ended = p.s
		}
	}
	if ended != nil && ended.own != nil {
		ended.own.close()
	}
}

// Accept waits for a connection from inside a tunnel.
func (s *server) Accept() (net.Conn, error) {
	select {
	case c := <-s.inner:
		return c, nil
	case <-s.ended:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (s *server) Close() error {
	s.end.Do(func() { close(s.ended) })
	return nil
}

// Addr is that of the real listener.
func (s *server) Addr() net.Addr { return s.addr }

// An outerListener gives each connection its inbound.
type outerListener struct {
	net.Listener
	s *server
}

func (l *outerListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if !l.s.p.o.ListenTLS {
			in := l.s.newInbound(c, "http")
			go l.s.serveFast(in.balanced(c), in)
			continue
		}
		l.s.acceptTLS(c)
	}
}

// acceptTLS lets a client do its handshake without keeping others waiting.
func (s *server) acceptTLS(c net.Conn) {
	if !s.enter() {
		c.Close()
		return
	}
	inner := s.newInbound(c, "https")
	inside := &peekConn{Conn: inner.balanced(c)}
	if !s.hold(inside) {
		c.Close()
		s.leave()
		return
	}
	go func() {
		defer s.leave()
		s.secure(inside, inner)
	}()
}
