package correlate

import (
	"strings"

	"github.com/starling-load/starling/model/content/patch"
)

// shared keeps what was found in the bodies of answers, which several answers may have: long
// ones are in memory once, and so is what they hold.
type shared struct {
	found   map[withinBody][]string // in long documents of JSON, by selector
	scalars map[withinBody]patch.Scalars
}

func newShared() *shared {
	return &shared{map[withinBody][]string{}, map[withinBody]patch.Scalars{}}
}

// forget forgets all bodies.
func (s *shared) forget() {
	clear(s.found)
	clear(s.scalars)
}

// A withinBody is a selector in a body as an answer shows it.
type withinBody struct {
	data                    *byte
	size                    int
	media, coding, selector string
}

// longBody is from how many bytes on the values of a body are kept for all answers that have
// it.
const longBody = 64 << 10

// of returns the key of a selector in the answer of e, which has a body.
func of(e *parsed, selector string) withinBody {
	b, h := e.Flow.Response.Body.Data, e.Flow.Response.Headers
	return withinBody{&b[0], len(b), e.doc.Media(), strings.Join(h.Values("Content-Encoding"), ","), selector}
}

// keeps reports whether what a selector finds in the answer of e is kept: not in a short body,
// and not where more than the body may decide it.
func keeps(e *parsed, selector string) bool {
	return len(e.Flow.Response.Body.Data) >= longBody && strings.HasPrefix(selector, "json:")
}

// values returns what was found before.
func (s *shared) values(e *parsed, selector string) (values []string, ok bool) {
	if keeps(e, selector) {
		values, ok = s.found[of(e, selector)]
	}
	return values, ok
}

// add keeps what was found.
func (s *shared) add(e *parsed, selector string, values []string) {
	if keeps(e, selector) {
		s.found[of(e, selector)] = values
	}
}

// scalarsOf returns the scalars of the document that the answer of e is, none if it is no
// document, and the document if it had to be read for them.
func (s *shared) scalarsOf(e *parsed) (patch.Scalars, *patch.Document) {
	key := of(e, "")
	if scalars, ok := s.scalars[key]; ok {
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
