package correlate

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
)

// Limits of the evidence that the values of a leaf are drawn from a list.
const (
	maxDrawn      = -6.9 // logarithm of the chance that they are there by accident: 1 in 1,000
	maxUnnamed    = -9.2 // and where no name says that they are of the list: 1 in 10,000
	minIdentified = 2    // different values of what is called an identifier
	minUnnamed    = 3    // and of what is not
	minAlike      = 0.9  // share of what is in the list that is like the values
	maxNumbers    = 1000 // of a list that are looked at, evenly
	maxAnswersOf  = 256  // answers that may hold a value
	minText       = 4    // bytes around a number that nobody writes by accident,
	textChance    = -3.0 // and the logarithm of the chance that someone does
)

// A drawn is a list that holds the values of a leaf as the identifiers of its elements.
type drawn struct {
	of       source
	values   map[string]bool // that are in the list
	uses     int
	others   int      // uses whose answers show something else by the identifier
	latest   int      // the place in its session of the last answer with it
	alike    float64  // the least share of its values that are like one of the leaf
	chance   float64  // logarithm of the chance that the values are there by accident
	names    []string // nil: not asked for
	fits     int      // how much its name has in common with the leaf; see common
	elements int
}

// pickDrawn binds a leaf that nothing else explains to the list that has its values as
// identifiers. Numbers from 1 to the greatest of them would hit those of a list that is not
// full of them hardly ever. Where it is full of them, a leaf has to be called an identifier
// of nothing else, and the list has to be the only one that holds its values, or the one
// that the request names.
func (l *Learner) pickDrawn(p *leaf) bool {
	o := p.seen()
	if len(p.uses) == 0 || p.constant() || p.header() != "" || p.hidden && !o.mayShow() || p.typed() {
		return false
	}
	list, ok := l.drawn(p)
	if !ok {
		return false
	}
	locate := locator(func(u use) (spot, bool) {
		if u.exchange.sentFirst(u.value) || !holdsNumber(u.value) {
			return spot{}, false
		}
		return u.latestIn(list)
	})
	p.pieces = []piece{l.place(model.OnList, p.uses, locate.all(p.uses), locate)}
	p.target.pickers = append(p.target.pickers, p)
	p.showIn(o)
	return true
}

// typed reports whether a leaf is a field that the form of a page shows, into which users may
// have typed what a list has by accident.
func (p *leaf) typed() bool {
	from := p.uses[0].exchange.sentFrom
	_, name, _ := strings.Cut(p.outermost().span.Selector, ":")
	return from != nil && !from.hidden[name]
}

// drawn returns the list whose identifiers the values of a leaf are.
func (l *Learner) drawn(p *leaf) (list source, ok bool) {
	of, named := p.identifies()
	uses := p.uses[:min(len(p.uses), maxLooked)]
	lists := l.drawnFrom(p, uses)
	if len(lists) == 0 {
		return source{}, false
	}
	for _, d := range lists {
		d.fits = d.common(p)
	}
	slices.SortStableFunc(lists, func(a, b *drawn) int {
		return cmp.Or(cmp.Compare(b.fits, a.fits), cmp.Compare(b.uses, a.uses), cmp.Compare(b.alike, a.alike), cmp.Compare(a.chance, b.chance), cmp.Compare(b.latest, a.latest))
	})
	best := lists[0]
	if best.chance <= best.limit(named) && (named || len(best.values) >= minUnnamed) {
		return best.of, true
	}
	rivals := slices.DeleteFunc(lists[1:], func(d *drawn) bool { return d.fits < best.fits || d.of.endpoint == best.of.endpoint })
	if !named || len(rivals) > 0 || p.counts(uses) {
		return source{}, false
	}
	if of != "" && !best.called(of) || of == "" && !best.structured() {
		return source{}, false
	}
	return best.of, true
}

// limit is the greatest chance that is believed. What a control or a link of a page holds is of
// the thing that this names, while text and attributes say nothing else.
func (d *drawn) limit(named bool) float64 {
	kind, _, _ := strings.Cut(d.of.selector, ":")
	switch kind {
	case "attr", "text", "script":
		return maxDrawn
	}
	if at := (place{selector: d.of.selector}); at.holds("") {
		return maxDrawn
	}
	switch kind {
	case "option", "form", "link":
		named = named && d.fits > 0
	}
	if named {
		return maxDrawn
	}
	return maxUnnamed
}

// structured reports whether the list has a structure that says that its values identify its
// elements.
func (d *drawn) structured() bool {
	kind, path, _ := strings.Cut(d.of.selector, ":")
	_, name := member(d.of.selector)
	_, is := identifier(name)
	return (kind == "json" || kind == "xml") && !strings.Contains(path, "|") && (is || name == "" || strings.HasSuffix(name, "{}~"))
}

// drawnFrom returns the lists that hold nearly all values of a leaf, of which there are
// several, as identifiers of what their elements are.
func (l *Learner) drawnFrom(p *leaf, uses []use) []*drawn {
	return slices.DeleteFunc(l.holding(p, uses), func(d *drawn) bool {
		return d.alike < minAlike || len(d.values) < minIdentified || 10*d.uses < 9*len(uses) || d.elements < 2 || 2*d.others >= d.uses
	})
}

