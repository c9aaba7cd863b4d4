package codec

import "strings"

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// percentDecode removes percent-encoding, and with plus also plus signs. A text with
// a "%" that begins no escape stays as it is.
func percentDecode(text string, plus bool) (string, []int32, bool) {
	o := offsets{text: text}
	for i := 0; i < len(text); {
		c, n := text[i], 1
		switch {
		case c == '%':
			if i+2 >= len(text) || hexDigit(text[i+1]) < 0 || hexDigit(text[i+2]) < 0 {
				return text, nil, false
			}
			c, n = byte(hexDigit(text[i+1])<<4|hexDigit(text[i+2])), 3
			o.begin(i)
		case c == '+' && plus:
			c = ' '
			o.begin(i)
		}
		if o.made {
			o.put(i, c)
		}
		i += n
	}
	return o.end()
}

func (c Codec) percentEncode(s string) string {
	digits := "0123456789ABCDEF"
	if c.has(lower) {
		digits = "0123456789abcdef"
	}
	var b strings.Builder
	for i := range len(s) {
		switch x := s[i]; {
		case alphanumeric(x) || c.set.has(x):
			b.WriteByte(x)
		case x == ' ' && c.Kind == Plus:
			b.WriteByte('+')
		default:
			b.WriteByte('%')
			b.WriteByte(digits[x>>4])
			b.WriteByte(digits[x&15])
		}
	}
	return b.String()
}

// percentFit finds the style of texts.
func percentFit(k Kind, texts []string) Codec {
	c := New(k)
	var stay, escaped set
	plus := false
	for _, t := range texts {
		plus = plus || strings.Contains(t, "+")
		for i := 0; i < len(t); i++ {
			switch x := t[i]; {
			case x == '%' && i+2 < len(t) && hexDigit(t[i+1]) >= 0 && hexDigit(t[i+2]) >= 0:
				if t[i+1] >= 'a' || t[i+2] >= 'a' {
					c.words = lower
				}
				escaped.add(byte(hexDigit(t[i+1])<<4 | hexDigit(t[i+2])))
				i += 2
			case x == '+' && k == Plus, x == '%', alphanumeric(x):
			default:
				stay.add(x)
			}
		}
	}
	if k == Plus && !plus && escaped.has(' ') { // a space is "%20", as URI components have it
		c.Kind = Percent
		escaped.add('+')
	}
	c.set = c.set.union(stay).without(escaped)
	return c
}
