package redact

import (
	"bytes"
	"strings"
)

// lineWord tells cheaply that a word is none of those that line looks at, by its first
// letter and its length.
func lineWord(word []byte) bool {
	return len(word) < 32 && lineWords[uint32(word[0]&31)<<5|uint32(len(word))]
}

var lineWords = func() (t [1 << 10]bool) {
	for _, word := range []string{"authorization", "proxy-authorization", "authentication", "cookie", "set-cookie", "bearer", "basic", "ssws", "auth", "pass", "login", "authenticate", "identify", "key", "keys", "phrase", "words", "code",
		"mnemonic", "identified", "insert", "-u", "--user", "value", "private-lines"} {
		t[uint32(word[0]&31)<<5|uint32(len(word))] = true
	}
	return t
}()

// line looks at a word that says what follows it in its line, other than NAME=VALUE: a
// header field, the name of a scheme, a command of a protocol, an option. It returns the
// end of what it walked, or 0.
func (w *walker) line(b []byte, i, j int) int {
	switch word := b[i:j]; {
	case b[j] == ':' && (is(word, "authorization") || is(word, "proxy-authorization") || is(word, "authentication")):
		return w.headerLine(b, i, j)
	case isCookie(word) && (b[j] == ':' || b[j] == '='):
		return w.headerLine(b, i, j)
	case b[j] == ' ' && (is(word, "bearer") || is(word, "basic") || is(word, "ssws")):
		return w.schemeBefore(b, i, j)
	case is(word, "auth") || is(word, "pass") || is(word, "login") || is(word, "authenticate") || is(word, "identify"):
		return w.command(b, i, j)
	case is(word, "key") || is(word, "keys") || is(word, "phrase") || is(word, "words") || is(word, "code"):
		return w.secondWord(b, i, j)
	case is(word, "mnemonic"):
		return w.phraseBehind(b, j)
	case is(word, "identified") && bytes.HasPrefix(bytes.ToLower(b[j:min(len(b), j+5)]), []byte(" by '")):
		return w.quoted(b, j+4, password)
	case is(word, "insert") && b[j] == ' ':
		return w.insert(b, j)
	case b[j] == ' ' && (string(word) == "-u" || string(word) == "--user"):
		return w.userOption(b, j+1)
	case is(word, "value") && b[j] == ':':
		return w.valueLine(b, i, j)
	case is(word, "private-lines"):
		return w.putty(b, j)
	}
	return 0
}

// is reports whether word is a lower-case word, in any case.
func is(word []byte, lower string) bool {
	return len(word) == len(lower) && bytes.EqualFold(word, []byte(lower))
}

// The bytes of a line that are walked, and those by which it is judged.
const (
	maxLine   = 16 << 10
	maxJudged = 256
)

// lineEnd returns the end of the line, or of the literal that begins right before i, at most
// so many bytes behind from.
func lineEnd(b []byte, i, from, most int) int {
	quote := byte('\n')
	if i > 0 && (b[i-1] == '"' || b[i-1] == '\'' || b[i-1] == '`') {
		quote = b[i-1]
	}
	for end := from; ; end++ {
		if end >= len(b) || b[end] == '\n' || b[end] == '\r' || b[end] == '<' || b[end] == quote || b[end] == 0 || end >= from+most {
			return min(end, len(b))
		}
	}
}

// headerLine walks a line of a header field of credentials: "Authorization: Bearer …".
func (w *walker) headerLine(b []byte, i, j int) int {
	k := j + 1
	if b[j] == '=' && k < len(b) && (b[k] == '"' || b[k] == '\'') {
		i, k = k+1, k+1 // cookie = "…"
	}
	for k < len(b) && b[k] == ' ' {
		k++
	}
	head := b[k:lineEnd(b, i, k, maxJudged)]
	cookies := isCookie(b[max(0, j-6):j]) || isCookie(b[max(0, j-10):j])
	switch {
	case len(head) == 0 || bytes.IndexByte(head, '\\') >= 0 || bytes.IndexByte(head, '&') >= 0:
		return 0 // it is decoded first
	case cookies && bytes.IndexByte(head, '=') <= 0:
		return 0
	case !cookies && bytes.IndexByte(head, ' ') < 0 && !wordlike(head) && !mixed(head):
		return 0
	case !cookies && bytes.IndexByte(head, ' ') >= 0 && !hasScheme(head) && !mixed(head):
		return 0
	}
	end := lineEnd(b, i, k, maxLine)
	value := b[k:end]
	w.label(b[i:min(j, len(b))])
	if cookies {
		w.cookieText(value)
	} else {
		w.authorization(value, KindAuthorization)
	}
	return end
}

