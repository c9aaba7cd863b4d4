package redact

import (
	"bytes"
	"strings"
)

// Kinds of bytes in running text.
const (
	inOther byte = iota
	inWord
	inSpecial // % & \ @ : $ {
	inForeign // beyond ASCII
)

var byteKinds = func() (t [256]byte) {
	for c := range t {
		if isLetter(byte(c)) || c >= '0' && c <= '9' || c == '-' || c == '_' {
			t[c] = inWord
		}
	}
	for _, c := range []byte(`%&\@:${`) {
		t[c] = inSpecial
	}
	for c := 0x80; c < 0x100; c++ {
		t[c] = inForeign
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
	at := -1  // where the next @ stands, if that is known
	code := 0 // no JSON begins before
	for i := 0; i < len(b); {
		switch byteKinds[b[i]] {
		case inOther:
			i++
		case inWord:
			end, handled := w.word(b, i, done, &at)
			if handled {
				done = end
			}
			i = end
		case inForeign:
			end, handled := w.foreignWord(b, i)
			if handled {
				done = end
			}
			i = end
		default:
			if b[i] == '{' && i >= code && i+1 < len(b) && b[i+1] == '"' && w.depth < maxDepth {
				end, ok := jsonEnd(b, i)
				if ok {
					w.json(b[i:end], jsonNamed, "")
					done, i = end, end
					continue
				}
				code = end
			}
			end := w.special(b, i, done)
			if end > i+1 {
				done = end
			}
			i = end
		}
	}
}

// special looks at the character at i, which may begin something. It returns where to go
// on.
func (w *walker) special(b []byte, i, done int) (end int) {
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
			return end
		}
	case '\\':
		if _, _, n := unescape(b[i:]); n > 1 && w.depth < maxDepth {
			start, end := literalAround(b, i, done)
			w.layered(layerEscape, b[start:end], job{op: opText})
			return end
		}
	case '&':
		if _, _, n := entity(b[i:]); n > 1 && w.depth < maxDepth {
			start, end := entitiesAround(b, i, done)
			w.layered(layerEntity, b[start:end], job{op: opText})
			return end
		}
	case '@':
		if start, end, ok := emailAt(b, i); ok && start >= done {
			w.leaf(formEmail, b[start:end], KindEmail)
			return end
		}
	case ':':
		if i+2 < len(b) && b[i+1] == '/' && b[i+2] == '/' {
			return w.userinfoAt(b, i+3)
		}
	case '$':
		if end := w.crypt(b, i); end > 0 {
			return end
		}
	}
	return i + 1
}

// literalAround returns the bounds of the literal in which the backslash at i stands: from
// the quote before it to the same quote behind it. Without a quote they are those of the
// line.
func literalAround(b []byte, i, done int) (start, end int) {
	start = i
	for start > done && b[start-1] != '\n' && b[start-1] != '"' && b[start-1] != '\'' && b[start-1] != '`' {
		start--
	}
	quote := byte('"')
	if start > done && b[start-1] != '\n' {
		quote = b[start-1]
	}
	for end = i; end < len(b) && b[end] != quote && (b[end] != '\n' || start > 0 && b[start-1] == quote); end++ {
		if b[end] == '\\' {
			end++
		}
	}
	return start, min(end, len(b))
}

// entitiesAround returns the bounds of the text in which the character reference at i
// stands: that of an attribute, of an element or of a line.
func entitiesAround(b []byte, i, done int) (start, end int) {
	for start = i; start > done && !entityEnds[b[start-1]]; start-- {
	}
	for end = i; end < len(b) && !entityEnds[b[end]]; end++ {
	}
	return start, end
}

// entityEnds are the characters that do not stand in text with character references.
var entityEnds = func() (t [256]bool) {
	for _, c := range []byte("<>\"\n") {
		t[c] = true
	}
	return t
}()

// maxUserinfo is how many bytes the credentials in a URL may take before their @.
const maxUserinfo = 512

// base reports whether the URL whose host begins at i is that of a database or a queue.
// Passwords stand there as they are, slashes included.
func (w *walker) base(b []byte, i int) bool {
	start := i - 3
	for start > 0 && isLetter(b[start-1]) {
		start--
	}
	switch string(b[start : i-3]) {
	case "redis", "rediss", "amqp", "amqps", "postgres", "postgresql", "mysql", "mongodb", "srv", "ftp", "sftp", "smtp", "ldap", "mqtt", "nats":
		return true
	}
	return false
}