// holding returns the lists that hold values of a leaf, in the order in which they are met:
// those of places that answers have several times, or else those by the text around them.
func (l *Learner) holding(p *leaf, uses []use) []*drawn {
	h := holders{l: l, of: p, known: map[source]*drawn{}}
	for _, u := range uses {
		if u.exchange.sentFirst(u.value) || !holdsNumber(u.value) {
			continue
		}
		seen := map[source]bool{}
		at := u.exchange.session.given()[u.value]
		for _, at := range slices.Backward(at[max(0, len(at)-maxAnswersOf):]) {
			if of := (source{at.exchange.Endpoint, at.selector}); !seen[of] && at.exchange.before(u.exchange) {
				seen[of] = true
				h.add(u, at)
			}
		}
	}
	if slices.ContainsFunc(h.lists, func(d *drawn) bool { return 2*d.uses > len(uses) }) {
		return h.lists
	}
	for _, of := range l.contextsOf(uses, 1) {
		for _, u := range uses {
			if u.exchange.sentFirst(u.value) || !holdsNumber(u.value) {
				continue
			}
			for e := range u.exchange.answers(of.endpoint) {
				if slices.Contains(e.values(of.selector), u.value) {
					h.add(u, place{e, of.selector})
					break
				}
			}
		}
	}
	return h.lists
}

// holdsNumber reports whether a value is a word with a number in it, and may be an identifier.
func holdsNumber(value string) bool {
	return value != "" && len(value) <= 100 && strings.ContainsAny(value, "0123456789") && content.Kind(value) != "date" && alphanumeric(value[0]) && alphanumeric(value[len(value)-1])
}

// holders are lists that hold values of a leaf.
type holders struct {
	l     *Learner
	of    *leaf
	known map[source]*drawn
	lists []*drawn
}

// add notes that an answer has the value of a use at a place, if that is a list.
func (h *holders) add(u use, at place) {
	values := at.exchange.values(at.selector)
	i := slices.Index(values, u.value)
	if i < 0 || !h.listed(at, values) {
		return
	}
	of := source{at.exchange.Endpoint, at.selector}
	d := h.known[of]
	if d == nil {
		d = &drawn{of: of, values: map[string]bool{}, alike: 1}
		h.known[of] = d
		h.lists = append(h.lists, d)
	}
	d.uses++
	d.latest = max(d.latest, at.exchange.index)
	if _, another := u.compare(at, i); another {
		d.others++
	}
	if !d.values[u.value] {
		d.values[u.value] = true
		d.elements = max(d.elements, len(values))
		chance, alike := accident(u.value, values)
		d.chance += chance
		d.alike = min(d.alike, alike)
	}
}

// listed reports whether a place has the identifiers of a list: that its name says so, or no
// two elements have the same and the leaf has that name or none. What users type, such as
// amounts, is often what others typed.
func (h *holders) listed(at place, values []string) bool {
	kind, path, _ := strings.Cut(at.selector, ":")
	switch {
	case len(values) < 2, kind == "text" && strings.HasPrefix(path, "…"): // the text around it says more
		return false
	case kind == "text" && isJSON(at.exchange.doc.Media()):
		left, _, _ := strings.Cut(path, "…")
		return !strings.HasSuffix(strings.TrimRight(left, ` "`), ":") // a member is no text
	case kind != "json" && kind != "xml" && kind != "proto", strings.Contains(path, "|"):
		return true
	case !h.l.isList(at):
		return false
	case kind == "proto":
		return true
	}
	_, name := member(at.selector)
	if _, ok := identifier(name); ok || name == "" || strings.HasSuffix(name, "{}~") {
		return true
	}
	if _, ok := h.of.identifies(); !ok && !h.of.nameless() && !sameName(name, h.of.name()) {
		return false
	}
	different := map[string]bool{}
	for _, v := range values {
		different[v] = true
	}
	return len(different) == len(values)
}

// accident is the logarithm of the chance that a value like this one is among others: their
// numbers are from 1 to the greatest of those that have the same text around them. alike is
// the share of these.
func accident(value string, among []string) (chance, alike float64) {
	before, number, after := numberIn(value)
	if number == "" {
		return 0, 1
	}
	n, most := 0.0, 1.0
	different := map[string]bool{}
	step := 1 + len(among)/maxNumbers
	for i := 0; i < len(among); i += step {
		b, d, a := numberIn(among[i])
		if x, err := strconv.ParseFloat(d, 64); err == nil && b == before && a == after {
			n, most = n+1, max(most, x)
			different[d] = true
		}
	}
	chance = min(0, math.Log(float64(max(1, step*len(different)))/most))
	if len(before)+len(after) >= minText {
		chance += textChance
	}
	return chance, n / float64((len(among)+step-1)/step)
}

