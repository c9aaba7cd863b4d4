package content

import (
	"bytes"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits on what an outline keeps.
const (
	maxOutline = 200_000 // nodes
	maxBeside  = 40      // texts beside one value
	maxMark    = 100     // bytes of a text
	maxLines   = 30      // of a text that has several
)

// An outline is the nesting of an answer: the elements of a page or of XML, the objects
// and arrays of JSON, the messages of Protocol Buffers, with the texts in them.
type outline struct {
	parents []int32 // of the nodes; the first is the root, which has none: -1
	starts  []int   // in the body
	open    int32   // the node that what follows belongs to
	texts   []outlined
	placed  []placed  // by place in the body
	links   []int32   // nodes of the links of a page
	data    []int32   // of its data attributes
	forms   [][]int32 // of the controls of its forms; the first is that of the form

	objects []bool // of the nodes: it is an object of JSON

	script bool // what follows is of one

	celled bool // cells are asked for
	cells  []celled
	own    []int32 // of the nodes: the number of their cell, from 1; 0: none
}

// A placed says that what begins at a place of the body belongs to a node.
type placed struct {
	at   int
	node int32
}

// An outlined is a text that belongs to a node.
type outlined struct {
	node int32
	at   int    // in the body
	text string // "name=text" in JSON and XML

	script bool // it is of a script
}

func newOutline(celled bool) *outline {
	return &outline{parents: []int32{-1}, starts: []int{0}, celled: celled}
}

// enter opens a node that starts there in the body. It reports false if there is no room.
func (o *outline) enter(at int) bool {
	if len(o.parents) >= maxOutline {
		return false
	}
	o.parents = append(o.parents, o.open)
	o.starts = append(o.starts, at)
	o.open = int32(len(o.parents) - 1)
	return true
}

// leave closes the open node.
func (o *outline) leave() { o.open = max(0, o.parents[o.open]) }

// text keeps what a person reads there, on one line.
func (o *outline) text(at int, name, s string) {
	if len(o.texts) >= maxItems {
		return
	}
	s = strings.Join(strings.Fields(s[:min(len(s), 4*maxMark)]), " ")
	for len(s) > maxMark || s != "" && !utf8.ValidString(s) {
		s = s[:min(len(s)-1, maxMark)]
	}
	if s != "" {
		o.texts = append(o.texts, outlined{o.open, at, name + s, o.script})
	}
}

// value keeps the text of a member of an object, or of an element of XML. Each line of a text
// that has several says something of its own, such as those of a calendar or of settings.
func (o *outline) value(at int, name, s string) {
	for range maxLines {
		line, rest, more := strings.Cut(s, "\n")
		if o.text(at, name, line); !more {
			return
		}
		s = rest
	}
}

// object keeps the texts of an object of JSON that an attribute holds.
func (o *outline) object(at int, s string) {
	b := []byte(s)
	if start := space(b, 0); start >= len(b) || b[start] != '{' || !validJSON(b) {
		return
	}
	members(b, space(b, 0), func(key []byte, start, end int) bool {
		if c := b[start]; c != '{' && c != '[' && c != 'n' {
			o.text(at, string(key)+"=", text(b, start, min(end, start+maxText)))
		}
		return true
	})
}

// place notes to which node a place of the body belongs.
func (o *outline) place(at int) { o.placed = append(o.placed, placed{at, o.open}) }

// nodeAt returns the node of a place of the body.
func (o *outline) nodeAt(at int) int32 {
	i := sort.Search(len(o.placed), func(i int) bool { return o.placed[i].at > at })
	if i == 0 {
		return 0
	}
	return o.placed[i-1].node
}

// A found is a value with its node.
type found struct {
	value string
	node  int32
	at    int // in the body; -1: not known
}

// maxShared is the number of values in one row. What holds more is the whole list.
const maxShared = 16

// beside returns the values with the texts in their elements: in the largest node that holds
// no other value, and in those around it that hold but some of them, a row with several links.
// A value that stands in several elements has the texts of all. Where nothing stands beside a
// value, it is the text before it, behind a mark.
func (o *outline) beside(values []found) []Element {
	ids := map[string]int32{}
	for _, v := range values {
		if _, had := ids[v.value]; !had {
			ids[v.value] = int32(len(ids))
		}
	}
	held := make([][]int32, len(o.parents)) // which values each node holds
	for _, v := range values {
		o.claim(held, v.node, ids[v.value], len(ids) == 1)
	}
	whose := make([][]int32, len(o.parents)) // of the nearest node that holds any
	for i := range whose {                   // a parent comes before what is in it
		if whose[i] = held[i]; whose[i] == nil && i > 0 {
			whose[i] = whose[o.parents[i]]
		}
	}
	several := o.severalRows(held, len(ids))
	cells := make([]*row, len(ids))
	if o.celled {
		cells = o.rowsOf(values, ids, whose, several)
	}
	texts, rows, nth := make([][]string, len(ids)), make([][]string, len(ids)), make([]int, len(ids))
	for _, t := range o.texts {
		of := whose[t.node]
		if !o.ofRow(of, len(ids)) || len(of) > 1 && !several {
			continue
		}
		to := texts
		if len(of) > 1 {
			to = rows
		}
		for i, id := range of {
			if nth[id] = max(nth[id], i+1); len(to[id]) < maxBeside {
				to[id] = append(to[id], t.text)
			}
		}
	}
	if len(ids) > 1 {
		o.before(values, ids, whose, texts)
	}
	out := make([]Element, len(values))
	for i, v := range values {
		id := ids[v.value]
		out[i] = Element{Value: v.value, Beside: without(texts[id], v.value), Near: without(o.textsOf(v.node), v.value), Row: without(rows[id], v.value), row: cells[id]}
		if len(out[i].Row) > 0 {
			out[i].Beside = append(out[i].Beside, NthOfRow+strconv.Itoa(nth[id]))
		}
	}
	return out
}

// textsOf returns the texts of an object of JSON, without those of what it holds.
func (o *outline) textsOf(node int32) (out []string) {
	if o.objects == nil || !o.objects[node] {
		return nil
	}
	from := sort.Search(len(o.texts), func(i int) bool { return o.texts[i].at >= o.starts[node] })
	for _, t := range o.texts[from:] {
		if !o.holds(node, t.node) || len(out) == maxBeside {
			break
		}
		if t.node == node {
			out = append(out, t.text)
		}
	}
	return out
}

// holds reports whether a node is another one or around it.
func (o *outline) holds(node, other int32) bool {
	for other > node { // what is in a node comes after it
		other = o.parents[other]
	}
	return other == node
}

// ofRow reports whether a node that holds these values of a list is of a row of it.
func (o *outline) ofRow(held []int32, all int) bool {
	return len(held) == 1 || len(held) > 1 && len(held) <= maxShared && len(held) < all
}

// severalRows reports whether more than one node looks like a row with several values. One
// alone is the list itself, of which another part of the page has a value, too.
func (o *outline) severalRows(held [][]int32, all int) bool {
	n := 0
	for i := 1; i < len(held); i++ {
		if wide := held[o.parents[i]]; len(held[i]) > 1 && o.ofRow(held[i], all) && !(len(wide) > 1 && o.ofRow(wide, all)) {
			n++
		}
	}
	return n > 1
}

// claim notes in what is around a value that it holds the value. Where it is the only one,
// that is the nearest node with a text.
func (o *outline) claim(held [][]int32, n, id int32, only bool) {
	if only {
		full := o.full()
		for n > 0 && !full[n] {
			n = o.parents[n]
		}
		held[n] = []int32{id}
		return
	}
	for ; n >= 0; n = o.parents[n] {
		if len(held[n]) <= maxShared && !slices.Contains(held[n], id) {
			held[n] = append(held[n], id)
		}
	}
}

// full says which nodes hold a text.
func (o *outline) full() []bool {
	full := make([]bool, len(o.parents))
	for _, t := range o.texts {
		for n := t.node; n >= 0 && !full[n]; n = o.parents[n] {
			full[n] = true
		}
	}
	return full
}

// besideMark stands before a text that precedes a value without being in its element.
const besideMark = "^"

// before adds the text between a value and the one before it, for pages that have no
// element around each.
func (o *outline) before(values []found, ids map[string]int32, whose [][]int32, texts [][]string) {
	last, done := 0, map[int32]bool{}
	for _, v := range values {
		if v.at < 0 {
			return
		}
		id := ids[v.value]
		if done[id] {
			last = v.at
			continue
		}
		done[id] = true
		end := sort.Search(len(o.texts), func(i int) bool { return o.texts[i].at >= v.at })
		for i := end - 1; i >= 0 && o.texts[i].at > last; i-- {
			if !o.texts[i].script && !o.ofRow(whose[o.texts[i].node], len(ids)) {
				texts[id] = append(texts[id], besideMark+o.texts[i].text)
				break
			}
		}
		last = v.at
	}
}

// inAddress reports whether a text is an address, alone or as a member, that has a value as one
// of its words.
func inAddress(text, value string) bool {
	if _, rest, named := strings.Cut(text, "="); named {
		text = rest
	}
	if !strings.HasPrefix(text, "/") && !strings.Contains(text, "://") {
		return false
	}
	return slices.Contains(strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("/?&=#:;,.{}()", r) }), value)
}

