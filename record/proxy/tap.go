package proxy

import (
	"net/http"
	"sync"

	"github.com/starling-load/starling/record/http1"
)

type tapState uint8

const (
	tapHead   tapState = iota // a head, or nothing, to come
	tapBody                   // body bytes to come
	tapChunks                 // a chunked body to come, with its trailers
	tapOff                    // not followed any more
)

// A framer follows the messages of one direction of an HTTP/1 connection.
type framer struct {
	state  tapState
	parsed http1.Head // the last head, in the bytes that were parsed
	held   []byte     // a head or trailers that are not complete
	body   int64      // bytes of body to come
	chunks http1.Chunks
	piece  int   // bytes of data at the end of what was followed last
	tail   *tail // takes the trailers of the body; nil: the body is not in chunks
}

// head reads bytes of a head. It returns all bytes of the head, also those of earlier
// calls, and what follows them. No bytes: the head is not complete. A head that cannot
// be followed turns the framer off.
func (f *framer) head(p []byte, request bool) (head, rest []byte) {
	b, had := p, len(f.held)
	if had > 0 {
		f.held = append(f.held, p[:min(len(p), maxHead+1-had)]...)
		b = f.held
	}
	var n int
	var err error
	if request {
		n, err = f.parsed.ParseRequest(b, had, headRules())
	} else {
		n, err = f.parsed.ParseResponse(b, had, answerRules())
	}
	switch {
	case err == http1.ErrMore:
		if had == 0 {
			f.held = append(f.held, p...)
		}
		return nil, nil
	case err != nil:
		f.off()
		return b, p[len(b)-had:]
	}
	f.held = f.held[:0]
	return b[:n], p[n-had:]
}

// off stops following, for the rest of the connection.
func (f *framer) off() { *f = framer{state: tapOff} }

// expect prepares for what follows the parsed head. A body that net/http may read
// differently turns the framer off: codings beside chunked, chunks in HTTP/1.0.
func (f *framer) expect(body http1.Framing) {
	f.tail = nil
	switch {
	case body.Coded, body.Body == http1.Chunked && f.parsed.Minor == 0:
		f.off()
	case body.Body == http1.NoBody:
		f.state = tapHead
	case body.Body == http1.Sized:
		f.state, f.body = tapBody, body.Length
	case body.Body == http1.Chunked:
		f.state, f.chunks, f.tail = tapChunks, http1.Chunks{}, new(tail)
	default: // to the end of the connection
		f.off()
	}
}

// follow reads bytes of a body and returns those that it has not read.
func (f *framer) follow(p []byte) []byte {
	if f.state == tapChunks {
		data, trailer, rest, err := f.chunks.Next(p)
		f.piece = len(data)
		f.held = append(f.held, trailer...)
		if err != nil {
			f.off()
		} else if f.chunks.Done() {
			f.tail.take(f.held)
			f.state, f.held = tapHead, f.held[:0]
		}
		return rest
	}
	n := min(int64(len(p)), f.body)
	if f.body -= n; f.body == 0 {
		f.state = tapHead
	}
	return p[n:]
}

// A requestTap watches what a client sends over HTTP/1 and keeps the request heads. It
// follows the framing of bodies, so that pipelined requests and bodies that look like
// heads do not mislead it. When something is in doubt, it stops for the rest of the
// connection, and heads are recorded as net/http gives them.
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
		head, rest := t.head(p, true)
		if p = rest; t.state == tapOff || head == nil {
			continue
		}
		h := newWireHead(&t.parsed, head)
		if h.method == "CONNECT" {
			t.state = tapOff
		} else {
			t.expect(t.parsed.RequestBody())
			h.tail = t.tail
		}
		t.queued = append(t.queued, h)
	}
	if t.state == tapOff && !t.tunnelled() {
		t.queued = nil
	}
}

// tunnelled reports whether the last head opens a tunnel. Nothing behind it is
// followed.
func (t *requestTap) tunnelled() bool {
	n := len(t.queued)
	return n > 0 && t.queued[n-1].method == "CONNECT"
}

func (t *requestTap) stop() {
	t.off()
	t.queued = nil
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
	if h.method != method || h.target != target {
		t.stop()
		return wireHead{}, false
	}
	t.queued = append(t.queued[:0], t.queued[1:]...)
	return h, true
}

