package proxy

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/http1"
)

// send sends the request in f.out and carries the answer to the client. It reports whether
// the client's connection may have another exchange. last: the client wants no other.
func (f *fastConn) send(x *exchange, to route, last bool) (again bool) {
	w := watch{f: f}
	defer w.stop()
	t, err := f.ask(x, to, &w)
	if err != nil {
		return f.unanswered(x, to, &w, err, last)
	}
	defer t.release()
	return f.carry(x, t, &w, last)
}

// ask sends the request and reads the head of the answer. A connection that was kept may have
// been closed meanwhile: a request that may be repeated then goes over another one.
func (f *fastConn) ask(x *exchange, to route, w *watch) (*fastTarget, error) {
	pool := f.s.pool()
	repeatable := f.request.ContentLength == 0 && isSafe(f.request.Method)
	for {
		t, kept, err := pool.get(f.s.srv, to.dial, repeatable)
		if err != nil {
			return nil, err
		}
		w.target(t)
		if _, err = t.Write(f.out); err == nil {
			err = f.await(x, t, w)
		}
		if err == nil {
			return t, nil
		}
		t.Close()
		t.release()
		if !kept || !repeatable || t.spoke || w.gone() || f.s.srv.stopped.Load() {
			return nil, err
		}
	}
}

// isSafe reports whether a method may be sent again when nothing is known of the first time.
func isSafe(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}

// errAnswer says that an answer is not HTTP.
var errAnswer = errors.New("the answer is not valid HTTP")

// await reads up to the head of the final answer. Informational ones pass before it.
func (f *fastConn) await(x *exchange, t *fastTarget, w *watch) error {
	for seen, blank := 0, 0; ; {
		for seen == 0 && len(t.in) > 0 && isBlankLine(t.in[0], blank) {
			t.in = t.in[1:]
			blank++
		}
		n, err := 0, error(http1.ErrMore)
		if len(t.in) > 0 {
			n, err = t.head.ParseResponse(t.in, seen, longAnswerRules())
		}
		switch {
		case err == http1.ErrMore:
			seen = len(t.in)
			if err := t.read(w); err != nil {
				return err
			}
		case err != nil || t.head.Status == http.StatusSwitchingProtocols:
			return errAnswer
		case t.head.Status < 200:
			if err := f.hint(x, t, n); err != nil {
				return err
			}
			t.in, seen = append(t.in[:0], t.in[n:]...), 0
		case t.head.Status == http.StatusLoopDetected && f.cameBack(t):
			return &loopError{[]string{f.s.srv.p.loops.token}}
		default:
			t.length = n
			return nil
		}
	}
}

// cameBack reports whether an answer says that the request came back to this proxy.
func (f *fastConn) cameBack(t *fastTarget) bool {
	for _, field := range t.head.Fields {
		if sameName(field.Name.Bytes(t.in), loopField) && string(field.Value.Bytes(t.in)) == f.s.srv.p.loops.token {
			return true
		}
	}
	return false
}

// longAnswerRules accept the heads of answers that the transport takes, too.
func longAnswerRules() http1.Rules {
	return http1.Rules{MaxHead: http.DefaultMaxHeaderBytes, MaxLine: http.DefaultMaxHeaderBytes}
}

// hint passes an informational answer on and records it.
func (f *fastConn) hint(x *exchange, t *fastTarget, n int) error {
	wire := newWireHead(&t.head, t.in[:n])
	x.mu.Lock()
	x.facade.recorded(false).list(wire.headers)
	x.recordInterim(t.head.Status, wire.headers)
	x.mu.Unlock()
	if t.head.Status == http.StatusContinue {
		return nil // nobody asked for it
	}
	if _, err := f.Conn.Write(f.appendAnswer(nil, &t.head, t.in[:n], http1.Framing{}, false)); err != nil {
		return errClosed
	}
	return nil
}

// unanswered tells the client why there is no answer.
func (f *fastConn) unanswered(x *exchange, to route, w *watch, err error, last bool) (again bool) {
	name, text := failure(err, to.dial)
	if w.gone() || err == errClosed {
		name, text = failClient, "the request was given up"
	}
	x.mu.Lock()
	x.headDone = true
	x.failLocked(name)
	x.mu.Unlock()
	x.p.o.Logger.Debug("request not answered", "host", to.dial, "error", name)
	resp := failed(err, text)
	out := http1.AppendStatusLine(f.out[:0], "HTTP/1.1", resp.StatusCode, http.StatusText(resp.StatusCode))
	for _, field := range canonical(resp.Header, false) {
		out = http1.AppendField(out, field.Name, field.Value)
	}
	f.out = f.ending(out, last)
	if f.request.Method != http.MethodHead {
		body, _ := io.ReadAll(resp.Body)
		f.out = append(f.out, body...)
	}
	_, err = f.Conn.Write(f.out)
	return err == nil && !w.gone()
}

