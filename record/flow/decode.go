package flow

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Content is the content of a body, or of a message of a stream, with what says how to
// read it.
type Content struct {
	Headers Headers     // of the message that it belongs to
	Kind    MessageKind // of a stream; 0: a body
	Data    []byte
	Cut     bool // Data is its beginning alone
}

// A Decoder returns content as text for people, with LF between its lines, and says in a
// few words what it was read as. An empty as means that it does not know better.
type Decoder func(Content) (as, text string)

// messageContent is the content of a message of f.
func messageContent(f *Flow, m *Message) Content {
	c := Content{Kind: m.Kind, Data: m.Data, Cut: m.Size > int64(len(m.Data))}
	if m.FromClient {
		c.Headers = f.Request.Headers
	} else if f.Response != nil {
		c.Headers = f.Response.Headers
	}
	return c
}

// decoded returns what decode, which may be nil, makes of c, safe for terminals.
func decoded(decode Decoder, c Content) (as, text string) {
	if decode == nil || len(c.Data) == 0 {
		return "", ""
	}
	as, text = decode(c)
	if as != "" && c.Cut {
		as += ", cut"
	}
	return visible(as), visible(text)
}

// visible writes what a terminal would obey, and bytes that are no text, as escapes of Go.
func visible(s string) string {
	if textual([]byte(s)) && !strings.Contains(s, "\r") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\n', r == '\t', safe(r):
			b.WriteRune(r)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		i += n
	}
	return b.String()
}
