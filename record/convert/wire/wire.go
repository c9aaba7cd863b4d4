package wire

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/starling-load/starling/record/convert/compose"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/http1"
)

// A Message is an HTTP/1.x message in one piece.
type Message struct {
	Method, Target, Version string // of a request
	Status                  int    // of a response; 0 is a request
	Headers                 flow.Headers
	Content                 []byte // what follows the head
}

// ErrHead says that something is no HTTP/1 message.
var ErrHead = errors.New("no HTTP message begins here")

// maxHead is the longest head of a message in a file, in bytes.
const maxHead = 1 << 20

// Parse splits a message into its parts. Lines may end in CRLF or LF. The error is
// http1.ErrMore while the head is not complete.
func Parse(raw []byte) (Message, error) {
	var m Message
	var head http1.Head
	var n int
	var err error
	rules := http1.Rules{MaxHead: maxHead, MaxLine: maxHead}
	if bytes.HasPrefix(raw, []byte("HTTP/")) {
		n, err = head.ParseResponse(raw, 0, rules)
	} else {
		n, err = head.ParseRequest(raw, 0, rules)
	}
	switch {
	case err == http1.ErrMore:
		return m, err
	case err != nil:
		return m, fmt.Errorf("%w: %w", ErrHead, err)
	case head.Status == 0 && head.Target.Len() == 0:
		return m, fmt.Errorf("%w: the request has no target", ErrHead)
	}
	text := string(raw[:n])
	return Message{
		Method: head.Method.Text(text), Target: head.Target.Text(text), Version: head.Version(), Status: head.Status,
		Headers: fieldsOf(&head, text), Content: raw[n:],
	}, nil
}

// fieldsOf returns the fields of a head, which was parsed from text.
func fieldsOf(head *http1.Head, text string) (list flow.Headers) {
	for _, f := range head.Fields {
		list = append(list, flow.Header{Name: f.Name.Text(text), Value: http1.Unfold(f.Value.Text(text))})
	}
	return list
}

// Chunked reports whether the body is sent in chunks (RFC 9112, 7.1).
func Chunked(h flow.Headers) bool {
	codings := strings.Split(strings.Join(h.Values("Transfer-Encoding"), ","), ",")
	return strings.EqualFold(strings.TrimSpace(codings[len(codings)-1]), "chunked")
}

// ContentLength returns the length that the head announces; -1: none.
func ContentLength(h flow.Headers) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(h.Value("Content-Length")), 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// Excess returns what of the content stands behind the body, as the head tells how long
// that is. It is empty where only the end of a connection would end the body.
func (m *Message) Excess() []byte {
	if Chunked(m.Headers) {
		var c http1.Chunks
		for rest := m.Content; len(rest) > 0; {
			var err error
			if _, _, rest, err = c.Next(rest); err != nil {
				break
			}
			if c.Done() {
				return rest
			}
		}
		return nil
	}
	n := ContentLength(m.Headers)
	switch {
	case n >= 0:
		return m.Content[min(n, int64(len(m.Content))):]
	case m.Status == 0 || !http1.BodyAllowed("", m.Status):
		return m.Content // without either field there is no body (RFC 9112, 6.3)
	}
	return nil
}

// Body returns the content without transfer coding, and whether it is whole.
// method is that of the request.
func (m *Message) Body(method string) (b flow.Body, trailers flow.Headers, whole bool) {
	if m.Status != 0 && !http1.BodyAllowed(method, m.Status) {
		return flow.NewBody(m.Content), nil, true
	}
	if Chunked(m.Headers) {
		data, trailers, whole, ok := dechunk(m.Content)
		if ok {
			return flow.NewBody(data), trailers, whole
		}
		// Not chunks at all: some writers remove them and leave the field.
		return flow.NewBody(m.Content), nil, true
	}
	n := ContentLength(m.Headers)
	if n > int64(len(m.Content)) {
		return flow.Body{Data: m.Content, Size: n}, nil, true
	}
	if n >= 0 {
		m.Content = m.Content[:n]
	}
	return flow.NewBody(m.Content), nil, true
}

