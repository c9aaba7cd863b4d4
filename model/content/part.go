package content

import "strings"

// A Part is an identifier within a text, from Start to End. Name is the word that it
// follows, such as order in "order-42" and id in `id="42"`, or "".
type Part struct {
	Name       string
	Start, End int
}

// maxParts is the number of parts of one text.
const maxParts = 256

// minRandom is the length in bytes of what may be a random identifier.
const minRandom = 8

// joiners may stand between the name of a part and the part, at most two together.
const joiners = `=:"'([-_.`

// Parts returns the identifiers within s in order: words between delimiters, and
// pieces of words, that have a Kind. Numbers count only with a name, or in a list of
// nothing else. A time has none, nor has an identifier, unless it consists of pieces.
func Parts(s string) []Part {
	if len(s) > maxValue || !strings.ContainsAny(s, "0123456789") || timed(s) || padded(s) {
		return nil
	}
	switch Kind(s) {
	case "":
	case "token", "id":
		return pieces(s, 0, len(s), "-_", false, nil)
	default:
		return nil
	}
	for _, mark := range [...]string{".", ":"} {
		if stem, ending, ok := strings.Cut(s, mark); ok && Kind(stem) != "" && isEnding(ending) {
			return []Part{{"", 0, len(stem)}}
		}
	}
	if start, end := argument(s); start > 0 {
		return []Part{{nameBefore(s, start-1), start, end}}
	}
	if list := identifierList(s); list != nil {
		return list
	}
	list := numberList(s)
	var out []Part
	for i := 0; i < len(s) && len(out) < maxParts; {
		if !wordByte(s[i]) {
			i++
			continue
		}
		end := i
		for end < len(s) && wordByte(s[end]) {
			end++
		}
		out = wordParts(s, i, end, ".", list, out)
		i = end
	}
	return out
}

// valueParts returns Parts of a value or, of a word that ends in a number, such as row42, the
// number: segments of addresses have such names.
func valueParts(s string) []Part {
	if n := len(strings.TrimRight(s, "0123456789")); n > 1 && n < len(s) && allLetters(s[:n]) {
		return []Part{{s[:n], n, len(s)}}
	}
	return Parts(s)
}

// allParts returns valueParts and the identifiers within those that have a prefix: the number
// of "#row-1042", as that of "#row-42".
func allParts(s string) []Part {
	list := valueParts(s)
	for _, p := range list {
		if (p.Start > 0 || p.End < len(s)) && Kind(s[p.Start:p.End]) == "id" {
			list = pieces(s, p.Start, p.End, "-_", false, list)
		}
	}
	return list
}

// argument returns where the text of X('text') lies, as keys are written in addresses, or 0.
func argument(s string) (start, end int) {
	name, rest, ok := strings.Cut(s, "('")
	if inner, whole := strings.CutSuffix(rest, "')"); ok && whole && allLetters(name) && !strings.Contains(inner, "'") {
		return len(name) + 2, len(s) - 2
	}
	return 0, 0
}

// isEnding reports whether s is the ending of a file name.
func isEnding(s string) bool { return allLetters(s) && len(s) <= 20 }

// allLetters reports whether s is a word of letters alone.
func allLetters(s string) bool {
	for i := range len(s) {
		if !isLetter(s[i]) {
			return false
		}
	}
	return s != ""
}

// padded reports whether s is random bytes in Base64, with the marks that tell it from
// words between slashes.
func padded(s string) bool {
	if len(s) < 16 || s[len(s)-1] != '=' && strings.IndexByte(s, '+') < 0 {
		return false
	}
	for _, c := range []byte(strings.TrimRight(s, "=")) {
		if c != '+' && c != '/' && (c < '0' || c > '9') && !isLetter(c) {
			return false
		}
	}
	return true
}

// timed reports whether s begins with a date, or a time of day.
func timed(s string) bool {
	return len(s) > 10 && isDate(s[:10]) || len(s) >= 5 && s[2] == ':' && Kind(s[:2]) == "int" && Kind(s[3:5]) == "int"
}

// numberList reports whether s consists of numbers with one delimiter between them.
func numberList(s string) bool {
	delimiter := byte(0)
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
		case c != ',' && c != ';' && c != '|' && c != ' ', delimiter != 0 && c != delimiter:
			return false
		default:
			delimiter = c
		}
	}
	return delimiter != 0
}

