package redact

import (
	"bytes"
	"slices"
)

// A labels follows what stands before a text in a page: the name in the cell before, the
// name above the column, or the last words before an element.
type labels struct {
	class class // what the text before says about the next one
	exact bool  // it is a name in XML, not a word for people
	cell  bool  // the text stands in a cell, or behind a term
	tags  int   // elements that began since then

	columns []class // by the first row of the table
	column  int     // the number of the cell
	head    bool    // the cell belongs to the first row, or names its row

	outer     class // of the element around, in XML
	outerName string
}

// tag notes that an element begins.
func (l *labels) tag(t *tag) {
	l.tags++
	switch string(t.name) {
	case "table":
		*l = labels{}
	case "tr":
		l.column, l.class = -1, plain
	case "th", "td":
		l.column++
		l.cell, l.head = true, string(t.name) == "th"
	case "dt", "dd":
		l.cell, l.column = true, -1
	case "p", "li", "div", "h1", "h2", "h3":
		l.cell, l.head = false, false
	case "input", "select", "textarea", "button", "form":
		l.class = plain
	}
}

// within returns the class of the text of an element. Elements such as item and value have
// that of the element around them.
func (l *labels) within(t *tag, c class) class {
	switch {
	case c >= likely && !t.closed:
		l.outer, l.outerName = c, string(t.raw)
	case c == plain && l.outer > plain && len(t.raw) <= 8:
		switch part := pairPartOf(t.raw); {
		case part >= pairValue, string(t.name) == "item", string(t.name) == "element", string(t.name) == "li":
			return l.outer
		}
	}
	return c
}

// end notes that an element ends. b begins with its name.
func (l *labels) end(b []byte) {
	if l.outer == plain {
		return
	}
	if n := bytes.IndexByte(b[:min(len(b), maxName)], '>'); n >= 0 {
		name := b[:n]
		if colon := bytes.LastIndexByte(name, ':'); colon >= 0 {
			name = name[colon+1:]
		}
		if string(bytes.TrimSpace(name)) == l.outerName {
			l.outer = plain
		}
	}
}

// value returns the class of a text by what stands before it, and forgets that.
func (l *labels) value() (c class, exact bool) {
	c, exact = l.class, l.exact
	if l.class, l.exact = plain, false; l.tags > 3 || l.tags > 1 && !l.cell && !exact {
		c, exact = plain, false
	}
	if c == plain && l.cell && !l.head && l.column >= 0 && l.column < len(l.columns) {
		c = l.columns[l.column]
	}
	return c, exact
}

// maxLabel is the length of the longest text whose last words are read as a name.
const maxLabel = 80

// note reads a text as the name of what follows. part is what the name of its element says.
func (l *labels) note(w *walker, b []byte, part pairPart, xml bool) {
	if len(b) > maxLabel || b[len(b)-1] != ':' && bytes.Count(b, []byte(" ")) > 4 || !w.scope.may(b) {
		if l.cell && l.head {
			l.columnIs(plain)
		}
		return
	}
	name := bytes.TrimRight(b, " :")
	words := bytes.Fields(name)
	said := len(words) > 2 && slices.Contains(isWords, string(words[len(words)-1])) // "Your token is"
	if said {
		words = words[:len(words)-1]
		name = bytes.Join(words, []byte(" "))
	}
	if len(words) > 3 || said && len(words) > 2 {
		if len(name) == len(b) {
			return // a sentence
		}
		name = bytes.Join(words[len(words)-2:], []byte(" "))
	}
	c := w.scope.field(name)
	if len(words) > 0 && slices.Contains(actWords, string(bytes.ToLower(words[0]))) {
		c = plain
	}
	if l.cell && l.head {
		l.columnIs(c)
	}
	l.tags = 0
	switch {
	case xml && part == pairName:
		l.class, l.exact = c, true
	case xml && part >= pairValue && c.secret():
		l.class, l.exact, l.cell = c, false, true // a map: <string>password</string><string>…</string>
	case c.secret() && !xml:
		l.class, l.exact = c, false
	}
}

// actWords begin the texts of links and buttons: "Change password".
var actWords = []string{"set", "reset", "change", "forgot", "forgotten", "lost", "enter", "show", "hide", "update", "choose", "get", "send", "generate", "create", "add", "remove",
	"delete", "revoke", "copy", "confirm", "repeat", "no", "invalid", "wrong", "missing", "manage", "recover", "request", "use", "edit"}

// isWords stand between the name of a secret and the secret in a sentence.
var isWords = []string{"is", "was", "are", "ist", "lautet", "est", "es"}

// columnIs notes the class of the column of the cell.
func (l *labels) columnIs(c class) {
	for l.column >= len(l.columns) && l.column < maxColumns {
		l.columns = append(l.columns, plain)
	}
	if l.column >= 0 && l.column < len(l.columns) {
		l.columns[l.column] = c
	}
}

// labelled walks a text between tags behind its label, if it is a secret. The texts of
// pages are mostly for people: one counts as a secret if it is one word that says nothing.
func (w *walker) labelled(b []byte, c class, exact, cell bool) bool {
	b = bytes.Trim(b, " \t\r\n\u00a0")
	judged := b
	escaped := bytes.IndexByte(b, '&') >= 0
	if escaped {
		judged = w.decoded(layerEntity, b)
	}
	word := bytes.IndexByte(judged, ' ') < 0
	switch {
	case c < likely, len(judged) == 0:
		return false
	case exact && word, random(judged), c.secret() && isPhrase(judged):
	case !c.secret(), !word, !distinctive(judged) && !(cell && wordlike(judged)), bytes.IndexByte(judged, '/') >= 0, w.scope.may(judged):
		return false
	}
	if escaped {
		w.layered(layerEntity, b, job{op: opField, class: c})
	} else {
		w.field(c, b)
	}
	return true
}
