package correlate

import (
	"bytes"
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
)

// Limits of the evidence that a leaf identifies elements of a list.
const (
	minEvident = 2 // values of which the answers show whose they are
	maxEvident = 8 // other elements that an answer may not show
)

// evident tells where users were given the values of a leaf whose name says nothing: in a list
// of which the answers to its requests show the elements that these identify, and no others. It
// notes the list for further leaves of that name.
func (l *Learner) evident(p *leaf) locator {
	uses := p.uses[:min(len(p.uses), maxLooked)]
	hits := map[string]map[string]bool{} // values by selector
	var order []string
	for _, u := range uses {
		if !p.canIdentify(u) {
			continue
		}
		seen := map[string]bool{}
		for _, at := range slices.Backward(u.exchange.session.given()[u.value]) {
			if seen[at.selector] || !at.exchange.before(u.exchange) || !l.isList(at) {
				continue
			}
			seen[at.selector] = true
			if i := slices.Index(at.exchange.values(at.selector), u.value); i >= 0 && u.showsAlone(l.elements.in(at.exchange, at.selector), i) {
				if hits[at.selector] == nil {
					hits[at.selector], order = map[string]bool{}, append(order, at.selector)
				}
				hits[at.selector][u.value] = true
			}
		}
	}
	slices.SortStableFunc(order, func(a, b string) int { return len(hits[b]) - len(hits[a]) })
	if len(order) == 0 || len(hits[order[0]]) < minEvident {
		return nowhere
	}
	l.prove(p, order[0])
	return p.latest(order[:1])
}

// canIdentify reports whether a use may be an identifier that says so neither by its name nor by
// its form.
func (p *leaf) canIdentify(u use) bool {
	return content.Kind(u.value) != "" && content.Kind(u.value) != "date" && !u.exchange.sentFirst(u.value)
}

// latest tells where the latest list that one of the selectors reads has the value of a use.
func (p *leaf) latest(selectors []string) locator {
	return func(u use) (spot, bool) {
		if !p.canIdentify(u) {
			return spot{}, false
		}
		for _, at := range slices.Backward(u.exchange.session.given()[u.value]) {
			if slices.Contains(selectors, at.selector) && at.exchange.before(u.exchange) {
				if i := slices.Index(at.exchange.values(at.selector), u.value); i >= 0 {
					return spot{at.exchange, at.selector, i}, true
				}
			}
		}
		return spot{}, false
	}
}

// showsAlone reports whether the answer to u shows what tells one element of a list, and not what
// tells others.
func (u use) showsAlone(list *model.List, at int) bool {
	body := u.exchange.doc.Body()
	shows := func(i int) bool {
		e, ok := list.Element(i, nil)
		return ok && slices.ContainsFunc(e.Own, func(t string) bool {
			t = strings.TrimPrefix(t, "^")
			if _, value, named := strings.Cut(t, "="); named {
				t = value
			}
			return len(t) >= minBeside && bytes.Contains(body, []byte(t))
		})
	}
	if list.Len() < 3 || at >= list.Len() || !shows(at) {
		return false
	}
	for i := range min(list.Len(), maxEvident) {
		if i != at && shows(i) {
			return false
		}
	}
	return true
}

// minBeside is the least length in bytes of a text that shows which element an answer is about.
const minBeside = 4

// prove notes that a leaf identifies elements of the list that a selector reads.
func (l *Learner) prove(p *leaf, selector string) {
	if name := p.listName(); name != "" && !slices.Contains(l.evidence[name], selector) {
		l.evidence[name] = append(l.evidence[name], selector)
	}
}

// listName returns the word that leaves have in common that identify elements of one list:
// "uid" of _uid and reply_uid, "note id" of note_id. It is empty where each means its own.
func (p *leaf) listName() string {
	list := words(p.name())
	switch stem, is := identifier(p.name()); {
	case len(list) == 0 || is && stem == "":
		return ""
	case is:
		return strings.Join(list, " ")
	}
	return list[len(list)-1]
}

// pickAlike binds leaves that have the name of one that is of a list, where that list has their
// values too, or each of several in a text.
func (l *Learner) pickAlike() {
	for _, t := range l.targets {
		for _, p := range t.leaves {
			if len(p.pieces) != 1 || p.opened || p.pieces[0].binding == nil {
				continue
			}
			for _, s := range p.pieces[0].binding.sources {
				if strings.Contains(s.selector, "[]") {
					l.prove(p, s.selector)
				}
			}
		}
	}
	for _, t := range l.targets {
		for _, p := range t.leaves {
			selectors := l.evidence[p.listName()]
			if len(selectors) == 0 || p.hidden || p.header() != "" {
				continue
			}
			if whole := p.pieces; whole != nil { // the rest may be lists
				if !p.opened && len(whole) == 1 && len(p.asRecorded()) > 0 {
					p.pieces = nil
					l.pickParts(p, selectors)
					p.pieces = whole
				}
				continue
			}
			locate := p.latest(selectors)
			spots := locate.all(p.uses)
			if len(spots) < len(p.uses) && l.pickParts(p, selectors) {
				if len(spots) > 0 {
					p.pieces = []piece{l.place(model.OnList, p.uses, spots, locate)}
				}
			} else if len(spots) > 0 && 10*len(spots) >= 9*len(p.uses) {
				p.pieces = []piece{l.place(model.OnList, p.uses, spots, locate)}
			}
			if p.pieces != nil {
				t.pickers = append(t.pickers, p)
			}
		}
	}
}

// pickParts binds the identifiers that a leaf has one beside the other in its text, as in 3,17.
func (l *Learner) pickParts(p *leaf, selectors []string) bool {
	found := false
	for _, c := range p.inner {
		locate := c.latest(selectors)
		if spots := locate.all(c.uses); c.pieces == nil && len(spots) > 0 && 10*len(spots) >= 9*len(c.uses) {
			c.pieces = []piece{l.place(model.OnList, c.uses, spots, locate)}
			found = true
		}
	}
	if !found {
		return false
	}
	p.show()
	p.open()
	return p.opened
}
