package content

import (
	"bytes"
	"net/textproto"
	"strings"

	"github.com/starling-load/starling/record/flow"
)

// formMedia is the media type of a form.
const formMedia = "application/x-www-form-urlencoded"

// A Place is the part of a request that holds a value. It decides how the value is
// encoded there.
type Place uint8

// The places of values in a request.
const (
	InPath      Place = iota + 1 // percent-encoded segment of Target
	InQuery                      // percent-encoded part of Target
	InHeader                     // as it is, in Headers[Header].Value
	InForm                       // percent-encoded part of Body.Data
	InMultipart                  // as it is, in Body.Data
	InString                     // JSON string without its quotes, in Body.Data
	InJSON                       // JSON number, true, false or null, in Body.Data
	InText                       // the whole of Body.Data
	InCookie                     // as it is, in Headers[Header].Value
)

// A Span is a leaf of a request and the bytes that hold it, still encoded:
// from Start to End in the part that Place names.
type Span struct {
	Leaf
	Place  Place
	Header int
	Start  int
	End    int
}

// RequestLeaves returns every value that r carries:
//
//	path:N                  the N-th segment from 0
//	query:KEY               KEY#1, KEY#2 for repetitions; {} see Selector
//	header:NAME             and header:NAME SCHEME for what follows "Bearer "
//	body:FIELD              of a form or multipart body, repetitions as above
//	body:$.items[0].id      of a JSON body
//	body:*                  any other body as a whole
//
// Cookies, hop-by-hop and proxy headers, Host and Content-Length are left out.
func RequestLeaves(r *flow.Request) []Leaf {
	spans := Spans(r)
	out := make([]Leaf, len(spans))
	for i := range spans {
		out[i] = spans[i].Leaf
	}
	return out
}

// Spans returns the leaves of r with their places, in the order target,
// headers, body. A leaf inside another (the token behind "Bearer ") follows it.
func Spans(r *flow.Request) []Span {
	s := &spanner{r: r, seen: map[string]int{}}
	s.target()
	for i, h := range r.Headers {
		s.header(i, textproto.CanonicalMIMEHeaderKey(h.Name), h.Value)
	}
	s.body()
	return s.out
}

// Cookies returns the cookies that r carries, as cookie:NAME, repetitions as above.
func Cookies(r *flow.Request) []Span {
	s := &spanner{r: r, seen: map[string]int{}}
	for i, h := range r.Headers {
		if !strings.EqualFold(h.Name, "Cookie") {
			continue
		}
		at := 0
		for pair := range strings.SplitSeq(h.Value, ";") {
			name, value, ok := strings.Cut(pair, "=")
			start := at + len(name) + 1 + len(value) - len(strings.TrimLeft(value, " "))
			value = strings.TrimSpace(value)
			if name = strings.TrimSpace(name); ok && name != "" && len(s.out) < maxLeaves {
				s.add(InCookie, i, "cookie:"+name, value, start, start+len(value))
			}
			at += len(pair) + 1
		}
	}
	return s.out
}

// A spanner collects the spans of one request.
type spanner struct {
	r    *flow.Request
	out  []Span
	seen map[string]int
}

// add appends a span, numbering repetitions of its selector.
func (s *spanner) add(place Place, header int, selector, value string, start, end int) {
	n := s.seen[selector]
	s.seen[selector] = n + 1
	if n > 0 {
		selector += "#" + string(appendInt(nil, n))
	}
	s.out = append(s.out, Span{Leaf{selector, value}, place, header, start, end})
}

// target adds path segments and query values.
func (s *spanner) target() {
	path, query, _ := strings.Cut(s.r.Target, "?")
	at, n := 0, 0
	for seg := range strings.SplitSeq(path, "/") {
		if seg != "" {
			s.add(InPath, 0, "path:"+string(appendInt(nil, n)), unescape(seg), at, at+len(seg))
			n++
		}
		at += len(seg) + 1
	}
	queryItems(query, func(k, v string, start int) {
		start += len(path) + 1
		s.add(InQuery, 0, "query:"+k, unquery(v), start, start+len(v))
	})
}

// Forwarded reports whether a header field belongs to the request itself and
// not to the connection, the proxy or the cookie jar.
func Forwarded(name string) bool {
	switch textproto.CanonicalMIMEHeaderKey(name) {
	case "Host", "Cookie", "Content-Length", "Connection", "Keep-Alive", "Proxy-Connection",
		"Proxy-Authorization", "Proxy-Authenticate", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
		"Expect", "Via", "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "":
		return false
	}
	return name[0] != ':'
}

