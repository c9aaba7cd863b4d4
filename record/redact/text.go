package redact

import (
	"bytes"
	"strings"
)

// Kinds of bytes in running text.
const (
	inOther byte = iota
	inWord
	inSpecial // % & \ @ :
)

var byteKinds = func() (t [256]byte) {
	for c := range t {
		if isLetter(byte(c)) || c >= '0' && c <= '9' || c == '-' || c == '_' {
			t[c] = inWord
		}
	}
	for _, c := range []byte(`%&\@:`) {
		t[c] = inSpecial
	}
	return t
}()

func isWord(c byte) bool { return byteKinds[c] == inWord }

// inURLWord reports whether c belongs to a word in a URL. c is not encoded.
func inURLWord(c byte) bool {
	return isWord(c) || c == '.' || c == '~' || c == '+' || c == '!' || c == '*' || c == '$' || c == '@' || c == '%' || c >= 0x80
}

// text walks running text of any kind. It finds NAME=VALUE and "NAME": "VALUE" whose name
// is that of a secret, values that have the form of a secret, and secrets that are known.
// It decodes what is encoded.
func (w *walker) text(b []byte) {
	if len(w.scope.patterns) > 0 {
		w.patterns(b)
	}
	done := 0 // the bytes before are not looked at again
	for i := 0; i < len(b); {
		switch byteKinds[b[i]] {
		case inOther:
			i++
		case inWord:
			end, handled := w.word(b, i, done)
			if handled {
				done = end
			}
			i = end
		default:
			end, rest := w.special(b, i, done)
			if rest {
				return
			}
			if end > i+1 {
				done = end
			}
			i = end
		}
	}
}

// special looks at the character at i, which may begin something. It returns where to go
// on. rest is true if it walked all that follows.
func (w *walker) special(b []byte, i, done int) (end int, rest bool) {
	switch b[i] {
	case '%':
		if i+2 < len(b) && hexValue(b[i+1]) >= 0 && hexValue(b[i+2]) >= 0 && w.depth < maxDepth {
			start, end := i, i
			for start > done && inURLWord(b[start-1]) {
				start--
			}
			for end < len(b) && inURLWord(b[end]) {
				end++
			}
			w.layered(layerPercent, b[start:end], job{op: opText})
			return end, false
		}
	case '&', '\\':
		l := layerEntity
		if b[i] == '\\' {
			l = layerEscape
		}
		if _, _, n := l.unit(b[i:]); n > 1 && w.depth < maxDepth {
			start := i
			for start > done && inURLWord(b[start-1]) {
				start--
			}
			w.layered(l, b[start:], job{op: opText})
			return len(b), true
		}
	case '@':
		if start, end, ok := emailAt(b, i); ok && start >= done {
			w.leaf(formEmail, b[start:end], KindEmail)
			return end, false
		}
	case ':':
		if i+2 < len(b) && b[i+1] == '/' && b[i+2] == '/' {
			return w.userinfoAt(b, i+3), false
		}
	}
	return i + 1, false
}

// maxUserinfo is how many bytes the credentials in a URL may take before their @.
const maxUserinfo = 512

// userinfoAt walks the credentials at i, before the host of a URL, if there are any. It
// returns where to go on.
func (w *walker) userinfoAt(b []byte, i int) int {
	at := -1
	for k := i; k < len(b) && k < i+maxUserinfo; k++ {
		c := b[k]
		if c == '@' {
			at = k
		}
		if c <= ' ' || c == '/' || c == '?' || c == '#' || c == '"' || c == '\'' || c == '<' || c == '>' || c == '\\' || c == ')' {
			break
		}
	}
	if at < 0 {
		return i
	}
	w.userinfo(b[i:at])
	return at + 1
}

// word looks at the word that begins at i. It returns where to go on. handled: the bytes
// before are done and must not be looked at again.
func (w *walker) word(b []byte, i, done int) (end int, handled bool) {
	j := i + 1
	for j < len(b) && byteKinds[b[j]] == inWord {
		j++
	}
	n := j - i
	if j < len(b) {
		switch b[j] {
		case '=', ':', '"', '\'', ']', ' ':
			if n >= 3 && n <= maxName {
				if end := w.named(b, i, j); end > 0 {
					return end, true
				}
			}
		case '@', '.', '+':
			if end := w.emailAhead(b, j, done); end > 0 {
				return end, true
			}
		}
	}
	if c := b[i]; c >= '2' && c <= '6' && n >= 4 {
		if end := cardEnd(b, i); end > 0 {
			w.leaf(formCard, b[i:end], KindCard)
			return end, true
		}
	}
	if n < 8 {
		return j, false
	}
	return w.longWord(b, i, j, done)
}

