package codec

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Cases returns the encodings that change the case of letters.
func Cases() []Kind { return []Kind{Capital, Lower, Upper} }

// inCase writes a value in another case.
func inCase(k Kind, s string) string {
	switch k {
	case Lower:
		return strings.ToLower(s)
	case Upper:
		return strings.ToUpper(s)
	}
	first, n := utf8.DecodeRuneInString(s)
	if first == utf8.RuneError {
		return s
	}
	return string(unicode.ToUpper(first)) + s[n:]
}

// caseDecode reads a text in another case. What the case was before, it does not tell:
// the value is the text.
func caseDecode(k Kind, text string) (string, []int32, bool) {
	return text, nil, inCase(k, text) == text
}