// OfBrowser reports whether a header field describes the user's program and not the
// request: the agent, its languages, its client hints.
func OfBrowser(name string) bool {
	name = textproto.CanonicalMIMEHeaderKey(name)
	return name == "User-Agent" || name == "Accept-Language" || strings.HasPrefix(name, "Sec-Ch-")
}

// header adds a header value and the token in it.
func (s *spanner) header(i int, name, value string) {
	if !Forwarded(name) {
		return
	}
	s.add(InHeader, i, "header:"+name, value, 0, len(value))
	if scheme, token, ok := strings.Cut(value, " "); ok && strings.HasSuffix(name, "Authorization") && token != "" && !strings.Contains(token, " ") {
		s.add(InHeader, i, "header:"+name+" "+scheme, token, len(scheme)+1, len(value))
	}
	if b := boundary(value); name == "Content-Type" && b != "" {
		at := strings.Index(value, b)
		s.add(InHeader, i, "header:Content-Type boundary", b, at, at+len(b))
	}
}

// boundary returns the multipart boundary that a content type names.
func boundary(value string) string {
	media, rest, _ := strings.Cut(value, ";")
	if !strings.HasPrefix(strings.ToLower(strings.TrimSpace(media)), "multipart/") {
		return ""
	}
	for p := range strings.SplitSeq(rest, ";") {
		k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(k, "boundary") {
			return strings.Trim(v, `"`)
		}
	}
	return ""
}

// body adds the values of the body.
func (s *spanner) body() {
	b := s.r.Body.Data
	if len(b) == 0 {
		return
	}
	contentType := s.r.Headers.Value("Content-Type")
	media, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	media = strings.TrimSpace(media)
	coded := s.r.Headers.Has("Content-Encoding")
	switch {
	case coded:
		s.add(InText, 0, "body:*", string(b), 0, len(b))
	case media == "application/x-www-form-urlencoded":
		queryItems(string(b), func(k, v string, start int) {
			s.add(InForm, 0, "body:"+k, unquery(v), start, start+len(v))
		})
	case boundary(contentType) != "":
		s.multipart(b, "--"+boundary(contentType))
	case (media == "application/json" || strings.HasSuffix(media, "+json") || media == "") && validJSON(b):
		s.json(b)
	default:
		s.add(InText, 0, "body:*", string(b), 0, len(b))
	}
}

// json adds every scalar of a JSON body.
func (s *spanner) json(b []byte) {
	walkJSON(b, true, func(path []byte, start, end int) {
		if len(s.out) >= maxLeaves {
			return
		}
		switch b[start] {
		case '{', '[':
		case '"':
			s.add(InString, 0, "body:$"+string(path), text(b, start, end), start+1, end-1)
		default:
			s.add(InJSON, 0, "body:$"+string(path), text(b, start, end), start, end)
		}
	})
}

// multipart adds the content of every part and each boundary between them.
func (s *spanner) multipart(b []byte, mark string) {
	at := bytes.Index(b, []byte(mark))
	for at >= 0 && len(s.out) < maxLeaves {
		s.out = append(s.out, Span{Leaf{"header:Content-Type boundary", mark[2:]}, InMultipart, 0, at + 2, at + len(mark)})
		at += len(mark)
		next := bytes.Index(b[at:], []byte(mark))
		if next < 0 {
			return
		}
		part := b[at : at+next]
		head, content, ok := bytes.Cut(part, []byte("\r\n\r\n"))
		if name := partName(string(head)); ok && name != "" {
			start := at + len(head) + 4
			value := bytes.TrimSuffix(content, []byte("\r\n"))
			s.add(InMultipart, 0, "body:"+name, string(value), start, start+len(value))
		}
		at += next
	}
}

// partName returns the field name in the head of a part.
func partName(head string) string {
	for line := range strings.SplitSeq(head, "\r\n") {
		k, v, _ := strings.Cut(line, ":")
		if !strings.EqualFold(strings.TrimSpace(k), "Content-Disposition") {
			continue
		}
		for p := range strings.SplitSeq(v, ";") {
			if n, ok := strings.CutPrefix(strings.TrimSpace(p), "name="); ok {
				return strings.Trim(n, `"`)
			}
		}
	}
	return ""
}
