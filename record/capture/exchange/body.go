package exchange

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/starling-load/starling/record/capture/tcp"
	"github.com/starling-load/starling/record/flow"
)

// maxChunkLine is the longest chunk-size line, in bytes.
const maxChunkLine = 4 << 10

// expect prepares for a body.
func (h *h1) expect(d tcp.Dir, k kind, length int64) {
	s := &h.side[d]
	hint := int64(-1)
	switch k {
	case bodySized:
		s.state, s.left, hint = inBody, length, length
	case bodyChunked:
		s.state = atChunk
	default:
		s.state = toEnd
	}
	if s.x != nil {
		s.body.start(h.p, hint)
	}
}

// content takes bytes of a body and returns those behind it.
func (h *h1) content(d tcp.Dir, p []byte, at int64) []byte {
	s := &h.side[d]
	n := int64(len(p))
	if s.state != toEnd {
		n = min(n, s.left)
		s.left -= n
	}
	if x := s.x; x != nil {
		if !x.shed {
			s.body.add(p[:n])
		}
		if d == tcp.FromServer {
			x.f.Done = x.since(at)
			if h.events != nil && !x.shed {
				h.events.Feed(p[:n], x.since(at))
			}
		}
	}
	h.advance(d, at)
	return p[n:]
}

// advance goes on where a body or chunk is at its end.
func (h *h1) advance(d tcp.Dir, at int64) {
	s := &h.side[d]
	switch {
	case s.state == inChunk && s.left == 0:
		s.state = afterChunk
	case s.state == inBody && s.left == 0:
		h.ended(d, at)
	}
}

// ended ends the message under way.
func (h *h1) ended(d tcp.Dir, at int64) {
	if d == tcp.FromClient {
		h.endRequest(at)
	} else {
		h.endAnswer(at)
	}
}

// line takes bytes of a line of the chunked coding and returns those behind it.
func (h *h1) line(d tcp.Dir, p []byte, at int64) []byte {
	s := &h.side[d]
	limit := maxChunkLine
	if s.state == inTrailer {
		limit = maxLine
	}
	n := bytes.IndexByte(p, '\n')
	if n < 0 || len(s.buf)+n > limit {
		if n < 0 {
			n = len(p) - 1
		}
		if len(s.buf)+n+1 > limit || !h.keep(s, p[:n+1]) {
			return h.broken(d, len(s.buf), p, at)
		}
		return p[n+1:]
	}
	line, had := p[:n], len(s.buf)
	if had > 0 {
		line = append(s.buf, line...)
		h.drain(s)
	}
	line = bytes.TrimSuffix(line, []byte("\r"))
	if !h.chunkLine(d, line, at) {
		return h.broken(d, had, p, at)
	}
	return p[n+1:]
}

// chunkLine takes a whole line. It reports false when that is none of the coding.
func (h *h1) chunkLine(d tcp.Dir, line []byte, at int64) bool {
	s := &h.side[d]
	switch s.state {
	case afterChunk:
		s.state = atChunk
		return len(line) == 0
	case inTrailer:
		if len(line) == 0 {
			h.ended(d, at)
			return true
		}
		return h.trailer(d, string(line))
	}
	digits, _, _ := bytes.Cut(line, []byte(";"))
	digits = bytes.Trim(digits, " \t")
	if len(digits) == 0 || digits[0] == '+' || digits[0] == '-' {
		return false
	}
	size, err := strconv.ParseInt(string(digits), 16, 63)
	if err != nil {
		return false
	}
	if s.left, s.state = size, inChunk; size == 0 {
		s.state = inTrailer
	}
	return true
}

// maxTrailers is how many trailer fields of a message are taken.
const maxTrailers = 1000

// trailer keeps a field behind the last chunk.
func (h *h1) trailer(d tcp.Dir, line string) bool {
	x := h.side[d].x
	if x == nil || x.shed {
		return true
	}
	list := &x.f.Request.Trailers
	if d == tcp.FromServer {
		list = &x.response.Trailers
	}
	name, value, ok := strings.Cut(line, ":")
	if name = trim(name); !ok || name == "" || len(*list) >= maxTrailers {
		return false
	}
	cost := int64(len(line)) + fieldCost
	if !h.p.o.Budget.take(cost) {
		return false
	}
	x.taken += cost
	*list = append(*list, flow.Header{Name: name, Value: trim(value)})
	return true
}

// broken gives up a message in the middle of which there is something else: p, and had
// bytes before it.
func (h *h1) broken(d tcp.Dir, had int, p []byte, at int64) []byte {
	s := &h.side[d]
	h.drain(s)
	if s.x != nil {
		name := failBadRequest
		if d == tcp.FromServer {
			name = failInvalid
		}
		s.x.fail(name)
		s.body.skip(-1)
	}
	h.stray(d)
	h.drop(d, had+len(p), at)
	return nil
}
