package http1

import "encoding/binary"

// The characters of a token (RFC 9110, section 5.6.2) as bits: those below 64, and
// those from 64 on.
const (
	tokenLow uint64 = (1<<10-1)<<'0' |
		1<<'!' | 1<<'#' | 1<<'$' | 1<<'%' | 1<<'&' | 1<<'\'' | 1<<'*' | 1<<'+' | 1<<'-' | 1<<'.'
	tokenHigh uint64 = (1<<26-1)<<('A'-64) | (1<<26-1)<<('a'-64) |
		1<<('^'-64) | 1<<('_'-64) | 1<<('`'-64) | 1<<('|'-64) | 1<<('~'-64)
)

// isTokenByte reports whether c may stand in a method or in the name of a field.
func isTokenByte(c byte) bool {
	if c < 64 {
		return tokenLow>>c&1 != 0
	}
	return c < 128 && tokenHigh>>(c-64)&1 != 0
}

// IsToken reports whether s is a token, as methods and the names of fields are (RFC
// 9110, section 5.6.2).
func IsToken[T string | []byte](s T) bool {
	for i := range len(s) {
		if !isTokenByte(s[i]) {
			return false
		}
	}
	return len(s) > 0
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// hasControl reports whether b holds a control character other than a tab: NUL, a CR
// that ends no line, DEL.
func hasControl(b []byte) bool {
	const (
		ones = 0x0101010101010101
		high = 0x80 * ones
	)
	for len(b) >= 8 { // a byte below 0x20, or one that is 0x7f, sets its highest bit
		x := binary.LittleEndian.Uint64(b)
		del := x ^ 0x7f*ones
		if ((x-0x20*ones)&^x|(del-ones)&^del)&high != 0 && hasControlByte(b[:8]) {
			return true
		}
		b = b[8:]
	}
	return hasControlByte(b)
}

func hasControlByte(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' || c == 0x7f {
			return true
		}
	}
	return false
}

// equalFold reports whether b is name in any case of its ASCII letters. name is in
// lower case.
func equalFold(b []byte, name string) bool {
	if len(b) != len(name) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != name[i] {
			return false
		}
	}
	return true
}

// isMethod reports whether b is a method of RFC 9110, section 9.3.
func isMethod(b []byte) bool {
	switch string(b) {
	case "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE":
		return true
	}
	return false
}
