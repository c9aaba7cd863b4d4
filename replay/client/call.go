package client

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/message"
)

// openCall begins a call of gRPC over HTTP/2. It returns a function that reads the
// messages of the answer.
func (s *Stream) openCall(ctx context.Context, route Route, req *Request, timing *Timing) (read func(), err error) {
	l, err := s.pool.acquire(ctx, place{route, 0}, false)
	timing.Connect = l.connect
	if err != nil {
		return nil, err
	}
	h2, ok := l.link.(*http2Link)
	if !ok {
		s.pool.release(l, true)
		return nil, named(noHTTP2, errors.New("a stream of gRPC needs HTTP/2"))
	}
	bare := *req
	bare.Body, bare.Upload, bare.Trailers = flow.Body{}, nil, nil
	hr, err := httpRequest(h2.to, &bare)
	if err != nil {
		s.pool.release(l, true)
		return nil, err
	}
	from, to := io.Pipe()
	hr.Body, hr.ContentLength = from, -1
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	s.speak, s.cut = &caller{to}, end
	return func() {
		defer end()
		hresp, err := h2.conn.RoundTrip(hr.WithContext(life))
		if err == nil {
			err = s.answers(hresp, req)
		}
		from.CloseWithError(io.ErrClosedPipe)
		err = h2.name(err)
		s.pool.release(l, h2.usable() && !spoils(err))
		s.inbox.end(err)
	}, nil
}

// answers reads the answer of a call to its end, which is io.EOF.
func (s *Stream) answers(hresp *http.Response, req *Request) error {
	defer hresp.Body.Close()
	answer := flow.Response{Status: hresp.StatusCode, Headers: fields(nil, hresp.Header)}
	s.inbox.learn(answer)
	parser := message.NewGRPC(hresp.Header.Get("Grpc-Encoding"), s.limit(req), s.emit)
	buf := s.pool.dialer.scratches.takeChunk()
	defer s.pool.dialer.scratches.giveChunk(buf)
	err := s.listen(pieces{hresp.Body, buf[:]}, parser.Feed)
	answer.Trailers = fields(nil, hresp.Trailer)
	s.inbox.learn(answer)
	if err == io.EOF && (parser.Lost() || !parser.Whole()) {
		return named(badMessage, errors.New("the target's bytes are no messages of gRPC"))
	}
	return err
}

// A caller is the client's direction of a call.
type caller struct{ to *io.PipeWriter }

// send implements speaker.
func (c *caller) send(ctx context.Context, m flow.Message) error {
	stop := context.AfterFunc(ctx, func() { c.to.CloseWithError(ctx.Err()) })
	defer stop()
	frame := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(m.Data)))
	_, err := c.to.Write(append(frame, m.Data...))
	if err == io.ErrClosedPipe {
		return named(closed, errors.New("the call is over"))
	}
	return err
}

// finish implements speaker.
func (c *caller) finish() error { return c.to.Close() }

// open sends req and reads the head of its answer.
func (l *http2Link) open(ctx context.Context, req *Request, resp *Response, timing *Timing) (streamed, error) {
	hr, err := httpRequest(l.to, req)
	if err != nil {
		return streamed{}, err
	}
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, end)
	hresp, err := l.conn.RoundTrip(hr.WithContext(life))
	timing.Done = time.Now()
	if alive := stop(); err == nil && !alive {
		err = ctx.Err()
		hresp.Body.Close()
	}
	if err != nil {
		end()
		return streamed{}, l.name(err)
	}
	timing.FirstByte = timing.Done
	resp.Status, resp.Protocol = hresp.StatusCode, hresp.Proto
	resp.Headers = fields(nil, hresp.Header)
	buf := l.dialer.scratches.takeChunk()
	return streamed{source: pieces{hresp.Body, buf[:]}, cut: end, end: func(err error) bool {
		hresp.Body.Close()
		end()
		resp.Trailers = fields(nil, hresp.Trailer)
		l.dialer.scratches.giveChunk(buf)
		return l.usable() && !spoils(nameHTTP2(err))
	}}, nil
}
