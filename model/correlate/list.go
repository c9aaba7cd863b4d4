package correlate

import (
	"cmp"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
)

// pick binds what no other explainer bound to the element of a list, in JSON, XML or a
// page, that the user chose: an identifier in a path or under a name that says so, and the
// other members of the same element in the same request. It holds where everybody sees the
// same list. So a small number is bound only where the list has the name of what it
// identifies, or where the answer shows the element.
func (l *Learner) pick() {
	for _, t := range l.targets {
		for _, p := range t.leaves {
			if p.partly() {
				l.pickIdentifier(p)
			}
		}
	}
	l.pickAlike()
	for _, t := range l.targets {
		l.pickSeries(t)
		l.pickOfRow(t)
		l.pickBeside(t)
	}
	for _, t := range l.targets {
		found := false
		for _, p := range t.leaves {
			found = p.pieces == nil && l.pickDrawn(p) || found
		}
		if found {
			l.pickOfRow(t)
			l.pickBeside(t)
		}
	}
}

// pickOfRow binds the leaves of a target that are of the rows that users chose.
func (l *Learner) pickOfRow(t *target) {
	for _, p := range t.leaves {
		if p.pieces == nil && len(t.pickers) > 0 {
			l.pickMember(p)
		}
		if len(t.pickers) > 0 {
			l.pickCell(p)
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
	listed := l.listed
	if !ok {
		of, listed = p.refers(), l.listedAs
	}
	o := p.seen()
	if p.hidden && !o.mayShow() {
		return
	}
	known, shown := p.known(), p.shownTo(of, ok)
	var locate locator = func(u use) (spot, bool) {
		if s, had := known(u); had {
			return s, true
		}
		if of != "" || ok {
			if s, had := u.created(of); had { // wherever it stands in a list
				return s, true
			}
			if s, had := listed(u, of); had {
				return s, true
			}
		}
		return shown(u)
	}
	spots := locate.all(p.uses)
	if ok && 2*len(spots) < len(p.uses) {
		locate = l.called(p)
		spots = locate.all(p.uses)
	}
	evident := false
	if 2*len(spots) < len(p.uses) && p.pieces == nil && !p.hidden {
		locate = l.evident(p)
		spots = locate.all(p.uses)
		evident = len(spots) > 0
	}
	if 2*len(spots) < len(p.uses) || len(spots) == len(known.all(p.uses)) {
		return
	}
	p.pieces = []piece{l.place(model.OnList, p.uses, spots, locate)}
	if ok || of != "" || evident {
		p.target.pickers = append(p.target.pickers, p)
	}
	p.showIn(o)
}

// mayShow reports whether what is hidden in a leaf may take its place.
func (l *leaf) mayShow() bool { return l != nil && l.pieces == nil && !l.settled }

// showIn shows a leaf that is hidden in another.
func (p *leaf) showIn(o *leaf) {
	if p.hidden {
		o.show()
		o.open()
	}
}

// seen returns the innermost leaf around a hidden one that is not hidden, or nil.
func (p *leaf) seen() *leaf {
	o := p
	for o != nil && o.hidden {
		o = o.outer
	}
	return o
}

// minCalled is the number of different identifiers of a list in a page.
const minCalled = 3

// called tells where the page that a request was sent from, or that of the collection above
// its address, holds the identifiers of a leaf: in an attribute, such as id="row17", or in
// text, such as in the calls of a script, edit(17). However short they are, they have the same
// place with all that users chose. Where nothing says that they are of the same thing, see
// pickDrawn.
func (l *Learner) called(p *leaf) locator {
	distinct := map[string]bool{}
	for _, u := range p.uses {
		distinct[u.value] = true
	}
	if p.pieces != nil || len(distinct) < minCalled {
		return nowhere
	}
	inPath := p.span.Place == content.InPath
	of, _ := p.identifies()
	try := func(found []source) locator {
		for _, s := range found {
			if strings.HasPrefix(s.selector, "text:") && strings.Contains(s.selector, "|") {
				continue
			}
			locate := locator(func(u use) (spot, bool) { return u.onPage(s, inPath) })
			spots := locate.all(p.uses)
			if 10*len(spots) >= 9*len(p.uses) && (inPath || of == "" || meet(words(s.selector), words(of))) {
				return locate
			}
		}
		return nil
	}
	if locate := try(inElements(p.uses, of)); locate != nil {
		return locate
	}
	if locate := try(l.contextsOf(p.uses, 1)); locate != nil {
		return locate
	}
	return nowhere
}

// onPage returns where a source has the value of u in the page that u was sent from, or that of
// the collection above its address. What a control or link of the page holds is of the thing
// that this names, and text around it says nothing else, unless it is in an address.
func (u use) onPage(s source, inPath bool) (spot, bool) {
	for e := range u.exchange.answers(s.endpoint) {
		if e.doc.Media() != "text/html" || e != u.exchange.named() && !strings.HasPrefix(u.exchange.Flow.Request.Path(), strings.TrimSuffix(e.Flow.Request.Path(), "/")+"/") {
			continue
		}
		i := slices.Index(e.values(s.selector), u.value)
		if i >= 0 && (inPath || !byContext(s.selector) || !u.offeredIn(e)) {
			return spot{e, s.selector, i}, true
		}
	}
	return spot{}, false
}

// offeredIn reports whether a control or a link of a page holds the value of u.
func (u use) offeredIn(page *parsed) bool {
	return slices.ContainsFunc(u.exchange.session.given()[u.value], func(at place) bool {
		kind, _, _ := strings.Cut(at.selector, ":")
		return at.exchange == page && (kind == "form" || kind == "option" || kind == "link")
	})
}

// inElements returns the attributes of pages, and their controls that identify something, that
// hold the values of uses, those that hold most first. A word says what the uses identify.
func inElements(uses []use, of string) []source {
	hits := map[source]int{}
	var out []source
	for _, u := range uses[:min(len(uses), maxLooked)] {
		seen := map[source]bool{}
		for _, at := range u.exchange.session.given()[u.value] {
			s := source{at.exchange.Endpoint, at.selector}
			if seen[s] || !at.exchange.before(u.exchange) || !strings.HasPrefix(at.selector, "attr:") && !at.holds(of) {
				continue
			}
			seen[s] = true
			if hits[s]++; hits[s] == 1 {
				out = append(out, s)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b source) int {
		return cmp.Or(cmp.Compare(hits[b], hits[a]), cmp.Compare(order(a.selector), order(b.selector)))
	})
	return out[:min(len(out), maxSources)]
}

// holds reports whether a place is a control whose name says that it identifies something, and
// nothing else than a word stands for.
func (p place) holds(of string) bool {
	kind, field, _ := strings.Cut(p.selector, ":")
	field, _, _ = strings.Cut(field, "@/")
	_, name := lastName(field)
	stem, is := identifier(name)
	return is && (kind == "form" || kind == "option") && (stem == "" || sameThing(stem, of))
}

// partly reports whether a leaf is one value, which nothing explains, or not everywhere.
func (p *leaf) partly() bool {
	return p.pieces == nil || !p.opened && len(p.pieces) == 1 && p.pieces[0].taken != nil
}

// known tells where a leaf has the values that are explained.
func (p *leaf) known() locator {
	if p.pieces == nil {
		return nowhere
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
func chosen(pickers []*leaf, e *parsed) (element, bool) {
	for s := range picked(pickers, e) {
		if of, name := member(s.selector); name != s.selector {
			return element{s.from, of, s.match, len(s.from.values(s.selector))}, true
		}
	}
	return element{}, false
}

// picked yields where the user chose what the request e is about.
func (t *target) picked(e *parsed) iter.Seq[spot] { return picked(t.pickers, e) }

// picked yields what the last of some leaves says of a request, then the others.
func picked(pickers []*leaf, e *parsed) iter.Seq[spot] {
	return func(yield func(spot) bool) {
		for _, p := range slices.Backward(pickers) {
			// What explains the leaf further may have taken the place of the choice.
			if i := p.at(e); i >= 0 && len(p.pieces) == 1 && p.pieces[0].locate != nil {
				if s, ok := p.pieces[0].locate(p.uses[i]); ok && !yield(s) {
					return
				}
			}
		}
	}
}

// identifies returns the word for what a leaf identifies: "item" for item_id and for
// the last part of /items/{}. ok is false if it identifies nothing.
func (p *leaf) identifies() (of string, ok bool) {
	last := p.span.Selector[strings.LastIndexByte(p.span.Selector, '|')+1:]
	name, part := strings.CutPrefix(last, "part:")
	inPath := part && strings.Contains(p.span.Selector, "path:")
	switch i := strings.LastIndex(p.span.Selector, "|path:"); {
	case inPath && strings.Trim(name, "#0123456789") != "":
		return singular(strings.TrimRight(name, "#0123456789")), true // Things(17)
	case inPath && p.outer.outer == nil:
		of, _ = p.outer.identifies() // things/17.json
		return of, true
	case strings.HasSuffix(last, "{}~"):
		return "", true
	case i >= 0 && len(p.uses) > 0:
		return p.uses[0].identifiesIn(p.span.Selector[:i], p.span.Selector[i+len("|path:"):])
	}
	if of, ok = identifies(&p.span, p.target.sample().Path); !ok && part {
		return p.outer.identifies() // id=eq.17
	}
	return of, ok
}

// identifiesIn says what a segment of an address identifies that a place of the request of u
// holds, such as route=/notes/17.
func (u use) identifiesIn(place, segment string) (of string, ok bool) {
	n, err := strconv.Atoi(segment)
	i := slices.IndexFunc(u.exchange.spans, func(sp content.Span) bool { return sp.Selector == place })
	if err != nil || i < 0 || strings.Contains(u.exchange.spans[i].Value, "://") {
		return "", false
	}
	address, _, _ := strings.Cut(u.exchange.spans[i].Value, "?")
	segments := strings.FieldsFunc(address, func(r rune) bool { return r == '/' })
	if n >= len(segments) || content.Kind(segments[n]) == "" {
		return "", false
	}
	for _, before := range slices.Backward(segments[:n]) {
		if content.Kind(before) == "" {
			return singular(before), true
		}
	}
	return "", true
}

// identifies returns what a place of a request with a path template identifies.
func identifies(sp *content.Span, path string) (of string, ok bool) {
	s := sp.Selector
	if place, isPath := strings.CutPrefix(s, "path:"); isPath {
		word, at := "", 0
		for segment := range strings.SplitSeq(path, "/") {
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
	if sp.Place == content.InHeader {
		return "", false
	}
	key, _, _ := strings.Cut(keyOf(sp), "#")
	key = strings.TrimRight(key, "[]0123456789")
	at := strings.LastIndexAny(key, "./@[")
	stem, ok := identifier(strings.Trim(key[at+1:], "[]"))
	if stem == "" && at > 0 && key[at] == '/' {
		// What the operation of SOAP is called, or the element around it: GetOrder/id.
		stem = lastWord(key[strings.LastIndexByte(key[:at], '/')+1 : at])
	}
	return singular(stem), ok
}

// refers returns the word for what a leaf may refer to by its name alone: "board" for the
// member board of a document, whose value identifies one; "" if it refers to nothing.
func (p *leaf) refers() string {
	switch p.span.Place {
	case content.InString, content.InJSON, content.InForm, content.InMultipart, content.InQuery:
		key := p.key()
		return singular(key[strings.LastIndexAny(key, ".[]")+1:])
	}
	if kind, path := naming(p.span.Selector); kind == "xml" {
		return singular(path[strings.LastIndexAny(path, "/@")+1:])
	}
	return ""
}

// listedAs is like listed, but the list has to have the name of what u refers to, and its
// elements identifiers with a name.
func (l *Learner) listedAs(u use, of string) (spot, bool) {
	s, ok := l.listed(u, of)
	if !ok {
		return s, false
	}
	_, name := member(s.selector)
	return s, name != "" && namesList(s.from, s.selector, of)
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

// listed returns the first list of an earlier answer in JSON or XML of which an element has
// the value of u as its identifier. A list whose elements have it as a member of their own
// comes before one where it lies deeper: that may be of something within the elements.
func (l *Learner) listed(u use, of string) (spot, bool) {
	if u.exchange.sentFirst(u.value) {
		return spot{}, false
	}
	weak := content.Bits(u.value) < shortBits
	var deeper spot
	for _, p := range u.exchange.session.given()[u.value] {
		if !p.exchange.before(u.exchange) || !l.isList(p) {
			continue
		}
		list, name := member(p.selector)
		if name != "" && !p.identifies(of) {
			continue
		}
		direct := name == "" || strings.HasSuffix(list, "[].") || strings.HasPrefix(list, "xml:")
		if !direct && deeper.from != nil {
			continue
		}
		named := !weak || namesList(p.exchange, p.selector, of)
		for i, v := range p.exchange.values(p.selector) {
			if v != u.value || !named && !u.shows(p, i) {
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

// created returns where the answer to an earlier write gave the value of u first, as the
// identifier of what was made. The answer has to be about what the value identifies, unless
// no other answer has the value by chance.
func (u use) created(of string) (spot, bool) {
	weak := content.Bits(u.value) < minBits
	at := u.exchange.session.given()[u.value]
	for _, p := range at {
		if p.exchange != at[0].exchange || !p.exchange.writes() || !u.exchange.issuedFirst(u.value) || !p.exchange.before(u.exchange) {
			break
		}
		_, name := member(p.selector)
		if _, is := identifier(name); is && (!weak || p.identifies(of) && namesList(p.exchange, p.selector, of)) && len(p.exchange.values(p.selector)) == 1 {
			return spot{p.exchange, p.selector, 0}, true
		}
	}
	return spot{}, false
}

// identifies reports whether a place has the name of an identifier, of what a word stands for
// if it says so.
func (p place) identifies(of string) bool {
	_, name := member(p.selector)
	stem, ok := identifier(name)
	return ok && (stem == "" || sameThing(stem, of))
}

// member cuts the selector of a value in JSON or XML into that of the object that has it,
// with the mark behind it, and the name of the value.
func member(selector string) (of, name string) {
	kind, path, _ := strings.Cut(selector, ":")
	marks := ".]"
	if kind == "xml" {
		marks = "/@"
	}
	at := len(selector) - len(path) + strings.LastIndexAny(path, marks) + 1
	return selector[:at], selector[at:]
}

// isList reports whether a place is one of a list. In XML and in messages of Protocol Buffers,
// a list shows in an answer that has the place more than once.
func (l *Learner) isList(p place) bool {
	kind, path, _ := strings.Cut(p.selector, ":")
	if kind == "json" && strings.Contains(path, "|call:") {
		return strings.Contains(path[strings.LastIndexByte(path, '|'):], "[]")
	}
	if strings.Contains(path, "|") {
		return false
	}
	if kind != "xml" && kind != "proto" {
		return kind == "json" && (strings.Contains(path, "[]") || strings.HasSuffix(path, "{}~"))
	}
	of := source{p.exchange.Endpoint, p.selector}
	repeated, had := l.repeated[of]
	if !had {
		repeated = slices.ContainsFunc(l.sessions, func(s *session) bool {
			return slices.ContainsFunc(s.of[of.endpoint], func(e *parsed) bool { return len(e.values(of.selector)) > 1 })
		})
		l.repeated[of] = repeated
	}
	return repeated
}

// shows reports whether the answer to u has the element of a list with the number i: an
// object with the same identifier and another member that only this element has so.
func (u use) shows(list place, i int) bool {
	same, _ := u.compare(list, i)
	return same
}

// compare compares the element of a list with the number i with the object in the answer to u
// that has the same identifier. It is the same if another member, which only this element has
// so, is in that object; and another one if all such members are something else there, and
// not what the request made them.
func (u use) compare(list place, i int) (same, another bool) {
	of, name := member(list.selector)
	ids := len(list.exchange.values(list.selector))
	if name == "" {
		return false, false
	}
	answer := u.exchange.answer()
	for _, at := range answer.at[u.value] {
		id := &answer.leaves[at]
		object, own := member(id.Selector)
		if own != name || strings.Contains(object, "[]") || len(u.exchange.values(id.Selector)) != 1 {
			continue
		}
		for _, other := range answer.leaves {
			around, member := member(other.Selector)
			if around != object || member == name || strings.Contains(member, "|") {
				continue
			}
			values := list.exchange.values(of + member)
			if len(values) != ids || ids < 2 || slices.Contains(slices.Delete(slices.Clone(values), i, i+1), values[i]) {
				continue
			}
			if values[i] == other.Value {
				return true, false
			}
			another = another || !slices.ContainsFunc(u.exchange.spans, func(sp content.Span) bool { return sp.Value == other.Value })
		}
	}
	return false, another
}

// namesList reports whether an answer is a list of what a word stands for: the address
// ends in the word, or the list has it as its name. The answer of SOAP to AddOrder has the
// name AddOrderResponse.
func namesList(e *parsed, selector, of string) bool {
	words := strings.FieldsFunc(selector, func(r rune) bool { return strings.ContainsRune(".[]/@:", r) })
	for i, w := range words {
		if w, ok := strings.CutSuffix(w, "Response"); ok && words[0] == "xml" {
			words[i] = lastWord(w)
		}
	}
	for segment := range strings.SplitSeq(e.Path, "/") {
		words = append(words, segment)
	}
	return of != "" && slices.ContainsFunc(words, func(w string) bool { return sameThing(w, of) })
}

// lastWord returns the last word of a name such as ListOrders.
func lastWord(name string) string { return name[max(0, strings.LastIndexFunc(name, unicode.IsUpper)):] }

// pickMember binds a leaf whose values are members of the chosen elements.
func (l *Learner) pickMember(p *leaf) {
	if p.header() != "" || p.constant() {
		return
	}
	key := p.key()
	key = key[strings.LastIndexAny(key, ".[]/@")+1:]
	pickers := p.pickers()
	var locate locator = func(u use) (spot, bool) {
		el, ok := chosen(pickers, u.exchange)
		if !ok {
			return spot{}, false
		}
		for _, at := range u.exchange.session.given()[u.value] {
			name, ok := strings.CutPrefix(at.selector, el.list)
			if !ok || at.exchange != el.from || strings.ContainsAny(name, ".[|/@") || !sameName(name, key) {
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
	return a != "" && plainName(a) == plainName(b)
}

// plainName is a name without its style.
func plainName(s string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(s))
}

// sameThing reports whether two words are of one thing, in singular or plural: category and
// categories, address and addresses.
func sameThing(a, b string) bool {
	root := func(s string) string {
		s = strings.ToLower(s)
		if strings.HasSuffix(s, "ss") || strings.HasSuffix(s, "us") || strings.HasSuffix(s, "is") || len(s) < 4 {
			return s
		}
		s = strings.TrimSuffix(strings.TrimSuffix(s, "s"), "e")
		if rest, ok := strings.CutSuffix(s, "y"); ok {
			return rest + "i"
		}
		return s
	}
	return root(a) == root(b)
}