// longWord looks at the word from i to j, which is long enough to be a secret.
func (w *walker) longWord(b []byte, i, j, done int) (end int, handled bool) {
	if w.issued != nil && strings.HasPrefix(w.part, "response") && random(b[i:j]) {
		defer func() {
			if !handled {
				w.issued.add(w.site, b[i:j])
			}
		}()
	}
	if w.known != nil {
		if from, to, ok := w.known.find(b, i, j); ok && from >= done {
			w.replace(b[from:to], KindToken)
			return to, true
		}
	}
	switch b[i] {
	case 'e':
		if dots, count, n := tokenParts(b[i:]); count > 0 {
			w.jwt(b[i:i+n], dots, count)
			return i + n, true
		}
	case '-':
		if end := w.pem(b, i); end > 0 {
			return end, true
		}
	}
	if n := shapeOf(b[i:j]); n > 0 {
		w.opaque(b[i+n:j], KindKey)
		return j, true
	}
	if n := j - i; n >= minTranscribed && w.depth < maxDepth {
		return w.encodedWord(b, i, j)
	}
	return j, false
}

// encodedWord walks the word if it is text in base64 or hexadecimal digits.
func (w *walker) encodedWord(b []byte, i, j int) (end int, handled bool) {
	if w.hexadecimal(b[i:j], job{op: opField}) {
		return j, true
	}
	if j-i < 16 && !readable64(b[i:j]) {
		return j, false
	}
	k := j
	if i == 0 || b[i-1] != '/' && b[i-1] != '+' { // else the base64 began before i
		for k < len(b) && sextets[b[k]] <= 63 {
			k++
		}
	}
	for pad := 0; pad < 2 && k < len(b) && b[k] == '='; pad++ {
		k++
	}
	if k-i >= 16 && readable64(b[i:j]) {
		if w.base64(b[i:k], job{op: opField}) {
			return k, true
		}
		if k > j && j-i >= 16 && w.base64(b[i:j], job{op: opField}) {
			return j, true
		}
	}
	return j, false
}

// maxLocal is the most bytes before the @ of an e-mail address: 64 by RFC 5321, section
// 4.5.3.1, and some more.
const maxLocal = 128

// emailAhead looks for an e-mail address that continues at j, and replaces it.
func (w *walker) emailAhead(b []byte, j, done int) int {
	for limit := min(len(b), j+maxLocal); j < limit && (isWord(b[j]) || b[j] == '.' || b[j] == '+'); j++ {
	}
	if j == len(b) || b[j] != '@' {
		return 0
	}
	start, end, ok := emailAt(b, j)
	if !ok || start < done {
		return 0
	}
	w.leaf(formEmail, b[start:end], KindEmail)
	return end
}

// cardEnd returns the end of the card number that begins at i, or 0. A digit, letter or
// decimal point next to the number rules it out.
func cardEnd(b []byte, i int) int {
	if i > 0 && (isWord(b[i-1]) || b[i-1] == '.') {
		return 0
	}
	end, digits, k := 0, 0, i
	for ; k < len(b) && digits <= 19; k++ {
		c := b[k]
		if c >= '0' && c <= '9' {
			digits++
			continue
		}
		if digits >= 13 && !isLetter(c) && c != '_' && isCard(b[i:k]) {
			end = k
		}
		if c != ' ' && c != '-' || b[k-1] == c {
			break
		}
	}
	if k == len(b) && digits >= 13 && isCard(b[i:k]) {
		end = k
	}
	return end
}

// named walks the value behind the name b[i:j] if that is the name of a secret. It
// returns the end of the value, or 0.
func (w *walker) named(b []byte, i, j int) int {
	c := w.scope.field(b[i:j])
	if c < likely {
		return 0
	}
	longest := maxValue
	if c == likely {
		longest = maxLikely
	}
	start, end, sure := valueBehind(b, j, longest)
	if start >= end {
		return 0
	}
	if c != password && !inQuotes(b, start) {
		// A parameter in a path, such as ;jsessionid=…, ends before the query and the
		// fragment.
		if n := bytes.IndexAny(b[start:end], "?#"); n > 0 {
			end = start + n
		}
	}
	escaped := w.unescaped == 0 && inQuotes(b, start)
	if escaped {
		end = start + literalEnd(b[start:min(len(b), start+longest)], b[start-1], end-start)
	}
	value := b[start:end]
	switch {
	case c == likely && !random(value) && escapeAt(value) < 0:
		return 0
	case !sure && !random(value) && (len(value) < 8 || !mixed(value)):
		return 0
	}
	w.label(b[i:j])
	if escaped && bytes.IndexByte(value, '\\') >= 0 && w.depth < maxDepth {
		w.layered(layerEscape, value, job{op: opField, class: c})
	} else {
		w.field(c, value)
	}
	return end
}

