package redact

import (
	"bytes"
	"unicode/utf8"
)

// isUUID reports whether b is a UUID in its usual form (RFC 9562, section 4).
func isUUID(b []byte) bool {
	if len(b) != 36 {
		return false
	}
	for i, c := range b {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (c == '-') || !dash && hexValue(c) < 0 {
			return false
		}
	}
	return true
}

// hexValue returns the value of a hexadecimal digit, or -1.
func hexValue(c byte) int {
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

// digitsOf copies the digits of b, at most 19, and returns their number. It returns 0 if
// b holds anything else than digits and single spaces or dashes.
func digitsOf(b []byte, digits *[19]byte) int {
	n := 0
	for i, c := range b {
		switch {
		case c >= '0' && c <= '9':
			if n == len(digits) {
				return 0
			}
			digits[n] = c
			n++
		case c != ' ' && c != '-' || i == 0 || b[i-1] == c:
			return 0
		}
	}
	return n
}

// luhn is the sum of ISO/IEC 7812-1, annex B. A valid number has a multiple of 10.
func luhn(digits []byte) int {
	sum, double := 0, false
	for i := len(digits) - 1; i >= 0; i-- {
		d := int(digits[i] - '0')
		if double {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
		double = !double
	}
	return sum
}

// isCard reports whether b is the number of a payment card: digits, perhaps in groups,
// with the beginning and the length of a brand and a right check digit.
func isCard(b []byte) bool {
	if len(b) < 13 || len(b) > 24 || b[0] < '2' || b[0] > '6' {
		return false
	}
	var digits [19]byte
	n := digitsOf(b, &digits)
	return n >= 13 && cardLength(digits[:n]) && luhn(digits[:n])%10 == 0
}

// cardLength reports whether a brand has numbers with this beginning and length.
func cardLength(d []byte) bool {
	first := func(n int) (v int) {
		for _, c := range d[:n] {
			v = 10*v + int(c-'0')
		}
		return v
	}
	two, three, four := first(2), first(3), first(4)
	switch n := len(d); {
	case d[0] == '4':
		return n == 13 || n == 16 || n == 19
	case two >= 51 && two <= 55, four >= 2221 && four <= 2720, four == 6011, two == 65, three >= 644 && three <= 649, four >= 3528 && four <= 3589:
		return n == 16
	case two == 34 || two == 37:
		return n == 15
	case three >= 300 && three <= 305, two == 36, two == 38, two == 39:
		return n == 14
	case two == 62:
		return n >= 16
	}
	return false
}

// leastInBytes is the length of the shortest e-mail address that counts next to bytes
// that are not text. Shorter ones are chance: noise has some eighteen in each MiB.
const leastInBytes = 10

// emailAt returns the bounds of the e-mail address around the @ at offset at. ok is false
// if there is none.
func emailAt(b []byte, at int) (start, end int, ok bool) {
	start, end, ok = addressAt(b, at, true)
	if ok && !utf8.Valid(b[start:end]) {
		start, end, ok = addressAt(b, at, false)
	}
	inBytes := start > 0 && !textual(b[start-1]) || end < len(b) && !textual(b[end])
	return start, end, ok && (end-start >= leastInBytes || !inBytes)
}

// textual reports whether a byte is a character of ASCII text.
func textual(c byte) bool { return c >= ' ' && c < 0x7f || c == '\t' || c == '\r' || c == '\n' }

// addressAt finds the address by its characters alone. wide allows characters beyond
// ASCII.
func addressAt(b []byte, at int, wide bool) (start, end int, ok bool) {
	beyond := func(c byte) bool { return wide && c >= 0x80 }
	start = at
	for start > 0 && (isWord(b[start-1]) || bytes.IndexByte([]byte(".+!#$*^~"), b[start-1]) >= 0 || beyond(b[start-1])) {
		start--
	}
	for start < at && b[start] == '.' {
		start++
	}
	end = at + 1
	dot := -1
	for end < len(b) && (isLetter(b[end]) || b[end] >= '0' && b[end] <= '9' || b[end] == '-' || b[end] == '.' || beyond(b[end])) {
		if b[end] == '.' {
			if end == at+1 || b[end-1] == '.' {
				break
			}
			dot = end
		}
		end++
	}
	if end > at+1 && (b[end-1] == '.' || b[end-1] == '-') {
		end--
		dot = bytes.LastIndexByte(b[at:end], '.') + at
	}
	if start == at || dot < at+2 || end-dot < 3 || end-start > 254 {
		return 0, 0, false
	}
	for _, c := range b[dot+1 : end] {
		if !isLetter(c) && !beyond(c) && c != '-' && (c < '0' || c > '9') {
			return 0, 0, false
		}
	}
	return start, end, isLetter(b[dot+1]) || beyond(b[dot+1])
}

// isEmail reports whether all of b is an e-mail address.
func isEmail(b []byte) bool {
	at := bytes.LastIndexByte(b, '@')
	if at < 1 {
		return false
	}
	start, end, ok := emailAt(b, at)
	return ok && start == 0 && end == len(b)
}

// minJWT is the length of the shortest JSON Web Token: {"alg":"none"} and {}.
const minJWT = 18

// tokenParts looks for a JSON Web Token at the beginning of b (RFC 7519; a JWE, RFC 7516,
// has five parts). It returns the offsets of the dots and the length of the token, or 0.
func tokenParts(b []byte) (dots [4]int, count, end int) {
	if len(b) < minJWT || b[0] != 'e' || b[1] != 'y' || b[2] != 'J' && b[2] != 'A' {
		return dots, 0, 0
	}
	for end < len(b) && count <= 4 {
		c := b[end]
		if c == '.' {
			if count == 4 {
				break
			}
			dots[count] = end
			count++
		} else if !isWord(c) {
			break
		}
		end++
	}
	if count == 3 { // the last dot is a full stop behind the token
		end, count = dots[2], 2
	}
	if count != 2 && count != 4 || dots[0] < 12 || count == 2 && dots[1]-dots[0] < 3 {
		return dots, 0, 0
	}
	return dots, count, end
}

// mixed reports whether b has a digit and a letter.
func mixed(b []byte) bool {
	digit, letter := false, false
	for _, c := range b {
		digit = digit || c >= '0' && c <= '9'
		letter = letter || isLetter(c)
	}
	return digit && letter
}

// traits count the characters of a value by class. A pseudonym has the traits of its
// secret.
type traits struct{ digits, upper, lower, space, other, switches int }

func traitsOf(b []byte) (t traits) {
	last := byte(0)
	for _, c := range b {
		now := byte(0)
		switch {
		case c >= '0' && c <= '9':
			t.digits++
			now = '0'
		case c >= 'a' && c <= 'z':
			t.lower++
			now = 'a'
		case c >= 'A' && c <= 'Z':
			t.upper++
			now = 'A'
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			t.space++
			continue
		case c == '-' || c == '_':
			continue
		default:
			t.other++
			continue
		}
		if last != 0 && now != last {
			t.switches++
		}
		last = now
	}
	return t
}

// random reports whether b looks like something that a machine made at random.
func random(b []byte) bool {
	if len(b) < 16 || len(b) > 8192 {
		return false
	}
	t := traitsOf(b)
	return t.space == 0 && t.other <= len(b)/5 && (t.digits > 0 && t.upper+t.lower > 0 && t.switches >= len(b)/8 ||
		t.upper > 1 && t.lower > 1 && t.switches >= len(b)/4)
}

// distinctive reports whether b looks so much like a secret that it is replaced even if
// its name says nothing.
func distinctive(b []byte) bool {
	if len(b) < 8 || len(b) > maxCachedLen {
		return false
	}
	t := traitsOf(b)
	switch letters := t.upper + t.lower; {
	case t.digits > 0 && letters > 0:
		return t.digits+letters >= 8
	case letters == 0:
		return t.digits >= 14
	default:
		return t.space == 0 && (letters >= 20 || letters >= 12 && t.upper > 0 && t.lower > 0 && t.switches >= 3)
	}
}
