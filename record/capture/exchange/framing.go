package exchange

import (
	"strings"

	"github.com/starling-load/starling/record/flow"
)

// A framing is what the fields of a head say about what follows it.
type framing struct {
	length  int64 // Content-Length; -1: none
	invalid bool  // Content-Length is no number, or two of them
	coded   bool  // Transfer-Encoding is there, other than identity
	chunked bool  // and ends with chunked
	expects bool  // Expect: 100-continue
	token   bool  // Connection names upgrade
	upgrade string
	host    string
	hosted  bool
	events  bool // maybe server-sent events: there is a Content-Type that begins so
}

// note takes the next field.
func (g *framing) note(h flow.Header) {
	switch len(h.Name) {
	case len("Host"):
		if !g.hosted && strings.EqualFold(h.Name, "Host") {
			g.host, g.hosted = h.Value, true
		}
	case len("Expect"):
		if strings.EqualFold(h.Name, "Expect") {
			g.expects = strings.EqualFold(h.Value, "100-continue")
		}
	case len("Upgrade"):
		if g.upgrade == "" && strings.EqualFold(h.Name, "Upgrade") {
			g.upgrade = h.Value
		}
	case len("Connection"):
		if strings.EqualFold(h.Name, "Connection") {
			g.token = g.token || hasToken(h.Value, "upgrade")
		}
	case len("Content-Type"):
		if strings.EqualFold(h.Name, "Content-Type") && len(h.Value) > 4 {
			g.events = strings.EqualFold(h.Value[:5], "text/")
		}
	case len("Content-Length"):
		if strings.EqualFold(h.Name, "Content-Length") {
			g.noteLength(h.Value)
		}
	case len("Transfer-Encoding"):
		if strings.EqualFold(h.Name, "Transfer-Encoding") {
			g.noteCoding(h.Value)
		}
	}
}

// noteLength takes a Content-Length. The same number may be repeated, in one field or
// in several (RFC 9112, section 6.3).
func (g *framing) noteLength(v string) {
	for part := range strings.SplitSeq(v, ",") {
		n, ok := decimal(trim(part))
		if !ok || g.length >= 0 && g.length != n {
			g.invalid = true
			return
		}
		g.length = n
	}
}

// decimal reads a number of at most 18 digits.
func decimal(s string) (n int64, ok bool) {
	if s == "" || len(s) > 18 {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = 10*n + int64(s[i]-'0')
	}
	return n, true
}

func (g *framing) noteCoding(v string) {
	for part := range strings.SplitSeq(v, ",") {
		part, _, _ = strings.Cut(part, ";")
		switch part = trim(part); {
		case part == "", strings.EqualFold(part, "identity"):
		default:
			g.coded = true
			g.chunked = strings.EqualFold(part, "chunked")
		}
	}
}

// hasToken reports whether one of the comma-separated values is token.
func hasToken(values, token string) bool {
	for v := range strings.SplitSeq(values, ",") {
		if strings.EqualFold(trim(v), token) {
			return true
		}
	}
	return false
}

// A kind says how the end of a body is found.
type kind uint8

const (
	bodyNone kind = iota
	bodySized
	bodyChunked
	bodyToEnd  // of the connection
	bodyBroken // cannot be known
)

// ofRequest says how the body of a request ends (RFC 9112, section 6.3).
func (g *framing) ofRequest() kind {
	switch {
	case g.coded && g.chunked:
		return bodyChunked
	case g.coded, g.invalid:
		return bodyBroken
	case g.length > 0:
		return bodySized
	}
	return bodyNone
}

// ofResponse says how the body of a final response ends.
func (g *framing) ofResponse(method string, status int) kind {
	switch {
	case method == "HEAD", status == 204, status == 304, status < 200:
		return bodyNone
	case g.coded && g.chunked:
		return bodyChunked
	case g.coded:
		return bodyToEnd
	case g.invalid:
		return bodyBroken
	case g.length == 0:
		return bodyNone
	case g.length > 0:
		return bodySized
	}
	return bodyToEnd
}

// target splits the target of a request into its origin form and the authority and
// scheme of an absolute form, which are empty otherwise (RFC 9112, section 3.2).
func target(s string) (origin, authority, scheme string) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || strings.HasPrefix(s, "/") || !isScheme(scheme) {
		return s, "", ""
	}
	authority, origin = rest, "/"
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		authority, origin = rest[:i], rest[i:]
		if origin[0] == '?' {
			origin = "/" + origin
		}
	}
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority = authority[i+1:]
	}
	return origin, authority, scheme
}

func isScheme(s string) bool {
	return strings.EqualFold(s, "http") || strings.EqualFold(s, "https")
}