// userinfoAt walks the credentials at i, before the host of a URL, if there are any. It
// returns where to go on.
func (w *walker) userinfoAt(b []byte, i int) int {
	at := -1
	for k := i; k < len(b) && k < i+maxUserinfo; k++ {
		c := b[k]
		if c == '@' {
			at = k
		}
		if c <= ' ' || c == '/' && !w.base(b, i) || c == '?' || c == '#' || c == '"' || c == '\'' || c == '<' || c == '>' || c == '\\' || c == ')' {
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
// before are done and must not be looked at again. at is where the next @ stands.
func (w *walker) word(b []byte, i, done int, at *int) (end int, handled bool) {
	j, may := wordEnd(b, i)
	n := j - i
	if j < len(b) {
		switch b[j] {
		case '=', ':', '"', '\'', ']', ' ', '*', '`', '<':
			if (may || w.scope.named) && n >= 2 && n <= maxName && w.scope.may(b[i:j]) {
				if end := w.named(b, i, j); end > 0 {
					return end, true
				}
			}
		case '@', '.', '+':
			if *at < j {
				if *at = bytes.IndexByte(b[j:], '@') + j; *at < j {
					*at = len(b)
				}
			}
			if *at <= j+maxLocal {
				if end := w.emailAhead(b, j, done); end > 0 {
					return end, true
				}
			}
		case 0xc3, 0xd0, 0xef: // a name goes on beyond ASCII, or a wide colon follows
			if end, handled := w.foreignWord(b, i); handled {
				return end, true
			}
		}
		if lineWord(b[i:j]) {
			if end := w.line(b, i, j); end > 0 {
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
	if j+16 < len(b) && b[j] == '/' && n >= 5 && isWord(b[j+8]) {
		if end := w.link(b, i, j); end > 0 {
			return end, true
		}
	}
	if j < len(b) && (b[j] == '/' || b[j] == '+') && n < minTranscribed || i > 0 && (b[i-1] == '/' || b[i-1] == '+') {
		if end := w.slashed64(b, i, j); end > 0 {
			return end, true
		}
	}
	if n >= 14 || n >= 2 && j < len(b) && shapeGoesOn[b[j]] || n >= 4 && b[i] == '-' {
		if end := w.shaped(b, i, j); end > 0 {
			return end, true
		}
	}
	if n < 8 {
		return j, false
	}
	return w.longWord(b, i, j, done)
}

// link walks the segment behind a word of links that are sent to one person, which ends at
// j, if it looks random. It returns the end, or 0.
func (w *walker) link(b []byte, i, j int) int {
	end := j + 1
	for end < len(b) && (isWord(b[end]) || b[end] == '.' || b[end] == '~') {
		end++
	}
	segment := bytes.TrimRight(b[j+1:end], ".")
	if len(segment) < 16 || !random(segment) || !isLinkWord(b[i:j]) {
		return 0
	}
	w.secret(segment, KindToken)
	return j + 1 + len(segment)
}

// foreignWord looks at the word at i, which has letters beyond ASCII. It returns where to
// go on, and whether it was the name of a secret.
func (w *walker) foreignWord(b []byte, i int) (end int, handled bool) {
	j := i
	for j < len(b) && j-i <= maxName && (byteKinds[b[j]] == inWord || b[j] >= 0x80) && !bytes.HasPrefix(b[j:], []byte("：")) {
		j++
	}
	if n := j - i; j < len(b) && n <= maxName && nameFollowed(b[j]) {
		start := i
		for start > 0 && i-start < maxName && byteKinds[b[start-1]] == inWord {
			start--
		}
		if end := w.named(b, start, j); end > 0 {
			return end, true
		}
	}
	if byteKinds[b[i]] == inWord {
		return i, false
	}
	for i < len(b) && b[i] >= 0x80 {
		i++
	}
	return i, false
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
	if end := w.knownWord(b, i, j, done); end > 0 {
		return end, true
	}
	switch b[i] {
	case 'e':
		if dots, count, n := tokenParts(b[i:]); count > 0 {
			w.jwt(b[i:i+n], dots, count)
			return i + n, true
		}
	}
	if n := j - i; n >= minTranscribed && w.depth < maxDepth && !isSmallWord(b[i:j]) {
		return w.encodedWord(b, i, j)
	}
	return j, false
}

// isSmallWord reports whether a word has small letters and dashes alone. Digits of base64
// have others, too.
func isSmallWord(b []byte) bool {
	for _, c := range b {
		if c <= '9' && c != '-' || isCapital(c) {
			return false
		}
	}
	return true
}

// knownWord replaces the known secret of which the word from i to j is the longest run, or
// which is a part of it. It returns the end, or 0.
func (w *walker) knownWord(b []byte, i, j, done int) int {
	if w.known == nil || w.known.count == 0 {
		return 0
	}
	from, to, ok := w.known.find(b, i, j)
	if !ok {
		from, to = w.known.within(b, i, j)
	}
	if to == 0 || from < done {
		return 0
	}
	w.replace(b[from:to], KindToken)
	return to
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

// nameFollowed reports whether c may follow a name before its value.
func nameFollowed(c byte) bool {
	return c == '=' || c == ':' || c == '"' || c == '\'' || c == ']' || c == ' ' || c == 0xef
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
		return w.proseValue(b, i, j, c)
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
	case !readable(value):
		return 0 // bytes that are no text
	case !inQuotes(b, start) && end < len(b) && b[end] == '\\' && escapeFollows(b, end):
		return 0 // the value goes on behind an escape: it is decoded first
	case !inQuotes(b, start) && end < len(b) && b[end] == '&' && entityFollows(b, end):
		return 0
	case c == likely && !random(value) && escapeAt(value) < 0:
		return 0
	case !sure && !random(value) && (len(value) < 8 || !mixed(value)) && !(c.secret() && w.fillsLine(b, i, start, end)):
		return w.proseValue(b, i, j, c)
	}
	w.label(b[i:j])
	if escaped && bytes.IndexByte(value, '\\') >= 0 && w.depth < maxDepth {
		w.layered(layerEscape, value, job{op: opField, class: c})
	} else {
		w.field(c, value)
	}
	return end
}

// escapeFollows reports whether an escape sequence of a letter or sign begins at i.
func escapeFollows(b []byte, i int) bool {
	_, _, n := unescape(b[i:])
	return n > 2 || n == 2 && (b[i+1] == '/' || b[i+1] == '\\')
}

// entityFollows reports whether a character reference begins at i. A parameter of a URL in
// a page ends with one, too.
func entityFollows(b []byte, i int) bool {
	out, _, n := entity(b[i:])
	return n > 1 && out[0] != '&' && out[0] != '"' && out[0] != '\'' && out[0] != '<' && out[0] != '>'
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
	for k < len(b) && (b[k] == ']' || b[k] == '*' && k < j+2) {
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
	if bytes.HasPrefix(b[k:], []byte("：")) {
		k += 2 // the rest of it counts as the colon
	} else if quotedName && k+2 < len(b) && b[k] == ';' && b[k+1] == 's' && b[k+2] == ':' {
		// PHP's serialize: s:8:"password";s:7:"hunter2";
		for k += 2; k+1 < len(b) && b[k+1] >= '0' && b[k+1] <= '9'; k++ {
		}
		k++
	} else if k >= len(b) || b[k] != '=' && b[k] != ':' {
		return 0, 0, false
	}
	colon := b[k] != '='
	if k++; colon && k+1 < len(b) && b[k] == '=' && b[k+1] == ' ' {
		k++ // :=
	}
	if k < len(b) && (b[k] == '=' || b[k] == '/') {
		return 0, 0, false
	}
	if k < len(b) && (b[k] == '>' && !colon || b[k] == '*') {
		for k++; k < len(b) && b[k] == '*'; k++ {
		}
	}
	for n := 0; n < 2 && k < len(b) && b[k] == ' '; n++ {
		spaced = true
		k++
	}
	if k+1 < len(b) && b[k] == 'u' && b[k+1] == '\'' {
		k++ // Python 2
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
	case c == likely && w.openWithin(b): // nothing in it is secret
	case c >= likely && (random(unquote(bytes.TrimSpace(b))) || isPhrase(b)), c == loose && wordlike(bytes.TrimSpace(b)):
		w.secret(b, KindToken)
	case c == likely && escapeAt(b) >= 0:
		w.layered(layerPercent, b, job{op: opField, class: likely})
	case c == likely && isCode(b):
		w.shows(b)
	case b[0] > '<' && b[0] < '[' || b[0] > '[' && b[0] < '{' || b[0] > ' ' && b[0] < '<': // neither JSON nor markup
		w.text(b)
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
