package replay

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay/client"
	"github.com/starling-load/starling/replay/stats"
)

// A user is one virtual user. It is either parked in the engine's heap or runs
// on one goroutine.
type user struct {
	engine  *engine
	number  uint64 // of the arrival, from 0
	played  int    // sessions begun before this one
	session uint64 // number of the session in the plan
	opened  time.Duration

	visit Session
	step  Step
	due   time.Duration // when step is scheduled

	pool    *client.Pool
	answer  *client.Response // of the last exchange, until the next
	cookies *cookies
	broken  int // exchanges without an answer in a row
}

// begin starts the first session.
func (u *user) begin() {
	switch {
	case !u.open(u.due):
		u.engine.retire(u)
	case u.due > u.engine.since():
		u.engine.park(u)
	default:
		u.advance()
	}
}

// open starts a session at offset at. It reports false when there is none.
func (u *user) open(at time.Duration) bool {
	u.visit = u.engine.Source.Session(u.session, u.number)
	if u.visit == nil {
		return false
	}
	u.leave()
	u.cookies = newCookies()
	u.opened = at
	step, ok := u.visit.Next(nil)
	u.step, u.due = step, at+scaled(step.Offset, u.engine.Plan.Speed)
	return ok
}

// leave closes what the user holds.
func (u *user) leave() {
	u.forget()
	if u.pool != nil {
		u.pool.Close()
		u.pool = nil
	}
}

// forget gives up the last answer.
func (u *user) forget() {
	if u.answer != nil {
		u.answer.Release()
		u.answer = nil
	}
}

// advance makes the exchange that is due and those that are due right after it,
// then parks the user or retires it.
func (u *user) advance() {
	e := u.engine
	for {
		if e.over(u.due) {
			e.retire(u)
			return
		}
		last, done := u.exchange()
		if !u.plan(last, done) {
			e.retire(u)
			return
		}
		if u.due > e.since() {
			e.park(u)
			return
		}
	}
}

// plan chooses the next step: the session's, or the first of the next session
// when the plan wants one. last is nil when the session cannot go on.
func (u *user) plan(last *Exchange, done time.Duration) bool {
	if last != nil {
		if step, ok := u.visit.Next(last); ok {
			speed := u.engine.Plan.Speed
			u.step = step
			u.due = max(done+scaled(step.Think, speed), u.opened+scaled(step.Offset, speed))
			return true
		}
	}
	p := &u.engine.Plan
	u.played++
	if p.Users == 0 || p.Sessions > 0 && u.played >= p.Sessions {
		return false
	}
	u.session = uint64(u.played)*uint64(p.Users) + u.number
	if !u.open(done + u.backoff()) {
		return false
	}
	u.engine.collector.Due(1)
	u.engine.collector.Arrived(1)
	return true
}

// scaled is d at a multiple of the recorded speed.
func scaled(d time.Duration, speed float64) time.Duration {
	if d == 0 || speed == 1 {
		return d
	}
	return time.Duration(float64(d) / speed)
}

// backoff is the pause of a user whose last exchanges got no answer: 10 ms,
// doubled up to a second. It keeps users from spinning on a dead target.
func (u *user) backoff() time.Duration {
	if u.broken == 0 {
		return 0
	}
	return min(10*time.Millisecond<<min(u.broken-1, 10), time.Second)
}

// exchange makes u.step and records its result, which ended at done. last is
// nil when the session cannot go on.
func (u *user) exchange() (last *Exchange, done time.Duration) {
	c := u.engine.collector
	c.Started(u.step.Endpoint)
	result := stats.Result{Endpoint: u.step.Endpoint, Scheduled: u.due, Sent: u.due, Done: u.due}
	if name := u.step.Unbound; name != "" {
		result.Outcome, result.Error = stats.Aborted, "unbound"
		result.Detail = "not sent: the target has not issued " + name
	} else {
		last = u.perform(&result)
	}
	c.Record(&result)
	return last, result.Done
}

// perform sends u.step and judges the answer. It returns nil when no whole
// answer came.
func (u *user) perform(result *stats.Result) *Exchange {
	e := u.engine
	ctx, cancel := context.WithTimeout(e.cut, e.Plan.Timeout)
	defer cancel()
	at := requestURL(e.origin, u.step.Request.Target)
	u.forget()
	resp := new(client.Response)
	u.answer = resp
	timing, err := u.send(ctx, at, resp)
	result.Sent, result.Done = timing.Sent.Sub(e.Start), timing.Done.Sub(e.Start)
	if !timing.FirstByte.IsZero() {
		result.FirstByte = timing.FirstByte.Sub(e.Start)
	}
	result.BytesOut, result.BytesIn = timing.BytesOut, timing.BytesIn
	if err != nil {
		u.broken++
		fail(result, err)
		return nil
	}
	u.broken = 0
	result.Status = resp.Status
	u.cookies.keep(at, &resp.Response)
	x := &Exchange{Step: u.step, URL: at.String(), Response: &resp.Response, Doc: content.New(&resp.Response)}
	u.judge(x, result)
	return x
}

// send makes the exchange of u.step on the user's connection.
func (u *user) send(ctx context.Context, at *url.URL, resp *client.Response) (client.Timing, error) {
	if u.pool == nil {
		u.pool = u.engine.dialer.Pool(1)
	}
	req := u.step.Request
	req.Authority = at.Host
	if line := u.cookies.line(at, u.step.Cookies); line != "" {
		req.Headers = append(req.Headers[:len(req.Headers):len(req.Headers)], flow.Header{Name: "Cookie", Value: line})
	}
	return u.pool.Do(ctx, client.Route{Origin: u.engine.origin}, 0, &req, resp)
}

// fail sorts an exchange without a whole answer into its outcome.
func fail(result *stats.Result, err error) {
	result.Error = client.ErrorName(err)
	result.Detail = err.Error()
	switch result.Error {
	case "timeout", "connect timeout":
		result.Outcome = stats.TimedOut
	case "canceled":
		result.Outcome, result.Error = stats.Aborted, "stopped"
		result.Detail = "cut at the end of the run"
	default:
		result.Outcome = stats.Failed
	}
}

// judge decides whether the answer is the one expected.
func (u *user) judge(x *Exchange, result *stats.Result) {
	if u.step.Observe {
		result.Fields = x.Doc.Shape().Features
	}
	switch {
	case x.Response.Status == http.StatusNotModified && conditional(&u.step.Request.Request):
	case u.step.Judge != nil:
		result.Error, result.Detail = u.step.Judge(x.Response, x.Doc)
	case x.Response.Status >= 400:
		result.Error, result.Detail = "status", http.StatusText(x.Response.Status)
	}
	x.OK = result.Error == ""
	if !x.OK {
		result.Outcome = stats.Failed
	}
}

// conditional reports whether r asks for a resource only if it changed, so that
// 304 is a good answer.
func conditional(r *flow.Request) bool {
	return r.Headers.Has("If-None-Match") || r.Headers.Has("If-Modified-Since")
}

// requestURL is what a user agent would show for target at origin.
func requestURL(origin, target string) *url.URL {
	u, err := url.Parse(origin)
	if err != nil {
		return &url.URL{}
	}
	path, query, _ := strings.Cut(target, "?")
	u.Path, u.RawQuery = path, query
	if decoded, err := url.PathUnescape(path); err == nil {
		u.Path, u.RawPath = decoded, path
	}
	return u
}
