package redact

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// A job says how to walk decoded text.
type job struct {
	op    op
	class class
	kind  Kind
	media string
}

type op uint8

const (
	opText     op = iota
	opField       // of job.class
	opSecret      // of job.kind
	opClaims      // of a JSON Web Token
	opUserinfo    // USER:PASSWORD
	opContent     // of job.media
)

// do walks b.
func (w *walker) do(j job, b []byte) {
	switch j.op {
	case opField:
		w.field(j.class, b)
	case opSecret:
		w.secret(b, j.kind)
	case opClaims:
		w.json(b, jsonClaims, j.kind)
	case opUserinfo:
		w.userinfo(b)
	case opContent:
		w.content(b, j.media)
	default:
		w.text(b)
	}
}

// A layer is an encoding of single characters.
type layer uint8

const (
	layerPercent layer = iota // RFC 3986, section 2.1
	layerForm                 // application/x-www-form-urlencoded
	layerEscape               // JSON and JavaScript strings
	layerEntity               // HTML and XML
	layerLittle               // UTF-16, the low byte first
	layerBig                  // UTF-16, the high byte first
)

// layered decodes b, walks the result, and writes what changed back into b. A new
// character is encoded like the one that it replaces.
func (w *walker) layered(l layer, b []byte, j job) {
	if w.depth >= maxDepth {
		return
	}
	mark, outer := len(w.arena), w.changed
	for i := 0; i < len(b); {
		if n := l.run(b[i:]); n > 0 {
			w.arena = append(w.arena, b[i:i+n]...)
			i += n
			continue
		}
		out, k, n := l.unit(b[i:])
		w.arena = append(w.arena, out[:k]...)
		i += n
	}
	d := w.arena[mark:len(w.arena):len(w.arena)]
	w.changed = false
	w.depth++
	url := 0
	if l == layerPercent || l == layerForm {
		url = 1
	}
	unescaped := 0
	if l == layerEscape {
		unescaped = 1
	}
	w.inURL += url
	w.unescaped += unescaped
	w.do(j, d)
	w.inURL -= url
	w.unescaped -= unescaped
	w.depth--
	if w.changed {
		for i, at := 0, 0; i < len(b); {
			if n := l.run(b[i:]); n > 0 {
				copy(b[i:i+n], d[at:])
				i += n
				at += n
				continue
			}
			out, k, n := l.unit(b[i:])
			if now := d[at : at+k]; !bytes.Equal(now, out[:k]) {
				if n == 1 {
					b[i] = now[0]
				} else {
					l.put(b[i:i+n], now)
				}
			}
			i += n
			at += k
		}
	}
	w.changed = w.changed || outer
	w.arena = w.arena[:mark]
}

// run returns how many bytes at the beginning of b stand for themselves.
func (l layer) run(b []byte) int {
	n := -1
	switch l {
	case layerPercent:
		n = bytes.IndexByte(b, '%')
	case layerForm:
		n = bytes.IndexAny(b, "%+")
	case layerEscape:
		n = bytes.IndexByte(b, '\\')
	case layerEntity:
		n = bytes.IndexByte(b, '&')
	default:
		return 0
	}
	if n < 0 {
		return len(b)
	}
	return n
}

// unit decodes the first character of b. It makes k bytes of out from n bytes of b.
func (l layer) unit(b []byte) (out [4]byte, k, n int) {
	c := b[0]
	switch {
	case l >= layerLittle:
		return wide(l, b)
	case c == '%' && l <= layerForm:
		if len(b) > 2 && hexValue(b[1]) >= 0 && hexValue(b[2]) >= 0 {
			return [4]byte{byte(hexValue(b[1])<<4 | hexValue(b[2]))}, 1, 3
		}
	case c == '+' && l == layerForm:
		return [4]byte{' '}, 1, 1
	case c == '\\' && l == layerEscape:
		return unescape(b)
	case c == '&' && l == layerEntity:
		return entity(b)
	}
	return [4]byte{c}, 1, 1
}

// put writes a character into the n bytes of another one. Both have the same length.
func (l layer) put(b, now []byte) {
	const lower, upper = "0123456789abcdef", "0123456789ABCDEF"
	switch l {
	case layerPercent, layerForm:
		digits := upper
		if b[1] >= 'a' || b[2] >= 'a' {
			digits = lower
		}
		b[1], b[2] = digits[now[0]>>4], digits[now[0]&15]
	case layerEscape:
		r, _ := utf8.DecodeRune(now)
		units := utf16.Encode([]rune{r})
		digits := lower
		if bytes.ContainsAny(b[2:], "ABCDEF") {
			digits = upper
		}
		switch {
		case len(b) == 4 && b[1] == 'x': // \x41
			b[2], b[3] = digits[r>>4&15], digits[r&15]
		case len(b) > 4 && b[2] == '{': // as many digits as there were
			for i := len(b) - 2; i > 2; i-- {
				b[i], r = digits[r&15], r>>4
			}
		case len(b) == 6*len(units):
			for i, u := range units {
				for k := range 4 {
					b[6*i+2+k] = digits[u>>(12-4*k)&15]
				}
			}
		}
	case layerEntity:
		putEntity(b, now)
	case layerLittle, layerBig:
		putWide(l, b, now)
	}
}

