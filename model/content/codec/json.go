package codec

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// escapes are the characters that JSON escapes with one letter.
const escapes = "\b\f\n\r\t\"\\"
const escapeLetters = `bfnrt"\`

// jsonDecode reads the inside of a JSON string or, with script, of a JavaScript
// string. It is not read if it ends within an escape or, in JSON, has another.
func jsonDecode(text string, script bool) (string, []int32, bool) {
	o := offsets{text: text}
	for i := 0; i < len(text); {
		if text[i] != '\\' {
			if text[i] == '"' && !script {
				return text, nil, false
			}
			if o.made {
				o.put(i, text[i])
			}
			i++
			continue
		}
		o.begin(i)
		r, n := escape(text[i:], script)
		if n == 0 {
			return text, nil, false
		}
		if r >= 0 {
			o.put(i, utf8.AppendRune(nil, r)...)
		}
		i += n
	}
	return o.end()
}

// escape reads the escape at the start of s: its character (-1 for none) and its
// length, 0 if it is not one.
func escape(s string, script bool) (r rune, n int) {
	if len(s) < 2 {
		return 0, 0
	}
	if i := strings.IndexByte(escapeLetters, s[1]); i >= 0 {
		return rune(escapes[i]), 2
	}
	switch c := s[1]; {
	case c == '/':
		return '/', 2
	case c == 'u' && script && strings.HasPrefix(s[2:], "{"):
		end := strings.IndexByte(s, '}')
		if end < 0 || end > 10 {
			return 0, 0
		}
		v, err := strconv.ParseUint(s[3:end], 16, 32)
		if err != nil || v > utf8.MaxRune {
			return 0, 0
		}
		return rune(v), end + 1
	case c == 'u':
		return unicodeEscape(s)
	case !script:
		return 0, 0
	case c == 'x':
		if len(s) < 4 || hexDigit(s[2]) < 0 || hexDigit(s[3]) < 0 {
			return 0, 0
		}
		return rune(hexDigit(s[2])<<4 | hexDigit(s[3])), 4
	case c == '\n':
		return -1, 2
	case c == '0':
		return 0, 2
	case c == 'v':
		return '\v', 2
	}
	r, n = utf8.DecodeRuneInString(s[1:])
	return r, n + 1
}

// unicodeEscape reads \uXXXX, or two of them that are a surrogate pair.
func unicodeEscape(s string) (rune, int) {
	unit := func(s string) rune {
		if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
			return -1
		}
		r := rune(0)
		for i := 2; i < 6; i++ {
			d := hexDigit(s[i])
			if d < 0 {
				return -1
			}
			r = r<<4 | rune(d)
		}
		return r
	}
	r := unit(s)
	if r < 0 {
		return 0, 0
	}
	if utf16.IsSurrogate(r) {
		if pair := utf16.DecodeRune(r, unit(s[6:])); pair != utf8.RuneError {
			return pair, 12
		}
		return utf8.RuneError, 6
	}
	return r, 6
}

func (c Codec) jsonEncode(s string) string {
	digits := "0123456789abcdef"
	if c.has(upper) {
		digits = "0123456789ABCDEF"
	}
	ascii, slash := c.has(ascii), c.has(slash)
	b := make([]byte, 0, len(s)+8)
	unit := func(u uint16) {
		b = append(b, '\\', 'u', digits[u>>12], digits[u>>8&15], digits[u>>4&15], digits[u&15])
	}
	for i := 0; i < len(s); {
		x := s[i]
		if x >= utf8.RuneSelf && ascii {
			if r, n := utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError {
				for _, u := range utf16.Encode([]rune{r}) {
					unit(u)
				}
				i += n
				continue
			}
		}
		i++
		switch at := strings.IndexByte(escapes, x); {
		case c.set.has(x):
			unit(uint16(x))
		case at >= 0:
			b = append(b, '\\', escapeLetters[at])
		case x == '/' && slash:
			b = append(b, '\\', '/')
		case x < ' ':
			unit(uint16(x))
		default:
			b = append(b, x)
		}
	}
	return string(b)
}

// jsonFit finds the style of texts.
func jsonFit(texts []string) Codec {
	c := New(JSON)
	words := map[string]bool{}
	for _, t := range texts {
		for i := 0; i+1 < len(t); i++ {
			if t[i] != '\\' {
				continue
			}
			r, n := escape(t[i:], false)
			switch {
			case t[i+1] == '/':
				words[slash] = true
			case t[i+1] != 'u':
			case r >= utf8.RuneSelf:
				words[ascii] = true
			case r >= ' ' || strings.ContainsRune(escapes, r):
				c.set.add(byte(r))
			}
			if t[i+1] == 'u' && strings.ContainsAny(t[i+2:i+max(n, 2)], "ABCDEF") {
				words[upper] = true
			}
			i += max(n, 1) - 1
		}
	}
	var list []string
	for _, w := range []string{ascii, slash, upper} {
		if words[w] {
			list = append(list, w)
		}
	}
	c.words = strings.Join(list, "-")
	return c
}
