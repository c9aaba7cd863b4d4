package exchange

import (
	"bytes"
	"slices"
	"strings"

	"github.com/starling-load/starling/record/capture/tcp"
	"github.com/starling-load/starling/record/flow"
)

// The limits of a message head.
const (
	maxHead   = 256 << 10 // bytes
	maxLine   = 64 << 10  // bytes of one line
	maxFields = 65_536    // as in a flow file
	maxMethod = 64        // bytes
)

// A start says whether bytes can begin a first line.
type start uint8

const (
	startMore start = iota // so far
	startYes
	startNo
)

// requestStart looks for a method and a space, or a known method alone. n is how many bytes show that there
// are none.
func requestStart(b []byte) (is start, n int) {
	for i, c := range b {
		switch {
		case c == ' ' && i > 0, (c == '\r' || c == '\n') && isMethod(b[:i]):
			return startYes, 0
		case !isToken(c), i >= maxMethod:
			return startNo, i + 1
		}
	}
	return startMore, 0
}

// statusStart looks for a version and a space, like requestStart.
func statusStart(b []byte) (is start, n int) {
	const want = "HTTP/1."
	for i, c := range b {
		switch {
		case i < len(want) && c == want[i]:
		case i == len(want) && '0' <= c && c <= '9':
		case i > len(want) && c == ' ':
			return startYes, 0
		default:
			return startNo, i + 1
		}
	}
	return startMore, 0
}

// isMethod reports whether b is a method of RFC 9110, section 9.3.
func isMethod(b []byte) bool {
	switch string(b) {
	case "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE":
		return true
	}
	return false
}

// isMethodEnd reports whether s is what is left of a method whose beginning is
// missing: the end of a known one and none by itself.
func isMethodEnd(s string) bool {
	known := [...]string{"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
		"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH"}
	return !slices.Contains(known[:], s) && slices.ContainsFunc(known[:], func(m string) bool { return strings.HasSuffix(m, s) })
}

