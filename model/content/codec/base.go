package codec

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

func (c Codec) baseEncode(s string) string {
	return c.base().EncodeToString([]byte(s))
}

func (c Codec) base() *base64.Encoding {
	e := base64.StdEncoding
	if c.Kind == Base64URL {
		e = base64.URLEncoding
	}
	if c.has(bare) {
		e = e.WithPadding(base64.NoPadding)
	}
	return e
}

// baseDecode reads Base64 of either alphabet, with and without padding.
func baseDecode(text string) (string, bool) {
	e := base64.RawStdEncoding
	if strings.ContainsAny(text, "-_") {
		e = base64.RawURLEncoding
	}
	b, err := e.DecodeString(strings.TrimRight(text, "="))
	if err != nil || len(b) == 0 {
		return text, false
	}
	return string(b), true
}

func baseFit(k Kind, texts []string) Codec {
	c := New(k)
	for _, t := range texts {
		if len(t)%4 != 0 {
			c.words = bare
		}
	}
	return c
}

func (c Codec) hexEncode(s string) string {
	out := hex.EncodeToString([]byte(s))
	if c.has(upper) {
		return strings.ToUpper(out)
	}
	return out
}

func hexDecode(text string) (string, []int32, bool) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) == 0 {
		return text, nil, false
	}
	at := make([]int32, len(b)+1)
	for i := range at {
		at[i] = int32(2 * i)
	}
	return string(b), at, true
}

func hexFit(texts []string) Codec {
	c := New(Hex)
	for _, t := range texts {
		if strings.ContainsAny(t, "ABCDEF") {
			c.words = upper
		}
	}
	return c
}

// claims returns the claims of a JSON Web Token (RFC 7519), which are JSON.
func claims(text string) (string, bool) {
	_, rest, _ := strings.Cut(text, ".")
	middle, _, ok := strings.Cut(rest, ".")
	if !ok || !strings.HasPrefix(text, "eyJ") {
		return text, false
	}
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(middle, "="))
	if err != nil || len(b) == 0 || b[0] != '{' {
		return text, false
	}
	return string(b), true
}

// Printable reports whether s is text: UTF-8 without control characters other than
// line ends and tabs.
func Printable(s string) bool {
	for _, r := range s {
		if r == utf8.RuneError || r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f {
			return false
		}
	}
	return s != ""
}
