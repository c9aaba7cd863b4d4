package proxy

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/starling-load/starling/record/flow"
)

// maxHead is the longest message head whose lines are kept as they were, in
// bytes. Longer ones are recorded from net/http's canonical form.
const maxHead = 64 << 10

// A wireHead is the head of an HTTP/1 message as it was on the wire.
type wireHead struct {
	first   string // request or status line
	fields  string // the lines behind it
	headers flow.Headers
}

// parseHead reads a head up to, without, its empty line. It reports false for
// what net/http would take differently: folded lines, a missing colon.
func parseHead(b []byte) (wireHead, bool) {
	first, rest := cutLine(string(b))
	h := wireHead{first: first, fields: rest, headers: make(flow.Headers, 0, strings.Count(rest, "\n"))}
	for rest != "" {
		var line string
		if line, rest = cutLine(rest); line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || line[0] == ' ' || line[0] == '\t' {
			return wireHead{}, false
		}
		h.headers = append(h.headers, flow.Header{Name: name, Value: strings.Trim(value, " \t")})
	}
	return h, true
}

// cutLine returns the first line of s, without its end, and what follows.
func cutLine(s string) (line, rest string) {
	line, rest, _ = strings.Cut(s, "\n")
	return strings.TrimSuffix(line, "\r"), rest
}

// headEnd returns the length of the head at the start of b with its empty line,
// or 0 while it is not complete. from is how much of b was looked at before.
func headEnd(b []byte, from int) int {
	for i := max(from-2, 0); ; {
		n := bytes.IndexByte(b[i:], '\n')
		if n < 0 {
			return 0
		}
		i += n + 1
		rest := b[i:]
		if len(rest) > 0 && rest[0] == '\n' {
			return i + 1
		}
		if len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n' {
			return i + 2
		}
	}
}

// method returns the first word of a request line.
func (h wireHead) method() string {
	m, _, _ := strings.Cut(h.first, " ")
	return m
}

// target returns the second word of a request line.
func (h wireHead) target() string {
	_, rest, _ := strings.Cut(h.first, " ")
	if i := strings.LastIndexByte(rest, ' '); i >= 0 {
		rest = rest[:i]
	}
	return strings.TrimSpace(rest)
}

// status returns the code of a status line, or 0.
func (h wireHead) status() int {
	_, rest, _ := strings.Cut(h.first, " ")
	code, _, _ := strings.Cut(rest, " ")
	n, _ := strconv.Atoi(code)
	return n
}

// framing tells how the body of a request with this head is delimited.
func (h wireHead) framing() (length int64, chunked, ok bool) {
	if h.headers.Has("Transfer-Encoding") {
		return 0, true, strings.EqualFold(h.headers.Value("Transfer-Encoding"), "chunked")
	}
	if !h.headers.Has("Content-Length") {
		return 0, false, true
	}
	length, err := strconv.ParseInt(h.headers.Value("Content-Length"), 10, 64)
	return length, false, err == nil && length >= 0
}

// canonical lists the fields of a head of which the order is not known, by name;
// lower makes the names lower case, as HTTP/2 has them.
func canonical(h http.Header, lower bool) flow.Headers {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	list := make(flow.Headers, 0, len(names))
	for _, name := range names {
		shown := name
		if lower {
			shown = strings.ToLower(name)
		}
		for _, v := range h[name] {
			list = append(list, flow.Header{Name: shown, Value: v})
		}
	}
	return list
}

// hopByHop are the fields that belong to one connection (RFC 9110, section 7.6.1).
var hopByHop = [...]string{
	"Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate",
	"Proxy-Authorization", "Transfer-Encoding", "Upgrade",
}

// stripHop removes the fields that end at this connection. "TE: trailers" stays:
// it says what the client can take, and trailers do pass.
func stripHop(h http.Header) {
	for _, v := range h["Connection"] {
		for name := range strings.SplitSeq(v, ",") {
			if name = strings.TrimSpace(name); name != "" && !strings.EqualFold(name, "te") {
				h.Del(name)
			}
		}
	}
	for _, name := range hopByHop {
		delete(h, name)
	}
	if te, ok := h["Te"]; ok && !hasToken(te, "trailers") {
		delete(h, "Te")
	}
}

// hasToken reports whether one of the comma-separated values is token.
func hasToken(values []string, token string) bool {
	for _, v := range values {
		for t := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(t), token) {
				return true
			}
		}
	}
	return false
}
