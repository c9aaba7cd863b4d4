package client

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/http1"
	"github.com/starling-load/starling/record/message"
)

// A Stream is an exchange that goes on in messages: a WebSocket, server-sent events,
// a call of gRPC. From its opening on it reads all that the target sends, also while
// nobody calls Receive. Send and Receive may be called at the same time, each by one
// goroutine.
type Stream struct {
	pool   *Pool
	opened time.Time
	inbox  inbox
	speak  speaker
	cut    func()        // ends the waiting of the goroutine that reads
	done   chan struct{} // closed when that goroutine is over
}

// A speaker is the client's direction of a stream.
type speaker interface {
	send(ctx context.Context, m flow.Message) error

	// finish says that nothing more is sent.
	finish() error
}

// errMute is the error of sending where only the target speaks.
var errMute = named(badRequest, errors.New("a stream of events has no messages from the client"))

// Open begins a stream and returns when the head of the answer has come. The request
// says what the stream is: a WebSocket by the fields of its handshake, a call of gRPC
// by its content type. Any other request may be answered by server-sent events. If the
// target answers without a stream, the stream is nil, the answer is as from Do, and
// the error is nil.
//
// For a call of gRPC, Open returns before the answer: see Stream.Answer.
func (p *Pool) Open(ctx context.Context, route Route, req *Request) (*Stream, *Response, Timing, error) {
	s := &Stream{pool: p, opened: time.Now(), done: make(chan struct{}), inbox: inbox{changed: make(chan struct{}, 1)}}
	resp := &Response{}
	resp.reset(&p.dialer.buffers, p.dialer.keep(req))
	timing := Timing{Sent: s.opened}
	var read func()
	var err error
	switch {
	case isSocket(req.Headers):
		read, err = s.openSocket(ctx, route, req, resp, &timing)
	case isGRPC(req.Headers.Value("Content-Type")):
		read, err = s.openCall(ctx, route, req, &timing)
	default:
		read, err = s.openEvents(ctx, route, req, resp, &timing)
	}
	if timing.Done.IsZero() {
		timing.Done = time.Now()
	}
	if err != nil {
		return nil, resp, timing, p.blame(ctx, err)
	}
	if read == nil {
		resp.finish()
		return nil, resp, timing, nil
	}
	s.inbox.learn(resp.Response)
	if !p.adopt(s) {
		s.cut()
		close(s.done)
		read()
		return nil, resp, timing, errClosed
	}
	go func() {
		defer close(s.done)
		defer p.disown(s)
		read()
	}()
	return s, resp, timing, nil
}

// Send sends a message to the target. A close message ends a WebSocket as its
// protocol wants.
func (s *Stream) Send(ctx context.Context, m flow.Message) error {
	return s.pool.blame(ctx, s.speak.send(ctx, m))
}

// Finish says that the client sends nothing more. A call of gRPC needs that to come
// to its end.
func (s *Stream) Finish() error { return s.speak.finish() }

// Receive waits for the next message of the target. The memory of the message is the
// caller's. Pings are answered and not returned. The error is io.EOF when the target
// has ended the stream as it should, otherwise one that ErrorName knows. A message
// longer than 256 KiB is cut. When too many messages wait, the oldest are dropped: see
// Missed.
func (s *Stream) Receive(ctx context.Context) (flow.Message, error) {
	m, err := s.inbox.receive(ctx)
	if err == nil || err == io.EOF {
		return m, err
	}
	return m, s.pool.blame(ctx, err)
}

// Answer returns the head of the answer without its body, as far as it is known. For
// a call of gRPC the head is known with the first message, and the trailers when
// Receive has returned an error.
func (s *Stream) Answer() flow.Response {
	s.inbox.mu.Lock()
	defer s.inbox.mu.Unlock()
	return s.inbox.answer
}

// Missed returns how many messages were dropped before Receive took them.
func (s *Stream) Missed() int {
	s.inbox.mu.Lock()
	defer s.inbox.mu.Unlock()
	return s.inbox.missed
}

