package codec

import (
	"html"
	"strconv"
	"strings"
	"unicode/utf8"
)

// entities are the named characters of XML.
var entities = [...]struct {
	c    byte
	text string
}{{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&apos;"}}

// xmlDecode reads text or an attribute of XML: its five named entities and characters
// by number. A text with another entity is not read.
func xmlDecode(text string) (string, []int32, bool) {
	o := offsets{text: text}
	for i := 0; i < len(text); {
		if text[i] == '<' {
			return text, nil, false
		}
		if text[i] != '&' {
			if o.made {
				o.put(i, text[i])
			}
			i++
			continue
		}
		o.begin(i)
		r, n := entity(text[i:])
		if n == 0 {
			return text, nil, false
		}
		o.put(i, utf8.AppendRune(nil, r)...)
		i += n
	}
	return o.end()
}

// entity reads the entity at the start of s, n is 0 if there is none.
func entity(s string) (r rune, n int) {
	for _, e := range entities {
		if strings.HasPrefix(s, e.text) {
			return rune(e.c), len(e.text)
		}
	}
	end := strings.IndexByte(s[:min(len(s), 12)], ';')
	if end < 3 || s[1] != '#' {
		return 0, 0
	}
	digits, base := s[2:end], 10
	if digits[0] == 'x' || digits[0] == 'X' {
		digits, base = digits[1:], 16
	}
	v, err := strconv.ParseUint(digits, base, 32)
	if err != nil || v > utf8.MaxRune {
		return 0, 0
	}
	return rune(v), end + 1
}

func (c Codec) xmlEncode(s string) string {
	var b strings.Builder
	for i := range len(s) {
		at := -1
		if c.set.has(s[i]) {
			for k, e := range entities {
				if e.c == s[i] {
					at = k
				}
			}
		}
		switch {
		case at >= 0:
			b.WriteString(entities[at].text)
		case c.set.has(s[i]):
			b.WriteString("&#" + strconv.Itoa(int(s[i])) + ";")
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// xmlFit finds the style of texts.
func xmlFit(texts []string) Codec {
	c := New(XML)
	var stay, escaped set
	for _, t := range texts {
		for i := 0; i < len(t); i++ {
			if t[i] != '&' {
				stay.add(t[i])
				continue
			}
			if r, n := entity(t[i:]); n > 0 && r < 128 {
				escaped.add(byte(r))
				i += n - 1
			}
		}
	}
	c.set = c.set.without(stay).union(escaped)
	return c
}

// htmlDecode replaces the entities of HTML.
func htmlDecode(text string) (string, bool) {
	if strings.IndexByte(text, '&') < 0 {
		return text, true
	}
	return html.UnescapeString(text), true
}

// crlfDecode turns CR LF into LF. A text with a lone CR or LF is not read.
func crlfDecode(text string) (string, []int32, bool) {
	o := offsets{text: text}
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\r':
			if i+1 >= len(text) || text[i+1] != '\n' {
				return text, nil, false
			}
			o.begin(i)
			o.put(i, '\n')
			i++
		case '\n':
			return text, nil, false
		default:
			if o.made {
				o.put(i, text[i])
			}
		}
	}
	return o.end()
}

// unquote reads "…" and W/"…".
func unquote(text string) (string, []int32, bool) {
	n := strings.IndexByte(text, '"') + 1
	if n == 0 || n > 1 && text[:n] != `W/"` || len(text) <= n || text[len(text)-1] != '"' {
		return text, nil, false
	}
	value := text[n : len(text)-1]
	at := make([]int32, len(value)+1)
	for i := range at {
		at[i] = int32(n + i)
	}
	return value, at, true
}
