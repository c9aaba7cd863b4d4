package convert

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"

	"github.com/starling-load/starling/record/flow"
)

// A wireMessage is an HTTP/1.x message in one piece.
type wireMessage struct {
	method, target, version string // of a request
	status                  int    // of a response; 0 is a request
	headers                 flow.Headers
	content                 []byte // what follows the head
}

var errHead = errors.New("no HTTP message begins here")

// parseWire takes a message apart. Line ends may be CRLF or LF.
func parseWire(raw []byte) (wireMessage, error) {
	var m wireMessage
	line, rest, ok := nextLine(raw)
	if !ok {
		return m, errHead
	}
	first, second, third := cut3(string(line))
	if strings.HasPrefix(first, "HTTP/") {
		m.version = first
		status, err := strconv.Atoi(second)
		if err != nil || status < 100 || status > 999 {
			return m, errHead
		}
		m.status = status
	} else {
		m.method, m.target, m.version = first, second, third
		if !isToken(m.method) || m.target == "" || !strings.HasPrefix(m.version, "HTTP/") {
			return m, errHead
		}
	}
	for {
		line, rest, ok = nextLine(rest)
		if !ok {
			return m, errors.New("the head is cut off")
		}
		if len(line) == 0 {
			m.content = rest
			return m, nil
		}
		if (line[0] == ' ' || line[0] == '\t') && len(m.headers) > 0 { // folded, RFC 9112, 5.2
			last := &m.headers[len(m.headers)-1]
			last.Value += " " + textproto.TrimString(string(line))
			continue
		}
		name, value, _ := strings.Cut(string(line), ":")
		m.headers = append(m.headers, flow.Header{Name: name, Value: textproto.TrimString(value)})
	}
}

// cut3 splits a start line; the reason of a response may have spaces.
func cut3(line string) (first, second, third string) {
	first, line, _ = strings.Cut(line, " ")
	second, third, _ = strings.Cut(line, " ")
	return first, second, strings.TrimSpace(third)
}

func nextLine(b []byte) (line, rest []byte, ok bool) {
	line, rest, ok = bytes.Cut(b, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r")), rest, ok
}

// chunked reports whether the body is sent in chunks (RFC 9112, 7.1).
func chunked(h flow.Headers) bool {
	codings := strings.Split(strings.Join(h.Values("Transfer-Encoding"), ","), ",")
	return strings.EqualFold(strings.TrimSpace(codings[len(codings)-1]), "chunked")
}

// contentLength returns the length that the head announces; -1: none.
func contentLength(h flow.Headers) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(h.Value("Content-Length")), 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// body returns the content without transfer coding, and whether it is whole.
// method is that of the request.
func (m *wireMessage) body(method string) (b flow.Body, trailers flow.Headers, whole bool) {
	if m.status != 0 && !bodyAllowed(method, m.status) {
		return flow.NewBody(m.content), nil, true
	}
	if chunked(m.headers) {
		data, trailers, n, err := dechunk(m.content)
		if err == nil || n > 0 || len(m.content) == 0 {
			return flow.NewBody(data), trailers, err == nil
		}
		// Not chunks at all: some writers remove them and leave the field.
		return flow.NewBody(m.content), nil, true
	}
	n := contentLength(m.headers)
	if n > int64(len(m.content)) {
		return flow.Body{Data: m.content, Size: n}, nil, true
	}
	if n >= 0 {
		m.content = m.content[:n]
	}
	return flow.NewBody(m.content), nil, true
}

var errChunk = errors.New("chunks are cut off or broken")

// dechunk returns the data of chunks, the trailers behind them, and the number
// of bytes read. On an error data is what was good.
func dechunk(b []byte) (data []byte, trailers flow.Headers, n int, err error) {
	whole := len(b)
	for {
		line, rest, ok := nextLine(b)
		if !ok {
			return data, nil, whole - len(b), errChunk
		}
		text, _, _ := bytes.Cut(line, []byte(";"))
		size, err := strconv.ParseUint(string(bytes.TrimSpace(text)), 16, 31)
		if err != nil {
			return data, nil, whole - len(b), errChunk
		}
		if size == 0 {
			trailers, n, err := parseTrailers(rest)
			return data, trailers, whole - len(rest) + n, err
		}
		if uint64(len(rest)) < size {
			return append(data, rest...), nil, whole, errChunk
		}
		data, b = append(data, rest[:size]...), rest[size:]
		if line, rest, ok = nextLine(b); !ok || len(line) > 0 {
			return data, nil, whole - len(b), errChunk
		}
		b = rest
	}
}

func parseTrailers(b []byte) (h flow.Headers, n int, err error) {
	rest := b
	for {
		var line []byte
		var ok bool
		if line, rest, ok = nextLine(rest); !ok {
			return h, 0, errChunk
		}
		if len(line) == 0 {
			return h, len(b) - len(rest), nil
		}
		name, value, _ := strings.Cut(string(line), ":")
		h = append(h, flow.Header{Name: name, Value: textproto.TrimString(value)})
	}
}

// appendRequest writes the request of a flow as HTTP/1.x has it on the wire
// (RFC 9112). One of another version is told as HTTP/1.1, with Host first.
func appendRequest(b []byte, f *flow.Flow) []byte {
	r := &f.Request
	b = append(b, oneLine(r.Method)+" "+oneLine(r.Target)+" "+version1(f.Protocol)+"\r\n"...)
	if !r.Headers.Has("Host") && r.Authority != "" {
		b = append(b, "Host: "+oneLine(r.Authority)+"\r\n"...)
	}
	return appendContent(b, r.Headers, r.Body, r.Trailers, len(r.Body.Data) > 0)
}

// appendResponse writes the response of a flow, as appendRequest.
func appendResponse(b []byte, f *flow.Flow) []byte {
	r := f.Response
	b = fmt.Appendf(b, "%s %03d %s\r\n", version1(f.Protocol), r.Status, http.StatusText(r.Status))
	if !bodyAllowed(f.Request.Method, r.Status) {
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
	if chunked(h) {
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
	if n := contentLength(h); n >= 0 && n != body.Size && len(body.Data) > 0 {
		h = setHeader(h, "Content-Length", strconv.FormatInt(body.Size, 10))
	} else if frame && n < 0 {
		h = setHeader(h, "Content-Length", strconv.FormatInt(body.Size, 10))
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
		b = append(b, oneLine(line.Name)+": "+oneLine(line.Value)+"\r\n"...)
	}
	return b
}

// oneLine replaces what would end the line by spaces (RFC 9110, 5.5).
func oneLine(text string) string {
	if !strings.ContainsAny(text, "\r\n\x00") {
		return text
	}
	return strings.NewReplacer("\r", " ", "\n", " ", "\x00", " ").Replace(text)
}
