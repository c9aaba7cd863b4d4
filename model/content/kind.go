package content

import (
	"math"
	"strings"
)

// Kind returns what a path segment, key or other short value looks like:
// "int", "uuid", "date", "email", "jwt", "hex", "id" (record identifiers such as
// 65f0c0ffee… or ORD-2026-0042), "token" (long and random), or "" for a word.
func Kind(s string) string {
	if s == "" || len(s) > 4096 {
		return ""
	}
	c := classify(s)
	switch {
	case c.digits == len(s) && len(s) <= 20:
		return "int"
	case isUUID(s):
		return "uuid"
	case isDate(s):
		return "date"
	case isEmail(s):
		return "email"
	case isJWT(s):
		return "jwt"
	case c.other > 0:
		return ""
	case c.hex == len(s) && len(s) >= 8 && c.digits > 0 && c.letters() > 0 && c.upper*c.lower == 0:
		return "hex"
	case len(s) == 15 && c.upper == 0 && c.marks == 0 && c.digits > 0 && c.switches >= 2:
		return "id"
	case isCode(s):
		return "id"
	case len(s) >= 16 && c.marks == 0 && c.upper*c.lower == 0 && c.digits > 0 && c.switches >= 2:
		return "token" // words have no digit inside
	case len(s) >= 16 && c.digits > 0 && c.letters() > 0 && c.switches >= max(4, len(s)/8) && Bits(s) >= 48:
		return "token"
	case len(s) >= 20 && c.upper > 1 && c.lower > 1 && c.switches >= len(s)/4:
		return "token"
	}
	return ""
}

// Opaque reports whether s looks made by a machine at random. Nobody types such a
// value, and two equal ones have the same origin. The punctuation of base64 and the
// quotes of entity tags may surround it.
func Opaque(s string) bool {
	switch Kind(s) {
	case "uuid", "jwt", "token":
		return true
	case "hex":
		return len(s) >= 12
	case "id":
		return Bits(s) >= 40
	}
	if len(s) < 16 || strings.ContainsAny(s, " \t\n<>{}@,;") {
		return false
	}
	c := classify(s)
	return c.digits > 0 && c.letters() > 0 && c.switches >= len(s)/5 && c.marks+c.other <= len(s)/5
}

// Bits estimates how much information s holds, in bits: its length times the
// entropy of its characters. A word of a short list has far less than a token.
func Bits(s string) float64 {
	if s == "" {
		return 0
	}
	var count [256]int
	for i := 0; i < len(s); i++ {
		count[s[i]]++
	}
	n, h := float64(len(s)), 0.0
	for _, k := range count {
		if k > 0 {
			p := float64(k) / n
			h -= p * math.Log2(p)
		}
	}
	return n * h
}

// classes counts the characters of a value by class, and the changes between
// digits, upper and lower case from one character to the next.
type classes struct {
	digits, upper, lower, hex, marks, other, switches int
}

func (c classes) letters() int { return c.upper + c.lower }

func classify(s string) (c classes) {
	last := byte(0)
	for i := 0; i < len(s); i++ {
		b, now := s[i], byte(0)
		switch {
		case b >= '0' && b <= '9':
			c.digits++
			c.hex++
			now = '0'
		case b >= 'a' && b <= 'z':
			c.lower++
			now = 'a'
			if b <= 'f' {
				c.hex++
			}
		case b >= 'A' && b <= 'Z':
			c.upper++
			now = 'A'
			if b <= 'F' {
				c.hex++
			}
		case b == '-' || b == '_':
			c.marks++
			continue
		default:
			c.other++
			continue
		}
		if last != 0 && now != last {
			c.switches++
		}
		last = now
	}
	return c
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := 0; i < len(s); i++ {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (s[i] == '-') || !dash && !isHex(s[i]) {
			return false
		}
	}
	return true
}

func isHex(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F'
}

func isDate(s string) bool {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return false
	}
	for i := 0; i < len(s); i++ {
		if i != 4 && i != 7 && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return s[0] == '1' || s[0] == '2'
}

func isEmail(s string) bool {
	user, host, ok := strings.Cut(s, "@")
	if !ok || user == "" || len(s) > 254 || strings.ContainsAny(s, " /:<>\"") {
		return false
	}
	dot := strings.LastIndexByte(host, '.')
	return dot > 0 && dot < len(host)-2 && !strings.Contains(host, "@")
}

func isJWT(s string) bool {
	if !strings.HasPrefix(s, "eyJ") || strings.Count(s, ".") != 2 || len(s) < 40 {
		return false
	}
	for i := 0; i < len(s); i++ {
		b := s[i]
		if b != '.' && b != '-' && b != '_' && (b < '0' || b > '9') && (b|0x20 < 'a' || b|0x20 > 'z') {
			return false
		}
	}
	return true
}

// isCode recognises numbers with a prefix: ORD-2026-0042, inv_00017,
// ORD-MPVNHRJFOLTKOVMY. The groups behind the prefix are digits or upper-case
// letters: at least four digits, or a group of eight with a digit, or of twelve.
func isCode(s string) bool {
	i := 0
	for i < len(s) && (s[i]|0x20) >= 'a' && (s[i]|0x20) <= 'z' {
		i++
	}
	if i == 0 || i > 10 || i >= len(s)-1 || s[i] != '-' && s[i] != '_' {
		return false
	}
	digits, group, longest := 0, 0, 0
	for ; i < len(s); i++ {
		switch b := s[i]; {
		case b >= '0' && b <= '9':
			digits++
			group++
		case b >= 'A' && b <= 'Z':
			group++
		case b == '-' || b == '_':
			group = 0
		default:
			return false
		}
		longest = max(longest, group)
	}
	return digits >= 4 || digits > 0 && longest >= 8 || longest >= 12
}

// Template returns path with {} in place of each segment that has a Kind, and of the
// identifiers within other segments, such as those of "order-42", "12.pdf" and
// "Orders('ALFKI-7')". The addresses of one kind of record become equal.
func Template(path string) string {
	if !strings.ContainsAny(path, "0123456789@") && len(path) < 16 {
		return path
	}
	segments := strings.Split(path, "/")
	changed := false
	for i, s := range segments {
		if t := segmentTemplate(s); t != s {
			segments[i], changed = t, true
		}
	}
	if !changed {
		return path
	}
	return strings.Join(segments, "/")
}

// segmentTemplate is the template of one segment.
func segmentTemplate(s string) string {
	if Kind(unescape(s)) != "" {
		return bareKey
	}
	parts := Parts(s)
	if len(parts) == 0 || len(parts) > 8 {
		return s
	}
	var b strings.Builder
	at := 0
	for _, p := range parts {
		b.WriteString(s[at:p.Start])
		b.WriteString(bareKey)
		at = p.End
	}
	b.WriteString(s[at:])
	return b.String()
}
