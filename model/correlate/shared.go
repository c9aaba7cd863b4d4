package correlate

import (
	"hash/maphash"
	"slices"
	"strings"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/content/patch"
)

// shared keeps what was found in the bodies of answers, which several answers may have: it is
// looked for once, and in memory once.
type shared struct {
	seed    maphash.Seed
	values  map[withinBody][]string    // of long bodies, by selector
	indices map[*string]map[string]int // of long lists of values, by the first
	scalars map[withinBody]patch.Scalars
	answers map[withinBody]*answer // see parsed.answer
	leaves  int                    // of these
}

func newShared() *shared {
	return &shared{seed: maphash.MakeSeed(), values: map[withinBody][]string{}, indices: map[*string]map[string]int{}, scalars: map[withinBody]patch.Scalars{}, answers: map[withinBody]*answer{}}
}

// forget forgets all bodies.
func (s *shared) forget() {
	clear(s.values)
	clear(s.indices)
	clear(s.scalars)
	clear(s.answers)
	s.leaves = 0
}

// A withinBody is a selector in a body as an answer shows it.
type withinBody struct {
	hash                           uint64
	size                           int
	media, coding, links, selector string
}

// of returns the key of a selector in the answer of e.
func (s *shared) of(e *parsed, selector string) withinBody {
	b, h := e.Flow.Response.Body.Data, e.Flow.Response.Headers
	if e.hash == 0 {
		e.hash = maphash.Bytes(s.seed, b)
	}
	return withinBody{e.hash, len(b), e.doc.Media(), strings.Join(h.Values("Content-Encoding"), ","), strings.Join(h.Values("Link"), ","), selector}
}

// longBody is from how many bytes on the values of a body are kept for all answers that have
// it.
const longBody = 64 << 10

// ofBody reports whether the body alone decides what a selector finds.
func ofBody(selector string) bool {
	kind, _, _ := strings.Cut(selector, ":")
	return kind != "header" && kind != "cookie" && kind != "redirect"
}

// valuesOf returns what a selector finds in the answer of e.
func (s *shared) valuesOf(e *parsed, selector string) []string {
	parsed := e.session.selectors.parse(selector)
	if parsed == nil {
		return nil
	}
	long := len(e.Flow.Response.Body.Data) >= longBody && ofBody(selector)
	var key withinBody
	if long {
		key = s.of(e, selector)
		if values, had := s.values[key]; had {
			return values
		}
	}
	values := parsed.Values(e.doc)
	if _, _, cell := content.OfCell(selector); cell {
		e.doc.Forget()
	}
	if long {
		s.values[key] = values
	}
	return values
}

// longValues is from how many values on a list has an index.
const longValues = 256

// indexOf returns the index of each of some values, the first.
func (s *shared) indexOf(values []string) map[string]int {
	at, had := s.indices[&values[0]]
	if !had {
		at = make(map[string]int, len(values))
		for i, v := range slices.Backward(values) {
			at[v] = i
		}
		s.indices[&values[0]] = at
	}
	return at
}

// scalarsOf returns the scalars of the document that the answer of e is, none if it is no
// document, and the document if it had to be read for them.
func (s *shared) scalarsOf(e *parsed) (patch.Scalars, *patch.Document) {
	key := s.of(e, "")
	if scalars, had := s.scalars[key]; had {
		return scalars, nil
	}
	d, err := patch.Parse(e.doc.Body())
	if err != nil {
		s.scalars[key] = nil
		return nil, nil
	}
	s.scalars[key] = d.Scalars()
	return s.scalars[key], d
}

// An answer is what the body of an answer holds.
type answer struct {
	leaves []content.Leaf
	at     map[string][]int // by value
}

// mostLeaves bounds the leaves of answers that are kept.
const mostLeaves = 500_000

// answer returns what the body of the answer to e holds.
func (e *parsed) answer() *answer {
	s := e.session.shared
	key := s.of(e, "")
	if a := s.answers[key]; a != nil {
		return a
	}
	a := &answer{at: map[string][]int{}}
	for _, leaf := range e.doc.Leaves() {
		if ofBody(leaf.Selector) {
			a.at[leaf.Value] = append(a.at[leaf.Value], len(a.leaves))
			a.leaves = append(a.leaves, leaf)
		}
	}
	if s.leaves += len(a.leaves); s.leaves > mostLeaves {
		clear(s.answers)
		s.leaves = len(a.leaves)
	}
	s.answers[key] = a
	return a
}
