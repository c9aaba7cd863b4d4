package content

import (
	"bytes"
	"strings"

	"github.com/starling-load/starling/model/content/codec"
)

// maxLiterals is the number of literals that are read of one script.
const maxLiterals = 5000

// A literal is a string or number in a script with the name that it follows: that of a
// variable, a key, or a function with "(". The elements of a list and the arguments of
// a call have the name of the list and of the function.
type literal struct {
	name, value string
	at          int // in the script
}

// scripts calls visit for each inline script of a page with its id and its place in the page.
// json says that its content is data.
func scripts(page []byte, visit func(id string, at int, body []byte, json bool)) {
	lower := func(b []byte, i int, word string) bool {
		return i+len(word) <= len(b) && strings.EqualFold(string(b[i:i+len(word)]), word)
	}
	for i := 0; i < len(page); {
		n := bytes.IndexByte(page[i:], '<')
		if n < 0 {
			return
		}
		if i += n; !lower(page, i, "<script") {
			i++
			continue
		}
		start := after(page, i, ">")
		end := start
		for end < len(page) {
			n := bytes.Index(page[end:], []byte("</"))
			if n < 0 {
				end = len(page)
			} else if end += n; lower(page, end, "</script") {
				break
			} else {
				end += 2
			}
		}
		head := space(page, start)
		body := bytes.TrimSpace(page[head:max(head, end)])
		if len(body) > 0 {
			tag := string(page[i:start])
			kind := strings.ToLower(tagAttribute(tag, "type"))
			data := (strings.HasSuffix(kind, "json") || kind == "") && (body[0] == '{' || body[0] == '[') && validJSON(body)
			visit(tagAttribute(tag, "id"), head, body, data)
		}
		i = end
	}
}

// tagAttribute returns an attribute of a start tag.
func tagAttribute(tag, name string) (value string) {
	startTag([]byte(tag), 1, nil, func(path []byte, start, end int, _ bool) {
		if _, attribute, _ := strings.Cut(string(path), "@"); value == "" && strings.EqualFold(attribute, name) {
			value = tag[start:end]
		}
	})
	return value
}

// A scriptReader finds the literals of a script. It knows strings and comments, but not
// the grammar: a quote in a regular expression ends at the end of its line.
type scriptReader struct {
	b    []byte
	name string // of the next literal
	word string // the last identifier or quoted key
	out  []literal
}

// literals returns the literals of a script in order.
func literals(b []byte) []literal {
	r := &scriptReader{b: b}
	for i := 0; i < len(b) && len(r.out) < maxLiterals; {
		i = r.next(i)
	}
	return r.out
}

// next reads one token and returns the index behind it.
func (r *scriptReader) next(i int) int {
	switch c := r.b[i]; {
	case c == '/' && bytes.HasPrefix(r.b[i:], []byte("//")):
		return after(r.b, i, "\n")
	case c == '/' && bytes.HasPrefix(r.b[i:], []byte("/*")):
		return after(r.b, i+2, "*/")
	case c == '"' || c == '\'' || c == '`':
		return r.str(i)
	case c == '_' || c == '$' || isLetter(c) || c >= 0x80:
		end := i
		for end < len(r.b) && (wordByte(r.b[end]) && r.b[end] != '-' && r.b[end] != '.' || r.b[end] == '$') {
			end++
		}
		r.word = string(r.b[i:min(end, i+80)])
		return end
	case c >= '0' && c <= '9':
		return r.number(i)
	case c == '=' || c == ':':
		if r.word != "" {
			r.name, r.word = r.word, ""
		}
	case c == '(':
		r.name, r.word = "", ""
		if end := i; end > 0 {
			r.name = identifierBefore(r.b, end) + "("
		}
	case c == ';' || c == '}' || c == ')':
		r.name, r.word = "", ""
	case c > ' ':
		r.word = ""
	}
	return i + 1
}

// identifierBefore returns the identifier that ends at end.
func identifierBefore(b []byte, end int) string {
	start := end
	for start > 0 && end-start < 80 && (isLetter(b[start-1]) || b[start-1] >= '0' && b[start-1] <= '9' || b[start-1] == '_' || b[start-1] == '$') {
		start--
	}
	return string(b[start:end])
}

// str reads a string: a key if a colon follows, a literal otherwise.
func (r *scriptReader) str(i int) int {
	quote := r.b[i]
	end := i + 1
	for end < len(r.b) && r.b[end] != quote {
		if r.b[end] == '\\' {
			end++
		} else if r.b[end] == '\n' && quote != '`' {
			return end // no string: what follows on this line is skipped
		}
		end++
	}
	if end >= len(r.b) {
		return len(r.b)
	}
	raw := string(r.b[i+1 : end])
	if next := space(r.b, end+1); next < len(r.b) && r.b[next] == ':' && len(raw) <= 80 {
		r.word = raw
		return end + 1
	}
	if value, ok := codec.Decode(codec.Script, raw); ok && value != "" && len(value) <= maxText {
		r.out = append(r.out, literal{r.name, value, i})
	}
	return end + 1
}

// number reads a whole number.
func (r *scriptReader) number(i int) int {
	end := i
	for end < len(r.b) && wordByte(r.b[end]) {
		end++
	}
	if s := string(r.b[i:end]); Kind(s) == "int" {
		r.out = append(r.out, literal{r.name, s, i})
	}
	return end
}
