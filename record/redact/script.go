package redact

import "bytes"

// A code says that what is walked is code: only literals can be secrets there.
type code uint8

const (
	codeNone   code = iota
	codeInline      // a script of a page: what it holds may be made for one user
	codeFile        // a file of its own: what it holds is the same for all, most of it text for people
)

// script walks JavaScript: its literals, its comments, and JSON between them. Bare words are
// names of the program, so they are compared with known secrets and known forms alone.
func (w *walker) script(b []byte, in code) {
	s := scriptWalk{w: w, b: b, in: in, last: ';'}
	for i := 0; i < len(b); {
		c := b[i]
		switch {
		case byteKinds[c] == inWord:
			i = s.word(i)
			continue
		case c == '"' || c == '\'' || c == '`':
			i = s.literal(i)
		case c == '/' && i+1 < len(b):
			i = s.slash(i)
			continue
		case (c == '{' || c == '[') && i >= s.noJSON && w.depth < maxDepth:
			i = s.object(i)
		default:
			i++
		}
		if c > ' ' {
			s.last = c
		}
	}
}

// A scriptWalk walks one script.
type scriptWalk struct {
	w      *walker
	b      []byte
	in     code
	last   byte // the character before, other than spaces
	before bool // a word is before, behind which an expression begins
	noJSON int  // no JSON begins before
}

// word walks a bare word: a name, which may stand before a literal.
func (s *scriptWalk) word(i int) int {
	b := s.b
	j, may := wordEnd(b, i)
	s.last, s.before = b[j-1], isOperator(b[i:j])
	if n := j - i; n >= 2 && n <= maxName && (may || s.w.scope.named || isCookie(b[i:j])) {
		if end := s.named(b[i:j], j); end > 0 {
			return end
		}
	}
	if c := b[i]; c >= '2' && c <= '6' && j-i >= 13 {
		if end := cardEnd(b, i); end > 0 {
			s.w.leaf(formCard, b[i:end], KindCard)
			return end
		}
	}
	if j-i >= 8 {
		if end := s.w.bare(b, i, j); end > 0 {
			return end
		}
	}
	return j
}

// bare walks a bare word of code if it is a known secret, a key or a token. It returns the
// end, or 0.
func (w *walker) bare(b []byte, i, j int) int {
	if end := w.knownWord(b, i, j, i); end > 0 {
		return end
	}
	if b[i] == 'e' {
		if dots, count, n := tokenParts(b[i:]); count > 0 {
			w.jwt(b[i:i+n], dots, count)
			return i + n
		}
	}
	if j-i >= 14 {
		return w.shaped(b, i, j)
	}
	return 0
}

// literal walks the literal that begins with the quote at i. It returns the offset behind.
func (s *scriptWalk) literal(i int) int {
	b, quote := s.b, s.b[i]
	if quote == '`' {
		if end := s.template(i); end > 0 {
			return end
		}
	}
	end, escaped := i+1, false
	for ; end < len(b) && b[end] != quote; end++ {
		if b[end] == '\\' {
			escaped = true
			end++
		} else if b[end] == '\n' && quote != '`' {
			return i + 1 // no literal: a quote in a regular expression or a comment
		}
	}
	end = min(end, len(b))
	content := b[i+1 : end]
	if n := len(content); n >= 2 && n <= maxName && s.last != '?' && !escaped {
		if next := s.named(content, min(len(b), end+1)); next > 0 {
			return next
		}
	}
	switch {
	case escaped && s.w.depth < maxDepth:
		s.w.layered(layerEscape, content, job{op: opField})
	case len(content) > 5:
		s.w.field(plain, content)
	}
	return min(len(b), end+1)
}

// maxTemplates is how deep templates are told apart that stand in each other.
const maxTemplates = 16

// template walks the template literal at i, if it has expressions. It returns the offset
// behind it, or 0.
func (s *scriptWalk) template(i int) int {
	end, ok := templateEnd(s.b, i, 0)
	if !ok || s.w.depth >= maxDepth {
		return 0
	}
	from := i + 1
	for k := from; k < end-1; k++ {
		if s.b[k] == '\\' {
			k++
		} else if s.b[k] == '$' && s.b[k+1] == '{' {
			close := expressionEnd(s.b, k+2, 0)
			s.w.text(s.b[from:k])
			s.w.depth++
			s.w.script(s.b[k+2:min(close, end)], s.in)
			s.w.depth--
			k, from = close, min(close+1, end)
		}
	}
	if from == i+1 {
		return 0 // no expressions
	}
	s.w.text(s.b[from:max(from, end-1)])
	return end
}

