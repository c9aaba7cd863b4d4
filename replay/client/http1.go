package client

import (
	"context"
	"errors"
	"net/http"
	"strings"
)

// newHTTP1 is net/http's HTTP/1.1, which finds its connections in the context.
func newHTTP1() *http.Transport {
	t := newHTTP2()
	t.HTTP2, t.Protocols = nil, new(http.Protocols)
	t.Protocols.SetHTTP1(true)
	t.WriteBufferSize, t.ReadBufferSize = 2<<10, 4<<10
	return t
}

// link dials e.
func (d *Dialer) link(ctx context.Context, e *endpoint) (link, error) {
	c, err := d.dial(ctx, e)
	if err != nil {
		return nil, err
	}
	if c.http2 {
		return d.http2Link(ctx, c, e)
	}
	conn, err := d.http1.NewClientConn(context.WithValue(ctx, carrierKey{}, c), e.scheme(), e.address)
	if err != nil {
		return nil, err
	}
	return &http1Link{http2Link{conn: conn, carrier: c, to: e, single: true}}, nil
}

type http1Link struct{ http2Link }

func (l *http1Link) usable() bool { return l.conn.Err() == nil && l.conn.Available() > 0 }
func (l *http1Link) many() bool   { return false }

// exchange implements link.
func (l *http1Link) exchange(ctx context.Context, req *Request, resp *Response, timing *Timing) (keep bool, err error) {
	keep, err = l.http2Link.exchange(ctx, req, resp, timing)
	return keep && err == nil && !l.ended, nameHTTP1(err)
}

func nameHTTP1(err error) error {
	if err == nil || !isGarbage(err) {
		return err
	}
	return named(badResponse, errors.New("the answer is not HTTP"))
}

// isGarbage recognises net/http's refusals of an answer, which have no type.
func isGarbage(err error) bool {
	text := err.Error()
	for _, sign := range []string{"malformed", "message cannot", "invalid", "unexpected", "too long", "too many", "exceeded", "chunk", "PROTOCOL_ERROR", "FRAME_SIZE_ERROR", "COMPRESSION_ERROR"} {
		if strings.Contains(text, sign) && !strings.Contains(text, "unexpected EOF") {
			return true
		}
	}
	return false
}
