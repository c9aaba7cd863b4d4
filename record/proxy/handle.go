package proxy

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/http1"
)

// A route says where a request goes and how it is recorded.
type route struct {
	upstream  string // scheme towards the target
	h2c       bool   // HTTP/2 towards the target though nothing negotiates it
	dial      string // host and port of the target
	scheme    string // as the client used it
	authority string // host that the request was meant for
	target    string // in origin form, byte for byte
}

// handle serves one request from a client.
func (p *Proxy) handle(w http.ResponseWriter, r *http.Request) {
	s := inboundOf(r.Context())
	head := requestHead(s, r)
	if r.Method == http.MethodConnect {
		p.connect(w, r, s)
		return
	}
	if p.loops.back(s.link, r.Header) {
		p.refuseLoop(w)
		return
	}
	client := s.clientOf(r.Header)
	if s.target == "" && !p.admit(w, r, client.Addr()) {
		return
	}
	to, status, problem := p.route(s, r)
	if problem != "" {
		p.refuse(w, status, problem)
		return
	}
	x := newExchange(p, s, client, to, r, head)
	x.w = newResponseWriter(p, w)
	x.w.last = head.odd&http1.BothFrames != 0 // RFC 9112, section 6.1
	defer x.recovered()
	p.send(x, to, r)
	if x.finish() {
		panic(http.ErrAbortHandler) // the client must notice that the answer is not whole
	}
}

// send passes the request of x through goproxy.
func (p *Proxy) send(x *exchange, to route, r *http.Request) {
	ctx := context.WithValue(r.Context(), exchangeKey{}, x)
	out := r.WithContext(httptrace.WithClientTrace(ctx, x.trace()))
	out.URL = to.url()
	out.Host = to.authority
	if p.o.UpstreamHost {
		x.facade.ask(out.Header)
	}
	x.attach(out)
	x.sendTail(r)
	key, token := p.loops.enter(to, r.Method)
	defer p.loops.leave(key)
	if token != "" {
		out.Header[loopField] = append(slices.Clip(out.Header[loopField]), token)
	}
	if r.ProtoMajor == 1 {
		_ = x.w.control.EnableFullDuplex() // an answer may begin while the request still comes
	}
	p.engine.ServeHTTP(x.w, out)
	x.answerTail()
}

// recovered ends the exchange of a handler that panicked.
func (x *exchange) recovered() {
	e := recover()
	if e == nil {
		return
	}
	if e != http.ErrAbortHandler { //nolint:errorlint // the value itself is the signal
		x.p.n.panics.Add(1)
		x.p.o.Logger.Error("panic while handling a request", "stack", string(debug.Stack()))
		x.fail(failPanic)
	}
	x.finish()
	panic(http.ErrAbortHandler)
}

// requestHead returns the head as the client sent it; see forTarget.
func requestHead(s *inbound, r *http.Request) wireHead {
	head, ok := s.tap.next(r.Method, r.RequestURI)
	if !ok {
		head.headers = canonical(r.Header, r.ProtoMajor == 2)
		if r.ProtoMajor == 1 {
			head.headers = append(flow.Headers{{Name: "Host", Value: r.Host}}, head.headers...)
		}
	}
	return forTarget(head)
}

// forTarget returns a head without the fields that were meant for the proxy alone.
func forTarget(head wireHead) wireHead {
	kept := head.headers[:0]
	for _, h := range head.headers {
		if !strings.EqualFold(h.Name, "Proxy-Connection") && !strings.EqualFold(h.Name, "Proxy-Authorization") && !strings.EqualFold(h.Name, loopField) {
			kept = append(kept, h)
		}
	}
	head.headers = kept
	return head
}

// route decides where r goes, or says why it goes nowhere.
func (p *Proxy) route(s *inbound, r *http.Request) (to route, status int, problem string) {
	to = route{scheme: s.scheme, upstream: s.scheme, authority: r.Host}
	to.target, _, _ = http1.SplitTarget(r.RequestURI)
	to.h2c = r.ProtoMajor == 2 && s.scheme == "http" // a client that speaks HTTP/2 in clear text knows that the target does
	switch {
	case s.target != "":
		to.dial = s.target
		if to.authority == "" {
			to.authority = s.target
		}
	case p.o.Upstream != nil:
		to.upstream, to.dial = p.o.Upstream.Scheme, p.o.Upstream.Host
		if to.upstream == "h2c" {
			to.upstream, to.h2c = "http", true
		}
		if p.o.UpstreamHost || r.Host == "" {
			to.authority = p.o.Upstream.Host
		}
		return to, 0, ""
	case !r.URL.IsAbs() || r.URL.Host == "":
		return to, http.StatusBadRequest, "this is a proxy; set it as the HTTP proxy of a client, or start it with an upstream"
	case r.URL.Scheme != "http" && r.URL.Scheme != "https":
		return to, http.StatusBadRequest, "cannot fetch this kind of URL"
	default:
		to.scheme, to.upstream, to.dial = r.URL.Scheme, r.URL.Scheme, r.URL.Host
	}
	if !p.o.Lists.reach(withPort(to.dial, to.upstream)) {
		return to, http.StatusForbidden, "host not allowed here"
	}
	return to, 0, ""
}

// url is the URL of the request to the target. Its opaque part keeps the target byte
// for byte. A path that begins with two slashes cannot be opaque.
func (to route) url() *url.URL {
	u := &url.URL{Scheme: to.upstream, Host: to.dial}
	if strings.HasPrefix(to.target, "//") {
		path, query, asked := strings.Cut(to.target, "?")
		u.Path, u.RawQuery, u.ForceQuery = path, query, asked && query == ""
		if plain, err := url.PathUnescape(path); err == nil {
			u.Path, u.RawPath = plain, path
		}
		return u
	}
	u.Opaque = to.target
	return u
}

// named reports whether the request is meant for the host that it is sent to. Only such
// a request can be given to another proxy, which looks at the URL alone.
func (to route) named() bool {
	return withPort(to.authority, to.upstream) == withPort(to.dial, to.upstream)
}

// refuse answers as the proxy itself. Nothing is recorded.
func (p *Proxy) refuse(w http.ResponseWriter, status int, problem string) {
	p.n.refused.Add(1)
	http.Error(w, "starling: "+problem, status)
}
