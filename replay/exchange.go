package replay

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/message"
	"github.com/starling-load/starling/replay/client"
	"github.com/starling-load/starling/replay/stats"
)

// An exchange is an act that is being made, with what comes of it.
type exchange struct {
	*task
	stream   *client.Stream // of an act that belongs to one
	url      string         // absolute, as a user agent shows it
	pool     *client.Pool
	response client.Response
	answered bool // a whole answer came
	left     bool // the user left before the answer was whole
	doc      *content.Doc
	result   stats.Result
}

// prepare completes the act with what the user and the plan know. The caller holds
// the user's lock.
func (x *exchange) prepare() {
	u := x.user
	if !x.act.asks() {
		if x.stream = u.streams[x.act.Strand]; x.stream == nil {
			x.act.Skip = "a stream, which is not open"
		}
		return
	}
	r := &u.engine.routes[x.act.Origin]
	x.url = r.shown + x.act.Request.Target
	x.act.Request.Authority = r.host
	x.act.Request.Headers = x.headers(u.cookies.Line(&u.engine.places[x.act.Origin], &x.act.Request.Request, x.act.Cookies))
	if u.pool == nil {
		u.pool = u.engine.shared
	}
	if u.pool == nil {
		u.pool = u.engine.dialer.Pool(0)
	}
	x.pool = u.pool
	if x.act.Strand != 0 && x.act.Kind == Request {
		x.ctx, x.task.leave = context.WithCancelCause(u.engine.cut)
	}
}

// asks reports whether a is a request with an answer.
func (a *Act) asks() bool { return a.Kind == Request || a.Kind == Open }

// steps reports whether a is an exchange that counts as a step of its session.
func (a *Act) steps() bool { return a.asks() && !a.Entry }

// headers returns the fields to send: those of the act, those of the plan, and the
// cookies. Referer and Origin name the places as they are now. A field of the plan
// replaces those of the same name.
func (x *exchange) headers(cookies string) flow.Headers {
	e := x.user.engine
	out := make(flow.Headers, 0, len(x.act.Request.Headers)+len(e.Plan.Headers)+1)
	for _, h := range x.act.Request.Headers {
		switch {
		case e.Plan.Headers.Has(h.Name):
			continue
		case strings.EqualFold(h.Name, "Referer"), strings.EqualFold(h.Name, "Origin"):
			h.Value = follow(e.routes, h.Value)
		}
		out = append(out, h)
	}
	out = append(out, e.Plan.Headers...)
	if cookies != "" && !e.Plan.Headers.Has("Cookie") {
		out = append(out, flow.Header{Name: "Cookie", Value: cookies})
	}
	return out
}

// skip counts the act as one that cannot be made.
func (x *exchange) skip() {
	x.result = stats.Result{Endpoint: x.act.Endpoint, Done: x.due}
	x.user.engine.collector.Skipped(x.act.Endpoint, x.act.Skip)
}

// send makes the exchange.
func (x *exchange) send() {
	e := x.user.engine
	e.collector.Started(x.act.Endpoint)
	x.result = stats.Result{Endpoint: x.act.Endpoint, Scheduled: x.due, Sent: x.due, Done: x.due, Write: x.act.Write}
	ctx, cancel := x.bound()
	defer cancel()
	slot := 0
	if e.Plan.Connections == RecordedConnections {
		slot = x.act.Conn
	}
	to := e.routes[x.act.Origin].Route
	to.Protocol = x.protocol()
	var timing client.Timing
	var err error
	if x.act.Kind == Open {
		timing, err = x.open(ctx, to)
	} else {
		timing, err = x.pool.Do(ctx, to, slot, &x.act.Request, &x.response)
	}
	x.measure(timing)
	x.left = err != nil && errors.Is(context.Cause(ctx), errLeft)
	switch {
	case x.left && x.response.Status == 0:
		x.result.Outcome, x.result.Error, x.result.Detail = stats.Aborted, "left", "the user left before an answer came"
	case err != nil && !x.left:
		fail(&x.result, err)
	default:
		x.answered = true
		x.result.Status = x.response.Status
		x.doc = content.New(&x.response.Response)
	}
}

// open begins a stream. The head of the answer is all of the answer.
func (x *exchange) open(ctx context.Context, to client.Route) (client.Timing, error) {
	s, resp, timing, err := x.pool.Open(ctx, to, &x.act.Request)
	if resp != nil {
		x.response = *resp
	}
	if s != nil {
		x.user.join(x.act.Strand, s)
	}
	return timing, err
}