// schemeBefore walks the credentials behind the name of a scheme in running text.
func (w *walker) schemeBefore(b []byte, i, j int) int {
	end := j + 1
	for end < len(b) && !valueEnds[b[end]] {
		end++
	}
	value := b[j+1 : end]
	if is(b[i:j], "basic") {
		if len(value) < 8 || !readable64(bytes.TrimRight(value, "=")) || !w.base64(value, job{op: opUserinfo, kind: KindAuthorization}) {
			return 0
		}
		return end
	}
	value = bytes.TrimRight(value, ".")
	if !readable(value) || !random(value) && (len(value) < 8 || !mixed(value)) || escapeAt(value) >= 0 || end < len(b) && b[end] == '\\' && escapeFollows(b, end) {
		return 0
	}
	w.secret(value, KindAuthorization)
	return j + 1 + len(value)
}

// command walks the last word of a command with which clients log in: "AUTH TOKEN" (Redis,
// SMTP), "PASS PASSWORD" (FTP, IRC, POP3), "a1 LOGIN USER PASSWORD" (IMAP).
func (w *walker) command(b []byte, i, j int) int {
	start := i
	for start > 0 && b[start-1] != '\n' && i-start < 24 {
		start--
	}
	if tag := bytes.TrimSpace(b[start:i]); len(tag) > 0 && (bytes.IndexByte(tag, ' ') >= 0 || len(tag) > 16 || !mixed(tag)) {
		return 0
	}
	message := w.part == "message"
	if !message && !isUpper(b[i:j]) || b[j] != ' ' && (b[j] != ':' || !message) {
		return 0
	}
	end := lineEnd(b, 0, j, 2*maxJudged+1)
	if end-j > 2*maxJudged || bytes.IndexByte(b[j:end], '\\') >= 0 {
		return 0
	}
	rest := bytes.TrimRight(b[j+1:end], " ")
	words := bytes.Fields(rest)
	if len(words) == 0 || len(words) > 3 {
		return 0
	}
	secret := words[len(words)-1]
	if !readable(secret) || !random(secret) && (len(secret) < 6 || !mixed(secret)) && !(message && isUpper(b[i:j]) && wordlike(secret)) {
		return 0
	}
	w.secret(secret, KindPassword)
	return end
}

// secondWord walks the value of a name of two words: "API key: …".
func (w *walker) secondWord(b []byte, i, j int) int {
	if i < 2 || b[i-1] != ' ' || !isWord(b[i-2]) {
		return 0
	}
	start := i - 1
	for start > 0 && isWord(b[start-1]) && i-start < maxName/2 {
		start--
	}
	if c := w.scope.field(b[start:j]); c.secret() {
		if end := w.phraseBehind(b, j); end > 0 {
			return end
		}
		return w.named(b, start, j)
	}
	return 0
}

// phraseBehind walks a seed phrase behind its name.
func (w *walker) phraseBehind(b []byte, j int) int {
	k := j
	for k < len(b) && k < j+8 && bytes.IndexByte([]byte(" :=\"'`\n*"), b[k]) >= 0 {
		k++
	}
	if bytes.HasPrefix(b[k:], []byte("is")) {
		for k += 2; k < len(b) && (b[k] == ' ' || b[k] == ':'); k++ {
		}
	}
	end := k
	for end < len(b) && end < k+256 && (b[end] >= 'a' && b[end] <= 'z' || b[end] == ' ' || b[end] == '\n') {
		end++
	}
	phrase := bytes.TrimSpace(b[k:end])
	if !isPhrase(phrase) {
		return 0
	}
	w.opaque(phrase, KindPassword)
	return k + len(phrase)
}

// quoted walks the literal whose quote stands at k.
func (w *walker) quoted(b []byte, k int, c class) int {
	end := k + 1
	for end < len(b) && b[end] != b[k] && b[end] > ' ' {
		end++
	}
	if end >= len(b) || b[end] != b[k] || end == k+1 {
		return 0
	}
	w.field(c, b[k+1:end])
	return end + 1
}

