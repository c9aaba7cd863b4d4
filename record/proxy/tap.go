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
	held   []byte     // a head that is not complete
	body   int64      // bytes of body to come
	chunks http1.Chunks
}

// head reads bytes of a head and returns those after it. whole says that the head is
// complete. A head that net/http may read differently turns the framer off.
func (f *framer) head(p []byte, request bool) (h wireHead, rest []byte, whole bool) {
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
		n, err = f.parsed.ParseResponse(b, had, headRules())
	}
	switch {
	case err == http1.ErrMore:
		if had == 0 {
			f.held = append(f.held, p...)
		}
		return h, nil, false
	case err != nil:
		f.off()
		return h, nil, false
	}
	f.held = f.held[:0]
	return newWireHead(&f.parsed, b[:n]), p[n-had:], true
}

// off stops following, for the rest of the connection.
func (f *framer) off() { *f = framer{state: tapOff} }

// expect prepares for what follows the parsed head. A body that net/http may read
// differently turns the framer off: codings beside chunked, chunks in HTTP/1.0.
func (f *framer) expect(body http1.Framing) {
	switch {
	case body.Coded, body.Body == http1.Chunked && f.parsed.Minor == 0:
		f.off()
	case body.Body == http1.NoBody:
		f.state = tapHead
	case body.Body == http1.Sized:
		f.state, f.body = tapBody, body.Length
	case body.Body == http1.Chunked:
		f.state, f.chunks = tapChunks, http1.Chunks{}
	default: // to the end of the connection
		f.off()
	}
}

// follow reads bytes of a body and returns those that it has not read.
func (f *framer) follow(p []byte) []byte {
	if f.state == tapChunks {
		_, _, rest, err := f.chunks.Next(p)
		if err != nil {
			f.off()
		} else if f.chunks.Done() {
			f.state = tapHead
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
		h, rest, whole := t.head(p, true)
		p = rest
		switch {
		case !whole:
		case h.method == "CONNECT":
			t.queued, t.state = append(t.queued, h), tapOff
		default:
			t.queued = append(t.queued, h)
			t.expect(t.parsed.RequestBody())
		}
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
}

// arm prepares for the response to x. The connection has nothing in flight.
func (t *responseTap) arm(x *exchange) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.owner, t.headed, t.state, t.held = x, false, tapHead, t.held[:0]
}

// feed takes the next bytes from the target and returns how many of them belong to the
// answer. The others were not asked for.
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
		h, rest, whole := t.head(p, false)
		switch p = rest; {
		case !whole:
		case h.status < 200 && h.status != http.StatusSwitchingProtocols:
			t.owner.hint(h)
		default:
			t.headed = true
			t.owner.wire.Store(&h)
			t.expect(t.parsed.ResponseBody(t.owner.f.Request.Method))
		}
	}
	return all
}
