package proxy

import (
	"errors"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/starling-load/starling/record/body"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/message"
)

// An exchange is one request on its path through the proxy. The handler's goroutine
// owns it. The transport's goroutines reach it through bodies and the trace, under mu.
type exchange struct {
	p      *Proxy
	s      *inbound
	client netip.AddrPort // at the other end of s, or behind a balancer there
	w      *responseWriter
	r      *http.Request // as sent on; its trailers fill while its body is read
	to     route
	facade facade
	skip   bool // Lists leave it out, or the sink does not want it: nothing is kept of its content
	pass   bool // it is the sink that does not want it

	upgrade  string                   // value of the Upgrade field that the client asked for, "" for none
	asked    wireHead                 // head of the request; no lines where net/http's view is all there is
	wire     atomic.Pointer[wireHead] // head of the response, from the tap of the connection
	response *http.Response           // of the target
	sent     *http.Request            // as the client sent it, where its trailers are to be passed on by name; nil otherwise
	tail     *tail                    // of the response, to be passed on by name; nil: goproxy passes them on
	body     *expected                // of the request, where it waits to be asked for; nil otherwise

	mu      sync.Mutex
	f       *flow.Flow
	request body.Collector
	answer  body.Collector
	taken   int64 // from the budget, for the bodies of f
	whole   bool  // the request was read to its end
	streams streams
	lost    uint64 // messages dropped
	interims
	sealed   bool // f is the sink's from here on
	headDone bool // the final head was reached: no more 1xx
	cut      bool // the response broke off: the client must notice
}

type exchangeKey struct{}

// longInMemory is how many bytes of a body stay in memory when the rest may go to a
// Spool.
const longInMemory = 8 << 20

// newExchange starts the record of r, whose head is as the client sent it.
func newExchange(p *Proxy, s *inbound, client netip.AddrPort, to route, r *http.Request, head wireHead) *exchange {
	x := new(exchange)
	x.start(p, s, client, to, r, head)
	return x
}

// start is newExchange in place of an exchange that is over.
func (x *exchange) start(p *Proxy, s *inbound, client netip.AddrPort, to route, r *http.Request, head wireHead) {
	*x = exchange{p: p, s: s, client: client, to: to, asked: head, facade: p.facadeOf(r, s)}
	x.f = &flow.Flow{
		Scheme:   to.scheme,
		Protocol: r.Proto,
		Request: flow.Request{
			Method:    r.Method,
			Target:    to.target,
			Authority: to.authority,
			Headers:   head.headers,
		},
		Start: time.Now(),
	}
	if p.o.Spool != nil && r.ContentLength != 0 && r.ContentLength <= p.o.MaxLong {
		x.request.Start(p.budget, min(p.o.MaxBody, longInMemory), r.ContentLength)
		x.request.KeepRest(p.o.Spool, p.o.MaxLong)
	} else {
		x.request.Start(p.budget, p.o.MaxBody, r.ContentLength)
	}
	x.skip = !p.o.Lists.record(to.scheme, to.authority, x.f.Request.Path())
	if p.chooser != nil && !x.skip {
		x.f.Conn = s.announce(client, to, r.TLS)
		x.pass = !p.chooser.Wants(x.f)
		x.skip = x.pass
	}
	if x.skip {
		x.request.CountOnly()
	}
	x.readRequest(r.ProtoMajor == 2)
	if r.ProtoMajor == 1 && hasToken(r.Header["Connection"], "upgrade") && !strings.EqualFold(r.Header.Get("Upgrade"), "h2c") {
		x.upgrade = r.Header.Get("Upgrade") // HTTP/2 is agreed on for each connection, and hides what follows
	}
}

// since returns the time since the beginning of the exchange, never 0.
func (x *exchange) since() time.Duration { return max(time.Since(x.f.Start), 1) }