// inQuotes reports whether the value at start is a literal in quotes.
func inQuotes(b []byte, start int) bool {
	return start > 0 && (b[start-1] == '"' || b[start-1] == '\'' || b[start-1] == '`')
}

// literalEnd returns where the literal at the beginning of b ends, before its closing
// quote. A quote behind a backslash belongs to the literal. Without a closing quote the
// literal ends at otherwise.
func literalEnd(b []byte, quote byte, otherwise int) int {
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case quote:
			return i
		}
	}
	return otherwise
}

// The longest values that are looked for behind names, in bytes: maxValue for secrets,
// maxLikely for what may be one. They bound the work where many names follow each other.
const (
	maxValue  = 1 << 16
	maxLikely = 1 << 10
)

// valueBehind returns the bounds of the value of a name that ends at j. sure means that
// it is a value for certain; otherwise it may be code, such as an expression.
func valueBehind(b []byte, j, longest int) (start, end int, sure bool) {
	k, quotedName := j, false
	for k < len(b) && b[k] == ']' {
		k++
	}
	if k < len(b) && (b[k] == '"' || b[k] == '\'') {
		quotedName = true
		k++
	}
	spaced := k < len(b) && b[k] == ' '
	if spaced {
		k++
	}
	if k >= len(b) || b[k] != '=' && b[k] != ':' {
		return 0, 0, false
	}
	colon := b[k] == ':'
	k++
	if k < len(b) && (b[k] == '=' || b[k] == '/') {
		return 0, 0, false
	}
	if k < len(b) && b[k] == '>' && !colon {
		k++
	}
	for n := 0; n < 2 && k < len(b) && b[k] == ' '; n++ {
		spaced = true
		k++
	}
	if k == len(b) {
		return 0, 0, false
	}
	if q := b[k]; q == '"' || q == '\'' || q == '`' {
		n := bytes.IndexByte(b[k+1:min(len(b), k+1+longest)], q)
		if n < 0 {
			return k + 1, len(b), false
		}
		return k + 1, k + 1 + n, true
	}
	end = k
	for end < len(b) && end < k+longest && !valueEnds[b[end]] {
		if longest == maxLikely && b[end] == '=' && end+1 < len(b) && isWord(b[end+1]) {
			break // this = is not padding: it follows the next name
		}
		end++
	}
	if quotedName && colon { // "name": 123
		return k, end, allDigits(b[k:end])
	}
	return k, end, !colon && !spaced && !quotedName
}

// valueEnds are the bytes that end a value without quotes.
var valueEnds = func() (t [256]bool) {
	for c := range t {
		t[c] = c <= ' '
	}
	for _, c := range []byte("&;,\"'`<>(){}[]|\\") {
		t[c] = true
	}
	return t
}()

func allDigits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}

// field walks the value of a field whose name has the class c.
func (w *walker) field(c class, b []byte) {
	switch {
	case len(b) == 0 || c == kept:
	case c.secret():
		w.secret(b, c.kind())
	case c >= likely && random(unquote(bytes.TrimSpace(b))), c == loose && wordlike(bytes.TrimSpace(b)):
		w.secret(b, KindToken)
	case c == likely && escapeAt(b) >= 0:
		w.layered(layerPercent, b, job{op: opField, class: likely})
	case isJSON(b):
		w.json(b, jsonNamed, "")
	case isMarkup(b):
		w.markup(b, true)
	default:
		w.text(b)
	}
}

// patterns replaces the matches of the patterns in the rules.
func (w *walker) patterns(b []byte) {
	for _, p := range w.scope.patterns {
		for _, at := range p.re.FindAllSubmatchIndex(b, -1) {
			start, end := at[0], at[1]
			if len(at) > 2 && at[2] >= 0 {
				start, end = at[2], at[3]
			}
			value := b[start:end]
			switch {
			case p.form == formEmail && isEmail(value):
				w.leaf(formEmail, value, KindEmail)
			case p.form == formCard && isCard(value):
				w.leaf(formCard, value, KindCard)
			default:
				w.opaque(value, KindPattern)
			}
		}
	}
}
