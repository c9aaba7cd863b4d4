package display

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"mime"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/content/codec"
	"github.com/starling-load/starling/record/flow"
)

// Limits of what is shown.
const (
	hexShown = 256 // bytes of what is not understood
	maxDepth = 4   // bodies within bodies
)

// Decode returns what the content of a body or a message holds, as text with LF between
// its lines, and what it was read as: the content codings and the form, the outer first,
// such as "gzip, json". The form of bytes that nothing says anything about is "binary".
// Both are "" for content without bytes.
func Decode(c flow.Content) (as, text string) {
	if len(c.Data) == 0 {
		return "", ""
	}
	var forms []string
	data := c.Data
	if c.Kind == 0 {
		data, forms = inflate(c.Headers, data)
	}
	form := ""
	switch c.Kind {
	case 0:
		form, text = body(c.Headers.Value("Content-Type"), c.Headers.Value("Grpc-Encoding"), data, 0)
	case flow.MessageGRPC:
		if form, text = message(c.Headers.Value("Content-Type"), data); bytes.HasPrefix(data, []byte("grpc-")) { // of gRPC-Web
			form, text = "trailers", fieldLines(data)
		}
	case flow.MessageClose:
		form, text = closing(data)
	case flow.MessageEvent:
		form, text = event(data)
	default:
		form, text = frame(data)
	}
	return strings.Join(append(forms, form), ", "), strings.TrimSuffix(text, "\n")
}

// inflate undoes the content codings, the last one first, as far as they can be.
func inflate(h flow.Headers, data []byte) (plain []byte, forms []string) {
	codings := strings.Split(strings.ToLower(strings.Join(h.Values("Content-Encoding"), ",")), ",")
	for i := len(codings) - 1; i >= 0; i-- {
		coding := strings.TrimSpace(codings[i])
		if coding == "" || coding == "identity" {
			continue
		}
		plain, whole := codec.Inflate(data, coding)
		switch {
		case whole:
			forms = append(forms, coding)
		case len(plain) > 0:
			forms = append(forms, coding+" (not to its end)")
		default:
			return data, append(forms, "not "+coding)
		}
		data = plain
	}
	return data, forms
}

// body shows a body without content codings. encoding is that of messages of gRPC.
func body(contentType, encoding string, data []byte, depth int) (form, text string) {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		media, _, _ = strings.Cut(strings.ToLower(contentType), ";")
		media = strings.TrimSpace(media)
	}
	kind, _, _ := strings.Cut(media, "+")
	switch kind {
	case "application/grpc", "application/grpc-web", "application/grpc-web-text", "application/connect":
		return frames(media, encoding, data)
	}
	switch media {
	case "application/protobuf", "application/x-protobuf", "application/vnd.google.protobuf", "application/proto":
		if text, ok := fields(data); ok {
			return "protobuf", text
		}
	case "application/msgpack", "application/x-msgpack", "application/vnd.msgpack":
		if text, ok := packed(data); ok {
			return "msgpack", text
		}
	case "application/x-www-form-urlencoded":
		if !content.IsJSONDocument(data) {
			return "form", entries(string(data))
		}
	}
	if strings.HasPrefix(media, "multipart/") && params["boundary"] != "" && depth < maxDepth {
		if text, ok := parts(data, params["boundary"], depth); ok {
			return "multipart", text
		}
	}
	if text, ok := documents(data); ok {
		return "json", text
	}
	if text, ok := plain(data, params["charset"]); ok {
		return "text", text
	}
	return binary(data)
}

// frame shows a message of a WebSocket. Binary ones do not tell what they hold.
func frame(data []byte) (form, text string) {
	if text, ok := documents(data); ok {
		return "json", text
	}
	// Engine.IO and Socket.IO write a number before JSON.
	if rest := bytes.TrimLeft(data, "0123456789"); len(rest) < len(data) && len(rest) > 0 && (rest[0] == '{' || rest[0] == '[') {
		if text, ok := documents(rest); ok {
			return string(data[:len(data)-len(rest)]) + " json", text
		}
	}
	if text, ok := plain(data, ""); ok {
		return "text", text
	}
	if c := data[0]; c >= 0x80 && c < 0xa0 || c >= 0xdc && c < 0xe0 { // a list or a map
		if text, ok := packed(data); ok {
			return "msgpack", text
		}
	}
	if text, ok := fields(data); ok {
		return "protobuf", text
	}
	return binary(data)
}

