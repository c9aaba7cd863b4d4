package route

import (
	"net/url"
	"slices"
	"strings"

	"github.com/starling-load/starling/model/content"
)

// A part is one segment of a path as learning sees it: a word, or a text in which
// {} or {name} stands for what is a value by its form.
type part struct {
	key    string
	matrix string // what stands behind the first ";", values as {}
}

// whole reports whether the part is a value and nothing else.
func whole(key string) bool { return len(key) >= 2 && key[0] == '{' && key[len(key)-1] == '}' }

// holds reports whether some of the part is a value.
func holds(key string) bool { return strings.Contains(key, "{") && strings.Contains(key, "}") }

// known is what data files say about segments.
type known struct {
	columns map[string]string // of values that are a segment
	parts   map[string]string // of segments that hold a value: their pattern
}

// partOf reads a segment. Data columns come first, then forms.
func partOf(segment string, of known) part {
	text, matrix := cutMatrix(segment)
	if text == "" {
		return part{key: text, matrix: matrix}
	}
	s := decode(text)
	if column := of.columns[s]; column != "" {
		return part{"{" + column + "}", matrix}
	}
	if pattern := of.parts[text]; pattern != "" {
		return part{pattern, matrix}
	}
	switch kind := content.Kind(s); kind {
	case "":
	case "date", "email":
		return part{"{" + kind + "}", matrix}
	case "jwt":
		return part{"{token}", matrix}
	default:
		return part{"{id}", matrix}
	}
	if isMeasure(s) {
		return part{"{id}", matrix}
	}
	if text == s {
		text = withHoles(text, isHash)
	}
	return part{text, matrix}
}

// calendar replaces the keys of a year, month and day that follow each other.
func calendar(keys, segments []string) {
	for i := 0; i+1 < len(segments); i++ {
		if !inRange(segments[i], 4, "1900", "2099") || !inRange(segments[i+1], 2, "01", "12") {
			continue
		}
		keys[i], keys[i+1] = "{year}", "{month}"
		if i+2 < len(segments) && inRange(segments[i+2], 2, "01", "31") {
			keys[i+2] = "{day}"
		}
	}
}

// inRange reports whether s is a number of so many digits from low to high.
func inRange(s string, size int, low, high string) bool {
	return len(s) == size && s >= low && s <= high && isNumber(s, 0, size)
}

// cutMatrix cuts a segment before its matrix parameters and replaces their values.
func cutMatrix(segment string) (text, matrix string) {
	text, rest, ok := strings.Cut(segment, ";")
	if !ok || text == "" || rest == "" {
		return segment, ""
	}
	var b strings.Builder
	for item := range strings.SplitSeq(rest, ";") {
		key, _, pair := strings.Cut(item, "=")
		b.WriteString(";" + key)
		if pair {
			b.WriteString("={}")
		}
	}
	return text, b.String()
}

// decode removes percent-encoding from a segment.
func decode(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	if u, err := url.PathUnescape(s); err == nil {
		return u
	}
	return s
}

// isMeasure reports whether s is made of numbers alone, such as coordinates, a
// month or a time. A number with one dot may be the version of an interface: it
// is a word.
func isMeasure(s string) bool {
	digits, marks := 0, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case isDigit(c):
			digits++
		case strings.IndexByte("-+.,:_ /", c) >= 0:
			marks++
		default:
			return false
		}
	}
	return digits >= 2 && marks > 0 && !(marks == 1 && digits <= 3 && strings.Contains(s, "."))
}

// withHoles replaces UUIDs, and the pieces between punctuation that are values, by {}.
func withHoles(s string, value func(s string, from, to int) bool) string {
	var b strings.Builder
	at := 0
	for i := 0; i < len(s); {
		if isUUID(s, i) {
			b.WriteString(s[at:i] + "{}")
			i += uuidLen
			at = i
			continue
		}
		end := i
		for end < len(s) && alphanumeric(s[end]) {
			end++
		}
		if end > i && (end-i < len(s)) && value(s, i, end) {
			b.WriteString(s[at:i] + "{}")
			at = end
		}
		i = max(end, i+1)
	}
	return b.String() + s[at:]
}

const uuidLen = len("550e8400-e29b-41d4-a716-446655440000")

