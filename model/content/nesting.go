package content

import "slices"

// A nesting makes the outline of a page while it is parsed. A nil nesting does nothing.
type nesting struct {
	o    *outline
	tags []nested
	from int // where the token begins in the body
	to   int // where it ends
}

// A nested is an open element.
type nested struct {
	tag  string
	node int32
}

// voids are the elements that have no content.
var voids = [...]string{"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}

// closedBy lists elements that need no end tag: those that the start of an element closes,
// and those within which it does.
var closedBy = map[string]struct{ ends, within []string }{
	"li":       {[]string{"li"}, []string{"ul", "ol", "menu"}},
	"dt":       {[]string{"dt", "dd"}, []string{"dl"}},
	"dd":       {[]string{"dt", "dd"}, []string{"dl"}},
	"tr":       {[]string{"tr"}, []string{"table"}},
	"td":       {[]string{"td", "th"}, []string{"tr", "table"}},
	"th":       {[]string{"td", "th"}, []string{"tr", "table"}},
	"tbody":    {[]string{"thead", "tbody", "tfoot"}, []string{"table"}},
	"tfoot":    {[]string{"thead", "tbody", "tfoot"}, []string{"table"}},
	"option":   {[]string{"option"}, []string{"select", "datalist"}},
	"optgroup": {[]string{"optgroup"}, []string{"select"}},
	"p":        {[]string{"p"}, []string{"div", "td", "li", "section", "article", "body"}},
}

// imply closes the elements that the start of another does.
func (n *nesting) imply(tag string) {
	closes, ok := closedBy[tag]
	if !ok {
		return
	}
	for i := len(n.tags) - 1; i >= 0; i-- {
		switch {
		case slices.Contains(closes.ends, n.tags[i].tag):
			n.close(i)
			return
		case slices.Contains(closes.within, n.tags[i].tag):
			return
		}
	}
}

// close ends an open element and those in it.
func (n *nesting) close(i int) {
	n.o.open = max(0, n.o.parents[n.tags[i].node])
	n.tags = n.tags[:i]
}

// next goes on to a token of so many bytes.
func (n *nesting) next(length int) {
	if n == nil {
		return
	}
	n.from = n.to
	n.to += length
	n.o.place(n.from)
}

// start takes a start tag.
func (n *nesting) start(tag string, a *attributes) {
	if n == nil {
		return
	}
	n.imply(tag)
	if n.o.enter(n.from) {
		n.tags = append(n.tags, nested{tag, n.o.open})
		n.o.element(tag, a)
		n.o.place(n.from)
	}
	n.o.text(n.from, "", a.says)
	if tag == "input" {
		n.o.text(n.from, "", a.value)
	}
}

// started notes what the page got by a start tag, and ends an element without content.
func (n *nesting) started(q *pageParser, tag string, closed bool) {
	if n == nil {
		return
	}
	n.took(q)
	if closed || slices.Contains(voids[:], tag) {
		n.end(tag)
	}
}

// took notes what the page got by the token.
func (n *nesting) took(q *pageParser) {
	o := n.o
	for len(o.links) < len(q.p.links) {
		o.links = append(o.links, o.open)
	}
	for len(o.data) < len(q.p.data) {
		a := &q.p.data[len(o.data)]
		o.cell("@"+a.name, a.value)
		o.object(n.from, a.value)
		o.data = append(o.data, o.open)
	}
	for len(o.forms) < len(q.forms) {
		o.forms = append(o.forms, []int32{o.open})
	}
	for len(o.forms[q.at])-1 < len(q.forms[q.at].Controls) {
		o.forms[q.at] = append(o.forms[q.at], o.open)
	}
}

// text takes character data.
func (n *nesting) text(q *pageParser, t []byte) {
	if n == nil {
		return
	}
	if !q.inScript && !q.inStyle && !q.inTitle {
		s := string(t[:min(len(t), maxText)])
		n.o.text(n.from, "", s)
		n.o.said(s)
	}
	if q.inScript {
		n.script(t)
	}
	n.took(q)
}

// script takes a script: the objects and lists in it are nodes, and what they hold are texts.
func (n *nesting) script(t []byte) {
	was := n.o.open
	n.o.script = true
	r := &scriptReader{b: t}
	var open []int32 // the node around each that is open
	for i := 0; i < len(t) && len(r.out) < maxLiterals; {
		at, known := i, len(r.out)
		switch t[i] {
		case '{', '[':
			if len(open) < maxDepth {
				open = append(open, n.o.open)
				n.o.enter(n.from + at)
			}
		case '}', ']':
			if last := len(open) - 1; last >= 0 {
				n.o.open, open = open[last], open[:last]
			}
		}
		i = r.next(i)
		n.o.place(n.from + at)
		for _, l := range r.out[known:] {
			n.o.value(n.from+at, l.name+"=", l.value)
		}
	}
	n.o.open, n.o.script = was, false
	n.o.place(n.from + len(t))
}

// end takes an end tag, or what stands for one.
func (n *nesting) end(tag string) {
	if n == nil {
		return
	}
	for i := len(n.tags) - 1; i >= 0 && len(n.tags)-i < maxDepth; i-- {
		if n.tags[i].tag == tag {
			n.close(i)
			return
		}
	}
}

// parsePageOutline reads the nesting of an HTML document.
func parsePageOutline(body []byte, celled bool) *outline {
	q := &pageParser{p: &page{}, nesting: &nesting{o: newOutline(celled)}}
	q.parse(body)
	return q.nesting.o
}
