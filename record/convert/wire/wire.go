package wire

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"

	"github.com/starling-load/starling/record/convert/compose"
	"github.com/starling-load/starling/record/flow"
)

// A Message is an HTTP/1.x message in one piece.
type Message struct {
	Method, Target, Version string // of a request
	Status                  int    // of a response; 0 is a request
	Headers                 flow.Headers
	Content                 []byte // what follows the head
}

var ErrHead = errors.New("no HTTP message begins here")

// Parse takes a message apart. Line ends may be CRLF or LF.
func Parse(raw []byte) (Message, error) {
	var m Message
	line, rest, ok := NextLine(raw)
	if !ok {
		return m, ErrHead
	}
	first, second, third := StartLine(string(line))
	if strings.HasPrefix(first, "HTTP/") {
		m.Version = first
		status, err := strconv.Atoi(second)
		if err != nil || status < 100 || status > 999 {
			return m, ErrHead
		}
		m.Status = status
	} else {
		m.Method, m.Target, m.Version = first, second, third
		if !IsToken(m.Method) || m.Target == "" || !strings.HasPrefix(m.Version, "HTTP/") {
			return m, ErrHead
		}
	}
	for {
		line, rest, ok = NextLine(rest)
		if !ok {
			return m, errors.New("the head is cut off")
		}
		if len(line) == 0 {
			m.Content = rest
			return m, nil
		}
		if (line[0] == ' ' || line[0] == '\t') && len(m.Headers) > 0 { // folded, RFC 9112, 5.2
			last := &m.Headers[len(m.Headers)-1]
			last.Value += " " + textproto.TrimString(string(line))
			continue
		}
		name, value, _ := strings.Cut(string(line), ":")
		m.Headers = append(m.Headers, flow.Header{Name: name, Value: textproto.TrimString(value)})
	}
}

// StartLine splits a start line in three; the reason of a response may have spaces.
func StartLine(line string) (first, second, third string) {
	first, line, _ = strings.Cut(line, " ")
	second, third, _ = strings.Cut(line, " ")
	return first, second, strings.TrimSpace(third)
}

func NextLine(b []byte) (line, rest []byte, ok bool) {
	line, rest, ok = bytes.Cut(b, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), rest, ok
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

// Body returns the content without transfer coding, and whether it is whole.
// method is that of the request.
func (m *Message) Body(method string) (b flow.Body, trailers flow.Headers, whole bool) {
	if m.Status != 0 && !BodyAllowed(method, m.Status) {
		return flow.NewBody(m.Content), nil, true
	}
	if Chunked(m.Headers) {
		data, trailers, n, err := dechunk(m.Content)
		if err == nil || n > 0 || len(m.Content) == 0 {
			return flow.NewBody(data), trailers, err == nil
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

var errChunk = errors.New("chunks are cut off or broken")

// dechunk returns the data of chunks, the trailers behind them, and the number
// of bytes read. On an error data is what was good.
func dechunk(b []byte) (data []byte, trailers flow.Headers, n int, err error) {
	whole := len(b)
	for {
		line, rest, ok := NextLine(b)
		if !ok {
			return data, nil, whole - len(b), errChunk
		}
		text, _, _ := bytes.Cut(line, []byte(";"))
		size, err := strconv.ParseUint(string(bytes.TrimSpace(text)), 16, 31)
		if err != nil {
			return data, nil, whole - len(b), errChunk
		}
		if size == 0 {
			trailers, n, err := ParseTrailers(rest)
			return data, trailers, whole - len(rest) + n, err
		}
		if uint64(len(rest)) < size {
			return append(data, rest...), nil, whole, errChunk
		}
		data, b = append(data, rest[:size]...), rest[size:]
		if line, rest, ok = NextLine(b); !ok || len(line) > 0 {
			return data, nil, whole - len(b), errChunk
		}
		b = rest
	}
}

func ParseTrailers(b []byte) (h flow.Headers, n int, err error) {
	rest := b
	for {
		var line []byte
		var ok bool
		if line, rest, ok = NextLine(rest); !ok {
			return h, 0, errChunk
		}
		if len(line) == 0 {
			return h, len(b) - len(rest), nil
		}
		name, value, _ := strings.Cut(string(line), ":")
		h = append(h, flow.Header{Name: name, Value: textproto.TrimString(value)})
	}
}

// AppendRequest writes the request of a flow as HTTP/1.x has it on the wire
// (RFC 9112). One of another version is told as HTTP/1.1, with Host first.
func AppendRequest(b []byte, f *flow.Flow) []byte {
	r := &f.Request
	b = append(b, OneLine(r.Method)+" "+OneLine(r.Target)+" "+version1(f.Protocol)+"\r\n"...)
	if !r.Headers.Has("Host") && r.Authority != "" {
		b = append(b, "Host: "+OneLine(r.Authority)+"\r\n"...)
	}
	return appendContent(b, r.Headers, r.Body, r.Trailers, len(r.Body.Data) > 0)
}

// AppendResponse writes the response of a flow, as AppendRequest.
func AppendResponse(b []byte, f *flow.Flow) []byte {
	r := f.Response
	b = fmt.Appendf(b, "%s %03d %s\r\n", version1(f.Protocol), r.Status, http.StatusText(r.Status))
	if !BodyAllowed(f.Request.Method, r.Status) {
		return append(appendHeaders(b, r.Headers, ""), "\r\n"...)
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

// appendContent writes header lines and body so that they agree. frame asks for
// a Content-Length where nothing else says how long the body is.
func appendContent(b []byte, h flow.Headers, body flow.Body, trailers flow.Headers, frame bool) []byte {
	if Chunked(h) {
		b = append(appendHeaders(b, h, "Content-Length"), "\r\n"...)
		if len(body.Data) > 0 {
			b = fmt.Appendf(b, "%x\r\n", len(body.Data))
			b = append(append(b, body.Data...), "\r\n"...)
		}
		if body.Truncated() {
			return b // without the last chunk: its end is missing
		}
		b = append(b, "0\r\n"...)
		return append(appendHeaders(b, trailers, ""), "\r\n"...)
	}
	if n := ContentLength(h); n >= 0 && n != body.Size && len(body.Data) > 0 {
		h = compose.SetHeader(h, "Content-Length", strconv.FormatInt(body.Size, 10))
	} else if frame && n < 0 {
		h = compose.SetHeader(h, "Content-Length", strconv.FormatInt(body.Size, 10))
	}
	b = append(appendHeaders(b, h, ""), "\r\n"...)
	return append(b, body.Data...)
}

// appendHeaders writes field lines, but those of the name without and the
// pseudo-header fields of HTTP/2.
func appendHeaders(b []byte, h flow.Headers, without string) []byte {
	for _, line := range h {
		if line.Name == "" || strings.HasPrefix(line.Name, ":") || strings.EqualFold(line.Name, without) {
			continue
		}
		b = append(b, OneLine(line.Name)+": "+OneLine(line.Value)+"\r\n"...)
	}
	return b
}

// OneLine replaces what would end the line by spaces (RFC 9110, 5.5).
func OneLine(text string) string {
	if !strings.ContainsAny(text, "\r\n\x00") {
		return text
	}
	return strings.NewReplacer("\r", " ", "\n", " ", "\x00", " ").Replace(text)
}

// BodyAllowed reports whether an answer can have a body on the wire (RFC 9110, 6.4.1).
func BodyAllowed(method string, status int) bool {
	return method != http.MethodHead && status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// IsToken reports whether text is a token of RFC 9110, 5.6.2, as methods are.
func IsToken(text string) bool {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return text != ""
}