// isUUID reports whether a UUID begins at s[i], and nothing alphanumeric stands beside it.
func isUUID(s string, i int) bool {
	end := i + uuidLen
	return end <= len(s) && s[i+8] == '-' && (i == 0 || !alphanumeric(s[i-1])) && (end == len(s) || !alphanumeric(s[end])) &&
		content.Kind(s[i:end]) == "uuid"
}

// isHash reports whether a piece of a segment was made by a machine: a hash in the
// name of a file, or the number that is the whole name of one.
func isHash(s string, from, to int) bool {
	piece := s[from:to]
	digits, turns := 0, 0
	for i := 0; i < len(piece); i++ {
		if isDigit(piece[i]) {
			digits++
		}
		if i > 0 && isDigit(piece[i]) != isDigit(piece[i-1]) {
			turns++
		}
	}
	if digits == len(piece) {
		return len(piece) >= 6 || from == 0 && to < len(s) && s[to] == '.' && !isDigit(s[len(s)-1])
	}
	switch content.Kind(piece) {
	case "hex", "token":
		return true
	}
	return len(piece) >= 8 && digits > 0 && turns >= 3
}

// isNumber reports whether a piece of a segment is a number.
func isNumber(s string, from, to int) bool {
	for i := from; i < to; i++ {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

func alphanumeric(b byte) bool {
	return isDigit(b) || b|0x20 >= 'a' && b|0x20 <= 'z' || b >= 0x80
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// reserved are words that interfaces of all kinds put where an identifier stands
// elsewhere: the user's own record, and acts on a collection.
var reserved = [...]string{
	"me", "self", "current", "new", "edit", "create", "add", "search", "all", "latest", "login", "logout", "count", "index",
}

// valueness says how far the form of a word speaks for a value (above 0) or for a
// name that a programmer gave (below 0), in nats.
func valueness(key string) float64 {
	if slices.Contains(reserved[:], key) {
		return -3
	}
	if isVersion(key) {
		return never
	}
	c := charsOf(key)
	score := 0.0
	if key[0] == '@' || key[0] == '~' {
		score += 2
	}
	if c.odd > 0 {
		score += 1.5
	}
	file := isFile(key)
	switch {
	case c.dots > 0 && file:
		score += 0.5
	case c.dots > 0:
		score++
	}
	if c.digits > 0 {
		score++
	}
	if c.marks >= 2 {
		score += 0.7
	}
	switch {
	case c.camel > 0:
		score--
	case c.upper > 0:
		score += 0.5
	}
	switch {
	case holds(key) && file:
		score += 0.5
	case holds(key):
		score += 1.5
	}
	return min(score, 3)
}

// isFile reports whether a segment is the name of a file: a word, and an ending of
// letters.
func isFile(s string) bool {
	dot := strings.LastIndexByte(s, '.')
	if dot <= 0 || len(s)-dot < 2 || len(s)-dot > 6 {
		return false
	}
	for i := dot + 1; i < len(s); i++ {
		if !alphanumeric(s[i]) || isDigit(s[i]) {
			return false
		}
	}
	return s[0]|0x20 >= 'a' && s[0]|0x20 <= 'z'
}

// isVersion reports whether a segment is the version of an interface: v1, v2beta1.
func isVersion(s string) bool {
	if len(s) < 2 || len(s) > 9 || s[0] != 'v' || !isDigit(s[1]) {
		return false
	}
	for i := 2; i < len(s); i++ {
		if !alphanumeric(s[i]) || i > 3 && isDigit(s[i]) && isDigit(s[i-1]) && isDigit(s[i-2]) {
			return false
		}
	}
	return true
}

// chars counts the characters of a word by what they tell.
type chars struct{ digits, upper, camel, marks, dots, odd int }

func charsOf(s string) (c chars) {
	for i := 0; i < len(s); i++ {
		switch b := s[i]; {
		case isDigit(b):
			c.digits++
		case b >= 'A' && b <= 'Z':
			c.upper++
			if i > 0 && s[i-1] >= 'a' && s[i-1] <= 'z' {
				c.camel++
			}
		case b >= 'a' && b <= 'z', b == '{', b == '}', b == '@' && i == 0, b == '~' && i == 0:
		case b == '-' || b == '_':
			c.marks++
		case b == '.':
			c.dots++
		default:
			c.odd++
		}
	}
	return c
}
