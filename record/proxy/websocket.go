package proxy

import (
	"bytes"
	"compress/flate"
	"io"
	"strings"
	"time"

	"github.com/gobwas/ws"

	"github.com/starling-load/starling/record/flow"
)

// socketTaps read the frames of both directions of a WebSocket (RFC 6455, with
// permessage-deflate of RFC 7692).
type socketTaps struct {
	up, down socketTap
	closed   bool // a close frame was seen
}

// newSocketTaps makes the taps for the extensions that the target agreed to.
func newSocketTaps(x *exchange, extensions []string) *socketTaps {
	t := new(socketTaps)
	deflate := false
	for _, v := range extensions {
		deflate = deflate || strings.Contains(strings.ToLower(v), "permessage-deflate")
	}
	t.up = socketTap{x: x, both: t, fromClient: true, deflate: deflate}
	t.down = socketTap{x: x, both: t, deflate: deflate}
	return t
}

// A socketTap reads the frames of one direction from bytes cut anywhere. What is
// not a WebSocket frame ends it; the bytes pass all the same.
type socketTap struct {
	x          *exchange
	both       *socketTaps
	fromClient bool
	deflate    bool
	lost       bool // not in step any more

	head   []byte // header bytes so far
	frame  ws.Header
	inside bool  // frame is valid, its payload has left to come
	read   int64 // payload bytes of the frame seen
	at     time.Duration

	data    partial // the data message, over all its frames
	control partial // the control frame
	inflate inflater
}

// A partial is a message under way.
type partial struct {
	op         ws.OpCode
	compressed bool
	data       []byte
	size       int64
}

// maxSocketHeader is the longest frame header in bytes.
const maxSocketHeader = ws.MaxHeaderSize

// feed takes the next bytes, which were read at the offset at.
func (t *socketTap) feed(p []byte, at time.Duration) {
	t.x.mu.Lock()
	defer t.x.mu.Unlock()
	t.at = at
	for len(p) > 0 && !t.lost {
		if !t.inside {
			p = t.header(p)
		} else {
			p = t.payload(p)
		}
	}
}

// header takes bytes of a frame header and returns those behind it.
func (t *socketTap) header(p []byte) []byte {
	t.head = append(t.head, p[0])
	p = p[1:]
	if len(t.head) < headerLength(t.head) {
		return p
	}
	h, err := ws.ReadHeader(bytes.NewReader(t.head))
	t.head = t.head[:0]
	if err != nil || h.OpCode.IsReserved() || h.Length < 0 || h.Rsv1() && !t.deflate {
		t.lost = true
		return nil
	}
	t.frame, t.inside, t.read = h, true, 0
	m := t.current()
	if h.OpCode != ws.OpContinuation {
		*m = partial{op: h.OpCode, compressed: h.Rsv1(), data: m.data[:0]}
	} else if m.op == ws.OpContinuation {
		t.lost = true // of nothing
		return nil
	}
	if h.Length == 0 {
		t.endFrame()
	}
	return p
}

// headerLength returns how long a frame header is, as far as its beginning tells.
func headerLength(b []byte) int {
	if len(b) < 2 {
		return 2
	}
	n := 2
	switch b[1] & 0x7f {
	case 126:
		n += 2
	case 127:
		n += 8
	}
	if b[1]&0x80 != 0 {
		n += 4
	}
	return min(n, maxSocketHeader)
}

func (t *socketTap) current() *partial {
	if t.frame.OpCode.IsControl() {
		return &t.control
	}
	return &t.data
}

// payload takes bytes of a frame and returns those behind it.
func (t *socketTap) payload(p []byte) []byte {
	n := min(int64(len(p)), t.frame.Length-t.read)
	m := t.current()
	m.size += n
	keep := min(n, int64(maxMessage-len(m.data)))
	at := len(m.data)
	m.data = append(m.data, p[:keep]...)
	if t.frame.Masked {
		ws.Cipher(m.data[at:], t.frame.Mask, int(t.read&3))
	}
	if t.read += n; t.read == t.frame.Length {
		t.endFrame()
	}
	return p[n:]
}

func (t *socketTap) endFrame() {
	t.inside = false
	m := t.current()
	if !t.frame.Fin {
		return
	}
	if m.compressed {
		whole := m.size == int64(len(m.data))
		data, ok := t.inflate.message(m.data, whole)
		size := m.size
		if ok {
			size = int64(len(data))
		}
		t.x.message(t.at, messageKind(m.op), t.fromClient, data, size)
	} else {
		t.x.message(t.at, messageKind(m.op), t.fromClient, m.data, m.size)
	}
	t.both.closed = t.both.closed || m.op == ws.OpClose
	*m = partial{data: m.data[:0]}
	if cap(m.data) > 64<<10 {
		m.data = nil // not for the life of an idle connection
	}
}

func messageKind(op ws.OpCode) flow.MessageKind {
	switch op {
	case ws.OpText:
		return flow.MessageText
	case ws.OpPing:
		return flow.MessagePing
	case ws.OpPong:
		return flow.MessagePong
	case ws.OpClose:
		return flow.MessageClose
	}
	return flow.MessageBinary
}

// An inflater decompresses the messages of one direction. The window of 32 KiB
// before each message is carried on, which is right with and without context
// takeover: a sender that starts afresh does not refer to it.
type inflater struct {
	r      io.ReadCloser
	window []byte
	lost   bool // a message was missed: its successors may refer to it
	buf    bytes.Buffer
}

const (
	deflateWindow = 32 << 10
	// deflateTail completes a message: the end of the flushed block, which the
	// sender left out, and an empty final block.
	deflateTail = "\x00\x00\xff\xff\x01\x00\x00\xff\xff"
	// maxInflated is how far a message is decompressed, in bytes. Beyond it the
	// direction is lost, for the window at its end is not known.
	maxInflated = 16 * maxMessage
)

// message returns the content of a compressed message, valid until the next
// call. It reports false when the message cannot be read.
func (f *inflater) message(p []byte, whole bool) ([]byte, bool) {
	if f.lost = f.lost || !whole; f.lost {
		return nil, false
	}
	src := io.MultiReader(bytes.NewReader(p), strings.NewReader(deflateTail))
	if f.r == nil {
		f.r = flate.NewReaderDict(src, f.window)
	} else if err := f.r.(flate.Resetter).Reset(src, f.window); err != nil {
		f.lost = true
		return nil, false
	}
	if f.buf.Cap() > maxMessage {
		f.buf = bytes.Buffer{}
	}
	f.buf.Reset()
	n, err := io.Copy(&f.buf, io.LimitReader(f.r, maxInflated+1))
	if err != nil || n > maxInflated {
		f.lost = true
		return nil, false
	}
	f.slide(f.buf.Bytes())
	return f.buf.Bytes(), true
}

// slide moves the window over data.
func (f *inflater) slide(data []byte) {
	f.window = append(f.window, data[max(0, len(data)-deflateWindow):]...)
	if n := len(f.window) - deflateWindow; n > 0 {
		f.window = append(f.window[:0], f.window[n:]...)
	}
}
