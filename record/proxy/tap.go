package proxy

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

type tapState uint8

const (
	tapHead      tapState = iota // a head, or nothing, to come
	tapBody                      // body bytes to come
	tapChunkSize                 // a chunk-size line
	tapChunk                     // chunk bytes and their line end to come
	tapTrailer                   // trailer lines
	tapOff                       // not followed any more
)

// maxChunkLine is the longest chunk-size line that is followed, in bytes.
const maxChunkLine = 4 << 10

// A framer follows the messages of one direction of an HTTP/1 connection.
type framer struct {
	state tapState
	line  []byte // head, chunk-size or trailer line so far
	body  int64  // bytes of body or chunk to come
}

// head takes bytes of a head and returns those behind it. It reports true when
// the head is complete; a doubt turns the framer off.
func (f *framer) head(p []byte) (h wireHead, rest []byte, whole bool) {
	had := len(f.line)
	f.line = append(f.line, p[:min(len(p), maxHead+4-had)]...)
	end := headEnd(f.line, had)
	if end == 0 {
		if len(f.line) > maxHead {
			f.state, f.line = tapOff, nil
		}
		return h, nil, false
	}
	h, ok := parseHead(f.line[:end])
	f.line = f.line[:0]
	if !ok {
		f.state, f.line = tapOff, nil
	}
	return h, p[end-had:], ok
}

// expect sets the framing of the body behind a head.
func (f *framer) expect(h wireHead) {
	length, chunked, ok := h.framing()
	switch {
	case !ok:
		f.state = tapOff
	case chunked:
		f.state = tapChunkSize
	case length > 0:
		f.state, f.body = tapBody, length
	default:
		f.state = tapHead
	}
}

// follow takes bytes of a body and returns those behind what it has understood.
func (f *framer) follow(p []byte) []byte {
	if f.state == tapChunkSize || f.state == tapTrailer {
		return f.chunkLine(p)
	}
	n := min(int64(len(p)), f.body)
	f.body -= n
	if f.body == 0 && f.state == tapBody {
		f.state = tapHead
	} else if f.body == 0 {
		f.state = tapChunkSize
	}
	return p[n:]
}

// chunkLine takes bytes of a chunk-size or trailer line and returns those behind it.
func (f *framer) chunkLine(p []byte) []byte {
	n := bytes.IndexByte(p, '\n')
	if n < 0 {
		if f.line = append(f.line, p...); len(f.line) > maxChunkLine {
			f.state, f.line = tapOff, nil
		}
		return nil
	}
	line := bytes.TrimRight(append(f.line, p[:n]...), "\r")
	f.line = f.line[:0]
	switch {
	case f.state == tapTrailer && len(line) == 0:
		f.state = tapHead
	case f.state == tapTrailer:
	default:
		digits, _, _ := bytes.Cut(line, []byte(";"))
		size, err := strconv.ParseInt(string(bytes.TrimSpace(digits)), 16, 62)
		switch {
		case err != nil || size < 0:
			f.state, f.line = tapOff, nil
		case size == 0:
			f.state = tapTrailer
		default:
			f.state, f.body = tapChunk, size+2 // CR LF
		}
	}
	return p[n+1:]
}

// A requestTap reads along with what a client sends over HTTP/1 and keeps the
// request heads. It follows the framing of bodies, so that pipelined requests
// and bodies that look like heads do not mislead it. When something is in doubt
// it stops for the rest of the connection, and net/http's view is recorded.
type requestTap struct {
	mu sync.Mutex
	framer
	queued []wireHead
}

// feed takes the next bytes from the client.
func (t *requestTap) feed(p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(p) > 0 && t.state != tapOff {
		if t.state != tapHead {
			p = t.follow(p)
			continue
		}
		h, rest, whole := t.head(p)
		p = rest
		switch method := h.method(); {
		case !whole:
		case method == "PRI" || method == "":
			t.stop()
		case method == "CONNECT":
			t.queued, t.state = append(t.queued, h), tapOff
		default:
			t.queued = append(t.queued, h)
			t.expect(h)
		}
	}
	if t.state == tapOff && !t.tunnelled() {
		t.queued = nil
	}
}

// tunnelled reports whether the last head opens a tunnel, behind which nothing
// is to be followed.
func (t *requestTap) tunnelled() bool {
	n := len(t.queued)
	return n > 0 && t.queued[n-1].method() == "CONNECT"
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
	mu sync.Mutex
	framer
	owner  *exchange // whose answer is awaited or was the last
	headed bool      // the final head of the answer was seen
}

// arm prepares for the response to x. The connection has nothing in flight.
func (t *responseTap) arm(x *exchange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.owner, t.headed, t.framer = x, false, framer{line: t.line[:0]}
}

// feed takes the next bytes from the target and returns how many of them belong
// to the answer; the others nobody has asked for.
func (t *responseTap) feed(p []byte) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := len(p)
	for len(p) > 0 && t.state != tapOff {
		if t.state != tapHead {
			p = t.follow(p)
			continue
		}
		if t.owner == nil || t.headed {
			return all - len(p)
		}
		h, rest, whole := t.head(p)
		switch p = rest; {
		case !whole:
		case h.status()/100 == 1 && h.status() != http.StatusSwitchingProtocols:
			t.owner.hint(h)
		default:
			t.headed = true
			t.owner.wire.Store(&h)
			t.expectAnswer(h)
		}
	}
	return all
}

// expectAnswer sets the framing of the body of a response.
func (t *responseTap) expectAnswer(h wireHead) {
	status := h.status()
	switch {
	case t.owner.f.Request.Method == "HEAD" || status == 204 || status == 304:
	case status == 101, !strings.HasPrefix(h.first, "HTTP/1.1"),
		!h.headers.Has("Content-Length") && !h.headers.Has("Transfer-Encoding"):
		t.state = tapOff // to the end of the connection
	default:
		t.expect(h)
	}
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

func (c *clientConn) Write(p []byte) (int, error) { return c.s.heads.write(c.Conn, p) }

// CloseWrite ends the sending direction; net/http does so after an early answer.
func (c *clientConn) CloseWrite() error { return closeWrite(c.Conn) }

// A targetConn is an HTTP/1 connection to a target.
type targetConn struct {
	net.Conn
	tap   responseTap
	heads headWriter
	over  bool // what comes is not for anybody
}

func (c *targetConn) Write(p []byte) (int, error) { return c.heads.write(c.Conn, p) }

// Read ends the connection where a target sends what was not asked for: the
// transport would close it as well, but print the bytes.
func (c *targetConn) Read(p []byte) (int, error) {
	if c.over {
		return 0, io.EOF
	}
	n, err := c.Conn.Read(p)
	if asked := c.tap.feed(p[:n]); asked < n {
		n, c.over = asked, true
		if n == 0 {
			return 0, io.EOF
		}
		return n, nil
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