// insert walks the values of secret columns: INSERT INTO t (name, password) VALUES (…).
func (w *walker) insert(b []byte, j int) int {
	const longest = 4096
	statement := b[j:min(len(b), j+longest)]
	open := bytes.IndexByte(statement, '(')
	if open < 0 || open > 200 || !strings.HasPrefix(strings.ToLower(string(statement[:open])), " into ") {
		return 0
	}
	closed := bytes.IndexByte(statement[open:], ')')
	if closed < 0 {
		return 0
	}
	closed += open
	k := bytes.IndexByte(statement[closed:], '(')
	if k < 0 || k > 20 {
		return 0
	}
	at := closed + k + 1
	for name := range bytes.SplitSeq(statement[open+1:closed], []byte(",")) {
		c := w.scope.field(bytes.Trim(name, " `\"[]"))
		for at < len(statement) && statement[at] == ' ' {
			at++
		}
		if at >= len(statement) {
			return 0
		}
		start, end := at, at
		if statement[at] == '\'' {
			start = at + 1
			end = start + literalEnd(statement[start:], '\'', 0)
		} else {
			for end < len(statement) && statement[end] != ',' && statement[end] != ')' {
				end++
			}
		}
		if c.secret() {
			w.label(name)
			w.field(c, statement[start:end])
		}
		for at = end; at < len(statement) && statement[at] != ',' && statement[at] != ')'; at++ {
		}
		at++
	}
	return j + min(len(statement), at)
}

// userOption walks USER:PASSWORD, the value of an option.
func (w *walker) userOption(b []byte, k int) int {
	end := k
	for end < len(b) && !valueEnds[b[end]] {
		end++
	}
	if end == k || bytes.IndexByte(b[k:end], ':') <= 0 {
		return 0
	}
	w.userinfo(b[k:end])
	return end
}

// valueLine walks the value of a pair in YAML, whose name stands in the line before.
func (w *walker) valueLine(b []byte, i, j int) int {
	line := bytes.LastIndexByte(b[:i], '\n')
	if line < 0 {
		return 0
	}
	before := b[bytes.LastIndexByte(b[:line], '\n')+1 : line]
	part, name, ok := bytes.Cut(bytes.Trim(before, " \t\r-"), []byte(":"))
	if !ok || pairPartOf(bytes.Trim(part, `"' `)) != pairName {
		return 0
	}
	c := w.scope.field(bytes.Trim(name, `"' `))
	start, end, _ := valueBehind(b, j, maxValue)
	if c < likely || start >= end {
		return 0
	}
	w.label(name)
	w.field(c, b[start:end])
	return end
}

// fillsLine reports whether the value b[start:end] of the name at i is the only one of its
// line, as in configuration: "password: VALUE".
func (w *walker) fillsLine(b []byte, i, start, end int) bool {
	value := b[start:end]
	if !wordlike(value) && (len(value) < 6 || !mixed(value)) {
		return false
	}
	for k := end; k < len(b) && b[k] != '\n' && b[k] != '\r' && b[k] != '<' && b[k] != 0; k++ {
		if bytes.IndexByte([]byte(" \t\"'`|*)]"), b[k]) < 0 {
			return false
		}
	}
	for k := i - 1; k >= 0 && b[k] != '\n' && b[k] != '>'; k-- {
		if bytes.IndexByte([]byte(" \t\"'`|*-#[(;"), b[k]) < 0 && (k < 5 || b[k] == ';' || i-k > 12) && b[k] != '.' && !isWord(b[k]) {
			return false
		}
	}
	return true
}