// unescape decodes the escape sequence that b begins with.
func unescape(b []byte) (out [4]byte, k, n int) {
	if len(b) < 2 {
		return [4]byte{'\\'}, 1, 1
	}
	switch b[1] {
	case '"', '\\', '/', '\'':
		return [4]byte{b[1]}, 1, 2
	case 'n':
		return [4]byte{'\n'}, 1, 2
	case 'r':
		return [4]byte{'\r'}, 1, 2
	case 't':
		return [4]byte{'\t'}, 1, 2
	case 'b', 'f':
		return [4]byte{' '}, 1, 2
	case 'x':
		if len(b) >= 4 && hexValue(b[2]) >= 0 && hexValue(b[3]) >= 0 {
			if c := hexValue(b[2])<<4 | hexValue(b[3]); c < 0x80 {
				return [4]byte{byte(c)}, 1, 4
			}
		}
	case 'u':
		if len(b) > 2 && b[2] == '{' {
			return braced(b)
		}
		r, ok := hexRune(b)
		if !ok {
			break
		}
		n = 6
		if utf16.IsSurrogate(r) {
			low, ok := hexRune(b[6:])
			if r = utf16.DecodeRune(r, low); ok && r != utf8.RuneError {
				n = 12
			} else {
				r = utf8.RuneError // half a character
			}
		}
		k = utf8.EncodeRune(out[:], r)
		return out, k, n
	}
	return [4]byte{'\\'}, 1, 1
}

// braced decodes \u{XXXX}.
func braced(b []byte) (out [4]byte, k, n int) {
	end := bytes.IndexByte(b[:min(len(b), 10)], '}')
	if end > 3 {
		if r, err := strconv.ParseUint(string(b[3:end]), 16, 32); err == nil && r <= utf8.MaxRune && !utf16.IsSurrogate(rune(r)) {
			k = utf8.EncodeRune(out[:], rune(r))
			return out, k, end + 1
		}
	}
	return [4]byte{'\\'}, 1, 1
}

// hexRune reads \uXXXX.
func hexRune(b []byte) (r rune, ok bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	for _, c := range b[2:6] {
		v := hexValue(c)
		if v < 0 {
			return 0, false
		}
		r = r<<4 | rune(v)
	}
	return r, true
}

// names are the named entities of characters that occur in secrets or next to them.
var names = map[string]byte{"amp": '&', "lt": '<', "gt": '>', "quot": '"', "apos": '\'', "commat": '@', "period": '.', "plus": '+', "equals": '=',
	"sol": '/', "colon": ':', "lowbar": '_', "hyphen": '-', "num": '#', "percnt": '%', "quest": '?', "excl": '!', "dollar": '$', "semi": ';', "Tab": '\t', "NewLine": '\n'}

// entity decodes the character reference that b begins with.
func entity(b []byte) (out [4]byte, k, n int) {
	end := bytes.IndexByte(b[:min(len(b), 10)], ';')
	if end >= 0 && b[1] == '#' && !allDigits(b[2:end]) && b[2]|0x20 != 'x' {
		end = -1 // the semicolon belongs to something else
	}
	if end >= 3 {
		if b[1] != '#' {
			if c, ok := names[string(b[1:end])]; ok {
				return [4]byte{c}, 1, end + 1
			}
		} else if r, ok := numeric(b[2:end]); ok {
			k = utf8.EncodeRune(out[:], r)
			return out, k, end + 1
		}
	}
	if end < 0 && len(b) > 3 && b[1] == '#' { // in HTML the semicolon may lack
		n = 2
		for n < min(len(b), 9) && b[n] >= '0' && b[n] <= '9' {
			n++
		}
		if r, ok := numeric(b[2:n]); ok {
			k = utf8.EncodeRune(out[:], r)
			return out, k, n
		}
	}
	return [4]byte{'&'}, 1, 1
}

// numeric reads the number of a character reference.
func numeric(b []byte) (rune, bool) {
	base := 10
	if len(b) == 0 {
		return 0, false
	}
	if b[0] == 'x' || b[0] == 'X' {
		b, base = b[1:], 16
	}
	n, err := strconv.ParseUint(string(b), base, 32)
	return rune(n), err == nil && n > 0 && n <= utf8.MaxRune && utf8.ValidRune(rune(n))
}

