package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// errClosed is the error of an exchange whose Pool was closed.
var errClosed = named(canceled, errors.New("connection given up"))

// Do sends req along route and reads the answer into resp. Redirects are answers
// like any other. The error is nil exactly when a whole answer was read;
// ErrorName gives it a short stable name. The timing is filled in both cases.
//
// slot is the number of a recorded connection: all requests of a slot share one
// connection, and no other request uses it. Slot 0 takes any connection: the one that
// was used last, else a new one, else the first that becomes free.
func (p *Pool) Do(ctx context.Context, route Route, slot int, req *Request, resp *Response) (Timing, error) {
	at := place{route, slot}
	timing, reused, err := p.attempt(ctx, at, false, req, resp)
	first := timing.Sent
	for tries := 1; tries < maxTries && err != nil && ctx.Err() == nil && again(err, reused, &timing, req); tries++ {
		timing, _, err = p.attempt(ctx, at, true, req, resp)
		timing.Sent = first
		reused = false
	}
	return timing, err
}

// maxTries bounds how often a request is sent that the target refuses unread. A target
// does that when it ends a connection of HTTP/2.
const maxTries = 10

// again reports whether a request is sent once more after err. It is if the target
// certainly did not process it. It also is if the target closed an idle connection
// just when the request came, and the method may be repeated (RFC 9110, 9.2.2).
func again(err error, reused bool, timing *Timing, req *Request) bool {
	name := ErrorName(err)
	unanswered := timing.FirstByte.IsZero() || name == strayBytes
	return name == streamRefused || reused && unanswered && name != upload && idempotent(req.Method)
}

func idempotent(method string) bool {
	switch method {
	case "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE":
		return true
	}
	return false
}

// attempt makes one exchange and reports whether its connection was used before.
func (p *Pool) attempt(ctx context.Context, at place, fresh bool, req *Request, resp *Response) (Timing, bool, error) {
	timing := Timing{Sent: time.Now()}
	resp.reset(&p.dialer.buffers, p.dialer.keep(req))
	l, err := p.acquire(ctx, at, fresh)
	if err != nil {
		if !l.dialled.IsZero() {
			timing.Sent = l.dialled
		}
		timing.Done = time.Now()
		return timing, false, p.blame(ctx, err)
	}
	timing.Connect = l.connect
	keep, err := l.exchange(ctx, req, resp, &timing)
	if !l.dialled.IsZero() {
		timing.Sent = l.dialled
	}
	resp.finish()
	p.release(l, keep)
	return timing, l.dialled.IsZero(), p.blame(ctx, err)
}

// blame finds out who ended an exchange: the caller, or the target.
func (p *Pool) blame(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case p.gone():
		return errClosed
	case errors.Is(ctx.Err(), context.Canceled):
		return named(canceled, context.Cause(ctx))
	case ctx.Err() != nil && ErrorName(err) != connectTimeout:
		return named(timeout, ctx.Err())
	case errors.Is(err, net.ErrClosed):
		return named(closed, fmt.Errorf("the target closed the connection: %w", err))
	}
	return err
}
