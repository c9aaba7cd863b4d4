package http1

import "bytes"

// A Start says whether bytes can begin a first line.
type Start uint8

// The answers.
const (
	Unsure Start = iota // so far; more bytes are needed
	Yes
	No
)

// maxMethod is the longest method, in bytes.
const maxMethod = 64

// StartsRequest looks for a method and a space, or a method of RFC 9110 and a line end.
func StartsRequest(b []byte) Start {
	s, _ := requestStart(b)
	return s
}

// StartsResponse looks for a version of HTTP/1.x and a space. As browsers do, it takes
// small letters, a version without its second digit, and HTTP/2 for the same.
func StartsResponse(b []byte) Start {
	s, _ := statusStart(b)
	return s
}

// requestStart is StartsRequest. If b begins no request, n is how many bytes show that.
func requestStart(b []byte) (s Start, n int) {
	for i, c := range b {
		switch {
		case c == ' ' && i > 0, (c == '\r' || c == '\n') && isMethod(b[:i]):
			return Yes, 0
		case !isTokenByte(c), i >= maxMethod:
			return No, i + 1
		}
	}
	return Unsure, 0
}

// statusStart is StartsResponse. If b begins no response, n is how many bytes show
// that.
func statusStart(b []byte) (s Start, n int) {
	for i, c := range b {
		switch {
		case i < major && c|0x20 == version[i]|0x20: // letters in any case, and the slash
		case i == major && (c == '1' || c == '2'):
		case i == major+1 && c == '.', i == major+2 && isDigit(c) && b[major+1] == '.':
		case c == ' ' && (i == major+1 || i == major+3):
			return Yes, 0
		default:
			return No, i + 1
		}
	}
	return Unsure, 0
}

// version begins the name of every version of HTTP/1.
const version = "HTTP/1."

// major is where the first digit of a version stands.
const major = len("HTTP/")

// requestLine splits METHOD SP TARGET SP VERSION. It also takes what some clients send
// and servers answer: no target, spaces in the target, no space before the version,
// blanks behind it, a version without its last digit (read as 1.0), and a method of RFC
// 9110 alone.
func (h *Head) requestLine(line []byte) bool {
	whole := len(line)
	for len(line) > 0 && (isBlank(line[len(line)-1]) || line[len(line)-1] == '\r') {
		line = line[:len(line)-1]
	}
	if hasControl(line) {
		h.Odd |= Control
	}
	if len(line) < whole {
		h.Odd |= OddLine
	}
	space := bytes.IndexByte(line, ' ')
	if space < 0 && isMethod(line) {
		h.Method, h.Target = span(0, len(line)), span(len(line), len(line))
		h.Odd |= OddLine
		return true
	}
	at, ok := h.version(line)
	if !ok || space <= 0 || at <= space {
		return false
	}
	from, to := trimSpan(line, space, at)
	h.Method, h.Target = span(0, space), span(from, to)
	if from != space+1 || to != at-1 || bytes.IndexByte(line[from:to], ' ') >= 0 || bytes.IndexByte(line[from:to], '\t') >= 0 {
		h.Odd |= OddLine
	}
	return true
}

// version reads the version at the end of a request line and returns where it begins.
func (h *Head) version(line []byte) (at int, ok bool) {
	if at = len(line) - len(version) - 1; at >= 0 && isDigit(line[len(line)-1]) {
		h.Minor = line[len(line)-1] - '0'
	} else {
		at++
		h.Odd |= OddLine
	}
	return at, at >= 0 && string(line[at:at+len(version)]) == version
}

// statusLine splits VERSION SP STATUS [SP REASON]. It also takes several spaces before
// the status, and the versions that statusStart takes: HTTP/2 is read as HTTP/1.1.
func (h *Head) statusLine(line []byte) bool {
	if hasControl(line) {
		h.Odd |= Control
	}
	for len(line) > 0 && line[len(line)-1] == '\r' {
		line = line[:len(line)-1]
	}
	at := bytes.IndexByte(line, ' ') // statusStart has found it
	if at < len(version) || string(line[:len(version)]) != version {
		h.Odd |= OddLine
	}
	switch {
	case at < 0:
		return false
	case line[major] != '1':
		h.Minor = 1
	case at > len(version):
		h.Minor = line[len(version)] - '0'
	}
	for at++; at < len(line) && line[at] == ' '; at++ {
		h.Odd |= OddLine
	}
	rest := line[at:]
	if len(rest) < 3 || !isDigit(rest[0]) || !isDigit(rest[1]) || !isDigit(rest[2]) || len(rest) > 3 && rest[3] != ' ' {
		return false
	}
	h.Status = 100*int(rest[0]-'0') + 10*int(rest[1]-'0') + int(rest[2]-'0')
	h.Reason = span(min(at+4, len(line)), len(line))
	return h.Status >= 100
}