// identifierList returns the elements of a list of random identifiers. One of them may look
// like a word with a number by chance.
func identifierList(s string) []Part {
	at := strings.IndexAny(s, ",;|")
	if at < 0 {
		return nil
	}
	var out []Part
	kinds := 0
	for start := 0; start <= len(s) && len(out) < maxParts; {
		end := start
		for end < len(s) && s[end] != s[at] {
			if !wordByte(s[end]) || s[end] == '.' {
				return nil
			}
			end++
		}
		element := s[start:end]
		switch Kind(element) {
		case "id", "token", "hex":
			kinds++
		default:
			if !strings.ContainsAny(element, "0123456789") || len(element) < minRandom {
				return nil
			}
		}
		out = append(out, Part{"", start, end})
		start = end + 1
	}
	if 2*kinds < len(out) {
		return nil
	}
	return out
}

// wordByte reports whether c belongs to a word. Delimiters do not.
func wordByte(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '-' || c == '_' || c == '.' || c >= 0x80
}

// wordParts appends s[i:end] or, if it has no Kind, its pieces between the marks: dots,
// then "-" and "_".
func wordParts(s string, i, end int, marks string, list bool, out []Part) []Part {
	for i < end && strings.IndexByte("-_.", s[i]) >= 0 {
		i++
	}
	for i < end && strings.IndexByte("-_.", s[end-1]) >= 0 {
		end--
	}
	if i == end {
		return out
	}
	word := s[i:end]
	if kind := Kind(word); kind != "" {
		name := nameBefore(s, i)
		if n := len(out); name == "" && n > 0 && i == out[n-1].End+1 && strings.IndexByte(",;|", s[i-1]) >= 0 {
			name = out[n-1].Name // in(7,12)
		}
		if kind == "int" && !list && (name == "" || s[i-1] == '.' && !allLetters(name) || end < len(s) && s[end] == '.' && marks != ".") {
			return out
		}
		return append(out, Part{name, i, end})
	}
	if marks == "" || !strings.ContainsAny(word, "0123456789") {
		return out
	}
	return pieces(s, i, end, marks, list, out)
}

// pieces appends the pieces of the word s[i:end]: a UUID, and what stands between marks.
func pieces(s string, i, end int, marks string, list bool, out []Part) []Part {
	next := ""
	if marks == "." {
		next = "-_"
	}
	if at := findUUID(s[i:end]); at >= 0 && end-i > 36 {
		out = wordParts(s, i, i+at, marks, list, out)
		out = append(out, Part{nameBefore(s, i+at), i + at, i + at + 36})
		return wordParts(s, i+at+36, end, marks, list, out)
	}
	if !strings.ContainsAny(s[i:end], marks) {
		if next == "" {
			return out
		}
		return pieces(s, i, end, next, list, out)
	}
	for from := i; from < end; {
		to := from
		for to < end && strings.IndexByte(marks, s[to]) < 0 {
			to++
		}
		out = wordParts(s, from, to, next, list, out)
		from = to + 1
	}
	return out
}

// findUUID returns where a UUID begins in s, or -1.
func findUUID(s string) int {
	for i := 0; i+36 <= len(s); i++ {
		if s[i+8] == '-' && isUUID(s[i:i+36]) {
			return i
		}
	}
	return -1
}

// nameBefore returns the word before s[i], with one or two joiners between.
func nameBefore(s string, i int) string {
	end := i
	if i > 1 && s[i-1] == ' ' && s[i-2] == ':' { // as in remark(vase: 17)
		end--
	}
	for end > 0 && i-end < 2 && strings.IndexByte(joiners, s[end-1]) >= 0 {
		end--
	}
	start := end
	for start > 0 && end-start < 40 && (isLetter(s[start-1]) || s[start-1] >= '0' && s[start-1] <= '9') {
		start--
	}
	if end == i || start == end || !isLetter(s[start]) || !nameable(s[start:end]) {
		return ""
	}
	return s[start:end]
}

// nameable reports whether s is a word, as opposed to a piece of something random: its
// digits come last, and it does not go to and fro between upper and lower case.
func nameable(s string) bool {
	c := classify(s)
	return Kind(s) == "" && c.digits <= 2 && c.switches <= 1+len(s)/6
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