// closing shows the end of a WebSocket: its code and its reason (RFC 6455, 5.5.1).
func closing(data []byte) (form, text string) {
	if len(data) < 2 {
		return binary(data)
	}
	return "close", strings.TrimSpace(fmt.Sprintf("%d %s", int(data[0])<<8|int(data[1]), data[2:]))
}

// event shows a server-sent event, whose data may be JSON.
func event(data []byte) (form, text string) {
	var heads, values []string
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\r\n")
		if value, ok := strings.CutPrefix(line, "data:"); ok {
			values = append(values, strings.TrimPrefix(value, " "))
		} else {
			heads = append(heads, line)
		}
	}
	text, ok := documents([]byte(strings.Join(values, "\n")))
	if !ok {
		text, _ = plain(data, "")
		return "text", text
	}
	return "event, json", strings.Join(append(heads, "data:", indented(text)), "\n")
}

// documents indents a JSON document, or several one behind the other.
func documents(data []byte) (text string, ok bool) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	first := bytes.TrimLeft(data, " \t\r\n\x1e")
	if len(first) == 0 || strings.IndexByte(`{["-0123456789tfn`, first[0]) < 0 {
		return "", false
	}
	var out bytes.Buffer
	nested := false
	for rest := data; ; {
		rest = bytes.TrimLeft(rest, " \t\r\n\x1e") // RFC 7464 has the last between documents
		if len(rest) == 0 {
			return out.String(), nested || out.Len() > 0
		}
		if out.Len() > 0 {
			if !nested { // words and numbers are text
				return "", false
			}
			out.WriteByte('\n')
		}
		dec := json.NewDecoder(bytes.NewReader(rest))
		var raw json.RawMessage
		if dec.Decode(&raw) != nil || json.Indent(&out, raw, "", "  ") != nil {
			return "", false
		}
		nested = nested || raw[0] == '{' || raw[0] == '['
		rest = rest[dec.InputOffset():]
	}
}

// entries shows the fields of a form, a line each.
func entries(form string) string {
	var b strings.Builder
	for _, e := range content.DecodeEntries(form) {
		b.WriteString(e.Name + " = " + strings.ReplaceAll(e.Value, "\n", "\n  ") + "\n")
	}
	return b.String()
}

// plain returns data as text if it is some. Text of two bytes a character has a mark.
func plain(data []byte, charset string) (text string, ok bool) {
	switch charset = strings.ToLower(charset); {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}), bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		units := make([]uint16, 0, len(data)/2)
		for at := 2; at+1 < len(data); at += 2 {
			low, high := data[at], data[at+1]
			if data[0] == 0xfe {
				low, high = high, low
			}
			units = append(units, uint16(high)<<8|uint16(low))
		}
		return string(utf16.Decode(units)), true
	case utf8.Valid(data):
		text = string(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	case charset == "iso-8859-1" || charset == "windows-1252" || charset == "us-ascii":
		runes := make([]rune, len(data))
		for i, c := range data {
			runes[i] = rune(c)
		}
		text = string(runes)
	default:
		return "", false
	}
	controls := 0
	for i := 0; i < len(text); i++ {
		if c := text[i]; c < ' ' && c != '\n' && c != '\r' && c != '\t' {
			controls++
		}
	}
	return strings.ReplaceAll(text, "\r\n", "\n"), 4*controls <= len(text)
}

// binary shows the first bytes as hexadecimal digits.
func binary(data []byte) (form, text string) {
	text = hex.Dump(data[:min(len(data), hexShown)])
	if more := len(data) - hexShown; more > 0 {
		text += fmt.Sprintf("and %d bytes more\n", more)
	}
	return "binary", text
}

// indented puts two spaces before each line.
func indented(text string) string {
	text = strings.TrimSuffix(text, "\n")
	return "  " + strings.ReplaceAll(text, "\n", "\n  ")
}