// attach puts the tee and the trace on the request that goes out.
func (x *exchange) attach(r *http.Request) {
	x.r = r
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		r.Body = http.NoBody
		x.f.RequestDone, x.whole = x.since(), true
		return
	}
	body := r.Body
	if hasToken(r.Header["Expect"], "100-continue") {
		x.body = &expected{ReadCloser: body, x: x, over: make(chan struct{})}
		body = x.body
	}
	r.Body = &tee{ReadCloser: body, watcher: (*requestWatcher)(x)}
}

// A requestWatcher is an exchange as its request's body sees it.
type requestWatcher exchange

func (w *requestWatcher) saw(p []byte) {
	x := (*exchange)(w)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.sealed {
		return
	}
	x.request.Add(p)
	if x.streams.up != nil {
		x.streams.up.Feed(p, x.since())
	}
	if x.request.Size() == x.r.ContentLength && !x.whole { // the end itself may be read after the answer
		x.whole, x.f.RequestDone = true, x.since()
	}
}

func (w *requestWatcher) ended(err error) {
	x := (*exchange)(w)
	x.mu.Lock()
	defer x.mu.Unlock()
	if err == nil {
		x.endTail()
	}
	if err == nil && !x.sealed && !x.whole {
		x.whole, x.f.RequestDone = true, x.since()
	}
	if err != nil && !x.whole && err != errClosed && !errors.Is(err, http.ErrBodyReadAfterClose) {
		x.failLocked(failClient)
	}
}

// trace watches the connection for the response head and passes 1xx on.
func (x *exchange) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			if c, ok := info.Conn.(*targetConn); ok {
				c.tap.arm(x)
				if x.asked.first != "" {
					c.heads.like.Store(&x.asked)
				}
			}
		},
		Got1xxResponse: x.interim,
	}
}

// answered records the head of the final response.
func (x *exchange) answered(resp *http.Response) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.response = resp
	r := &flow.Response{Status: resp.StatusCode}
	if h := x.wire.Load(); h != nil && h.status == resp.StatusCode && resp.ProtoMajor == 1 {
		r.Headers = h.headers
		x.noteOdd(h)
		if resp.StatusCode != http.StatusSwitchingProtocols {
			x.answerLike(h)
		}
	} else {
		r.Headers = canonical(resp.Header, resp.ProtoMajor == 2)
	}
	if x.facade.upstream != nil {
		x.facade.recorded(x.p.o.UpstreamHost).list(r.Headers)
		x.facade.answer(resp.Header)
	}
	x.begin(r, resp.ContentLength)
	if resp.StatusCode != http.StatusSwitchingProtocols {
		x.readResponse()
		if bodiless(x.r.Method, resp) {
			x.f.Done, x.w.empty = x.since(), true
			return
		}
		resp.Body = &tee{ReadCloser: resp.Body, watcher: (*answerWatcher)(x)}
	}
}

// begin begins the record of the final response, whose body has length bytes; -1 is not known.
// x.mu is held.
func (x *exchange) begin(r *flow.Response, length int64) {
	x.headDone = true
	x.f.FirstByte = x.since()
	x.f.Response = r
	x.answer.Start(x.p.budget, x.p.o.MaxBody, length)
	if x.skip {
		x.answer.CountOnly()
	}
}

// answerLike gives the next head to the client the form of h, if both are of HTTP/1.
func (x *exchange) answerLike(h *wireHead) {
	if x.r.ProtoMajor == 1 {
		x.s.heads.like.Store(h)
	}
}

// bodiless reports whether a response consists of its head alone.
func bodiless(method string, resp *http.Response) bool {
	switch {
	case method == http.MethodHead, resp.Body == http.NoBody:
		return true
	case resp.StatusCode == http.StatusNoContent, resp.StatusCode == http.StatusNotModified:
		return true
	}
	return resp.ContentLength == 0 && len(resp.Trailer) == 0
}

// An answerWatcher is an exchange as its response's body sees it.
type answerWatcher exchange

