package exchange

import (
	"github.com/starling-load/starling/record/capture/tcp"
	"github.com/starling-load/starling/record/http1"
)

// expect prepares for a body.
func (h *h1) expect(d tcp.Dir, f http1.Framing) {
	s := &h.side[d]
	hint := int64(-1)
	switch f.Body {
	case http1.Sized:
		s.state, s.left, hint = inBody, f.Length, f.Length
	case http1.Chunked:
		s.state = inChunks
		if s.chunks == nil {
			s.chunks = new(http1.Chunks)
		}
		*s.chunks = http1.Chunks{}
	default:
		s.state = toEnd
	}
	if s.feed = nil; s.x != nil && d == tcp.FromClient && !s.x.shed {
		s.feed = h.p.web(s.x, d, s.x.f.Request.Headers)
	}
	if s.x != nil {
		s.body.Start(&h.p.o.Budget.Budget, h.p.o.MaxBody, hint)
	}
}

// content reads bytes of a body. It returns the bytes behind the body.
func (h *h1) content(d tcp.Dir, p []byte, at int64) []byte {
	s := &h.side[d]
	n := int64(len(p))
	if s.state == inBody {
		n = min(n, s.left)
		s.left -= n
	}
	h.add(d, p[:n], at)
	if s.state == inBody && s.left == 0 {
		h.ended(d, at)
	}
	return p[n:]
}

// add adds bytes to the body of a message.
func (h *h1) add(d tcp.Dir, p []byte, at int64) {
	s := &h.side[d]
	x := s.x
	if x == nil {
		return
	}
	if !x.shed {
		s.body.Add(p)
	}
	if d == tcp.FromServer {
		x.f.Done = x.since(at)
	}
	if s.feed != nil && !x.shed {
		s.feed.Feed(p, x.since(at))
	}
}

// ended ends the current message.
func (h *h1) ended(d tcp.Dir, at int64) {
	if d == tcp.FromClient {
		h.endRequest(at)
	} else {
		h.endAnswer(at)
	}
}

// chunked reads bytes of a chunked body. It returns the bytes that it has not read.
func (h *h1) chunked(d tcp.Dir, p []byte, at int64) []byte {
	s := &h.side[d]
	data, trailer, rest, err := s.chunks.Next(p)
	if len(data) > 0 {
		h.add(d, data, at)
	}
	if x := s.x; len(trailer) > 0 && x != nil && !x.shed && !h.keep(s, trailer) {
		h.drain(s)
		x.shed = true
	}
	switch {
	case err != nil:
		h.broken(d, rest, at)
		return nil
	case s.chunks.Done():
		h.trailers(d, at)
		h.ended(d, at)
	}
	return rest
}

// trailers takes those trailer fields of a message that have arrived whole.
func (h *h1) trailers(d tcp.Dir, at int64) {
	s := &h.side[d]
	b, x := s.buf, s.x
	h.drain(s)
	if len(b) == 0 || x == nil || x.shed {
		return
	}
	head := h.p.o.Budget.head()
	defer h.p.o.Budget.giveHead(head)
	if _, err := head.ParseTrailer(b, http1.Rules{Cut: true}); err != nil {
		h.p.unparsed(int64(len(b)), at)
		return
	}
	h.p.unparsed(int64(head.Skipped), at)
	if len(head.Fields) == 0 {
		return
	}
	cost := int64(len(b)) + fieldCost*int64(len(head.Fields))
	if !h.p.o.Budget.Take(cost) {
		x.shed = true
		return
	}
	x.taken += cost
	list := &x.f.Request.Trailers
	if d == tcp.FromServer {
		list = &x.response.Trailers
	}
	*list = append(*list, fieldsOf(head, string(b))...)
}

// broken gives up a chunked message, because rest comes next and is not chunked coding.
func (h *h1) broken(d tcp.Dir, rest []byte, at int64) {
	s := &h.side[d]
	line := s.chunks.Pending()
	h.trailers(d, at)
	if s.x != nil {
		name := failBadRequest
		if d == tcp.FromServer {
			name = failInvalid
		}
		s.x.fail(name)
		s.body.Miss(-1)
	}
	h.stray(d)
	h.drop(d, line+len(rest), at)
}
