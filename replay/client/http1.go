package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/starling-load/starling/record/http1"
	"github.com/starling-load/starling/record/message"
)

// link dials e.
func (d *Dialer) link(ctx context.Context, e *endpoint) (link, error) {
	c, err := d.dial(ctx, e)
	if err != nil {
		return nil, err
	}
	if c.http2 {
		return d.http2Link(ctx, c, e)
	}
	return newHTTP1Link(d, c, e), nil
}

// http1Link is an HTTP/1.1 connection. While it is idle it holds no buffer.
type http1Link struct {
	carrier *carrier
	to      *endpoint
	dialer  *Dialer
	used    bool        // an exchange was made
	busy    atomic.Bool // an exchange is under way
	idle    *idleCheck
}

func newHTTP1Link(d *Dialer, c *carrier, e *endpoint) *http1Link {
	return &http1Link{carrier: c, to: e, dialer: d, idle: newIdleCheck(c.raw.Conn)}
}

func (l *http1Link) many() bool { return false }
func (l *http1Link) lease() int { return 1 }
func (l *http1Link) leave() int { return 0 }

// usable implements link. In TLS the bytes that have come on an idle connection may
// be a session ticket. That does no harm: TLS takes it and gives nothing.
func (l *http1Link) usable() bool {
	return !l.used || l.idle.silent() || l.inTLS() && l.quiet(time.Now().Add(ticketWait)) && l.idle.silent()
}

// ticketWait is how long TLS may take to read bytes that have come already.
const ticketWait = time.Millisecond

// inTLS reports whether TLS stands between the exchanges and the kernel.
func (l *http1Link) inTLS() bool {
	_, ok := l.carrier.Conn.(*tls.Conn)
	return ok
}

// quiet reports whether TLS gives nothing until the deadline, not even the end.
func (l *http1Link) quiet(deadline time.Time) bool {
	l.carrier.SetReadDeadline(deadline)
	defer l.carrier.SetReadDeadline(time.Time{})
	var one [1]byte
	n, err := l.carrier.Read(one[:])
	return n == 0 && isTimeout(err)
}

// close closes the connection. If that is idle, TLS takes leave of the target; one in
// use just breaks.
func (l *http1Link) close() {
	if l.busy.Load() {
		l.carrier.raw.Close()
		return
	}
	l.carrier.Close()
}

// exchange implements link.
func (l *http1Link) exchange(ctx context.Context, req *Request, resp *Response, timing *Timing) (keep bool, err error) {
	l.busy.Store(true)
	defer l.busy.Store(false)
	s := l.dialer.scratches.take(l.carrier)
	defer l.dialer.scratches.give(s)
	// The end of the context breaks off whatever the connection is doing.
	stop := context.AfterFunc(ctx, func() { l.carrier.SetDeadline(past) })
	raw := l.carrier.raw
	raw.arm()
	keep, err = l.converse(s, req, resp)
	timing.Done = time.Now()
	if at := raw.sentAt(); !at.IsZero() {
		timing.Sent = at
	}
	timing.FirstByte = s.firstByte
	timing.BytesOut, timing.BytesIn = raw.written.Swap(0), raw.read.Swap(0)
	keep = stop() && keep && err == nil && l.drained()
	l.used = true
	return keep, err
}

// past is a deadline that is over.
var past = time.Unix(1, 0)

// drained reports whether TLS holds no byte behind the answer.
func (l *http1Link) drained() bool { return !l.inTLS() || l.quiet(past) }

// converse sends req and reads the answer.
func (l *http1Link) converse(s *scratch, req *Request, resp *Response) (keep bool, err error) {
	up, err := l.send(s, req)
	if err != nil {
		return false, err
	}
	keep, err = l.receive(s, req, resp, up)
	whole, failed := up.end(err == nil && resp.Status < http.StatusBadRequest)
	if failed != nil {
		return false, failed
	}
	return keep && whole && !s.unsent, err
}

// receive reads the answer to req into resp.
func (l *http1Link) receive(s *scratch, req *Request, resp *Response, up *uploading) (keep bool, err error) {
	if err := l.head(s, req, resp, up); err != nil {
		return false, err
	}
	whole := true
	if req.Events > 0 && message.IsEvents(resp.Headers) {
		whole, err = readEvents(s, req.Events, &resp.body)
	} else {
		err = readBody(s, &resp.body)
	}
	if err != nil {
		return false, nameHTTP1(err)
	}
	resp.Trailers = s.trailers()
	keep = whole && s.head.Persistent() && s.frame.Body != http1.ToClose && s.empty()
	return keep, nil
}

// head reads the head of the answer to req into resp and prepares for its body.
func (l *http1Link) head(s *scratch, req *Request, resp *Response, up *uploading) error {
	if err := s.readHead(up.interim); err != nil {
		if l.used && errors.Is(err, http1.BadFirstLine) {
			return named(strayBytes, errors.New("bytes behind an earlier answer came before this one"))
		}
		return nameHTTP1(err)
	}
	s.fill(resp)
	s.begin(req.Method)
	switch {
	case s.frame.Body == http1.Tunnel:
		return named(badUpgrade, fmt.Errorf("answer %d changes the protocol, which the request did not ask for", resp.Status))
	case s.frame.Body == http1.Unknown:
		return named(badLength, errors.New("the Content-Length of the answer is no number, or there are two"))
	case s.frame.Coded:
		return named(badResponse, errors.New("the answer has a transfer coding other than chunked"))
	case s.frame.Body == http1.Sized:
		resp.body.expect(s.frame.Length)
	}
	return nil
}

// nameHTTP1 names an error of reading an answer.
func nameHTTP1(err error) error {
	var bad http1.Malformed
	var odd http1.Odd
	switch {
	case errors.As(err, &bad):
		return named(malformed[bad], err)
	case errors.As(err, &odd):
		return named(badResponse, err)
	case err == io.EOF, err == io.ErrUnexpectedEOF:
		return named(closed, errors.New("the target closed before the answer was whole"))
	}
	return err
}

// malformed are the names of what http1 refuses.
var malformed = [...]string{
	http1.BadFirstLine: badResponse,
	http1.LongLine:     longHead,
	http1.LongHead:     longHead,
	http1.ManyFields:   longHead,
	http1.BadChunk:     badChunk,
	http1.LongTrailer:  longHead,
}

// sendsLength reports whether a request of this method says that its body is empty.
func sendsLength(method string) bool {
	return method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch
}
