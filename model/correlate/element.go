package correlate

import (
	"strings"

	"github.com/starling-load/starling/model"
)

// know notes which element of a list a value is taken from, where something tells it from
// the others.
func (l *Learner) know(q *piece, e *parsed, take *model.Take) {
	if take.Act < 0 || q.binding == nil || take.Source >= len(q.binding.sources) {
		return
	}
	from, selector := e.session.exchanges[take.Act], q.binding.sources[take.Source].selector
	if !ofElements(selector, len(from.values(selector))) {
		return
	}
	parsed := e.session.selectors.parse(selector)
	if parsed == nil {
		return
	}
	list := parsed.Elements(from.doc)
	if take.Match >= len(list) {
		return
	}
	if element, ok := model.ElementOf(list, take.Match, e.session.words); ok {
		take.Element = l.elements.number(&element)
	}
}

// ofElements reports whether a selector that found n values takes them from elements of a
// list, as far as it tells itself.
func ofElements(selector string, n int) bool {
	first, _, _ := strings.Cut(selector, "|")
	kind, path, _ := strings.Cut(first, ":")
	switch kind {
	case "json", "document":
		return strings.Contains(path, "[]") || strings.Contains(path, "{}")
	case "xml", "link":
		return n > 0
	case "attr", "form", "option", "entries", "text":
		return n > 1
	}
	return false
}

// elements are the elements of lists in which users chose, each once.
type elements struct {
	list  []model.Element
	known map[string]int
}

// number returns the number of an element, from 1.
func (s *elements) number(e *model.Element) int {
	key := e.Value + "\x00" + strings.Join(e.Own, "\x00") + "\x00\x00" + strings.Join(e.Others, "\x00")
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
	texts := func(list []string) []string {
		out := make([]string, len(list))
		for i, t := range list {
			out[i] = strings.Clone(t)
		}
		return out
	}
	return model.Element{Value: strings.Clone(e.Value), Own: texts(e.Own), Others: texts(e.Others)}
}
