package proxy

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/elazarl/goproxy"
)

var (
	errNoExchange = errors.New("request did not come through the proxy's handler")
	errStatus     = errors.New("status code below 100")
	errUnasked    = errors.New("switched protocols without being asked")
)

// roundTrip sends a request on. It always returns a response to goproxy: a failure
// becomes status 502. It carries an upgraded connection to its end.
func (p *Proxy) roundTrip(r *http.Request, _ *goproxy.ProxyCtx) (*http.Response, error) {
	x, ok := r.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return nil, errNoExchange
	}
	stripHop(r.Header)
	if x.upgrade != "" {
		r.Header["Connection"] = []string{"Upgrade"}
		r.Header["Upgrade"] = []string{x.upgrade}
	}
	if _, ok := r.Header["User-Agent"]; !ok {
		r.Header["User-Agent"] = []string{""} // the transport adds none then
	}
	r.Close = false
	resp, err := x.roundTrip(r)
	if err == nil && resp.StatusCode == http.StatusSwitchingProtocols && x.upgrade == "" {
		resp.Body.Close()
		err = errUnasked
	}
	if err == nil && slices.Contains(resp.Header[loopField], x.p.loops.token) {
		resp.Body.Close()
		err = &loopError{[]string{x.p.loops.token}}
	}
	if err == nil && resp.StatusCode < http.StatusContinue {
		resp.Body.Close()
		err = errStatus // the server takes none to write
	}
	if err != nil {
		return x.unanswered(err), nil
	}
	x.answered(resp)
	if resp.StatusCode == http.StatusSwitchingProtocols {
		x.relay(resp)
		return &http.Response{StatusCode: resp.StatusCode, Header: http.Header{}, Body: http.NoBody}, nil
	}
	stripHop(resp.Header)
	if len(resp.Trailer) > 0 && x.r.ProtoMajor == 1 {
		delete(resp.Header, "Content-Length") // HTTP/1 carries trailers behind chunks only
	}
	return x.withoutTail(resp), nil
}

// roundTrip sends r by the transport that fits client and target.
func (x *exchange) roundTrip(r *http.Request) (*http.Response, error) {
	t := x.p.targets
	if x.s.own != nil {
		t = x.s.own
	}
	clear := r.URL.Scheme == "http"
	switch {
	case x.upgrade != "":
		return t.h1.RoundTrip(r)
	case clear && x.to.h2c:
		return t.h2c.RoundTrip(r)
	case clear && t.plain != nil && x.to.named():
		r.URL = &url.URL{Scheme: "http", Host: r.URL.Host, Opaque: "//" + x.to.dial + x.to.target}
		resp, err := t.plain.RoundTrip(r)
		if err == nil && resp.StatusCode == http.StatusProxyAuthRequired {
			resp.Body.Close() // meant for this proxy, not for its client
			return nil, &viaError{host: t.net.via.Host, status: resp.StatusCode}
		}
		return resp, err
	}
	return t.any.RoundTrip(r)
}

// unanswered records why there is no response and makes one for the client.
func (x *exchange) unanswered(err error) *http.Response {
	name, text := failure(err, x.r.URL.Host)
	if x.r.Context().Err() != nil {
		name, text = failClient, "the request was given up"
	}
	x.mu.Lock()
	x.headDone = true
	x.failLocked(name)
	x.mu.Unlock()
	x.p.o.Logger.Debug("request not answered", "host", x.r.URL.Host, "error", name)
	return failed(err, text)
}

// failed is the answer to a request that could not be sent on.
func failed(err error, text string) *http.Response {
	var loop *loopError
	if !errors.As(err, &loop) {
		return plainResponse(http.StatusBadGateway, text)
	}
	resp := plainResponse(http.StatusLoopDetected, text)
	resp.Header[loopField] = loop.tokens
	return resp
}

// plainResponse is an answer of the proxy itself: one line of text.
func plainResponse(status int, text string) *http.Response {
	line := "starling: " + text + "\n"
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{
			"Content-Type":   {"text/plain; charset=utf-8"},
			"Content-Length": {strconv.Itoa(len(line))},
		},
		ContentLength: int64(len(line)),
		Body:          io.NopCloser(strings.NewReader(line)),
	}
}