// without returns the texts that do not hold the value itself, but for members that are words:
// who means one of them means it by its name.
func without(texts []string, value string) []string {
	word := strings.IndexFunc(value, unicode.IsLetter) >= 0 && !strings.ContainsAny(value, "0123456789")
	var out []string
	for _, t := range texts {
		_, text, named := strings.Cut(t, "=")
		if named && word && text == value {
			out = append(out, t)
			continue
		}
		if len(value) > 1 && strings.Contains(t, value) || t == value || named && text == value || inAddress(t, value) {
			continue
		}
		out = append(out, t)
	}
	return out
}

// outlineOf returns the nesting of the answer, or nil where its form has none.
func (d *Doc) outlineOf(celled bool) *outline {
	if d.outline != nil && (d.outline.celled || !celled) {
		return d.outline
	}
	d.parse()
	switch {
	case d.data != nil:
		d.outline = outlineJSON(d.data, celled)
	case d.page != nil:
		d.outline = parsePageOutline(d.Body(), celled)
	case isXML(d.Media()):
		d.outline = outlineXML(d.Body(), celled)
	case isGRPC(d.Media()) || isProtobuf(d.Media()):
		d.outline = outlineProtobuf(d.Body(), d.Media(), celled)
	case d.IsText() && !isScript(d.Media()) && d.Media() != "text/css":
		d.outline = outlineLines(d.Body(), celled)
	}
	return d.outline
}

