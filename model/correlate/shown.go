package correlate

import (
	"slices"
	"strings"
	"unicode"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
)

// A script of a page sends the identifier of what the user clicked on. Its name says what
// it identifies, and so do the places of the page that hold the identifiers of such
// things: the boxes "post[]" and the links to /post?id=7 for post_id.

// shownTo tells where users were given the values of a leaf: identifiers of what of means,
// tokens, or choices of a control with the name of the leaf.
func (p *leaf) shownTo(of string, identifies bool) locator {
	field := p.control()
	switch {
	case secret(p):
		return use.token
	case field != "" && !identifies:
		return func(u use) (spot, bool) { return u.offered(field) }
	case !identifies:
		return nowhere
	}
	list := p.meant(of)
	return func(u use) (spot, bool) {
		if s, ok := u.shown(list); ok {
			return s, true
		}
		if s, ok := u.shown(u.kind(p)); ok || field == "" || of != "" {
			return s, ok
		}
		return u.offered(field)
	}
}

// kind returns the words for what a leaf identifies as another field of the request says, such
// as target_type beside target_id.
func (u use) kind(p *leaf) []string {
	around, name := lastName(p.key())
	stem, ok := identifier(name)
	if !ok {
		return nil
	}
	for _, sp := range u.exchange.kindsIn(around) {
		if _, name := lastName(keyOf(sp)); sp.Value != u.value && (sameName(name, stem+"type") || sameName(name, stem+"kind")) {
			return words(sp.Value)
		}
	}
	return nil
}

// kindsIn returns the places of the request of e that stand in the same object and have the
// name of a kind.
func (e *parsed) kindsIn(around string) []*content.Span {
	if e.kinds == nil {
		e.kinds = map[string][]*content.Span{}
		for i := range e.spans {
			of, name := lastName(keyOf(&e.spans[i]))
			if name = strings.ToLower(strings.TrimRight(name, "_-")); strings.HasSuffix(name, "type") || strings.HasSuffix(name, "kind") {
				e.kinds[of] = append(e.kinds[of], &e.spans[i])
			}
		}
	}
	return e.kinds[around]
}

// lastName cuts a key into what stands around its last name, and that.
func lastName(key string) (around, name string) {
	at := strings.LastIndexAny(strings.TrimRight(key, "[]"), ".[]/@") + 1
	return key[:at], strings.TrimRight(key[at:], "[]")
}

// control returns the name of the form field that a leaf was sent as, "" if it was sent as
// none.
func (p *leaf) control() string {
	name, ok := strings.CutPrefix(p.span.Selector, "body:")
	if !ok || p.outer != nil || p.span.Place != content.InForm && p.span.Place != content.InMultipart || content.OfPart(p.span.Selector) {
		return ""
	}
	name, _, _ = strings.Cut(name, "#")
	return name
}

// offered returns where the user was shown the value of u in a field of its name, or the
// choice that the page which u was sent from offers in one.
func (u use) offered(field string) (spot, bool) {
	if content.Kind(u.value) == "" {
		return spot{}, false
	}
	selector, shown := content.FieldSelector("option", field, ""), content.FieldSelector("form", field, "")
	return u.givenBy(
		func(p place) bool { return p.selector == shown && len(p.exchange.values(selector)) == 0 },
		func(p place, _ []string) bool { return p.selector == selector },
	)
}

// commands are the names of fields and query items that say what a request does.
var commands = [...]string{"action", "act", "op", "operation", "do", "cmd", "command", "method", "task"}

// meant returns the words for what a leaf identifies: that of its name or, where it is
// called id alone, those of the operation, and that of the collection whose element the
// address is.
func (p *leaf) meant(of string) []string {
	if list := words(of); len(list) > 0 {
		return list[len(list)-1:]
	}
	var out []string
	if parent, ok := strings.CutSuffix(p.target.sample().Path, "/{}"); ok {
		out = words(parent[strings.LastIndexByte(parent, '/')+1:])
	}
	return append(out, p.target.operation()...)
}

// operation returns the words for what the requests of a target do.
func (t *target) operation() []string {
	sample := t.sample()
	out := operation(t.name)
	for i := range sample.spans {
		_, name, _ := strings.Cut(sample.spans[i].Selector, ":")
		if slices.Contains(commands[:], strings.TrimPrefix(name, "$.")) {
			out = append(out, words(sample.spans[i].Value)...)
		}
	}
	return out
}

// operation returns the words of the operation in the name of an endpoint, such as those
// of "POST /do [action=close-ticket]".
func operation(endpoint string) []string {
	_, item, _ := strings.Cut(endpoint, " [")
	_, name, _ := strings.Cut(strings.TrimSuffix(item, "]"), "=")
	return words(name)
}