// dechunk returns the data of chunks and the trailers behind them, and whether they are
// whole. ok is false if b does not begin with a chunk.
func dechunk(b []byte) (data []byte, trailers flow.Headers, whole, ok bool) {
	var c http1.Chunks
	var section []byte
	rest := b
	for len(rest) > 0 && !c.Done() {
		var piece, trailer []byte
		var err error
		piece, trailer, rest, err = c.Next(rest)
		data, section = append(data, piece...), append(section, trailer...)
		if err != nil {
			break
		}
	}
	begun := len(b)-len(rest) > c.Pending() || len(b) == 0
	if !c.Done() {
		return data, nil, false, begun
	}
	var head http1.Head
	if _, err := head.ParseTrailer(section, http1.Rules{}); err != nil {
		return data, nil, false, begun
	}
	return data, fieldsOf(&head, string(section)), true, begun
}

// AppendRequest writes the request of a flow as it stands on the wire in HTTP/1.x (RFC
// 9112). A request of another version is written as HTTP/1.1, with Host first.
func AppendRequest(b []byte, f *flow.Flow) []byte {
	r := &f.Request
	b = http1.AppendRequestLine(b, r.Method, r.Target, version1(f.Protocol))
	if !r.Headers.Has("Host") && r.Authority != "" {
		b = http1.AppendField(b, "Host", r.Authority)
	}
	return appendContent(b, r.Headers, r.Body, r.Trailers, len(r.Body.Data) > 0)
}

// AppendResponse writes the response of a flow, like AppendRequest.
func AppendResponse(b []byte, f *flow.Flow) []byte {
	r := f.Response
	b = http1.AppendStatusLine(b, version1(f.Protocol), r.Status, http.StatusText(r.Status))
	if !http1.BodyAllowed(f.Request.Method, r.Status) {
		return http1.AppendEnd(appendHeaders(b, r.Headers, ""))
	}
	frame := !strings.HasPrefix(f.Protocol, "HTTP/1.")
	return appendContent(b, r.Headers, r.Body, r.Trailers, frame)
}

func version1(protocol string) string {
	if protocol == "HTTP/1.0" {
		return protocol
	}
	return "HTTP/1.1"
}

// appendContent writes header lines and body so that they agree. With frame, it adds a
// Content-Length where nothing else says how long the body is.
func appendContent(b []byte, h flow.Headers, body flow.Body, trailers flow.Headers, frame bool) []byte {
	if Chunked(h) {
		b = http1.AppendEnd(appendHeaders(b, h, "Content-Length"))
		b = http1.AppendChunk(b, body.Data)
		if body.Truncated() {
			return b // without the last chunk: its end is missing
		}
		return http1.AppendEnd(appendHeaders(http1.AppendLastChunk(b), trailers, ""))
	}
	if n := ContentLength(h); n >= 0 && n != body.Size && len(body.Data) > 0 || frame && n < 0 {
		h = compose.SetHeader(h, "Content-Length", strconv.FormatInt(body.Size, 10))
	}
	b = http1.AppendEnd(appendHeaders(b, h, ""))
	return append(b, body.Data...)
}

// appendHeaders writes field lines. It leaves out the pseudo-header fields of HTTP/2,
// and the fields whose name is the argument without.
func appendHeaders(b []byte, h flow.Headers, without string) []byte {
	for _, line := range h {
		if line.Name == "" || strings.HasPrefix(line.Name, ":") || strings.EqualFold(line.Name, without) {
			continue
		}
		b = http1.AppendField(b, line.Name, line.Value)
	}
	return b
}

// OneLine replaces characters that would end the line by spaces (RFC 9110, 5.5).
func OneLine(text string) string {
	if !strings.ContainsAny(text, "\r\n\x00") {
		return text
	}
	return strings.NewReplacer("\r", " ", "\n", " ", "\x00", " ").Replace(text)
}
