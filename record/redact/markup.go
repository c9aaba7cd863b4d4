package redact

import "bytes"

// isMarkup reports whether b begins like HTML or XML.
func isMarkup(b []byte) bool {
	b = bytes.TrimSpace(b)
	return len(b) >= 4 && b[0] == '<' && (isLetter(b[1]) || b[1] == '!' || b[1] == '?') && bytes.IndexByte(b, '>') > 0
}

// maxAttributes is the number of attributes of a tag that are read one by one.
const maxAttributes = 32

// An attribute is one NAME="VALUE" of a tag.
type attribute struct{ name, value []byte }

// A tag is the beginning of an element.
type tag struct {
	name       []byte // in lower case, without prefix
	raw        []byte // as it is written, without prefix
	attributes [maxAttributes]attribute
	count      int
	end        int // behind the >
	closed     bool
}

// markup walks HTML or XML. The names of fields and meta elements say what their values
// are. The names of elements say what the elements hold. All else is walked as text. In
// XML the name or key of any element says what it holds.
func (w *walker) markup(b []byte, xml bool) {
	if w.depth >= maxDepth {
		return
	}
	w.depth++
	var t tag
	var l labels
	inside := plain // class of the text that follows
	for i := 0; i < len(b); {
		lt := bytes.IndexByte(b[i:], '<')
		if lt < 0 {
			lt = len(b) - i
		}
		if lt > 0 {
			w.markupText(b[i:i+lt], inside, &l, pairPartOf(t.raw), xml)
			i += lt
			continue
		}
		switch rest := b[i:]; {
		case bytes.HasPrefix(rest, []byte("<!--")):
			i += w.until(rest, 4, "-->", plain)
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			i += w.until(rest, 9, "]]>", inside)
		case len(rest) > 1 && (isLetter(rest[1]) || rest[1] >= 0x80):
			t.read(rest)
			inside = w.tag(&t, xml)
			l.tag(&t)
			if xml {
				inside = l.within(&t, inside)
			}
			i += t.end
			if !t.closed && (string(t.name) == "script" || !xml && string(t.name) == "style") {
				i += w.raw(b[i:], t.name)
			}
		default:
			inside = plain
			if i++; len(rest) > 1 && rest[1] == '/' {
				l.end(rest[2:])
				if i++; len(rest) > 2 && isLetter(rest[2]) {
					i += nameEnd(rest[2:])
				}
			}
		}
	}
	w.depth--
}

// nameEnd returns the offset behind the > of a closing tag, if it holds nothing but a name.
func nameEnd(b []byte) int {
	for i := 0; i < len(b) && i < maxName; i++ {
		if b[i] == '>' {
			return i + 1
		}
		if !isWord(b[i]) && b[i] != ':' && b[i] != '.' && b[i] != ' ' {
			break
		}
	}
	return 0
}

// markupText walks text between tags. l is what stands before it.
func (w *walker) markupText(b []byte, c class, l *labels, part pairPart, xml bool) {
	trimmed := bytes.TrimSpace(b)
	if len(trimmed) == 0 {
		return
	}
	before, exact := l.value()
	switch {
	case c > plain && bytes.IndexByte(trimmed, '&') >= 0:
		w.layered(layerEntity, trimmed, job{op: opField, class: c})
	case c > plain:
		w.field(c, trimmed)
	case before > plain && (!exact || part >= pairValue || xml) && w.labelled(trimmed, before, exact, l.cell):
	default:
		l.note(w, trimmed, part, xml)
		if len(b) > 5 {
			w.text(b)
		}
	}
}

// until walks the text from the offset start to mark. It returns the offset behind mark.
func (w *walker) until(b []byte, start int, mark string, c class) int {
	end, next := len(b), len(b)
	if n := bytes.Index(b[start:], []byte(mark)); n >= 0 {
		end = start + n
		next = end + len(mark)
	}
	w.field(c, b[start:end])
	return next
}

// raw walks the content of an element whose content is not markup. It returns the length
// of the content.
func (w *walker) raw(b, name []byte) int {
	end := len(b)
	for from := 0; ; {
		n := bytes.Index(b[from:], []byte("</"))
		if n < 0 {
			break
		}
		at := from + n
		if rest := b[at+2:]; len(rest) >= len(name) && bytes.EqualFold(rest[:len(name)], name) {
			end = at
			break
		}
		from = at + 2
	}
	if content := bytes.TrimSpace(b[:end]); isJSON(content) {
		w.json(content, jsonNamed, "")
	} else if string(name) == "script" {
		w.script(b[:end], codeInline)
	} else {
		w.text(b[:end])
	}
	return end
}

