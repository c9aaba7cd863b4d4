package redact

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Pseudonyms carry check characters. They tell a pseudonym from a secret without the key.
// They stand before the last letter or digit:
//
//	k 9 Q _ x 0 v 7 m 2
//	-----------+++++-
//	drawn      check  drawn
//
// The checks are a hash of all drawn characters, with letters folded. Each check is
// written in the character class of its place. A secret passes by chance once in 10²
// (four digits) to once in 26⁶. Values with fewer than four letters and digits have no
// checks.

// minCertified is the least number of letters and digits of a pseudonym with checks.
const minCertified = 4

// checks returns how many of n letters and digits are checks.
func checks(n, digits int) int {
	switch {
	case n < minCertified:
		return 0
	case n < 7, digits == n && n < 14:
		return 2
	case n < 10:
		return 3
	case n < 12:
		return 4
	case n < 14:
		return 5
	}
	return 6
}

// checkPlaces returns the offsets of the check characters, the last one first.
func checkPlaces(b []byte) (places [6]int, count int) {
	n, digits := 0, 0
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			digits++
			n++
		case isLetter(c):
			n++
		}
	}
	count = checks(n, digits)
	last := true
	for i, k := len(b)-1, 0; i >= 0 && k < count; i-- {
		if isLetter(b[i]) || b[i] >= '0' && b[i] <= '9' {
			if !last {
				places[k] = i
				k++
			}
			last = false
		}
	}
	return places, count
}

// drawn hashes the characters that are not checks (FNV-1a, then mixed).
func drawn(b []byte, places [6]int, count int) uint64 {
	h := uint64(14695981039346656037)
	k := count - 1
	for i, c := range b {
		c = fold(c)
		if k >= 0 && i == places[k] {
			c = 0
			k--
		}
		h = (h ^ uint64(c)) * 1099511628211
	}
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return h ^ h>>32
}

// certify sets the check characters of b. Each stays within its class.
func certify(b []byte, hex bool) {
	places, count := checkPlaces(b)
	h := drawn(b, places, count)
	for _, p := range places[:count] {
		switch letters := alphabet(hex); {
		case b[p] <= '9':
			b[p], h = '0'+byte(h%10), h/10
		default:
			b[p], h = b[p]&^0x1f|byte(1+h%letters), h/letters
		}
	}
}

// minPseudonym is the least length in bytes of what IsPseudonym tells.
const minPseudonym = 8

// IsPseudonym reports whether a value is a pseudonym, by the checks that it carries. It
// needs no key. A value that is none passes once in 10³ if it is short, and once in 10⁶
// or less if it has fourteen letters and digits. A value of which only a part was replaced
// does not pass, nor does one of less than eight bytes.
func IsPseudonym(value string) bool {
	b := []byte(value)
	switch {
	case len(b) < minPseudonym:
		return false
	case isCard(b):
		return certifiedCard(b)
	case bytes.IndexByte(b, '@') > 0:
		return certifiedEmail(b)
	}
	return certified(b)
}

// certified reports whether the checks of b are right.
func certified(b []byte) bool {
	return certifiedAs(b, false) || onlyHex(b) && certifiedAs(b, true)
}

func certifiedAs(b []byte, hex bool) bool {
	places, count := checkPlaces(b)
	h := drawn(b, places, count)
	for _, p := range places[:count] {
		want := byte(0)
		switch letters := alphabet(hex); {
		case b[p] <= '9':
			want, h = '0'+byte(h%10), h/10
		default:
			want, h = b[p]&^0x1f|byte(1+h%letters), h/letters
		}
		if b[p] != want {
			return false
		}
	}
	return count > 0
}

func alphabet(hex bool) uint64 {
	if hex {
		return 6
	}
	return 26
}

// certifyCard sets the two checks and the check digit of a card number.
func certifyCard(digits []byte) {
	n := len(digits)
	h := drawn(digits[:n-3], [6]int{}, 0)
	digits[n-3], digits[n-2], digits[n-1] = '0'+byte(h%10), '0'+byte(h/10%10), '0'
	digits[n-1] = '0' + byte((10-luhn(digits)%10)%10)
}

// certifiedCard reports whether a card number is a pseudonym.
func certifiedCard(b []byte) bool {
	var digits [19]byte
	n := digitsOf(b, &digits)
	reserved := reservedFor(digits[:n])
	if n < 13 || reserved == "" || !bytes.HasPrefix(digits[:n], []byte(reserved)) {
		return false
	}
	want := digits
	certifyCard(want[:n])
	return want == digits
}

// certifiedEmail reports whether an address is a pseudonym.
func certifiedEmail(b []byte) bool {
	s := strings.ToLower(string(b[max(0, len(b)-len(longDomain)):]))
	return strings.HasSuffix(s, longDomain) || strings.HasSuffix(s, shortDomain)
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// onlyHex reports whether b has letters and all of them are hexadecimal digits, in upper
// or lower case.
func onlyHex(b []byte) bool {
	letters := false
	for _, c := range b {
		if isLetter(c) {
			if c|0x20 > 'f' {
				return false
			}
			letters = true
		}
	}
	return letters
}

// decodeRune returns the first character and its length, or -1 and 1 if it is not UTF-8.
func decodeRune(b []byte) (rune, int) {
	r, n := utf8.DecodeRune(b)
	if r == utf8.RuneError && n <= 1 {
		return -1, 1
	}
	return r, n
}