// words returns the words of a name, in lower case and singular.
func words(name string) []string {
	list := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) })
	for i, w := range list {
		list[i] = singular(w)
	}
	return list
}

// shown returns where the user was given the identifier u of something that one of the
// words means: the latest answer that gave it alone, such as that to its creation, or else
// a list of identifiers in the page that the request names as the one it was sent from.
func (u use) shown(words []string) (spot, bool) {
	if len(words) == 0 || content.Kind(u.value) == "" {
		return spot{}, false
	}
	return u.givenBy(
		func(p place) bool { return p.gives(words) },
		func(p place, values []string) bool { return p.lists(words) && identifiers(values) },
	)
}

// token returns where the user was given the token u, as shown does: a place of the page
// that has the name of a token.
func (u use) token() (spot, bool) {
	if content.Kind(u.value) == "" && !content.Opaque(u.value) || content.Bits(u.value) < shortBits {
		return spot{}, false
	}
	return u.givenBy(
		func(p place) bool { return secretName(p.selector) },
		func(p place, _ []string) bool { return secretName(p.selector) },
	)
}

// givenBy returns the latest answer in which the value of u stands alone at one of the
// places that alone names or, where there is none, the first list that lists names in the
// page which the request says it was sent from.
func (u use) givenBy(alone func(place) bool, lists func(place, []string) bool) (spot, bool) {
	if u.exchange.sentFirst(u.value) {
		return spot{}, false
	}
	page := u.exchange.named()
	var one, listed spot
	for _, p := range u.exchange.session.given()[u.value] {
		if !p.exchange.before(u.exchange) || strings.Contains(p.selector, "|part:") || p.exchange.isCode() {
			continue
		}
		values := p.exchange.values(p.selector)
		if !isList(p.selector, values) && alone(p) {
			one = spot{p.exchange, p.selector, 0}
		} else if p.exchange == page && listed.from == nil && lists(p, values) {
			listed = spot{page, p.selector, slices.Index(values, u.value)}
		}
	}
	if one.from != nil {
		return one, true
	}
	return listed.byLabel(), listed.from != nil
}

// maxShownLabel is the length in bytes of the longest label that tells a choice.
const maxShownLabel = 80

// byLabel returns the choice at s by what its page calls it: a live list may have others
// before it. It is s itself where the page calls none so, or several, or where the session
// saw the choice under another label, too.
func (s spot) byLabel() spot {
	if s.from == nil || !strings.HasPrefix(s.selector, "option:") {
		return s
	}
	value := s.from.values(s.selector)[s.match]
	label := s.from.labelOf(s.selector, value)
	if label == "" || label == value || len(label) > maxShownLabel || s.from.session.names(label) {
		return s
	}
	for _, e := range s.from.session.of[s.from.Endpoint] {
		if l := e.labelOf(s.selector, value); l != "" && l != label {
			return s
		}
	}
	named := spot{s.from, content.LabelSelector(s.selector, label), 0}
	if values := s.from.values(named.selector); len(values) == 0 || slices.ContainsFunc(values, func(v string) bool { return v != value }) {
		return s
	}
	return named
}

// names reports whether a text holds a word of the user, in whose place others have theirs.
func (s *session) names(text string) bool {
	return slices.ContainsFunc(s.own, func(f model.Field) bool { return strings.Contains(text, f.Value) })
}

// labelOf returns what a page calls the choice with a value of a selector of choices.
func (e *parsed) labelOf(option, value string) string {
	if s := e.session.selectors.parse(option); s != nil {
		return e.doc.LabelOf(*s, value)
	}
	return ""
}

// gives reports whether the name of a place says that it identifies what one of the words
// means, or is id alone in the answer to an operation on such a thing.
func (p place) gives(of []string) bool {
	name := p.selector[strings.LastIndexAny(p.selector, ":.?&]")+1:]
	stem, ok := identifier(name)
	if !ok {
		return slices.Contains(of, singular(strings.ToLower(name)))
	}
	if list := words(stem); len(list) > 0 {
		return slices.Contains(of, list[len(list)-1])
	}
	return meet(operation(p.exchange.Endpoint), of)
}

// lists reports whether a place of a page has the name of what one of the words means.
func (p place) lists(of []string) bool {
	kind, name, _ := strings.Cut(p.selector, ":")
	return (kind == "option" || kind == "link" || kind == "attr") && meet(words(name), of)
}

// meet reports whether two lists have a word in common.
func meet(a, b []string) bool {
	return slices.ContainsFunc(a, func(w string) bool { return slices.Contains(b, w) })
}