// read reads the tag that b begins with.
func (t *tag) read(b []byte) {
	i := 1
	for i < len(b) && (isWord(b[i]) || b[i] == ':' || b[i] == '.' || b[i] >= 0x80) {
		i++
	}
	name := b[1:i]
	if colon := bytes.LastIndexByte(name, ':'); colon >= 0 {
		name = name[colon+1:]
	}
	t.raw = name
	t.name, t.count, t.closed = append(t.name[:0], name...), 0, false
	for k, c := range t.name {
		if c >= 'A' && c <= 'Z' {
			t.name[k] = c | 0x20
		}
	}
	for i < len(b) && b[i] != '>' {
		switch c := b[i]; {
		case c <= ' ':
			i++
		case c == '/':
			t.closed = i+1 < len(b) && b[i+1] == '>'
			i++
		default:
			i = t.attribute(b, i)
		}
	}
	t.end = min(len(b), i+1)
}

// attribute reads the attribute at i and returns the offset behind it.
func (t *tag) attribute(b []byte, i int) int {
	start := i
	for i++; i < len(b) && b[i] > ' ' && b[i] != '=' && b[i] != '>' && b[i] != '/'; i++ {
	}
	name := b[start:i]
	for i < len(b) && b[i] <= ' ' {
		i++
	}
	if i >= len(b) || b[i] != '=' {
		return i
	}
	for i++; i < len(b) && b[i] <= ' '; i++ {
	}
	if i >= len(b) {
		return i
	}
	var value []byte
	if q := b[i]; q == '"' || q == '\'' {
		n := bytes.IndexByte(b[i+1:], q)
		if n < 0 {
			n = len(b) - i - 1
		}
		value = b[i+1 : i+1+n]
		i = min(len(b), i+n+2)
	} else {
		from := i
		for i < len(b) && b[i] > ' ' && b[i] != '>' {
			i++
		}
		value = b[from:i]
	}
	if t.count < maxAttributes {
		t.attributes[t.count] = attribute{name, value}
		t.count++
	}
	return i
}

// tag walks the attributes. It returns the class of what the element holds.
func (w *walker) tag(t *tag, xml bool) class {
	field := plain // class of the attribute value or content
	holder := xml
	switch string(t.name) {
	case "input", "textarea", "meta", "button", "param", "select", "option":
		holder = true
	}
	var label, name []byte
	for _, a := range t.attributes[:t.count] {
		if lower(a.name) == "name" {
			name = a.value
		}
		switch lower(a.name) {
		case "name", "key", "id", "property", "http-equiv", "itemprop":
			if holder {
				if c := w.scope.field(a.value); c > field {
					field, label = c, a.value
				}
			}
		case "type":
			if string(t.name) == "input" && bytes.EqualFold(a.value, []byte("password")) && field != kept {
				field, label = password, a.value
			}
		}
	}
	if field == password && string(t.name) == "input" {
		w.ask(name)
	}
	for _, a := range t.attributes[:t.count] {
		c := plain
		switch lower(a.name) {
		case "name", "id", "type", "class", "rel", "lang", "for", "method", "charset", "autocomplete", "style":
			continue
		case "value", "content":
			c = field
			w.label(label)
		default:
			if bytes.IndexByte(a.name, '-') >= 0 || xml {
				c = w.scope.field(a.name)
				w.label(a.name)
			}
		}
		if c == plain && len(a.value) < 6 {
			continue
		}
		if bytes.IndexByte(a.value, '&') >= 0 {
			w.layered(layerEntity, a.value, job{op: opField, class: c})
		} else {
			w.field(c, a.value)
		}
	}
	if t.closed {
		return plain
	}
	if c := w.scope.field(t.raw); c > plain && (xml || c != likely && string(t.name) != "code") {
		w.label(t.name)
		return c
	}
	if xml || string(t.name) == "textarea" {
		w.label(label)
		return field
	}
	return plain
}

// lower returns the name of an attribute in lower case, if it is one that tag looks at, or
// else nothing.
func lower(name []byte) string {
	var small [12]byte
	if len(name) < 2 || len(name) > len(small) {
		return ""
	}
	for i, c := range name {
		if small[i] = c; isCapital(c) {
			small[i] = c | 0x20
		}
	}
	return attributeNames[string(small[:len(name)])]
}

// attributeNames are the names of attributes that say something about values, and of those
// whose values say nothing.
var attributeNames = func() map[string]string {
	names := map[string]string{}
	for _, name := range []string{"name", "key", "id", "property", "http-equiv", "itemprop", "type", "class", "rel", "lang", "for", "method", "charset", "autocomplete", "style", "value", "content"} {
		names[name] = name
	}
	return names
}()