// isToken reports whether c may stand in a method or field name (RFC 9110, section
// 5.6.2).
func isToken(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// findHead looks for a head at the beginning of b, of which from bytes were looked at
// before. ok: the first n bytes may be one. Otherwise they are none, or n is 0 and
// more is needed. The answer does not depend on where the bytes were cut.
func findHead(d tcp.Dir, b []byte, from int) (n int, ok bool) {
	if bad := firstLine(d, b, from); bad > 0 {
		return bad, false
	}
	if n = headEnd(b, from); n > 0 {
		return n, n <= maxHead
	}
	if len(b) > maxHead {
		return len(b), false
	}
	return 0, false
}

// firstLine returns how many bytes show that no head begins with b, or 0.
func firstLine(d tcp.Dir, b []byte, from int) (bad int) {
	begins := requestStart
	if d == tcp.FromServer {
		begins = statusStart
	}
	if from <= maxMethod+1 {
		if is, n := begins(b); is != startYes {
			return n
		}
	}
	end := bytes.IndexByte(b, '\n') + 1
	switch {
	case end == 0 && len(b) > maxLine, end > maxLine:
		return maxLine + 1
	case end == 0, end <= from:
		return 0 // not there yet, or looked at before
	}
	line := string(b[:end]) // does not escape
	if d == tcp.FromClient {
		_, ok := parseRequestLine(line, false)
		if ok {
			return 0
		}
	} else if _, ok := parseStatusLine(line); ok {
		return 0
	}
	return end
}

// headEnd returns the length of the head at the start of b with its empty line, or 0
// while it is not complete. from is how much of b was looked at before.
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

// A requestLine is the first line of a request. Its strings share memory with it.
type requestLine struct{ method, target, version string }

// parseRequestLine takes apart METHOD SP TARGET SP VERSION. Not strict, it takes what
// some clients send and servers answer: no target, spaces in the target, no space
// before the version, a version without its last digit. There has to be a version,
// unless the line is a known method and nothing else, which is not HTTP/0.9 either.
func parseRequestLine(line string, strict bool) (r requestLine, ok bool) {
	line = strings.TrimRight(line, "\r\n \t")
	method := strings.IndexByte(line, ' ')
	version := strings.LastIndex(line, "HTTP/1.")
	if method < 0 && !strict && isMethod([]byte(line)) {
		return requestLine{method: line, version: "HTTP/1.0"}, true
	}
	if method <= 0 || method > maxMethod || version <= method {
		return r, false
	}
	for i := range method {
		if !isToken(line[i]) {
			return r, false
		}
	}
	r.method, r.version = line[:method], line[version:]
	switch len(r.version) {
	case len("HTTP/1.1"):
		if c := r.version[7]; c < '0' || c > '9' {
			return r, false
		}
	case len("HTTP/1."):
		r.version = "HTTP/1.0" // the least that it can be
		if strict {
			return r, false
		}
	default:
		return r, false
	}
	r.target = trim(line[method:version])
	if strict {
		return r, !isMethodEnd(r.method) && r.target != "" && line[version-1] == ' ' && strings.IndexByte(r.target, ' ') < 0
	}
	return r, true
}

// A statusLine is the first line of a response.
type statusLine struct {
	version string
	status  int
}

// parseStatusLine takes apart VERSION SP STATUS [SP REASON].
func parseStatusLine(line string) (s statusLine, ok bool) {
	line = strings.TrimRight(line, "\r\n")
	const version = len("HTTP/1.1")
	if len(line) < version+4 || !strings.HasPrefix(line, "HTTP/1.") || line[version] != ' ' ||
		line[version-1] < '0' || line[version-1] > '9' {
		return s, false
	}
	rest := strings.TrimLeft(line[version:], " ")
	if len(rest) < 3 || len(rest) > 3 && rest[3] != ' ' {
		return s, false
	}
	for i := range 3 {
		c := rest[i]
		if c < '0' || c > '9' {
			return s, false
		}
		s.status = 10*s.status + int(c-'0')
	}
	s.version = line[:version]
	return s, s.status >= 100
}

// fields are the field lines of a head.
type fields struct {
	list flow.Headers
	framing
	bad int // bytes in lines that are no fields
}

// parseFields reads field lines up to the empty one, or to the end of text. It reports
// false when they exceed the limits. The result shares memory with text.
func parseFields(text string) (f fields, ok bool) {
	lines := strings.Count(text, "\n") - 1
	f.framing.length = -1
	if lines <= 0 {
		return f, true
	}
	if lines > maxFields {
		return f, false
	}
	f.list = make(flow.Headers, 0, lines)
	for len(text) > 0 {
		var line string
		line, text = cutLine(text)
		if line == "" {
			break
		}
		size := len(line)
		if len(text) > 0 && (text[0] == ' ' || text[0] == '\t') {
			line, text = unfold(line, text)
		}
		colon := strings.IndexByte(line, ':')
		switch {
		case size > maxLine || len(line) > maxLine:
			return f, false
		case colon <= 0 || line[0] == ' ' || line[0] == '\t':
			f.bad += size
			continue
		}
		h := flow.Header{Name: trim(line[:colon]), Value: trim(line[colon+1:])}
		if h.Name == "" {
			f.bad += size
			continue
		}
		f.list = append(f.list, h)
		f.framing.note(h)
	}
	return f, true
}

// trim cuts spaces and tabs from both ends.
func trim(s string) string {
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for len(s) > 0 && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

// cutLine cuts the first line from text, without its end.
func cutLine(text string) (line, rest string) {
	n := strings.IndexByte(text, '\n')
	if n < 0 {
		return text, ""
	}
	line, rest = text[:n], text[n+1:]
	if n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line, rest
}

// unfold joins a line with the continuation lines behind it by single spaces (RFC
// 9112, section 5.2).
func unfold(line, text string) (whole, rest string) {
	var b strings.Builder
	b.WriteString(strings.TrimRight(line, " \t"))
	for len(text) > 0 && (text[0] == ' ' || text[0] == '\t') {
		line, text = cutLine(text)
		b.WriteByte(' ')
		b.WriteString(trim(line))
	}
	return b.String(), text
}

// wellFormed reports whether all names are tokens, as those of a head that was found
// in unknown surroundings should be.
func wellFormed(list flow.Headers) bool {
	for i := range list {
		for j := range len(list[i].Name) {
			if !isToken(list[i].Name[j]) {
				return false
			}
		}
	}
	return true
}
