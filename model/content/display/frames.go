package display

import (
	"bytes"
	"encoding/base64"
	bin "encoding/binary"
	"fmt"
	"io"
	"mime/multipart"
	"slices"
	"strings"

	"github.com/starling-load/starling/model/content/codec"
	"github.com/starling-load/starling/model/content/protobuf"
)

// The flags of the frames of gRPC, gRPC-Web and Connect.
const (
	flagCompressed = 0x01
	flagEnd        = 0x02 // Connect: JSON that ends the stream
	flagTrailers   = 0x80 // gRPC-Web: lines "name: value"
)

// frames shows the messages of a body of gRPC, gRPC-Web or Connect, and the trailers
// that stand in it.
//
//	0      1              5
//	| flag | length, u32  | message |
func frames(media, encoding string, data []byte) (form, text string) {
	kind, _, _ := strings.Cut(media, "+")
	form = strings.TrimPrefix(kind, "application/")
	if kind == "application/grpc-web-text" {
		data = webText(data)
		form = "base64, grpc-web"
	}
	var b strings.Builder
	for n := 1; len(data) > 0; n++ {
		size := int64(-1)
		if len(data) >= 5 {
			size = int64(bin.BigEndian.Uint32(data[1:]))
		}
		if size < 0 || size > int64(len(data)-5) {
			_, rest := binary(data)
			fmt.Fprintf(&b, "cut off\n%s\n", indented(rest))
			break
		}
		flag, m := data[0], data[5:5+size]
		data = data[5+size:]
		if flag&flagCompressed != 0 {
			coding := encoding
			if coding == "" {
				coding = "gzip"
			}
			m, _ = codec.Inflate(m, coding)
		}
		switch {
		case flag&flagTrailers != 0:
			fmt.Fprintf(&b, "trailers\n%s\n", indented(fieldLines(m)))
		case flag&flagEnd != 0:
			_, end := message("application/json", m)
			fmt.Fprintf(&b, "end\n%s\n", indented(end))
		default:
			as, shown := message(media, m)
			if len(m) == 0 {
				shown = "(empty)"
			}
			fmt.Fprintf(&b, "message %d, %s\n%s\n", n, as, indented(shown))
		}
	}
	return form, b.String()
}

// fieldLines shows lines "name: value".
func fieldLines(data []byte) string {
	return strings.TrimSpace(strings.ReplaceAll(string(data), "\r\n", "\n"))
}

// message shows one message of gRPC.
func message(media string, data []byte) (form, text string) {
	if strings.HasSuffix(media, "json") {
		if text, ok := documents(data); ok {
			return "json", text
		}
	}
	if text, ok := fields(data); ok {
		return "protobuf", text
	}
	if text, ok := documents(data); ok {
		return "json", text
	}
	return binary(data)
}

// webText reads the Base64 of gRPC-Web: pieces that were encoded alone and may end in
// padding. It stops where it fails.
func webText(data []byte) []byte {
	data = bytes.Join(bytes.Fields(data), nil)
	out := make([]byte, 0, base64.StdEncoding.DecodedLen(len(data)))
	for len(data) > 0 {
		n := len(data)
		if pad := bytes.IndexByte(data, '='); pad >= 0 {
			n = min((pad/4+1)*4, n)
		}
		var err error
		if out, err = base64.StdEncoding.AppendDecode(out, data[:n]); err != nil {
			break
		}
		data = data[n:]
	}
	return out
}

// fields shows a message of protocol buffers, a field a line.
func fields(data []byte) (text string, ok bool) {
	short, ok := protobuf.Text(data)
	if !ok {
		return "", false
	}
	var b strings.Builder
	depth, quoted := 0, false
	line := func() { b.WriteString("\n" + strings.Repeat("  ", depth)) }
	for i := 0; i < len(short); i++ {
		switch c := short[i]; {
		case quoted:
			b.WriteByte(c)
			if c == '\\' {
				i++
				b.WriteByte(short[i])
			}
			quoted = c != '"'
		case c == '{' && short[i+1] == '}':
			b.WriteString("{}")
			i++
		case c == '{':
			b.WriteByte(c)
			depth++
			line()
		case c == '}':
			depth--
			line()
			b.WriteByte(c)
		case c == ' ':
			line()
		case c == ':':
			b.WriteString(": ")
		default:
			b.WriteByte(c)
			quoted = c == '"'
		}
	}
	return b.String(), true
}

// parts shows the parts of a multipart body: the head of each, and what it holds.
func parts(data []byte, boundary string, depth int) (text string, ok bool) {
	var b strings.Builder
	r := multipart.NewReader(bytes.NewReader(data), boundary)
	for n := 1; ; n++ {
		part, err := r.NextRawPart()
		if err == io.EOF {
			return b.String(), n > 1
		}
		if err != nil {
			if n > 1 {
				b.WriteString("cut off\n")
			}
			return b.String(), n > 1
		}
		value, err := io.ReadAll(part)
		fmt.Fprintf(&b, "part %d\n", n)
		names := make([]string, 0, len(part.Header))
		for name := range part.Header {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			b.WriteString("  " + name + ": " + strings.Join(part.Header[name], ", ") + "\n")
		}
		if len(value) > 0 {
			_, shown := body(part.Header.Get("Content-Type"), "", value, depth+1)
			b.WriteString(indented(indented(shown)) + "\n")
		}
		if err != nil {
			b.WriteString("cut off\n")
		}
	}
}