// templateEnd returns the offset behind the template literal at i.
func templateEnd(b []byte, i, depth int) (end int, ok bool) {
	for k := i + 1; k < len(b); k++ {
		switch b[k] {
		case '\\':
			k++
		case '`':
			return k + 1, true
		case '$':
			if k+1 < len(b) && b[k+1] == '{' {
				if depth == maxTemplates {
					return len(b), false
				}
				k = expressionEnd(b, k+2, depth+1)
			}
		}
	}
	return len(b), false
}

// expressionEnd returns the offset of the brace that ends the expression at i.
func expressionEnd(b []byte, i, depth int) int {
	braces := 0
	for k := i; k < len(b); k++ {
		switch c := b[k]; c {
		case '{':
			braces++
		case '}':
			if braces--; braces < 0 {
				return k
			}
		case '"', '\'':
			k += 1 + literalEnd(b[k+1:], c, 0)
		case '`':
			end, _ := templateEnd(b, k, depth)
			k = end - 1
		}
	}
	return len(b)
}

// named walks the literal behind a name that ends before j: NAME = "VALUE", NAME: "VALUE",
// "NAME", "VALUE", or a list of literals. It returns the offset behind it, or 0.
func (s *scriptWalk) named(name []byte, j int) int {
	b, k := s.b, j
	for k < len(b) && (b[k] == ' ' || b[k] == ']' || b[k] == '\n') && k < j+3 {
		k++
	}
	if k >= len(b) || b[k] != '=' && b[k] != ':' && (b[k] != ',' || b[j-1] == name[len(name)-1]) {
		return 0
	}
	for k++; k < len(b) && (b[k] == ' ' || b[k] == '\n') && k < j+6; k++ {
	}
	if k >= len(b) || b[k] != '[' && b[k] != '"' && b[k] != '\'' && b[k] != '`' {
		return 0
	}
	c := likely
	if !isCookie(name) {
		if !s.w.scope.may(name) {
			return 0
		}
		c = s.w.scope.field(name)
	}
	switch {
	case c < likely:
		return 0
	case b[k] == '[':
		return s.list(name, c, k+1)
	}
	return s.value(name, c, k)
}

// maxList is the number of bytes of a list of literals that is looked at.
const maxList = 4096

// list walks the literals of a list under a name.
func (s *scriptWalk) list(name []byte, c class, k int) int {
	b, end := s.b, 0
	for limit := min(len(b), k+maxList); k < limit; {
		switch b[k] {
		case '"', '\'', '`':
			if end = s.value(name, c, k); end == 0 {
				return 0
			}
			k = end
		case ',', ' ', '\n':
			k++
		default:
			return end
		}
	}
	return end
}

// value walks the literal at k, which stands under a name of the class c. It returns the
// offset behind it, or 0 if it is no secret.
func (s *scriptWalk) value(name []byte, c class, k int) int {
	b := s.b
	longest := maxValue
	if c == likely {
		longest = maxLikely
	}
	end := k + 1 + literalEnd(b[k+1:min(len(b), k+1+longest)], b[k], -1)
	if end <= k {
		return 0
	}
	value := b[k+1 : end]
	escaped := bytes.IndexByte(value, '\\') >= 0
	judged := value
	if escaped {
		judged = s.w.decoded(layerEscape, value)
	}
	if !s.secret(name, c, judged) {
		return 0
	}
	s.w.label(name)
	switch {
	case isCookie(name):
		s.w.cookieText(value)
	case escaped && s.w.depth < maxDepth:
		s.w.layered(layerEscape, value, job{op: opField, class: max(c, loose)})
	default:
		s.w.field(max(c, loose), value)
	}
	return min(len(b), end+1)
}

// secret reports whether a literal under a name is a secret. Most such literals are texts
// for people: "token": "Your token", password: "Passwort".
func (s *scriptWalk) secret(name []byte, c class, value []byte) bool {
	switch {
	case bytes.Contains(value, []byte("${")):
		return false
	case isCookie(name):
		return bytes.IndexByte(value, '=') > 0
	case random(value), isPhrase(value):
		return true
	case c == likely:
		return escapeAt(value) >= 0
	case hasScheme(value):
		return mixed(value[bytes.IndexByte(value, ' '):])
	case s.in == codeInline:
		return wordlike(value) || c.secret() && len(value) >= 6 && mixed(value) && bytes.IndexByte(value, ' ') < 0
	}
	return len(value) >= 8 && mixed(value) && bytes.IndexByte(value, ' ') < 0
}