// bound returns the context of the exchange. It ends when the user leaves, and
// after the timeout of the plan. A stream has no timeout.
func (x *exchange) bound() (context.Context, context.CancelFunc) {
	e := x.user.engine
	ctx, leave := e.cut, context.CancelFunc(func() {})
	if x.ctx != nil {
		ctx, leave = x.ctx, func() { x.task.leave(nil) }
	}
	if x.act.Stream {
		return ctx, leave
	}
	ctx, cancel := context.WithTimeout(ctx, e.Plan.Timeout)
	return ctx, func() { cancel(); leave() }
}

// protocol is the version of HTTP to speak: the recorded one, or HTTP/2 to a plain
// target where the run asks for that. A plain target that knows only HTTP/1 gets
// HTTP/1. gRPC always gets HTTP/2: it has no other version.
func (x *exchange) protocol() client.Protocol {
	r := &x.user.engine.routes[x.act.Origin]
	if x.act.Kind == Request && x.user.engine.Client.H2C && !r.tls {
		return client.HTTP2
	}
	if x.act.Protocol != client.HTTP2 || r.tls || message.IsGRPC(x.act.Request.Headers) || r.speaksHTTP2() {
		return x.act.Protocol
	}
	return client.HTTP1
}

// measure puts the instants of the exchange on the clock of the run. An exchange
// keeps its true length also when the run is paused during it.
func (x *exchange) measure(t client.Timing) {
	r := &x.result
	r.Sent = x.user.engine.clock.offset(t.Sent)
	r.Done = r.Sent + t.Done.Sub(t.Sent)
	if !t.FirstByte.IsZero() {
		r.FirstByte = r.Sent + t.FirstByte.Sub(t.Sent)
	}
	r.BytesOut, r.BytesIn = t.BytesOut, t.BytesIn
}

// fail notes the error of an exchange without a whole answer, and its outcome.
func fail(result *stats.Result, err error) {
	result.Error = client.ErrorName(err)
	result.Detail = err.Error()
	switch result.Error {
	case "timeout", "connect timeout":
		result.Outcome = stats.TimedOut
	case "canceled":
		result.Outcome, result.Error = stats.Aborted, stats.ErrorStopped
		result.Detail = "cut at the end of the run"
	default:
		result.Outcome = stats.Failed
	}
}

// judge decides whether the answer is the one expected, and counts the exchange.
func (x *exchange) judge() {
	if x.act.Skip != "" || !x.act.asks() {
		return
	}
	if x.answered {
		x.check()
	}
	x.user.engine.collector.Record(&x.result)
}

// check looks into the answer.
func (x *exchange) check() {
	resp := &x.response.Response
	if x.act.Observe {
		x.result.Fields = x.doc.Shape().Features
	}
	switch {
	case resp.Status == http.StatusNotModified && conditional(&x.act.Request.Request):
	case x.act.Judge != nil:
		x.result.Error, x.result.Detail = x.act.Judge(resp, x.doc)
	case resp.Status >= 400:
		x.result.Error, x.result.Detail = "status", http.StatusText(resp.Status)
	}
	if x.result.Error != "" {
		x.result.Outcome = stats.Failed
	}
}

// answer notes what the user keeps of the answer, such as cookies, and returns what
// the session learns of it. The caller holds the user's lock.
func (x *exchange) answer() *Answer {
	a := &Answer{Act: &x.act}
	switch {
	case x.act.Kind == Pause:
		a.OK = true
		return a
	case x.act.Skip != "":
		return a
	case !x.act.asks():
		a.OK, a.Doc = x.answered, x.doc
		return a
	}
	a.URL = x.url
	if !x.answered {
		if a.OK = x.left; !x.left {
			x.user.broken++
		}
		return a
	}
	x.user.broken = 0
	a.Response, a.Doc, a.OK = &x.response.Response, x.doc, x.result.Outcome == stats.OK
	x.user.cookies.Keep(&x.user.engine.places[x.act.Origin], x.act.Request.Path(), a.Response)
	return a
}

// conditional reports whether r asks for a resource only if it changed, so that
// 304 is a good answer.
func conditional(r *flow.Request) bool {
	return r.Headers.Has("If-None-Match") || r.Headers.Has("If-Modified-Since")
}
