package content

import (
	"net/textproto"
	"strings"
)

// http adds what a request holds that is the text of a region, as in the parts of a batch: its
// address, the fields of its head that carry values, and its body. It reports whether the text
// is one.
func (s *spanner) http(in *region, selector string) bool {
	line, _, ok := strings.Cut(in.text, "\r\n")
	method, rest, _ := strings.Cut(line, " ")
	target, version, _ := strings.Cut(rest, " ")
	if !ok || !strings.HasPrefix(version, "HTTP/1.") || strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return false
	}
	at := len(method) + 1
	path, query, _ := strings.Cut(target, "?")
	s.path(in, selector+"|path:", path, at)
	s.query(in, selector+"|query:", query, at+len(path)+1)
	at = len(line) + 2
	for at < len(in.text) {
		field, _, _ := strings.Cut(in.text[at:], "\r\n")
		start := at
		if at += len(field) + 2; field == "" {
			break
		}
		name, value, _ := strings.Cut(field, ":")
		if name = textproto.CanonicalMIMEHeaderKey(name); opens(name) && Forwarded(name) {
			value = strings.TrimSpace(value)
			s.add(in, selector+"|header:"+name, start+len(field)-len(value), start+len(field))
		}
	}
	if at = min(at, len(in.text)); strings.TrimSpace(in.text[at:]) != "" {
		body := *in.from(at, len(in.text))
		body.depth++ // a request may hold another one
		s.open(&body, selector)
	}
	return true
}