// putEntity writes a character reference that is as long as b. It is decimal or
// hexadecimal. To fit, it is filled up with zeros, or it lacks the semicolon, which HTML
// allows.
func putEntity(b, now []byte) {
	r, _ := utf8.DecodeRune(now)
	head, digits, tail := "&#", strconv.Itoa(int(r)), ";"
	if len(b) > 2 && b[2]|0x20 == 'x' {
		head, digits = "&#x", strconv.FormatInt(int64(r), 16)
	}
	if len(head)+len(digits)+1 > len(b) {
		tail = ""
	}
	fill := len(b) - len(head) - len(digits) - len(tail)
	if fill < 0 {
		return
	}
	n := copy(b, head)
	for range fill {
		b[n] = '0'
		n++
	}
	n += copy(b[n:], digits)
	copy(b[n:], tail)
}

// escapeAt returns the offset of the first percent-encoded character, or -1.
func escapeAt(b []byte) int {
	for i := 0; i+2 < len(b); i++ {
		at := bytes.IndexByte(b[i:len(b)-2], '%')
		if at < 0 {
			return -1
		}
		i += at
		if hexValue(b[i+1]) >= 0 && hexValue(b[i+2]) >= 0 {
			return i
		}
	}
	return -1
}

// minTranscribed is the least length of a text in base64 or hexadecimal digits. A shorter
// one cannot be told from a word.
const minTranscribed = 12

// transcribed walks text in base64 or hexadecimal digits. It reports false if b is
// neither.
func (w *walker) transcribed(b []byte, j job) bool {
	if len(b) < minTranscribed || w.depth >= maxDepth {
		return false
	}
	return w.hexadecimal(b, j) || w.base64(b, j)
}

// base64 walks text in base64 of either alphabet (RFC 4648), with or without
// padding.
func (w *walker) base64(b []byte, j job) bool {
	digits := bytes.TrimRight(b, "=")
	enc := base64.RawURLEncoding
	if bytes.IndexByte(digits, '+') >= 0 || bytes.IndexByte(digits, '/') >= 0 {
		enc = base64.RawStdEncoding
	}
	if len(digits) == 0 || len(b)-len(digits) > 2 || !readable64(digits) {
		return false
	}
	mark, outer := len(w.arena), w.changed
	n := enc.DecodedLen(len(digits))
	w.arena = append(w.arena, make([]byte, n)...)
	d := w.arena[mark : mark+n : mark+n]
	_, err := enc.Decode(d, digits)
	ok := err == nil && readable(d) && (j.op != opSecret || weighty(d)) && (w.inURL == 0 || enc == base64.RawURLEncoding && len(digits) == len(b) || ascii(d))
	if ok {
		w.changed = false
		w.depth++
		w.do(j, d)
		w.depth--
		if w.changed {
			enc.Encode(digits, d)
		}
		w.changed = w.changed || outer
	}
	w.arena = w.arena[:mark]
	return ok
}

// hexadecimal walks text in hexadecimal digits of one case.
func (w *walker) hexadecimal(b []byte, j job) bool {
	if len(b)%2 != 0 {
		return false
	}
	for _, c := range b[:minTranscribed] { // looks before it copies
		if hexValue(c) < 0 {
			return false
		}
	}
	mark, outer, upper := len(w.arena), w.changed, false
	for i := 0; i < len(b); i += 2 {
		h, l := hexValue(b[i]), hexValue(b[i+1])
		if h < 0 || l < 0 || h<<4|l < 0x20 && h<<4|l != '\n' || h<<4|l >= 0x7f {
			w.arena = w.arena[:mark]
			return false
		}
		upper = upper || b[i] <= 'F' && b[i] >= 'A' || b[i+1] <= 'F' && b[i+1] >= 'A'
		w.arena = append(w.arena, byte(h<<4|l))
	}
	d := w.arena[mark:len(w.arena):len(w.arena)]
	if j.op == opSecret && !weighty(d) {
		w.arena = w.arena[:mark]
		return false
	}
	w.changed = false
	w.depth++
	w.do(j, d)
	w.depth--
	if w.changed {
		putHex(b, d, upper)
	}
	w.changed = w.changed || outer
	w.arena = w.arena[:mark]
	return true
}

// readable64 reports whether the first twelve characters that base64 digits stand for are
// readable. It copies nothing.
func readable64(digits []byte) bool {
	var v uint32
	for i, c := range digits[:min(len(digits), 16)] {
		s := sextets[c]
		if s > 63 {
			return false
		}
		v = v<<6 | uint32(s)
		if i%4 == 3 {
			if control(byte(v>>16)) || control(byte(v>>8)) || control(byte(v)) {
				return false
			}
			v = 0
		}
	}
	return true
}

// sextets are the values of the digits of both alphabets. 255 means no digit.
var sextets = func() (t [256]byte) {
	for i := range t {
		t[i] = 255
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		t[c] = byte(i)
	}
	t['-'], t['_'] = 62, 63
	return t
}()

func control(c byte) bool { return c < 0x20 && c != '\n' && c != '\r' && c != '\t' || c == 0x7f }

// readable reports whether b is text.
func readable(b []byte) bool {
	for _, c := range b {
		if control(c) {
			return false
		}
	}
	return len(b) > 0 && utf8.Valid(b)
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}
