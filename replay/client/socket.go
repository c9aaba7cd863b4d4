package client

import (
	"context"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/message"
)

// goodbye is how long a WebSocket may take to send its close message.
const goodbye = time.Second

// openSocket makes the handshake of a WebSocket (RFC 6455, section 4) on a connection
// of its own. It returns a function that reads the messages, nil if the target answers
// anything but 101.
func (s *Stream) openSocket(ctx context.Context, route Route, req *Request, resp *Response, timing *Timing) (read func(), err error) {
	d := s.pool.dialer
	e, err := route.parse(&d.options)
	if err != nil {
		return nil, err
	}
	e.protocol, e.tunnel = HTTP1, true
	c, err := d.dial(ctx, &e)
	if err != nil {
		return nil, err
	}
	timing.Connect = time.Since(timing.Sent)
	l := newHTTP1Link(d, c, &e)
	key := base64.StdEncoding.EncodeToString(randomBytes(16))
	upgrade := *req
	upgrade.Headers = handshake(req.Headers, key)
	scratch := d.scratches.take(c)
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(past) })
	accepted, err := l.shake(scratch, &upgrade, resp, key)
	timing.Done, timing.FirstByte = time.Now(), scratch.firstByte
	timing.BytesOut, timing.BytesIn = c.raw.written.Swap(0), c.raw.read.Swap(0)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil || !accepted {
		c.Close()
		d.scratches.give(scratch)
		return nil, err
	}
	k := &socket{carrier: c, stream: s}
	s.speak, s.cut = k, k.leave
	return func() { k.read(scratch, message.IsDeflate(resp.Headers), s.limit(req)) }, nil
}

// shake sends the request of the handshake and reads its answer.
func (l *http1Link) shake(s *scratch, req *Request, resp *Response, key string) (accepted bool, err error) {
	s.out = l.appendHead(s.out[:0], req, plan{upgrades: true})
	if _, err := l.carrier.Write(s.out); err != nil {
		s.unsent = true // the answer may say why
	}
	if err := s.readHead(func(int) {}); err != nil {
		return false, nameHTTP1(err)
	}
	s.fill(resp)
	if resp.Status != 101 {
		s.begin(req.Method)
		return false, nameHTTP1(readBody(s, &resp.body))
	}
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	if resp.Headers.Value("Sec-WebSocket-Accept") != base64.StdEncoding.EncodeToString(sum[:]) {
		return false, named(badUpgrade, errors.New("the answer 101 does not fit the handshake"))
	}
	return true, nil
}

// handshake returns the recorded fields with the values that the handshake needs. A
// field that was not recorded comes behind the others.
func handshake(recorded flow.Headers, key string) flow.Headers {
	fields := slices.Clone(recorded)
	for _, f := range (flow.Headers{{Name: "Connection", Value: "Upgrade"}, {Name: "Upgrade", Value: "websocket"},
		{Name: "Sec-WebSocket-Version", Value: "13"}, {Name: "Sec-WebSocket-Key", Value: key}}) {
		at := slices.IndexFunc(fields, func(h flow.Header) bool { return strings.EqualFold(h.Name, f.Name) })
		if at < 0 {
			fields = append(fields, f)
			continue
		}
		fields[at].Value = f.Value
	}
	return fields
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // which never fails
	return b
}

// A socket is the client's end of a WebSocket.
type socket struct {
	carrier *carrier
	stream  *Stream

	mu     sync.Mutex // guards the writing of frames
	out    []byte
	closed bool // a close message was sent
	ended  bool // the close message that was sent answered the target's
}

// send implements speaker.
func (k *socket) send(ctx context.Context, m flow.Message) error {
	stop := context.AfterFunc(ctx, func() { k.carrier.SetWriteDeadline(past) })
	defer stop()
	return k.write(m.Kind, m.Data)
}

// finish implements speaker: it sends a close message.
func (k *socket) finish() error { return k.write(flow.MessageClose, []byte{0x03, 0xe8}) } // 1000: normal

// write sends one message. After a close message it refuses to send.
func (k *socket) write(kind flow.MessageKind, data []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ended {
		return named(closed, errors.New("the target has closed the WebSocket"))
	}
	if k.closed {
		return named(badRequest, errors.New("the WebSocket was closed by a message before"))
	}
	k.closed = kind == flow.MessageClose
	k.out = message.AppendFrame(k.out[:0], kind, data, [4]byte(randomBytes(4)))
	_, err := k.carrier.Write(k.out)
	if cap(k.out) > maxScratch {
		k.out = nil
	}
	return err
}

// answerClose answers the target's close message, unless it is itself an answer.
func (k *socket) answerClose(code []byte) {
	k.mu.Lock()
	first := !k.closed
	k.mu.Unlock()
	_ = k.write(flow.MessageClose, code) // an error of writing shows in reading
	k.mu.Lock()
	k.ended = first
	k.mu.Unlock()
}

// leave ends the connection, with a close message if none was sent.
func (k *socket) leave() {
	k.carrier.SetWriteDeadline(time.Now().Add(goodbye))
	_ = k.finish() // the target may be gone
	k.carrier.raw.Close()
}

// read gives the messages of the target to the stream until the connection ends.
func (k *socket) read(s *scratch, deflate bool, limit int) {
	defer k.carrier.Close()
	defer k.stream.pool.dialer.scratches.give(s)
	over := false // the target has sent its close message
	parser := message.NewSocket(deflate, limit, func(at time.Duration, kind flow.MessageKind, data []byte, size int64) {
		switch kind {
		case flow.MessagePing:
			_ = k.write(flow.MessagePong, data) // an error of writing shows in reading
			return
		case flow.MessagePong:
			return
		case flow.MessageClose:
			over = true
			k.answerClose(data[:min(len(data), 2)])
		}
		k.stream.emit(at, kind, data, size)
	})
	parser.Feed(s.taken(s.end-s.pos), time.Since(k.stream.opened))
	for {
		switch {
		case parser.Lost():
			k.stream.inbox.end(named(badMessage, errors.New("the target's bytes are no messages of a WebSocket")))
			return
		case over:
			k.stream.inbox.end(io.EOF)
			return
		}
		if err := s.refill(); err != nil {
			k.stream.inbox.end(nameHTTP1(err))
			return
		}
		parser.Feed(s.taken(s.end-s.pos), time.Since(k.stream.opened))
	}
}