func (w *answerWatcher) saw(p []byte) {
	x := (*exchange)(w)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.sealed {
		return
	}
	x.answer.Add(p)
	if x.streams.down != nil {
		x.streams.down.Feed(p, x.since())
	}
}

func (w *answerWatcher) ended(err error) {
	x := (*exchange)(w)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.sealed {
		return
	}
	x.f.Done = x.since()
	left := x.r.Context().Err() != nil // a target told so may still end its body
	switch {
	case err == nil && !left, x.answer.Size() == x.response.ContentLength:
	case err == errClosed, left:
		x.failLocked(failClient)
	default:
		x.cut = true
		x.failLocked(failResponse)
	}
}

// fail notes why the exchange is not complete. The first reason stays.
func (x *exchange) fail(name string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.failLocked(name)
}

func (x *exchange) failLocked(name string) {
	if x.s.srv.stopped.Load() {
		name = failStopped
	}
	if x.f.Error == "" && !x.sealed {
		x.f.Error = name
	}
}

// finish ends the record and hands it to the sink. It reports whether the
// response to the client has to be broken off.
func (x *exchange) finish() (cut bool) {
	x.mu.Lock()
	if x.sealed {
		x.mu.Unlock()
		return x.cut
	}
	f := x.f
	if !x.whole && x.calledWhole() {
		f.RequestDone = f.Done
	} else if !x.whole && (x.request.Size() > 0 || !strings.EqualFold(f.Request.Headers.Value("Expect"), "100-continue")) {
		x.failLocked(failRequest)
	}
	if f.Done == 0 {
		f.Done = x.since()
	}
	var requestTaken, answerTaken int64
	f.Request.Body, requestTaken = x.request.Body()
	if x.whole {
		f.Request.Trailers = x.asked.tail.recorded(x.r.Trailer, x.r.ProtoMajor == 2)
	}
	if f.Response != nil {
		f.Response.Body, answerTaken = x.answer.Body()
		if f.Response.Trailers == nil {
			var tail *tail
			if h := x.wire.Load(); h != nil {
				tail = h.tail
			}
			f.Response.Trailers = tail.recorded(x.response.Trailer, x.response.ProtoMajor == 2)
		}
		if !f.Response.Body.Kept() && !x.skip {
			x.p.n.bodiesCut.Add(1)
		}
	}
	if !f.Request.Body.Kept() && !x.skip {
		x.p.n.bodiesCut.Add(1)
	}
	x.taken = requestTaken + answerTaken
	x.endStreams()
	x.sealed = true
	cut = x.cut
	lost := x.lost
	x.mu.Unlock()

	defer x.release()
	if x.body != nil {
		x.body.end()
	}
	if x.pass {
		x.p.chooser.Pass(f)
		return cut
	}
	if x.skip {
		x.p.n.leftOut.Add(1)
		x.p.o.Sink.Loss(&flow.Loss{At: f.Start, Reason: flow.LossFiltered, Flows: 1})
		return cut
	}
	if lost > 0 {
		x.p.o.Sink.Loss(&flow.Loss{At: f.Start, Reason: flow.LossMemory, Messages: lost})
	}
	x.notePast(f)
	f.Conn = x.s.announce(x.client, x.to, x.r.TLS)
	x.p.n.flows.Add(1)
	if f.Response != nil && f.Response.Status < http.StatusBadRequest {
		x.p.n.served.Add(1)
	}
	x.p.o.Sink.Flow(f)
	return cut
}

// calledWhole reports whether the exchange is a gRPC call that is complete: the client
// sent whole messages, and the target answered to its end. The frame with which the
// client ends may come later.
func (x *exchange) calledWhole() bool {
	g, ok := x.streams.up.(*message.GRPC)
	return ok && g.Whole() && x.f.Response != nil && x.f.Done > 0 && x.f.Error == ""
}

// release gives the memory of the exchange back to the budget.
func (x *exchange) release() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.p.budget.Give(x.taken + x.streams.taken)
	x.taken, x.streams.taken = 0, 0
}