// maxExpression is the length of the longest regular expression, in bytes.
const maxExpression = 512

// slash passes over a regular expression, or walks a comment.
func (s *scriptWalk) slash(i int) int {
	b, end := s.b, i+2
	switch b[i+1] {
	case '/':
		if end = bytes.IndexByte(b[i:], '\n'); end < 0 {
			end = len(b)
		} else {
			end += i
		}
		s.w.text(b[i:end])
		return end
	case '*':
		if n := bytes.Index(b[end:], []byte("*/")); n >= 0 {
			end += n + 2
		} else {
			end = len(b)
		}
		s.w.text(b[i:end])
		return end
	}
	expression := bytes.IndexByte([]byte("(,=:[!&|?{;+"), s.last) >= 0 || isWord(s.last) && s.before
	s.last = '/'
	if !expression {
		return i + 1
	}
	for k, set := i+1, false; k < len(b) && k < i+maxExpression && b[k] != '\n'; k++ {
		switch b[k] {
		case '\\':
			k++
		case '[':
			set = true
		case ']':
			set = false
		case '/':
			if !set {
				return k + 1
			}
		}
	}
	return i + 1
}

// isOperator reports whether an expression follows a word.
func isOperator(word []byte) bool {
	return string(word) == "return" || string(word) == "typeof" || string(word) == "case"
}

// object walks the JSON that begins at i, if it is JSON to its end.
func (s *scriptWalk) object(i int) int {
	b := s.b
	if b[i] == '[' && (isWord(s.last) || s.last == ')' || s.last == ']') {
		return i + 1 // an index
	}
	if i+1 >= len(b) || b[i+1] != '"' && (b[i] != '[' || b[i+1] != '{' && b[i+1] != '[') && (b[i] != '{' || b[i+1] != '}') {
		return i + 1
	}
	end, ok := jsonEnd(b, i)
	if !ok {
		s.noJSON = end
		return i + 1
	}
	s.w.json(b[i:end], jsonNamed, "")
	return end
}

// jsonEnd returns the offset behind the JSON text that begins at i, or where it turns out
// to be none.
func jsonEnd(b []byte, i int) (end int, ok bool) {
	depth := 0
	for i < len(b) {
		switch c := b[i]; {
		case c == '"':
			if i, _ = stringEnd(b, i+1); i >= len(b) {
				return len(b), false
			}
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				return i + 1, true
			}
		case c <= ' ', c >= '0' && c <= '9', c == ',' || c == ':' || c == '-' || c == '+' || c == '.':
		case bytes.HasPrefix(b[i:], []byte("true")), bytes.HasPrefix(b[i:], []byte("null")):
			i += 3
		case bytes.HasPrefix(b[i:], []byte("false")):
			i += 4
		case c|0x20 == 'e' && b[i-1] >= '0' && b[i-1] <= '9':
		default:
			return i, false
		}
		i++
	}
	return len(b), false
}

// isCookie reports whether a name is that of the cookies of a page or a message.
func isCookie(name []byte) bool {
	return len(name) == 6 && bytes.EqualFold(name, []byte("cookie")) || len(name) == 10 && bytes.EqualFold(name, []byte("set-cookie"))
}

// cookieText walks cookies in text: those of a request, or one with its attributes.
func (w *walker) cookieText(b []byte) {
	for _, attribute := range []string{"path=", "expires=", "max-age=", "domain=", "httponly", "secure", "samesite="} {
		if bytes.Contains(bytes.ToLower(b), []byte("; "+attribute)) || bytes.Contains(bytes.ToLower(b), []byte(";"+attribute)) {
			b, _, _ = bytes.Cut(b, []byte(";"))
			break
		}
	}
	w.cookies(b)
}

// isPhrase reports whether b is like a seed phrase (BIP 39): 12 to 24 short words in small
// letters.
func isPhrase(b []byte) bool {
	if len(b) < 47 || len(b) > 216 {
		return false
	}
	words := 0
	for word := range bytes.FieldsSeq(b) {
		if words++; len(word) < 3 || len(word) > 8 || !isLower(word) {
			return false
		}
	}
	return words >= 12 && words <= 24 && words%3 == 0
}

func isLower(b []byte) bool {
	for _, c := range b {
		if c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}
