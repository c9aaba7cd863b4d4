package correlate

import (
	"slices"
	"strconv"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
)

// pick binds what no other explainer bound to the element of a list that the user
// chose, in JSON or in a page: an identifier in a path or under a name that says so, and the other members of
// the same element in the same request. It holds where everybody sees the same list. So
// a small number is bound only where the list has the name of what it identifies, or where
// the answer shows the element.
func (l *Learner) pick() {
	for _, t := range l.targets {
		for _, p := range t.leaves {
			if p.partly() {
				l.pickIdentifier(p)
			}
		}
		for _, p := range t.leaves {
			if p.pieces == nil && len(t.pickers) > 0 {
				l.pickMember(p)
			}
		}
	}
}

// An element is one of a list in an answer.
type element struct {
	from   *parsed
	list   string // selector of its identifier, up to the name
	match  int
	length int // of the list
}

// pickIdentifier binds a leaf that identifies what users chose, and notes that it does.
func (l *Learner) pickIdentifier(p *leaf) {
	of, ok := p.identifies()
	listed := use.listed
	if !ok {
		of, listed = p.refers(), use.listedAs
	}
	known, shown := p.known(), p.shownTo(of, ok)
	var locate locator = func(u use) (spot, bool) {
		if s, had := known(u); had {
			return s, true
		}
		if of != "" || ok {
			if s, had := listed(u, of); had {
				return s, true
			}
		}
		return shown(u)
	}
	spots := locate.all(p.uses)
	if 2*len(spots) < len(p.uses) || len(spots) == len(known.all(p.uses)) {
		return
	}
	p.pieces = []piece{l.place(model.OnList, p.uses, spots, locate)}
	if ok || of != "" {
		p.target.pickers = append(p.target.pickers, p)
	}
}

// partly reports whether a leaf is one value, which nothing explains, or not everywhere.
func (p *leaf) partly() bool {
	return p.pieces == nil || !p.opened && len(p.pieces) == 1 && p.pieces[0].taken != nil
}

// known tells where a leaf has the values that are explained.
func (p *leaf) known() locator {
	if p.pieces == nil {
		return func(use) (spot, bool) { return spot{}, false }
	}
	return p.pieces[0].locate
}

// ground returns what a leaf rests on that is explained in part already, or else on.
func (p *leaf) ground(on model.Ground) model.Ground {
	if p.pieces != nil && p.pieces[0].binding != nil {
		return p.pieces[0].binding.restsOn
	}
	return on
}

// chosen returns the element of a list that the user chose whose request e is.
func (t *target) chosen(e *parsed) (element, bool) {
	for _, p := range slices.Backward(t.pickers) {
		i := p.at(e)
		if i < 0 {
			continue
		}
		s, ok := p.pieces[0].locate(p.uses[i])
		if dot := strings.LastIndexByte(s.selector, '.'); ok && dot >= 0 {
			return element{s.from, s.selector[:dot+1], s.match, len(s.from.values(s.selector))}, true
		}
	}
	return element{}, false
}

// identifies returns the word for what a leaf identifies: "item" for item_id and for
// the last part of /items/{}. ok is false if it identifies nothing.
func (p *leaf) identifies() (of string, ok bool) {
	s := p.span.Selector
	if place, isPath := strings.CutPrefix(s, "path:"); isPath {
		word, at := "", 0
		for segment := range strings.SplitSeq(p.target.sample().Path, "/") {
			if segment == "" {
				continue
			}
			if strconv.Itoa(at) == place {
				return singular(word), segment == "{}"
			}
			at++
			if !strings.Contains(segment, "{}") {
				word = segment
			}
		}
		return "", false
	}
	if p.header() != "" {
		return "", false
	}
	key, _, _ := strings.Cut(p.key(), "#")
	key = strings.TrimRight(key, "[]0123456789")
	key = key[strings.LastIndexAny(key, ".[")+1:]
	stem, ok := identifier(strings.Trim(key, "[]"))
	return singular(stem), ok
}

// refers returns the word for what a leaf may refer to by its name alone: "board" for the
// member board of a document, whose value identifies one; "" if it refers to nothing.
func (p *leaf) refers() string {
	switch p.span.Place {
	case content.InString, content.InJSON, content.InForm, content.InQuery:
		key := p.key()
		return singular(key[strings.LastIndexAny(key, ".[]")+1:])
	}
	return ""
}

// listedAs is like listed, but the list has to have the name of what u refers to, and its
// elements identifiers with a name.
func (u use) listedAs(of string) (spot, bool) {
	s, ok := u.listed(of)
	if !ok {
		return s, false
	}
	path := strings.TrimPrefix(s.selector, "json:")
	return s, path[strings.LastIndexAny(path, ".]")+1:] != "" && namesList(s.from, path, of)
}

