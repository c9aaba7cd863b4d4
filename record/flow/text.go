package flow

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Words of the text form. FORMAT.md describes it.
const (
	indent = "    "

	lineLF   = "| "  // a line of text that ends with a line feed
	lineCRLF = "|r " // … with carriage return and line feed
	lineEnd  = "|. " // … with the end of the content
	lineData = "= "  // base64
)

var kindNames = [...]string{
	MessageText: "text", MessageBinary: "binary", MessagePing: "ping",
	MessagePong: "pong", MessageClose: "close", MessageEvent: "event", MessageGRPC: "grpc",
}

// String returns the lower-case name of the kind, or its number.
func (k MessageKind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return strconv.Itoa(int(k))
}

func parseKind(s string) (MessageKind, error) {
	for k, name := range kindNames {
		if name == s && name != "" {
			return MessageKind(k), nil
		}
	}
	n, err := strconv.ParseUint(s, 10, 8)
	if err != nil {
		return 0, fmt.Errorf("message kind %q", s)
	}
	return MessageKind(n), nil
}

// safe reports whether a rune can stand in a terminal as it is: no control
// character, and nothing that changes the direction or the end of the line.
func safe(r rune) bool {
	switch {
	case unicode.IsControl(r), r == '\u2028', r == '\u2029':
		return false
	case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\u200e', r == '\u200f':
		return false
	}
	return true
}

func safeString(s string) bool {
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") || !safe(r) {
			return false
		}
	}
	return true
}

// word writes a string without spaces as it is, and any other one quoted.
func word(s string) string {
	if s == "" || strings.ContainsAny(s, " \"=\u00a0") || !safeString(s) || strings.ContainsFunc(s, unicode.IsSpace) {
		return strconv.Quote(s)
	}
	return s
}

// target writes a request target: as word, but with "=" left alone.
func target(s string) string {
	if word(strings.ReplaceAll(s, "=", "-")) == strings.ReplaceAll(s, "=", "-") {
		return s
	}
	return strconv.Quote(s)
}

// value writes the value of a header line.
func value(s string) string {
	if s != "" && (s[0] == '"' || strings.TrimSpace(s) != s) || !safeString(s) {
		return strconv.Quote(s)
	}
	return s
}

// fieldName writes the name of a header line. A token of RFC 9110 stands as it is; a
// name that is none, or could be taken for another kind of line, is quoted.
func fieldName(s string) string {
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`~", c) >= 0 {
			continue
		}
		return strconv.Quote(s)
	}
	if s == "" || s[0] == '#' {
		return strconv.Quote(s)
	}
	return s
}

func instant(t time.Time) string {
	if y := t.UTC().Year(); y < 0 || y > 9999 {
		return fmt.Sprintf("@%d.%09d", t.Unix(), t.Nanosecond())
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func parseInstant(s string) (time.Time, error) {
	if rest, ok := strings.CutPrefix(s, "@"); ok {
		sec, nsec, _ := strings.Cut(rest, ".")
		a, err := strconv.ParseInt(sec, 10, 64)
		b, err2 := strconv.ParseUint(nsec, 10, 32)
		if err != nil || err2 != nil || b >= 1e9 {
			return time.Time{}, fmt.Errorf("time %q", s)
		}
		return time.Unix(a, int64(b)).UTC(), nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("time %q", s)
	}
	return t.UTC(), nil
}

// textual reports whether content can be printed as lines of text.
func textual(b []byte) bool {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			return false
		case r == '\n', r == '\t':
		case r == '\r':
			if i+1 == len(b) || b[i+1] != '\n' {
				return false
			}
		case !safe(r):
			return false
		}
		i += n
	}
	return true
}
