package correlate

import "strings"

// shared keeps what selectors find in long documents of JSON that several answers have: the
// documents are in memory once, and so are the values.
type shared map[withinBody][]string

// A withinBody is a selector in a body as an answer shows it.
type withinBody struct {
	data                    *byte
	size                    int
	media, coding, selector string
}

// longBody is from how many bytes on the values of a body are kept for all answers that have
// it.
const longBody = 64 << 10

// of returns the key of a selector in the answer of e. ok is false for a short body,
// and where more than the body may decide what it finds.
func (s shared) of(e *parsed, selector string) (key withinBody, ok bool) {
	b := e.Flow.Response.Body.Data
	if s == nil || len(b) < longBody || !strings.HasPrefix(selector, "json:") {
		return withinBody{}, false
	}
	h := e.Flow.Response.Headers
	return withinBody{&b[0], len(b), e.doc.Media(), strings.Join(h.Values("Content-Encoding"), ","), selector}, true
}

// values returns what was found before.
func (s shared) values(e *parsed, selector string) (values []string, ok bool) {
	key, ok := s.of(e, selector)
	if ok {
		values, ok = s[key]
	}
	return values, ok
}

// add keeps what was found.
func (s shared) add(e *parsed, selector string, values []string) {
	if key, ok := s.of(e, selector); ok {
		s[key] = values
	}
}