// Forget drops what Elements keeps of the answer for its next call: its memory is many times
// that of the answer.
func (d *Doc) Forget() { d.outline, d.rows = nil, nil }

// outlineJSON reads the nesting of a JSON document.
func outlineJSON(b []byte, celled bool) *outline {
	o := newOutline(celled)
	o.objects = []bool{false}
	var walk func(start, end int, name string)
	walk = func(start, end int, name string) {
		switch b[start] {
		case '{', '[':
			was := o.open
			if o.enter(start) {
				o.objects = append(o.objects, b[start] == '{')
			}
			o.place(start)
			if b[start] == '{' {
				members(b, start, func(key []byte, s, e int) bool {
					walk(s, e, string(key)+"=")
					return true
				})
			} else {
				elements(b, start, func(_, s, e int) { walk(s, e, name) })
			}
			o.open = was
		case 'n':
		default:
			o.place(start)
			s := text(b, start, min(end, start+maxText))
			o.value(start, name, s)
			o.cell(strings.TrimSuffix(name, "="), s)
		}
	}
	if start := space(b, 0); start < len(b) {
		walk(start, skipValue(b, start), "")
	}
	return o
}

// outlineLines reads a text of lines, each of which is an element, such as of a table or of a
// stream of events.
func outlineLines(b []byte, celled bool) *outline {
	o := newOutline(celled)
	for at := 0; at < len(b); {
		end := at + bytes.IndexByte(b[at:], '\n') + 1
		if end == at {
			end = len(b)
		}
		if line := string(b[at:end]); strings.TrimSpace(line) != "" && o.enter(at) {
			o.place(at)
			for _, s := range fieldsOf(line) {
				o.text(at, "", s)
			}
			o.leave()
		}
		at = end
	}
	return o
}

// fieldsOf cuts a line at the marks between what it says, or else at its spaces.
func fieldsOf(line string) []string {
	list := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(",;|\t\r\n\"{}[]:=<>()", r) })
	if len(list) < 2 {
		return strings.Fields(line)
	}
	return list
}

// outlineXML reads the nesting of an XML document.
func outlineXML(b []byte, celled bool) *outline {
	o := newOutline(celled)
	left := 0 // nodes that are not kept
	w := xmlWalker{
		visit: func(path []byte, start, end int, plain bool) {
			o.place(start)
			name := path[bytes.LastIndexAny(path, "/@")+1:]
			s := xmlText(b[start:min(end, start+maxText)], plain)
			o.value(start, string(name)+"=", s)
			o.cell(string(name), s)
		},
		open: func(at int) {
			if left > 0 || !o.enter(at) {
				left++
			}
		},
		close: func() {
			if left > 0 {
				left--
			} else {
				o.leave()
			}
		},
	}
	w.walk(b)
	return o
}
