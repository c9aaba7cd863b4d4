package proxy

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// relay answers an upgrade and carries the bytes of both directions until both
// have ended. WebSocket frames are read along.
func (x *exchange) relay(resp *http.Response) {
	target, ok := resp.Body.(io.ReadWriteCloser)
	if !ok {
		x.fail(failInvalid)
		return
	}
	defer target.Close()
	client, _, err := x.w.Hijack()
	if err != nil {
		x.fail(failClient)
		return
	}
	defer client.Close()
	if !x.s.srv.hold(client) {
		x.fail(failStopped)
		return
	}
	defer x.s.srv.drop(client)
	if _, err := io.WriteString(client, switchedHead(resp, x.f.Response.Headers)); err != nil {
		x.fail(failClient)
		return
	}
	var up, down tapped
	socket := strings.EqualFold(resp.Header.Get("Upgrade"), "websocket")
	if socket {
		up, down = x.readSocket()
	}
	fromClient, fromTarget := x.p.splice(client, target, up, down)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.f.Done = x.since()
	switch closed := x.streams.closed; {
	case fromClient.broke() && !closed:
		x.failLocked(failClient)
	case fromTarget.broke() && !closed:
		x.failLocked(failResponse)
	case !socket || closed:
	case fromTarget.first:
		x.failLocked(failResponse) // a WebSocket that ends without saying so
	default:
		x.failLocked(failClient)
	}
}

// switchedHead is the head of a 101 response as the target sent it.
func switchedHead(resp *http.Response, fields flow.Headers) string {
	var b strings.Builder
	b.WriteString("HTTP/1.1 " + resp.Status + "\r\n")
	for _, h := range fields {
		b.WriteString(h.Name + ": " + h.Value + "\r\n")
	}
	b.WriteString("\r\n")
	return b.String()
}

// An ending says how one direction of a splice ended.
type ending struct {
	err   error // of reading; nil: the end of the stream
	first bool  // before the other direction
}

// broke reports whether the sender broke off by itself.
func (e ending) broke() bool {
	return e.first && e.err != nil && !errors.Is(e.err, net.ErrClosed)
}

// splice carries bytes in both directions until both have ended. It shows them to up
// and down after passing them on. When one direction ends, the other side is told so;
// an error ends both.
func (p *Proxy) splice(client net.Conn, target io.ReadWriteCloser, up, down tapped) (fromClient, fromTarget ending) {
	var order sync.Mutex
	ended := false
	carry := func(dst io.WriteCloser, src io.ReadCloser, see tapped, e *ending) {
		readErr, writeErr := p.pass(dst, src, see)
		order.Lock()
		e.err, e.first = readErr, !ended && writeErr == nil
		ended = true
		order.Unlock()
		if readErr != nil || writeErr != nil || closeWrite(dst) != nil {
			dst.Close()
			src.Close()
		}
	}
	var other sync.WaitGroup
	other.Go(func() { carry(target, client, up, &fromClient) })
	carry(client, target, down, &fromTarget)
	other.Wait()
	return fromClient, fromTarget
}

// tapped shows the bytes of one direction, with the time of x if there is an x. Its
// zero value shows nothing.
type tapped struct {
	x    *exchange
	feed func(p []byte, at time.Duration)
}

// pass copies src to dst piece by piece as they come.
func (p *Proxy) pass(dst io.Writer, src io.Reader, see tapped) (readErr, writeErr error) {
	buf := p.buffers.Get().(*[]byte)
	defer p.buffers.Put(buf)
	for {
		n, err := src.Read(*buf)
		if n > 0 {
			var at time.Duration
			if see.x != nil {
				at = see.x.since() // before the other side can answer
			}
			if _, err := dst.Write((*buf)[:n]); err != nil {
				return nil, err
			}
			if see.feed != nil {
				see.feed((*buf)[:n], at)
			}
		}
		if err == io.EOF {
			return nil, nil
		}
		if err != nil {
			return err, nil
		}
	}
}