// A responseTap watches what a target sends over HTTP/1. After each arm it hands
// informational heads and the final head to the exchange.
type responseTap struct {
	mu sync.Mutex
	framer
	owner  *exchange // whose answer is awaited or was the last
	headed bool      // the final head of the answer was seen
	blank  int       // bytes of empty lines before it
	cr     bool      // the last byte of what is between chunks was a CR
	out    []byte    // what is given, where it is not what came
}

// arm prepares for the response to x. The connection has nothing in flight.
func (t *responseTap) arm(x *exchange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.owner, t.headed, t.blank, t.state, t.held = x, false, 0, tapHead, t.held[:0]
}

// feed takes the next bytes from the target and returns what the transport is to read
// of them: heads when they are complete, and in a form that it takes. over says that
// bytes came that nobody asked for. What is returned is valid until the next call.
func (t *responseTap) feed(p []byte) (give []byte, over bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	same, rest := true, p // same: what is given is what came
	t.out = t.out[:0]
	for len(rest) > 0 && t.state != tapOff && !over {
		came, given := rest, rest
		switch {
		case t.state == tapChunks:
			rest = t.follow(came)
			given = t.lines(came[:len(came)-len(rest)])
		case t.state != tapHead:
			rest = t.follow(came)
			given = came[:len(came)-len(rest)]
		case t.owner == nil || t.headed:
			given, over = nil, true
		case len(t.held) == 0 && isBlankLine(came[0], t.blank):
			t.blank++
			given, rest = nil, came[1:]
		default:
			given, rest = t.answer(came)
		}
		if same && !over && !samePlace(given, came) {
			t.out, same = append(t.out, p[:len(p)-len(came)]...), false
		}
		if !same {
			t.out = append(t.out, given...)
		}
	}
	switch {
	case same && over:
		return p[:len(p)-len(rest)], true
	case same:
		return p, false
	case !over:
		t.out = append(t.out, rest...)
	}
	return t.out, over
}

// maxBlank is how many bytes of empty lines before a head browsers pass over.
const maxBlank = 4

// isBlankLine reports whether c is one of a few bytes of empty lines before a head.
func isBlankLine(c byte, before int) bool { return (c == '\r' || c == '\n') && before < maxBlank }

// lines returns a piece of a chunked body in which the lines end in CR LF.
func (t *responseTap) lines(p []byte) []byte {
	between := p[:len(p)-t.piece]
	fixed := wholeLines(between, t.cr)
	t.cr = t.piece == 0 && (len(between) == 0 && t.cr || len(between) > 0 && between[len(between)-1] == '\r')
	if len(fixed) == len(between) {
		return p
	}
	return append(fixed, p[len(between):]...)
}

// wholeLines returns lines with a CR before each LF: b itself if there is. cr says that
// there is one before b.
func wholeLines(b []byte, cr bool) []byte {
	var out []byte
	from := 0
	for i, c := range b {
		if c == '\n' && !cr {
			out = append(append(out, b[from:i]...), '\r')
			from = i
		}
		cr = c == '\r'
	}
	if from == 0 && out == nil {
		return b
	}
	return append(out, b[from:]...)
}

// samePlace reports whether a is the beginning of b in memory.
func samePlace(a, b []byte) bool { return len(a) > 0 && len(b) > 0 && &a[0] == &b[0] }

// answer takes bytes of a head. It returns the head as the transport takes it, once it
// is complete, and what follows.
func (t *responseTap) answer(p []byte) (given, rest []byte) {
	head, rest := t.head(p, false)
	if t.state == tapOff || head == nil {
		return head, rest
	}
	h := newWireHead(&t.parsed, head)
	switch given = mended(&t.parsed, head, t.owner.f.Request.Method); {
	case h.status < 200 && h.status != http.StatusSwitchingProtocols:
		t.owner.hint(h)
	default:
		t.headed = true
		t.expect(t.parsed.ResponseBody(t.owner.f.Request.Method))
		h.tail = t.tail
		t.owner.wire.Store(&h)
	}
	return given, rest
}

// abandon returns the bytes of a head that will not be completed.
func (t *responseTap) abandon() (head []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state == tapHead {
		head = t.held
		t.off()
	}
	return head
}
