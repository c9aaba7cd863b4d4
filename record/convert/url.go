package convert

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/starling-load/starling/record/flow"
)

// errNoURL says that what should be a URL of HTTP is none.
var errNoURL = errors.New("the URL has no scheme and host")

// A location is a URL as a flow keeps it.
type location struct {
	scheme    string // http or https
	user      string // user:password as written, "" without
	authority string
	target    string
	socket    bool // the scheme was ws or wss
}

// splitURL takes a URL apart without changing what would go over the wire. The
// fragment is dropped; what a request line cannot hold is percent-encoded.
func splitURL(text string) (location, error) {
	scheme, rest, ok := strings.Cut(strings.TrimSpace(text), "://")
	if !ok {
		if name, _, colon := strings.Cut(text, ":"); colon && (name == "data" || name == "blob" || name == "about") {
			return location{}, fmt.Errorf("%w: a %s URL is not fetched over HTTP", ErrOther, name)
		}
		return location{}, errNoURL
	}
	var l location
	switch l.scheme = strings.ToLower(scheme); l.scheme {
	case "http", "https":
	case "ws", "wss":
		l.socket = true
		l.scheme = map[string]string{"ws": "http", "wss": "https"}[l.scheme]
	default:
		if len(scheme) > 20 {
			return location{}, errNoURL
		}
		return location{}, fmt.Errorf("%w: %q is not a scheme of HTTP", ErrOther, scheme)
	}
	rest, _, _ = strings.Cut(rest, "#")
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	l.authority, l.target = rest[:end], wireTarget(rest[end:])
	if at := strings.LastIndexByte(l.authority, '@'); at >= 0 {
		l.user, l.authority = l.authority[:at], l.authority[at+1:]
	}
	if l.authority == "" || strings.ContainsAny(l.authority, " \t\r\n\x00") {
		return location{}, errNoURL
	}
	return l, nil
}

// wireTarget returns the origin form: with a path, and without bytes that a
// request line cannot hold.
func wireTarget(target string) string {
	if !strings.HasPrefix(target, "/") {
		target = "/" + target
	}
	clean := true
	for i := 0; i < len(target); i++ {
		clean = clean && target[i] > ' ' && target[i] < 0x7f
	}
	if clean {
		return target
	}
	var b strings.Builder
	for i := 0; i < len(target); i++ {
		if c := target[i]; c > ' ' && c < 0x7f {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// A pair is a name with its value in a query or a form.
type pair struct{ name, value string }

// encodePairs writes pairs as application/x-www-form-urlencoded.
func encodePairs(pairs []pair) string {
	var b strings.Builder
	for i, p := range pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(p.name))
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(p.value))
	}
	return b.String()
}

// addQuery appends a query to a target.
func addQuery(target, query string) string {
	switch {
	case query == "":
		return target
	case strings.HasSuffix(target, "?") || strings.HasSuffix(target, "&"):
		return target + query
	case strings.Contains(target, "?"):
		return target + "&" + query
	}
	return target + "?" + query
}

// setHeader replaces the first line of that name, whose case it keeps, removes
// the others, and appends one where there is none.
func setHeader(h flow.Headers, name, value string) flow.Headers {
	out := make(flow.Headers, 0, len(h)+1)
	found := false
	for _, line := range h {
		switch {
		case !strings.EqualFold(line.Name, name):
			out = append(out, line)
		case !found:
			found = true
			out = append(out, flow.Header{Name: line.Name, Value: value})
		}
	}
	if !found {
		out = append(out, flow.Header{Name: name, Value: value})
	}
	return out
}

// dropHeader removes every line of that name.
func dropHeader(h flow.Headers, name string) flow.Headers {
	var out flow.Headers
	for _, line := range h {
		if !strings.EqualFold(line.Name, name) {
			out = append(out, line)
		}
	}
	return out
}
