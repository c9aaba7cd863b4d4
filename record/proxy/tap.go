package proxy

import (
	"bytes"
	"io"
	"net"
	"strconv"
	"sync"
)

// A requestTap reads along with what a client sends over HTTP/1 and keeps the
// request heads. It follows the framing of bodies, so that pipelined requests
// and bodies that look like heads do not mislead it. When something is in doubt
// it stops for the rest of the connection, and net/http's view is recorded.
type requestTap struct {
	mu     sync.Mutex
	state  tapState
	line   []byte // head or chunk-size line so far
	body   int64  // bytes of body or chunk to come
	queued []wireHead
}

type tapState uint8

const (
	tapHead      tapState = iota
	tapBody               // body bytes to come
	tapChunkSize          // a chunk-size line
	tapChunk              // chunk bytes and their line end to come
	tapTrailer            // trailer lines
	tapOff
)

// maxChunkLine is the longest chunk-size line that is followed, in bytes.
const maxChunkLine = 4 << 10

// feed takes the next bytes from the client.
func (t *requestTap) feed(p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(p) > 0 && t.state != tapOff {
		switch t.state {
		case tapHead:
			p = t.head(p)
		case tapBody, tapChunk:
			n := min(int64(len(p)), t.body)
			p, t.body = p[n:], t.body-n
			if t.body == 0 && t.state == tapBody {
				t.state = tapHead
			} else if t.body == 0 {
				t.state = tapChunkSize
			}
		case tapChunkSize, tapTrailer:
			p = t.chunkLine(p)
		}
	}
}

// head takes bytes of a request head and returns those behind it.
func (t *requestTap) head(p []byte) []byte {
	had := len(t.line)
	t.line = append(t.line, p[:min(len(p), maxHead+4-had)]...)
	end := headEnd(t.line, had)
	if end == 0 {
		if len(t.line) > maxHead {
			t.stop()
		}
		return p[min(len(p), max(len(t.line)-had, 0)):]
	}
	h, ok := parseHead(t.line[:end])
	t.line = t.line[:0]
	length, chunked, framed := h.framing()
	if !ok || !framed || h.method() == "PRI" || h.method() == "" {
		t.stop()
		return nil
	}
	t.queued = append(t.queued, h)
	switch {
	case h.method() == "CONNECT":
		t.state = tapOff
	case chunked:
		t.state = tapChunkSize
	case length > 0:
		t.state, t.body = tapBody, length
	}
	return p[end-had:]
}

// chunkLine takes bytes of a chunk-size or trailer line and returns those behind it.
func (t *requestTap) chunkLine(p []byte) []byte {
	n := bytes.IndexByte(p, '\n')
	if n < 0 {
		if t.line = append(t.line, p...); len(t.line) > maxChunkLine {
			t.stop()
		}
		return nil
	}
	line := bytes.TrimRight(append(t.line, p[:n]...), "\r")
	t.line = t.line[:0]
	switch {
	case t.state == tapTrailer && len(line) == 0:
		t.state = tapHead
	case t.state == tapTrailer:
	default:
		digits, _, _ := bytes.Cut(line, []byte(";"))
		size, err := strconv.ParseInt(string(bytes.TrimSpace(digits)), 16, 62)
		switch {
		case err != nil || size < 0:
			t.stop()
		case size == 0:
			t.state = tapTrailer
		default:
			t.state, t.body = tapChunk, size+2 // CR LF
		}
	}
	return p[n+1:]
}

func (t *requestTap) stop() {
	t.state, t.line, t.queued = tapOff, nil, nil
}

// next returns the head of the request that net/http has just read, recognised
// by its request line.
func (t *requestTap) next(method, target string) (wireHead, bool) {
	if t == nil {
		return wireHead{}, false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.queued) == 0 {
		return wireHead{}, false
	}
	h := t.queued[0]
	if h.method() != method || h.target() != target {
		t.stop()
		return wireHead{}, false
	}
	t.queued = append(t.queued[:0], t.queued[1:]...)
	return h, true
}

// A responseTap reads along with what a target sends over HTTP/1 and hands the
// head that follows each arm to the exchange, informational ones skipped.
type responseTap struct {
	mu    sync.Mutex
	owner *exchange // whose answer is awaited or was the last; nil: idle
	line  []byte
	done  bool // head complete, or given up
}

// arm prepares for the response to x. The connection has nothing in flight.
func (t *responseTap) arm(x *exchange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.owner, t.line, t.done = x, t.line[:0], false
}

// rest says that the connection went idle after x. It may come late, when
// the connection serves another exchange already.
func (t *responseTap) rest(x *exchange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.owner == x {
		t.owner = nil
	}
}

// feed takes the next bytes from the target. It reports false when nobody has
// asked for them.
func (t *responseTap) feed(p []byte) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.owner == nil {
		return false
	}
	for !t.done && len(p) > 0 {
		had := len(t.line)
		t.line = append(t.line, p[:min(len(p), maxHead+4-had)]...)
		end := headEnd(t.line, had)
		if end == 0 {
			t.done = len(t.line) > maxHead
			return true
		}
		h, ok := parseHead(t.line[:end])
		t.line = t.line[:0]
		p = p[end-had:]
		if final := h.status() >= 200 || h.status() == 101; !ok || final {
			t.done = true
			if ok {
				t.owner.wire.Store(&h)
			}
		}
	}
	return true
}

// A clientConn is an HTTP/1 connection from a client.
type clientConn struct {
	net.Conn
	s   *session
	tap *requestTap
}

func (c *clientConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.tap.feed(p[:n])
	return n, err
}

// CloseWrite ends the sending direction; net/http does so after an early answer.
func (c *clientConn) CloseWrite() error { return closeWrite(c.Conn) }

// A targetConn is an HTTP/1 connection to a target.
type targetConn struct {
	net.Conn
	tap responseTap
}

// Read ends the connection when a target sends what was not asked for: the
// transport would close it as well, but print the bytes.
func (c *targetConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && !c.tap.feed(p[:n]) {
		return 0, io.EOF
	}
	return n, err
}

// CloseWrite ends the sending direction.
func (c *targetConn) CloseWrite() error { return closeWrite(c.Conn) }

// closeWrite half-closes c, or closes it when it cannot be half-closed.
func closeWrite(c io.Closer) error {
	if h, ok := c.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return c.Close()
}

// A peekConn is a connection whose first bytes may be looked at before they are
// read.
type peekConn struct {
	net.Conn
	ahead  []byte   // read from Conn, not yet by the user
	target string   // host and port of the CONNECT request
	s      *session // set before the connection is handed to the server
}

func (c *peekConn) Read(p []byte) (int, error) {
	if len(c.ahead) > 0 {
		n := copy(p, c.ahead)
		c.ahead = c.ahead[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}

// more reads at least one more byte ahead.
func (c *peekConn) more() error {
	var b [2048]byte
	n, err := c.Conn.Read(b[:])
	c.ahead = append(c.ahead, b[:n]...)
	if n > 0 {
		return nil
	}
	return err
}

// CloseWrite ends the sending direction.
func (c *peekConn) CloseWrite() error { return closeWrite(c.Conn) }
