package http1

import (
	"bytes"
	"math"
)

// The fields that say what follows a head.
const (
	connection       = "connection"
	contentLength    = "content-length"
	transferEncoding = "transfer-encoding"
)

// A frame is what the fields of a head say about what follows it.
type frame struct {
	open    bool  // the last field is not noted yet
	length  int64 // Content-Length
	lengths int   // how often it is given
	invalid bool  // it is no number, or two of them
	coded   bool  // there is a transfer coding, other than identity
	chunked bool  // the last one is chunked
	other   bool  // there is one beside that
	close   bool  // Connection: close
	keep    bool  // Connection: keep-alive
	upgrade bool  // Connection: upgrade
}

// noteConnection takes a Connection field.
func (f *frame) noteConnection(v []byte) {
	for more := true; more; {
		var token []byte
		token, v, more = nextElement(v)
		f.close = f.close || equalFold(token, "close")
		f.keep = f.keep || equalFold(token, "keep-alive")
		f.upgrade = f.upgrade || equalFold(token, "upgrade")
	}
}

// noteLength takes a Content-Length. The same number may be repeated, in one field or
// in several.
func (f *frame) noteLength(v []byte) {
	for more := true; more; {
		var part []byte
		part, v, more = nextElement(v)
		n, ok := decimal(part)
		if !ok || f.lengths > 0 && f.length != n {
			f.invalid = true
		}
		f.length = n
		f.lengths++
	}
}

// noteCoding takes a Transfer-Encoding.
func (f *frame) noteCoding(v []byte) {
	for more := true; more; {
		var part []byte
		part, v, more = nextElement(v)
		part, _, _ = bytes.Cut(part, []byte(";"))
		switch part = bytes.TrimRight(part, " \t"); {
		case len(part) == 0, equalFold(part, "identity"):
		default:
			f.other = f.other || f.chunked // one behind chunked
			f.coded = true
			f.chunked = equalFold(part, "chunked")
			f.other = f.other || !f.chunked
		}
	}
}

// nextElement cuts the first element from a comma-separated list.
func nextElement(list []byte) (element, rest []byte, more bool) {
	element, rest, more = bytes.Cut(list, []byte(","))
	from, to := trimSpan(element, 0, len(element))
	return element[from:to], rest, more
}

// decimal reads a number without a sign.
func decimal(b []byte) (n int64, ok bool) {
	for _, c := range b {
		if !isDigit(c) || n > (math.MaxInt64-int64(c-'0'))/10 {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	return n, len(b) > 0
}

// A Body says how the end of a body is found.
type Body uint8

// The kinds of bodies.
const (
	NoBody  Body = iota
	Sized        // by its length
	Chunked      // by its chunks
	ToClose      // it is what comes until the connection ends
	Tunnel       // there is none: the connection becomes another protocol
	Unknown      // the fields contradict each other, or say nothing that can be followed
)

// A Framing says what follows a head.
type Framing struct {
	Body   Body
	Length int64 // in bytes, of a Sized body, 1 or more

	// Coded says that there are transfer codings beside chunked. They are not undone by
	// Chunks.
	Coded bool
}

// RequestBody says what follows the head of a request (RFC 9112, section 6.3). Chunks
// win over a Content-Length.
func (h *Head) RequestBody() Framing {
	f := &h.frame
	switch {
	case f.coded && f.chunked:
		return Framing{Body: Chunked, Coded: f.other}
	case f.coded, f.invalid:
		return Framing{Body: Unknown, Coded: f.other}
	case f.length > 0:
		return Framing{Body: Sized, Length: f.length}
	}
	return Framing{}
}

// ResponseBody says what follows the head of a response to a request with method.
func (h *Head) ResponseBody(method string) Framing {
	f := &h.frame
	switch {
	case h.Status == 101, method == "CONNECT" && h.Status/100 == 2:
		return Framing{Body: Tunnel}
	case !BodyAllowed(method, h.Status):
		return Framing{}
	case f.coded && f.chunked:
		return Framing{Body: Chunked, Coded: f.other}
	case f.coded:
		return Framing{Body: ToClose, Coded: true}
	case f.invalid:
		return Framing{Body: Unknown}
	case f.lengths == 0:
		return Framing{Body: ToClose}
	case f.length == 0:
		return Framing{}
	}
	return Framing{Body: Sized, Length: f.length}
}

// BodyAllowed reports whether a response with a status to a request with method can have
// a body (RFC 9110, section 6.4.1).
func BodyAllowed(method string, status int) bool {
	return method != "HEAD" && status >= 200 && status != 204 && status != 304
}

// Persistent reports whether the connection may carry another message, by the version
// and the Connection field (RFC 9112, section 9.3). It does not look at the body: one
// up to the end of the connection, or a tunnel, leaves no room for another message.
func (h *Head) Persistent() bool {
	return !h.frame.close && (h.Minor > 0 || h.frame.keep)
}

// Upgrades reports whether the Connection field names upgrade.
func (h *Head) Upgrades() bool { return h.frame.upgrade }