// numberIn cuts a value around its last number.
func numberIn(value string) (before, number, after string) {
	end := strings.LastIndexAny(value, "0123456789") + 1
	start := end
	for start > 0 && value[start-1] >= '0' && value[start-1] <= '9' {
		start--
	}
	return value[:start], value[start:end], value[end:]
}

// common tells how much the names of a list have in common with a leaf: above all with the
// names around it, and then with the address and the operation of its request.
func (d *drawn) common(p *leaf) int {
	count := func(with []string) (n int) {
		for _, w := range with {
			if d.called(w) {
				n++
			}
		}
		return n
	}
	const most = 100
	return most*count(words(p.key())) + count(append(words(p.target.sample().Path), p.target.operation()...))
}

// called reports whether the names of a list have a word: those around its elements, the end
// of its address and its operation.
func (d *drawn) called(word string) bool {
	if d.names == nil {
		around, _ := member(strings.TrimSuffix(d.of.selector, "{}~"))
		if kind, path, _ := strings.Cut(d.of.selector, ":"); kind == "link" || kind == "text" {
			around = path
		}
		address, _, _ := strings.Cut(d.of.endpoint, " [")
		segments := strings.Split(address, "/")
		d.names = append(words(strings.Join(segments[max(0, len(segments)-2):], " ")), words(around)...)
		d.names = append(d.names, operation(d.of.endpoint)...)
	}
	return len(word) >= 3 && !slices.Contains(plainWords[:], word) && slices.ContainsFunc(d.names, func(w string) bool { return sameThing(w, word) })
}

// plainWords are words in the names of any list, in the singular.
var plainWords = [...]string{"get", "post", "api", "rest", "list", "all", "json", "xml", "data", "item", "row", "record", "result", "value", "query", "search", "node", "edge", "content", "response", "body"}

// counts reports whether clients count with the values of a leaf: most are one more than what
// stood there in the request before.
func (p *leaf) counts(uses []use) bool {
	n := 0
	for _, u := range uses {
		value, err := strconv.Atoi(u.value)
		for _, e := range slices.Backward(u.exchange.session.exchanges[:u.exchange.index]) {
			if i := e.place(p.span.Selector); i >= 0 {
				if before, bad := strconv.Atoi(e.spans[i].Value); err == nil && bad == nil && value == before+1 {
					n++
				}
				break
			}
		}
	}
	return 2*n > len(uses)
}

// nameless reports whether a leaf is an element of a list, or another value whose place says no
// more than its type.
func (p *leaf) nameless() bool {
	kind, path := naming(p.span.Selector)
	switch kind {
	case "proto":
		return true
	case "xml":
		name := path[strings.LastIndexByte(path, '/')+1:]
		name, _, _ = strings.Cut(name, "#")
		return name == "int" || name == "i4" || name == "i8" // of XML-RPC
	}
	return strings.HasSuffix(p.span.Selector, "]")
}

// amounts are words for numbers that users count or choose, and that identify nothing, in the
// singular.
var amounts = [...]string{"age", "amount", "cent", "column", "count", "day", "delay", "depth", "discount", "duration", "first", "grade", "height", "hour", "last", "length", "level", "limit", "max", "min", "minute", "month", "offset", "page", "per", "percent", "point", "position", "price", "priority", "qty", "quantity", "rank", "rate", "rating", "revision", "score", "second", "size", "skip", "speed", "star", "step", "stock", "sum", "take", "time", "timeout", "top", "total", "version", "volume", "week", "weight", "width", "year", "zoom"}

// actsOn reports whether a leaf may say what a write is done to although its name does not:
// nothing else of the request says it, and the name is not that of an amount.
func (p *leaf) actsOn() bool {
	if p.target.identifies() || !p.uses[0].exchange.writes() || p.typed() || !holdsNumber(p.uses[0].value) {
		return false
	}
	for _, w := range words(p.name()) {
		if slices.Contains(amounts[:], w) {
			return false
		}
	}
	return true
}

// identifies reports whether a place of the requests says by its name what they are about.
func (t *target) identifies() bool {
	if !t.looked {
		t.looked, t.identified = true, len(t.pickers) > 0
		for _, o := range t.byPlace {
			if _, ok := o.identifies(); ok && len(o.uses) > 0 && content.Kind(o.uses[0].value) != "" {
				t.identified = true
			}
		}
	}
	return t.identified
}

// admitDrawn notes identifiers, elements of lists without a name, and what alone may say what
// a write is done to, if the values are all in one list which earlier answers gave: that may be
// where users chose them.
func (l *Learner) admitDrawn(p *leaf, uses []use) bool {
	least := minIdentified
	if _, named := p.identifies(); !named && !p.nameless() {
		if least = minUnnamed; !p.actsOn() {
			return false
		}
	}
	uses = uses[:min(len(uses), maxLooked)]
	for _, d := range l.drawnFrom(p, uses) {
		if len(d.values) >= least && !p.counts(uses) {
			l.unresolved(p, uses, "may identify an element of a list that an earlier answer of "+d.of.endpoint+" gave, and is sent as recorded", "").Identifies = true
			return true
		}
	}
	return false
}