// ending ends a head. last: the connection ends behind the message.
func (f *fastConn) ending(out []byte, last bool) []byte {
	if last {
		out = http1.AppendField(out, "Connection", "close")
	}
	return http1.AppendEnd(out)
}

// carry records the answer of which t has the head, and passes it on as it comes.
func (f *fastConn) carry(x *exchange, t *fastTarget, w *watch, last bool) (again bool) {
	framing := t.head.ResponseBody(f.request.Method)
	if framing.Body == http1.Unknown || framing.Coded {
		t.Close()
		return f.unanswered(x, route{dial: t.address}, w, errAnswer, last)
	}
	wire := newWireHead(&t.head, t.in[:t.length])
	f.answered(x, &wire, framing)
	f.writeAnswer(t, &wire, framing, last)
	body := fastCopy{f: f, x: x, t: t, w: w}
	t.in = t.in[t.length:]
	var err error
	switch framing.Body {
	case http1.NoBody:
		err = body.flush()
		x.mu.Lock()
		x.f.Done = x.since()
		x.mu.Unlock()
	case http1.Sized:
		err = body.sized(framing.Length)
	case http1.Chunked:
		err = body.chunked()
	default:
		err = body.toClose()
	}
	if framing.Body != http1.NoBody {
		(*answerWatcher)(x).ended(err)
	} else if err != nil {
		x.fail(failClient)
	}
	if err == nil && len(t.in) == 0 && framing.Body != http1.ToClose && t.head.Persistent() && t.head.Odd&http1.BothFrames == 0 {
		t.keep = true
	} else {
		t.Close()
	}
	return err == nil
}

// answered begins the record of an answer.
func (f *fastConn) answered(x *exchange, h *wireHead, framing http1.Framing) {
	x.mu.Lock()
	defer x.mu.Unlock()
	length := framing.Length
	if framing.Body == http1.Chunked || framing.Body == http1.ToClose {
		length = -1
	}
	f.answer = http.Response{StatusCode: h.status, ProtoMajor: 1, ContentLength: length}
	x.response = &f.answer
	x.facade.recorded(false).list(h.headers)
	x.begin(&flow.Response{Status: h.status, Headers: h.headers}, length)
	x.noteOdd(h)
	x.readResponse()
}

// writeAnswer makes the head for the client: the lines of the target, without those that are
// for its connection. A head that takes liberties passes as it does through the transport.
func (f *fastConn) writeAnswer(t *fastTarget, wire *wireHead, framing http1.Framing, last bool) {
	in := t.in[:t.length]
	if t.head.Odd&mendable == 0 {
		f.out = f.appendAnswer(f.out[:0], &t.head, in, framing, last)
		return
	}
	in = mended(&t.head, in, f.request.Method)
	var head http1.Head
	_, _ = head.ParseResponse(in, 0, longAnswerRules()) // it is sound now
	in = f.appendAnswer(nil, &head, in, framing, last)
	_, _ = head.ParseResponse(in, 0, longAnswerRules())
	f.out = wire.shape(f.out[:0], &head, in)
}

// appendAnswer appends the head of an answer to the client.
func (f *fastConn) appendAnswer(out []byte, h *http1.Head, in []byte, framing http1.Framing, last bool) []byte {
	out = append(append(append(out, "HTTP/1.1 "...), h.First.Bytes(in)[versionLength:]...), "\r\n"...)
	for _, field := range h.Fields {
		name := field.Name.Bytes(in)
		switch {
		case framing.Body == http1.Chunked && sameName(name, "Transfer-Encoding"):
		case endsHere(name), sameName(name, "Content-Length") && (framing.Body == http1.ToClose || h.Status == http.StatusNoContent):
			continue
		}
		if value := f.x.facade.field(name, field.Value.Bytes(in)); value != "" {
			out = http1.AppendField(out, string(name), value)
			continue
		}
		out = append(append(out, field.Line().Bytes(in)...), "\r\n"...)
	}
	if framing.Body == http1.ToClose {
		out = http1.AppendField(out, "Transfer-Encoding", "chunked")
	}
	return f.ending(out, last)
}

// A fastCopy carries the body of an answer.
type fastCopy struct {
	f *fastConn
	x *exchange
	t *fastTarget
	w *watch
}