// proseValue walks a value that stands behind its name without a sign between: behind an
// option, in SQL, in a sentence, in a cell of a table, or in the lines below. It returns
// the end of the value, or 0.
func (w *walker) proseValue(b []byte, i, j int, c class) int {
	if !c.secret() || j >= len(b) {
		return 0
	}
	k := j
	for k < len(b) && k < j+2 && (b[k] == ':' || b[k] == ' ') {
		k++
	}
	if k >= len(b) {
		return 0
	}
	if b[j] != ' ' && (b[k] == '[' || k+1 < len(b) && b[k+1] == '[') {
		s := scriptWalk{w: w, b: b, in: codeInline}
		return s.named(b[i:j], j)
	}
	if b[k] == '|' && k+1 < len(b) && b[k+1] == ' ' {
		for k++; k < len(b) && b[k] == ' '; k++ {
		}
	} else if b[j] == ':' && (b[k] == '\n' || b[k] == '\r' || b[k] == '|' || b[k] == '>') {
		return w.linesBelow(b, i, k, c)
	}
	if b[j] == ' ' && (b[k] == '\'' || b[k] == '"') {
		if end := k + 1 + literalEnd(b[k+1:min(len(b), k+maxLikely)], b[k], -1); end > k && readable(b[k+1:end]) && (wordlike(b[k+1:end]) || mixed(b[k+1:end]) && end > k+6) && bytes.IndexByte(b[k+1:end], ' ') < 0 {
			w.field(c, b[k+1:end])
			return end
		}
		return 0
	}
	if b[j] != ' ' {
		return 0
	}
	option := b[i] == '-' && i+1 < len(b) && b[i+1] == '-'
	for _, verb := range isWords {
		if rest, ok := bytes.CutPrefix(b[k:], []byte(verb)); ok && len(rest) > 1 && (rest[0] == ' ' || rest[0] == ':' && rest[1] == ' ') {
			k += len(verb) + 1
			for k < len(b) && b[k] == ' ' {
				k++
			}
			break
		}
	}
	end := k
	for end < len(b) && !valueEnds[b[end]] {
		end++
	}
	for end > k && (b[end-1] == '.' || b[end-1] == ':') {
		end--
	}
	value := b[k:end]
	switch {
	case !readable(value):
		return 0 // bytes that are no text
	case end < len(b) && (b[end] == '\\' && escapeFollows(b, end) || b[end] == '&' && entityFollows(b, end)):
		return 0
	case option && len(value) >= 4 && value[0] != '-', random(value), wordlike(value) && w.fillsLine(b, i, k, end) && startsLine(b, i) && (len(wordsOf(string(b[i:j]))) > 1 || j-i > 4 && bytes.HasSuffix(b[i:j], []byte("pass"))), len(value) >= 8 && mixed(value) && bytes.IndexByte(value, '=') < 0 && bytes.IndexByte(value, '/') < 0:
		w.label(b[i:j])
		w.field(c, value)
		return end
	}
	return 0
}

// startsLine reports whether only spaces stand before i in its line.
func startsLine(b []byte, i int) bool {
	for i > 0 && (b[i-1] == ' ' || b[i-1] == '\t') {
		i--
	}
	return i == 0 || b[i-1] == '\n'
}

// linesBelow walks values that stand alone in the lines below their name, deeper than it or
// as items of a list, as in YAML.
func (w *walker) linesBelow(b []byte, i, k int, c class) int {
	done := 0
	for {
		n := bytes.IndexByte(b[k:], '\n')
		if n < 0 || len(bytes.Trim(b[k:k+n], " \r|>-+")) > 0 {
			return done
		}
		k += n + 1
		start := k
		for k < len(b) && (b[k] == ' ' || b[k] == '-' || b[k] == '\t') {
			k++
		}
		end := k
		for end < len(b) && b[end] != '\n' && b[end] != '\r' {
			end++
		}
		value := bytes.Trim(bytes.TrimSpace(b[k:end]), `"'`)
		if k == start || len(value) == 0 || bytes.IndexByte(value, ' ') >= 0 || !wordlike(value) && !random(value) {
			return done
		}
		w.label(b[i:min(len(b), i+maxName)][:1])
		w.field(c, value)
		done, k = end, end
	}
}

// putty walks the lines of a private key of PuTTY. Their number stands behind the name.
func (w *walker) putty(b []byte, j int) int {
	head, _, ok := bytes.Cut(b[j:min(len(b), j+16)], []byte("\n"))
	if !ok || b[j] != ':' {
		return 0
	}
	count := 0
	for _, c := range bytes.TrimSpace(head[1:]) {
		if c < '0' || c > '9' || count > 999 {
			return 0
		}
		count = 10*count + int(c-'0')
	}
	at := j + len(head) + 1
	for ; count > 0 && at < len(b); count-- {
		end := bytes.IndexByte(b[at:], '\n')
		if end < 0 {
			end = len(b) - at
		}
		if line := bytes.TrimSpace(b[at : at+end]); len(line) > 0 {
			w.leaf(formOpaque, line, KindKey)
		}
		at = min(len(b), at+end+1)
	}
	return at
}