// Close breaks the stream off, and returns when nothing reads it any more.
func (s *Stream) Close() error {
	s.inbox.end(errClosed)
	s.cut()
	<-s.done
	return nil
}

// emit puts a message of the target into the inbox.
func (s *Stream) emit(at time.Duration, kind flow.MessageKind, data []byte, size int64) {
	s.inbox.put(flow.Message{At: at, Kind: kind, Data: data, Size: size})
}

// limit is how much of a message is kept.
func (s *Stream) limit(req *Request) int { return int(min(s.pool.dialer.keep(req), maxInbox)) }

// adopt notes an open stream, so that the pool's Close closes it too. It returns false
// if the pool is closed.
func (p *Pool) adopt(s *Stream) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	if p.streams == nil {
		p.streams = make(map[*Stream]struct{})
	}
	p.streams[s] = struct{}{}
	return true
}

func (p *Pool) disown(s *Stream) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.streams, s)
}

// mute is the speaker of a stream in which only the target speaks.
type mute struct{}

func (mute) send(context.Context, flow.Message) error { return errMute }
func (mute) finish() error                            { return nil }

// openEvents sends req and reads its answer. If that is a stream of events, it reads
// only the head, and returns a function that reads the events.
func (s *Stream) openEvents(ctx context.Context, route Route, req *Request, resp *Response, timing *Timing) (read func(), err error) {
	l, err := s.pool.acquire(ctx, place{route, 0}, false)
	timing.Connect = l.connect
	if err != nil {
		return nil, err
	}
	b, err := l.open(ctx, req, resp, timing)
	if err != nil {
		s.pool.release(l, l.many() && !spoils(err))
		return nil, err
	}
	if !message.IsEvents(resp.Headers) {
		err := readBody(b.source, &resp.body)
		s.pool.release(l, b.end(err))
		return nil, err
	}
	s.speak, s.cut = mute{}, b.cut
	return func() {
		parser := message.NewEvents(s.limit(req), s.emit)
		err := s.listen(b.source, parser.Feed)
		s.pool.release(l, b.end(err))
		s.inbox.end(err)
	}, nil
}

// listen feeds a parser until the end of the body, which is io.EOF.
func (s *Stream) listen(body source, feed func(p []byte, at time.Duration)) error {
	for {
		p, err := body.next()
		if err != nil {
			return err
		}
		feed(p, time.Since(s.opened))
	}
}

// A streamed body is the answer to a request that goes on for long.
type streamed struct {
	source
	cut func() // breaks it off

	// end gives back what the body held. err says how its reading ended. The result
	// tells whether another exchange may follow.
	end func(err error) bool
}

// open sends req and reads the head of its answer.
func (l *http1Link) open(ctx context.Context, req *Request, resp *Response, timing *Timing) (streamed, error) {
	l.busy.Store(true)
	s := l.dialer.scratches.take(l.carrier)
	stop := context.AfterFunc(ctx, func() { l.carrier.SetDeadline(past) })
	up, err := l.send(s, req)
	if err == nil {
		err = l.head(s, req, resp, up)
		whole, failed := up.end(err == nil)
		s.unsent = s.unsent || !whole
		err = errors.Join(failed, err)
	}
	timing.Done, timing.FirstByte = time.Now(), s.firstByte
	if alive := stop(); err == nil && !alive {
		err = ctx.Err()
	}
	b := streamed{source: s, cut: func() { l.carrier.SetDeadline(past) }}
	b.end = func(err error) bool {
		defer l.busy.Store(false)
		l.used = true
		keep := err == nil && s.head.Persistent() && s.frame.Body != http1.ToClose && s.empty() && !s.unsent && l.drained()
		l.dialer.scratches.give(s)
		return keep
	}
	if err != nil {
		b.end(err)
	}
	return b, err
}

// isSocket reports whether fields are those of a WebSocket's handshake.
func isSocket(h flow.Headers) bool {
	return h.Has("Sec-WebSocket-Key") || h.Has("Sec-WebSocket-Version") || strings.EqualFold(h.Value("Upgrade"), "websocket")
}
