package correlate

import (
	"strconv"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
)

// know notes which element of a list a value is taken from, where something tells it from
// the others.
func (l *Learner) know(q *piece, e *parsed, take *model.Take) {
	if take.Act < 0 || q.binding == nil || take.Source >= len(q.binding.sources) {
		return
	}
	if element, ok := l.elementAt(spot{e.session.exchanges[take.Act], q.binding.sources[take.Source].selector, take.Match}); ok {
		take.Element = l.elements.number(&element)
	}
}

// elementAt returns the element of a list that has a spot. ok is false if it is of no list,
// or if nothing tells it from the others.
func (l *Learner) elementAt(at spot) (element model.Element, ok bool) {
	from := at.from
	selector, _, _ := content.OfCell(at.selector)
	if !ofElements(selector, len(from.values(selector))) {
		return element, false
	}
	identifier, own := from.identifierBeside(selector)
	if own {
		selector = identifier
	}
	list := l.elements.in(from, selector)
	if at.match >= list.Len() {
		return element, false
	}
	if element, ok = list.Element(at.match, from.session.own); own {
		element.Value = "" // the identifier
	}
	return element, ok
}

// maxLists is the number of lists that are kept for the next one who chose in them: many
// were shown the same.
const maxLists = 16

// in returns the list that a selector finds in the answer of e.
func (s *elements) in(e *parsed, selector string) *model.List {
	r := s.look(e, selector)
	if r.list == nil {
		var found []content.Element
		if parsed := e.session.selectors.parse(selector); parsed != nil {
			found = parsed.Elements(e.doc)
			e.doc.Forget()
		}
		r.list = model.NewList(found)
	}
	return r.list
}

// cells returns the cells of the rows of the list that a selector finds in the answer of e.
func (s *elements) cells(e *parsed, selector string) [][]content.Cell {
	r := s.look(e, selector)
	if r.cells == nil {
		r.cells = [][]content.Cell{}
		if parsed := e.session.selectors.parse(selector); parsed != nil {
			r.cells = append(r.cells, parsed.Cells(e.doc)...)
			e.doc.Forget()
		}
	}
	return r.cells
}

// look returns what is known of a list.
func (s *elements) look(e *parsed, selector string) *recentList {
	key := e.session.shared.of(e, selector)
	for i := range s.recent {
		if s.recent[i].key == key {
			return s.recent[i]
		}
	}
	if len(s.recent) == maxLists {
		s.recent = append(s.recent[:0], s.recent[1:]...)
	}
	r := &recentList{key: key}
	s.recent = append(s.recent, r)
	return r
}

// A recentList is a list that was looked at.
type recentList struct {
	key   withinBody
	list  *model.List      // nil: not asked for
	cells [][]content.Cell // nil: not asked for
}

// identifierBeside returns the selector of the identifiers of the elements that a selector
// reads another member of, such as a price or a revision: others may have it equal, so that
// it does not tell whose it is. ok is false if there are none.
func (e *parsed) identifierBeside(selector string) (of string, ok bool) {
	if strings.Contains(selector, "|") || !strings.HasPrefix(selector, "json:") && !strings.HasPrefix(selector, "xml:") {
		return "", false
	}
	if _, name := member(selector); name == "" {
		return "", false
	} else if _, is := identifier(name); is {
		return "", false
	}
	for _, other := range e.session.members()[e] {
		_, name := member(other)
		if stem, is := identifier(name); is && stem == "" && within(objectOf(selector), objectOf(other)) && len(e.values(other)) == len(e.values(selector)) {
			return other, true
		}
	}
	return "", false
}

// ofElements reports whether a selector that found n values takes them from elements of a
// list, as far as it tells itself.
func ofElements(selector string, n int) bool {
	for step := range strings.SplitSeq(selector, "|") {
		switch kind, path, _ := strings.Cut(step, ":"); kind {
		case "json", "document":
			if strings.Contains(path, "[]") || strings.Contains(path, "{}") {
				return true
			}
		case "xml", "link":
			return n > 0
		case "attr", "form", "option", "named", "entries", "script", "text", "proto":
			return n > 1
		}
	}
	return false
}

// elements are the elements of lists in which users chose, each once.
type elements struct {
	recent []*recentList
	list   []model.Element
	known  map[string]int
}

// number returns the number of an element, from 1.
func (s *elements) number(e *model.Element) int {
	key := strconv.FormatBool(e.All) + e.Value + "\x00" + strings.Join(e.Own, "\x00") + "\x00"
	for _, o := range e.Others {
		key += "\x00" + o.Text + "\x00" + o.Value
	}
	n, had := s.known[key]
	if !had {
		s.list = append(s.list, clone(e))
		n = len(s.list)
		s.known[strings.Clone(key)] = n
	}
	return n
}

// clone copies the texts, which belong to answers.
func clone(e *model.Element) model.Element {
	out := model.Element{Value: strings.Clone(e.Value), All: e.All}
	for _, t := range e.Own {
		out.Own = append(out.Own, strings.Clone(t))
	}
	for _, o := range e.Others {
		out.Others = append(out.Others, model.Other{Text: strings.Clone(o.Text), Value: strings.Clone(o.Value)})
	}
	return out
}
