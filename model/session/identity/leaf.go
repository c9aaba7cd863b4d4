package identity

import (
	"strings"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
)

// A reading remembers what large bodies hold, since recordings repeat them: the bundle
// that every client fetches is read once.
type reading struct {
	of map[body][]Mark
}

// A body is a content by its hash, and how it is read.
type body struct {
	sum     uint64
	media   Mark
	request bool
}

// Bounds of what is remembered.
const (
	largeBody   = 32 << 10 // bytes
	maxBodies   = 256
	maxFindings = 1024 // values of one body
)

// minRandom is the information, in bits, of a random value that no two answers give by
// chance.
const minRandom = 40

// marks returns the marks of a body that wanted yields. Only those of large bodies are
// remembered.
func (r *reading) marks(at body, b *flow.Body, wanted func(yield func(Mark) bool)) func(func(Mark) bool) {
	if len(b.Data) < largeBody {
		return wanted
	}
	kept := flow.NewBody(b.Data)
	at.sum = kept.Sum()
	known, ok := r.of[at]
	if !ok {
		for m := range wanted {
			if known = append(known, m); len(known) == maxFindings {
				break
			}
		}
		if r.of == nil || len(r.of) >= maxBodies {
			r.of = map[body][]Mark{}
		}
		r.of[at] = known
	}
	return func(yield func(Mark) bool) {
		for _, m := range known {
			if !yield(m) {
				return
			}
		}
	}
}

// media is a mark of the header fields that say how a body is read.
func (e *Evidence) media(h flow.Headers) Mark {
	return e.Of("media", h.Value("Content-Type"), h.Value("Content-Encoding"))
}

// bare yields the random values in path, query and body, where also records have their
// names.
func (e *Evidence) bare(r *flow.Request) func(func(Mark) bool) {
	r = withoutFields(r)
	random := func(r *flow.Request) func(func(Mark) bool) {
		return func(yield func(Mark) bool) {
			n := 0
			for _, l := range append(content.TargetLeaves(r), content.BodyLeaves(r)...) {
				if strings.HasPrefix(l.Selector, "header:") || !content.Opaque(l.Value) || content.Bits(l.Value) < minRandom {
					continue
				}
				if n++; n > maxAtoms || !yield(e.Of(bareMark, l.Value)) {
					return
				}
			}
		}
	}
	if len(r.Body.Data) < largeBody {
		return random(r)
	}
	head, rest := *r, flow.Request{Headers: r.Headers, Body: r.Body}
	head.Body = flow.Body{}
	inBody := e.read.marks(body{media: e.media(r.Headers), request: true}, &r.Body, random(&rest))
	return func(yield func(Mark) bool) {
		for m := range random(&head) {
			if !yield(m) {
				return
			}
		}
		inBody(yield)
	}
}

// withoutFields returns a request with those header fields alone that say how its body is
// read: what the others hold is found by itself.
func withoutFields(r *flow.Request) *flow.Request {
	out := *r
	out.Headers = fieldsOf(r.Headers)
	return &out
}

// fieldsOf returns the header fields that say how a body is read.
func fieldsOf(h flow.Headers) (out flow.Headers) {
	for _, name := range [...]string{"Content-Type", "Content-Encoding"} {
		for _, v := range h.Values(name) {
			out = append(out, flow.Header{Name: name, Value: v})
		}
	}
	return out
}

// received yields the values of an answer that any request carries, in the order of the
// answer. A value may come several times.
func (e *Evidence) received(r *flow.Response) func(func(Mark) bool) {
	carried := func(r *flow.Response) func(func(Mark) bool) {
		return func(yield func(Mark) bool) {
			for _, l := range content.New(r).Leaves() {
				if strings.HasPrefix(l.Selector, "cookie:") {
					continue
				}
				m := e.Of(bareMark, l.Value)
				if _, held := e.held[m]; (held || e.bodies[m]) && !yield(m) {
					return
				}
			}
		}
	}
	if len(r.Body.Data) < largeBody {
		return carried(r)
	}
	head, rest := *r, flow.Response{Status: r.Status, Headers: fieldsOf(r.Headers), Body: r.Body}
	head.Body = flow.Body{}
	inBody := e.read.marks(body{media: e.media(r.Headers)}, &r.Body, carried(&rest))
	return func(yield func(Mark) bool) {
		for m := range carried(&head) {
			if !yield(m) {
				return
			}
		}
		inBody(yield)
	}
}
