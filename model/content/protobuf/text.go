package protobuf

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Text writes a message as text: fields with a space between them, each its number, a
// colon and a value.
//
//	1:"key"               a string, with the escapes of JSON for quotes, \ and control
//	                      characters
//	2:7                   a whole number
//	3:{1:"a" 2:8}         a message
//	4:'00ff'              other bytes
//	5:0x0000803f          a number of four or eight bytes, as they stand
//
// ok is false if b is no message, or one that Bytes would write in another way.
func Text(b []byte) (text string, ok bool) {
	var out strings.Builder
	if !write(&out, b, 0) {
		return "", false
	}
	again, ok := Bytes(out.String())
	return out.String(), ok && bytes.Equal(again, b)
}

func write(out *strings.Builder, b []byte, depth int) bool {
	first := true
	return fields(b, func(f field) {
		if !first {
			out.WriteByte(' ')
		}
		first = false
		out.WriteString(strconv.Itoa(f.number) + ":")
		switch {
		case f.wire == wireVarint:
			out.WriteString(strconv.FormatUint(f.varint, 10))
		case f.wire != wireBytes:
			out.WriteString("0x" + hex.EncodeToString(f.bytes))
		default:
			writeBytes(out, f.bytes, depth+1)
		}
	})
}

func writeBytes(out *strings.Builder, b []byte, depth int) {
	switch form(b, depth) {
	case asString:
		out.WriteByte('"')
		for _, c := range b {
			if i := strings.IndexByte(plainBytes, c); i >= 0 {
				out.WriteByte('\\')
				c = escapeLetters[i]
			}
			out.WriteByte(c)
		}
		out.WriteByte('"')
	case asMessage:
		out.WriteByte('{')
		write(out, b, depth) // it is a message: form has read it
		out.WriteByte('}')
	default:
		out.WriteString("'" + hex.EncodeToString(b) + "'")
	}
}

// plainBytes are escaped by these letters.
const (
	plainBytes    = "\"\\\n\r\t\b\f"
	escapeLetters = `"\nrtbf`
)

// Bytes reads what Text wrote, and what people made of it. ok is false if text is not of
// that form. A number that is none counts as 0.
func Bytes(text string) (b []byte, ok bool) {
	p := parser{s: text}
	b = p.message(0)
	return b, !p.bad && p.at == len(p.s)
}

// A parser reads text.
type parser struct {
	s   string
	at  int
	bad bool
}

// message reads fields up to the end or a closing brace.
func (p *parser) message(depth int) []byte {
	var out []byte
	for !p.bad && p.at < len(p.s) && p.s[p.at] != '}' {
		if p.s[p.at] == ' ' {
			p.at++
			continue
		}
		colon := strings.IndexByte(p.s[p.at:], ':')
		number, err := strconv.ParseUint(p.s[p.at:p.at+max(colon, 0)], 10, 29)
		if colon < 0 || err != nil || number == 0 {
			p.bad = true
			break
		}
		p.at += colon + 1
		out = p.value(out, number<<3, depth)
	}
	return out
}

// value reads the value of a field and appends it with its tag.
func (p *parser) value(out []byte, tag uint64, depth int) []byte {
	if p.at == len(p.s) {
		p.bad = true
		return out
	}
	var content []byte
	switch p.s[p.at] {
	case '"':
		content = p.quoted()
	case '\'':
		content = p.hex(p.at+1, "'")
	case '{':
		if depth >= maxDepth {
			p.bad = true
			return out
		}
		p.at++
		content = p.message(depth + 1)
		if p.bad = p.bad || p.at == len(p.s); !p.bad {
			p.at++
		}
	default:
		return p.number(out, tag)
	}
	out = binary.AppendUvarint(out, tag|wireBytes)
	out = binary.AppendUvarint(out, uint64(len(content)))
	return append(out, content...)
}

// quoted reads a string.
func (p *parser) quoted() []byte {
	var out []byte
	for p.at++; p.at < len(p.s); p.at++ {
		switch c := p.s[p.at]; {
		case c == '"':
			p.at++
			return out
		case c == '\\' && p.at+1 < len(p.s):
			p.at++
			if i := strings.IndexByte(escapeLetters, p.s[p.at]); i >= 0 {
				out = append(out, plainBytes[i])
				continue
			}
			r, err := strconv.ParseUint(p.s[p.at+1:min(p.at+5, len(p.s))], 16, 16)
			if p.s[p.at] != 'u' || err != nil {
				p.bad = true
				return out
			}
			out = utf8.AppendRune(out, rune(r))
			p.at += 4
		default:
			out = append(out, c)
		}
	}
	p.bad = true
	return out
}

// hex reads hexadecimal digits from at up to end, "" for all there are.
func (p *parser) hex(at int, end string) []byte {
	n := at
	for n < len(p.s) && strings.IndexByte("0123456789abcdef", p.s[n]) >= 0 {
		n++
	}
	out, err := hex.DecodeString(p.s[at:n])
	if p.at = n + len(end); err != nil || !strings.HasPrefix(p.s[n:], end) {
		p.bad = true
	}
	return out
}

// number reads a whole number, or the bytes of one of fixed length.
func (p *parser) number(out []byte, tag uint64) []byte {
	if strings.HasPrefix(p.s[p.at:], "0x") {
		content := p.hex(p.at+2, "")
		switch len(content) {
		case 4:
			tag |= wire32
		case 8:
			tag |= wire64
		default:
			p.bad = true
		}
		return append(binary.AppendUvarint(out, tag), content...)
	}
	end := p.at
	for end < len(p.s) && p.s[end] != ' ' && p.s[end] != '}' {
		end++
	}
	v, err := strconv.ParseUint(p.s[p.at:end], 10, 64)
	if err != nil {
		v = 0
	}
	p.at = end
	return binary.AppendUvarint(binary.AppendUvarint(out, tag|wireVarint), v)
}

// WalkText visits the strings and whole numbers of a text that Text wrote, with the
// numbers of the fields that lead to them. A string stands from start to end within its
// quotes. The path is valid during visit.
func WalkText(text string, visit func(path []int, start, end int, quoted bool)) {
	var path []int
	for i := 0; i < len(text); {
		if c := text[i]; c == ' ' || c == '}' {
			if c == '}' && len(path) > 0 {
				path = path[:len(path)-1]
			}
			i++
			continue
		}
		colon := strings.IndexByte(text[i:], ':')
		if colon < 0 {
			return
		}
		number, err := strconv.Atoi(text[i : i+colon])
		if i += colon + 1; err != nil || i >= len(text) {
			return
		}
		at := append(path, number)
		switch c := text[i]; {
		case c == '{':
			path = at
			i++
		case c == '"' || c == '\'':
			end := i + 1
			for end < len(text) && text[end] != c {
				if text[end] == '\\' {
					end++
				}
				end++
			}
			if end = min(end, len(text)); c == '"' {
				visit(at, i+1, end, true)
			}
			i = end + 1
		default:
			end := i
			for end < len(text) && text[end] != ' ' && text[end] != '}' {
				end++
			}
			if !strings.HasPrefix(text[i:end], "0x") {
				visit(at, i, end, false)
			}
			i = end
		}
	}
}