// flush writes what is to be written.
func (c *fastCopy) flush() error {
	if len(c.f.out) == 0 {
		return nil
	}
	_, err := c.f.Conn.Write(c.f.out)
	c.f.out = c.f.out[:0]
	if err != nil {
		return errClosed
	}
	return nil
}

// piece shows the exchange a piece of the body.
func (c *fastCopy) piece(p []byte) { (*answerWatcher)(c.x).saw(p) }

// more reads the next bytes of the target, in place of those before.
func (c *fastCopy) more() error {
	c.t.in = c.t.in[:0]
	err := c.t.read(c.w)
	switch {
	case err == nil:
		return nil
	case c.w.gone():
		return errClosed
	case err == io.EOF:
		return io.ErrUnexpectedEOF
	}
	return err
}

// sized carries a body of n bytes.
func (c *fastCopy) sized(n int64) error {
	for {
		p := c.t.in[:min(int64(len(c.t.in)), n)]
		c.t.in = c.t.in[len(p):]
		n -= int64(len(p))
		c.piece(p)
		if len(c.f.out) > 0 || len(p) == 0 {
			c.f.out = append(c.f.out, p...)
			if err := c.flush(); err != nil {
				return err
			}
		} else if _, err := c.f.Conn.Write(p); err != nil {
			return errClosed
		}
		if n == 0 {
			return nil
		}
		if err := c.more(); err != nil {
			return err
		}
	}
}

// toClose carries a body up to the end of the connection, in chunks.
func (c *fastCopy) toClose() error {
	for {
		c.piece(c.t.in)
		c.f.out = http1.AppendChunk(c.f.out, c.t.in)
		if err := c.flush(); err != nil {
			return err
		}
		switch err := c.more(); {
		case err == io.ErrUnexpectedEOF:
			c.f.out = http1.AppendEnd(http1.AppendLastChunk(c.f.out))
			return c.flush()
		case err != nil:
			return err
		}
	}
}

// chunked carries a body in chunks, which are cut anew, and its trailers.
func (c *fastCopy) chunked() error {
	var chunks http1.Chunks
	var trailer []byte
	for {
		for len(c.t.in) > 0 && !chunks.Done() {
			data, last, rest, err := chunks.Next(c.t.in)
			if err != nil {
				_ = c.flush()
				return err
			}
			c.piece(data)
			c.f.out = http1.AppendChunk(c.f.out, data)
			trailer = append(trailer, last...)
			c.t.in = rest
		}
		if chunks.Done() {
			break
		}
		if err := c.flush(); err != nil {
			return err
		}
		if err := c.more(); err != nil {
			return err
		}
	}
	c.f.out = append(http1.AppendLastChunk(c.f.out), wholeLines(trailer, false)...)
	if len(trailer) > len("\r\n") {
		c.trailers(trailer)
	}
	return c.flush()
}

// trailers records the trailers of an answer.
func (c *fastCopy) trailers(b []byte) {
	var h http1.Head
	if _, err := h.ParseTrailer(b, answerRules()); err != nil {
		return
	}
	c.x.mu.Lock()
	defer c.x.mu.Unlock()
	c.x.f.Response.Trailers = newWireHead(&h, b).headers
}

// A watch looks after the client while the target takes its time, so that one that goes away
// is noticed.
type watch struct {
	f    *fastConn
	t    *fastTarget
	left chan bool // whether the client has gone; nil: nobody watches
	went bool

	interrupted atomic.Bool
}

// target says which connection to end when the client goes away. It may be silent for
// watchAfter.
func (w *watch) target(t *fastTarget) {
	w.stop()
	w.t = t
	_ = t.SetReadDeadline(time.Now().Add(watchAfter))
}

// start begins to watch.
func (w *watch) start() {
	_ = w.t.SetReadDeadline(time.Time{})
	left, t := make(chan bool, 1), w.t
	w.left = left
	w.f.readBy(time.Time{})
	go func() {
		gone := !w.f.read(fastBuffer) && !w.interrupted.Load()
		if gone {
			t.Close()
		}
		left <- gone
	}()
}

// stop ends the watch.
func (w *watch) stop() {
	if w.left == nil {
		return
	}
	w.interrupted.Store(true)
	w.f.readBy(time.Unix(1, 0))
	w.went = <-w.left || w.went
	w.left = nil
	w.f.readBy(time.Time{})
	w.interrupted.Store(false)
}

// gone reports whether the client has gone away.
func (w *watch) gone() bool {
	w.stop()
	return w.went
}

// isTimeout reports whether a read ended because its time was over.
func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
