package compose

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/starling-load/starling/record/convert"
)

// errNoURL says that a text is not a URL of HTTP.
var errNoURL = errors.New("the URL has no scheme and host")

// A Location is a URL as a flow keeps it.
type Location struct {
	Scheme    string // http or https
	User      string // user:password as written, "" without
	Authority string
	Target    string
}

// SplitURL splits a URL into its parts and keeps what would go over the wire as
// written. It drops the fragment and percent-encodes characters that a request line
// cannot hold.
func SplitURL(text string) (Location, error) {
	scheme, rest, ok := strings.Cut(strings.TrimSpace(text), "://")
	if !ok {
		if name, _, colon := strings.Cut(text, ":"); colon && (name == "data" || name == "blob" || name == "about") {
			return Location{}, fmt.Errorf("%w: a %s URL is not fetched over HTTP", convert.ErrOther, name)
		}
		return Location{}, errNoURL
	}
	var l Location
	switch l.Scheme = strings.ToLower(scheme); l.Scheme {
	case "http", "https":
	case "ws", "wss":
		l.Scheme = map[string]string{"ws": "http", "wss": "https"}[l.Scheme]
	default:
		if len(scheme) > 20 {
			return Location{}, errNoURL
		}
		return Location{}, fmt.Errorf("%w: %q is not a scheme of HTTP", convert.ErrOther, scheme)
	}
	rest, _, _ = strings.Cut(rest, "#")
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	l.Authority, l.Target = rest[:end], Target(rest[end:])
	if at := strings.LastIndexByte(l.Authority, '@'); at >= 0 {
		l.User, l.Authority = l.Authority[:at], l.Authority[at+1:]
	}
	if l.Authority == "" || strings.ContainsAny(l.Authority, " \t\r\n\x00") {
		return Location{}, errNoURL
	}
	return l, nil
}

// Target returns the origin form: it has a path, and bytes that a request line cannot
// hold are percent-encoded.
func Target(target string) string {
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

// A Pair is a name with its value in a query or a form.
type Pair struct{ Name, Value string }

// EncodePairs writes pairs as application/x-www-form-urlencoded.
func EncodePairs(pairs []Pair) string {
	var b strings.Builder
	for i, p := range pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(p.Name))
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(p.Value))
	}
	return b.String()
}

// AddQuery appends a query to a target.
func AddQuery(target, query string) string {
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