// identifier cuts the end off a name that says that it identifies something: item_id,
// itemId, item_ids. The rest may be empty.
func identifier(name string) (stem string, ok bool) {
	low := strings.ToLower(strings.TrimSuffix(name, "s"))
	for _, end := range [...]string{"id", "uuid", "guid", "slug", "sku", "key", "code"} {
		if low == end {
			return "", true
		}
		if cut := len(low) - len(end); cut > 0 && low[cut:] == end && (low[cut-1] == '_' || low[cut-1] == '-' || name[cut] <= 'Z') {
			return strings.TrimRight(low[:cut], "_-"), true
		}
	}
	return "", false
}

// listed returns the first list of an earlier JSON answer of which an element has the
// value of u as its identifier. A list whose elements have it as a member of their own comes
// before one where it lies deeper: that may be of something within the elements.
func (u use) listed(of string) (spot, bool) {
	if u.exchange.sentFirst(u.value) {
		return spot{}, false
	}
	weak := content.Bits(u.value) < shortBits
	var deeper spot
	for _, p := range u.exchange.session.given()[u.value] {
		path, isJSON := strings.CutPrefix(p.selector, "json:")
		if !isJSON || strings.Contains(path, "|") || !strings.Contains(path, "[]") || !p.exchange.before(u.exchange) {
			continue
		}
		name := path[strings.LastIndexAny(path, ".]")+1:]
		if stem, ok := identifier(name); name != "" && (!ok || stem != "" && stem != of) {
			continue
		}
		direct := strings.HasSuffix(path, "[]") || strings.HasSuffix(path, "[]."+name)
		if !direct && deeper.from != nil {
			continue
		}
		named := !weak || namesList(p.exchange, path, of)
		for i, v := range p.exchange.values(p.selector) {
			if v != u.value || !named && !u.shows(p, name, i) {
				continue
			}
			s := spot{p.exchange, p.selector, i}
			if direct {
				return s, true
			}
			deeper = s
			break
		}
	}
	return deeper, deeper.from != nil
}

// shows reports whether the answer to u has the element of a list with the number i: an
// object with the same identifier and another member that only this element has so.
func (u use) shows(list place, name string, i int) bool {
	prefix := strings.TrimSuffix(list.selector, name)
	ids := len(list.exchange.values(list.selector))
	if name == "" {
		return false
	}
	for _, id := range u.exchange.doc.Leaves() {
		base, ok := strings.CutSuffix(id.Selector, "."+name)
		if !ok || id.Value != u.value || strings.Contains(base, "[]") {
			continue
		}
		for _, other := range u.exchange.doc.Leaves() {
			member, ok := strings.CutPrefix(other.Selector, base+".")
			if !ok || member == name || strings.ContainsAny(member, ".[|") {
				continue
			}
			same := func(v string) bool { return v == other.Value }
			if values := list.exchange.values(prefix + member); len(values) == ids && ids > 1 && same(values[i]) && !slices.ContainsFunc(slices.Delete(slices.Clone(values), i, i+1), same) {
				return true
			}
		}
	}
	return false
}

// namesList reports whether an answer is a list of what a word stands for: the address
// ends in the word, or the list has it as its name.
func namesList(e *parsed, path, of string) bool {
	words := strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
	for segment := range strings.SplitSeq(e.Path, "/") {
		words = append(words, segment)
	}
	return of != "" && slices.ContainsFunc(words, func(w string) bool { return singular(strings.ToLower(w)) == strings.ToLower(of) })
}

// pickMember binds a leaf whose values are members of the chosen elements.
func (l *Learner) pickMember(p *leaf) {
	if p.header() != "" || p.constant() {
		return
	}
	key := p.key()
	key = key[strings.LastIndexAny(key, ".[]")+1:]
	t := p.target
	var locate locator = func(u use) (spot, bool) {
		el, ok := t.chosen(u.exchange)
		if !ok {
			return spot{}, false
		}
		for _, at := range u.exchange.session.given()[u.value] {
			name, ok := strings.CutPrefix(at.selector, el.list)
			if !ok || at.exchange != el.from || strings.ContainsAny(name, ".[|") || !sameName(name, key) {
				continue
			}
			if values := el.from.values(at.selector); len(values) == el.length && values[el.match] == u.value {
				return spot{el.from, at.selector, el.match}, true
			}
		}
		return spot{}, false
	}
	if spots := locate.all(p.uses); 10*len(spots) >= 9*len(p.uses) {
		p.pieces = []piece{l.place(model.OnList, p.uses, spots, locate)}
	}
}

// sameName reports whether a member of a list and a place of a request have one name,
// whatever the style: unitPrice, unit_price, item[unit_price].
func sameName(a, b string) bool {
	plain := func(s string) string { return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(s)) }
	return a != "" && plain(a) == plain(b)
}
