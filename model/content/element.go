package content

import "slices"

// An Element is a value that a selector finds, with what stands beside it in the element of
// the list that it is from: the texts of its row, the other members of its object. In JSON
// and XML they have their names, as in "title=Blue shirt". A text behind "^" is not in the
// element, but the one before it.
type Element struct {
	Value  string
	Beside []string // nil: nothing, or the place of the value has no nesting

	// Near are those texts beside the value that its own object has, in JSON. The others are
	// of objects around that and within it, such as its owner.
	Near []string

	// Row are the texts of a row that has several elements of the list, such as links. Beside
	// then has, at its end, NthOfRow and which of them it is, from 1.
	Row []string

	// Of a cell: the value that stands for the element, and whether its row lacks the cell.
	Of    string
	Lacks bool

	row *row // nil: not asked for
}

// Name returns the value that stands for the element.
func (e *Element) Name() string {
	if e.Of != "" {
		return e.Of
	}
	return e.Value
}

// NthOfRow begins a text that says which element of its row one is.
const NthOfRow = "#"

// Has reports whether a text stands beside the element, or in its row.
func (e *Element) Has(text string) bool {
	return slices.Contains(e.Beside, text) || slices.Contains(e.Row, text)
}

// Elements returns what Values does, with what stands beside each value.
func (s Selector) Elements(d *Doc) []Element {
	if s.ofCell() {
		return s.cells(d)
	}
	return elementsOf(s.steps, d, false)
}

// elementsOf returns what steps find in d. The list is where the first of them that finds
// several values finds them. rows says that their rows are wanted.
func elementsOf(steps []taker, d *Doc, rows bool) (out []Element) {
	t := &steps[0]
	f := finder{taker: t, d: d, b: d.Body()}
	if t.nested() && (t.kind == "text" || d.structured()) {
		f.o = d.outlineOf(rows)
	}
	if f.o == nil {
		for _, v := range t.values(d) {
			out = append(out, elementsWithin(steps[1:], v, rows)...)
		}
		return out
	}
	f.find()
	if len(f.out) == 1 && len(steps) > 1 {
		return elementsWithin(steps[1:], f.out[0].value, rows)
	}
	var values []found
	for _, v := range f.out {
		for _, e := range elementsWithin(steps[1:], v.value, false) {
			values = append(values, found{e.Value, v.node, v.at})
		}
	}
	return f.o.beside(values)
}

// elementsWithin returns what steps find in a value.
func elementsWithin(steps []taker, value string, rows bool) (out []Element) {
	switch {
	case len(steps) == 0:
		return []Element{{Value: value}}
	case steps[0].codec == "" && steps[0].nested():
		return elementsOf(steps, textDoc(value), rows)
	}
	for _, v := range steps[0].within(value) {
		out = append(out, elementsWithin(steps[1:], v, rows)...)
	}
	return out
}

// nested reports whether the step takes values out of what has a nesting.
func (t *taker) nested() bool {
	switch t.kind {
	case "json", "document", "xml", "proto", "link", "attr", "form", "option", "named", "entries", "script":
		return true
	}
	return t.kind == "text" && t.left != ""
}

// structured reports whether the answer has a structure, and is not lines of text.
func (d *Doc) structured() bool {
	d.parse()
	return d.data != nil || d.page != nil || isXML(d.Media()) || isGRPC(d.Media()) || isProtobuf(d.Media())
}

// A finder finds the values of the first step of a selector with their nodes.
type finder struct {
	*taker
	d   *Doc
	b   []byte
	o   *outline
	out []found
}

// add adds values of a place of the body.
func (f *finder) add(at int, values ...string) {
	for _, v := range values {
		f.out = append(f.out, found{v, f.o.nodeAt(at), at})
	}
}

// of adds values of a node.
func (f *finder) of(nodes []int32, i int, values ...string) {
	node := int32(0)
	if i >= 0 && i < len(nodes) {
		node = nodes[i]
	}
	for _, v := range values {
		f.out = append(f.out, found{v, node, f.o.starts[node]})
	}
}

func (f *finder) find() {
	d := f.d
	switch {
	case f.kind == "text":
		eachBetween(f.b, f.left, f.right, func(at int, value string) { f.add(at, value) })
	case f.kind == "xml":
		walkXML(f.b, func(path []byte, start, end int, plain bool) {
			if string(path) == f.name && len(f.out) < maxItems {
				f.add(start, xmlText(f.b[start:end], plain))
			}
		})
	case f.kind == "proto":
		f.findProtobuf()
	case f.kind == "link":
		f.findLinks()
	case f.kind == "script":
		f.eachLiteral(d, func(at int, value string) { f.add(at, value) })
	case d.data != nil:
		f.findJSON()
	case d.page == nil:
	case f.kind == "attr":
		for i, x := range d.page.data {
			if x.name == f.name {
				f.of(f.o.data, i, x.value)
			}
		}
	default:
		f.findInForms()
	}
}

func (f *finder) findLinks() {
	links := f.d.Links()
	switch {
	case f.d.page != nil:
		head := len(links) - len(f.d.page.links)
		for i, link := range links {
			f.of(f.o.links, i-head, f.pattern.match(link, nil)...)
		}
	case f.d.data != nil:
		f.addLinks(func(visit func(int, string)) { eachJSONLink(f.d.data, visit) })
	default:
		f.addLinks(func(visit func(int, string)) { eachXMLLink(f.b, visit) })
	}
}

// addLinks adds those of the head of the answer, then those that each visits in its body.
func (f *finder) addLinks(each func(visit func(at int, link string))) {
	n := 0
	each(func(int, string) { n++ })
	for _, link := range f.d.Links()[:max(0, len(f.d.Links())-n)] {
		f.of(nil, 0, f.pattern.match(link, nil)...)
	}
	each(func(at int, link string) { f.add(at, f.pattern.match(link, nil)...) })
}

func (f *finder) findJSON() {
	b, documents := f.d.data, f.kind == "document"
	if f.kind != "json" && !documents {
		return
	}
	start := space(b, 0)
	at(b, start, skipValue(b, start), f.steps, func(start, end int) {
		switch c := b[start]; {
		case (c == '{' || c == '[') != documents:
		case documents:
			f.add(start, string(b[start:end]))
		case c != 'n' && (c != '"' || end-start > 2):
			f.add(start, text(b, start, end))
		}
	}, func(key string, at int) { f.add(at, key) })
}

func (f *finder) findInForms() {
	forms := f.d.page.forms
	for _, i := range f.sentThere(forms) {
		var nodes []int32
		if i < len(f.o.forms) {
			nodes = f.o.forms[i]
		}
		if f.kind == "entries" {
			f.of(nodes, 0, f.ofForm(&forms[i], nil)...)
			continue
		}
		for k := range forms[i].Controls {
			f.of(nodes, k+1, f.ofControl(&forms[i].Controls[k], nil)...)
		}
	}
}
