package correlate

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
)

// Limits on the search for sources.
const (
	maxSources    = 40 // candidates looked at
	maxChosen     = 8  // sources of one binding
	maxFixed      = 16 // query items that say which links lead to a request
	shuffleRounds = 5  // other sessions that each use is compared with
)

// sources returns the places that held the value before it was sent. The places
// that held it most often come first, and stable selectors before fragile ones.
func (l *Learner) sources(c *candidate, uses []use) []source {
	hits, first := map[source]int{}, map[source]int{}
	for _, u := range uses {
		seen := map[source]bool{}
		note := func(s source, origin bool) {
			if !seen[s] {
				seen[s] = true
				hits[s]++
				if origin {
					first[s]++
				}
			}
		}
		var origin *parsed
		for _, p := range u.exchange.session.given()[u.value] {
			if !p.exchange.before(u.exchange) || p.exchange.isCode() && !content.Opaque(u.value) && !l.generates(p.exchange) {
				continue
			}
			if origin == nil {
				origin = p.exchange
			}
			note(source{p.exchange.Endpoint, p.selector}, p.exchange == origin)
		}
		for _, selector := range c.patterns() {
			for _, e := range u.exchange.session.exchanges[:u.exchange.index] {
				if e.before(u.exchange) && slices.Contains(e.values(selector), u.value) {
					note(source{e.Endpoint, selector}, origin == nil || e == origin)
				}
			}
		}
	}
	out := make([]source, 0, len(hits))
	for s := range hits {
		out = append(out, s)
	}
	if ofHead := func(s source) bool { return strings.HasPrefix(s.selector, "header:") }; c.validator() && slices.ContainsFunc(out, ofHead) {
		out = slices.DeleteFunc(out, func(s source) bool { return !ofHead(s) })
	}
	slices.SortFunc(out, func(a, b source) int {
		return cmp.Or(cmp.Compare(hits[b], hits[a]), cmp.Compare(order(a.selector), order(b.selector)),
			cmp.Compare(first[b], first[a]), cmp.Compare(len(a.selector), len(b.selector)),
			cmp.Compare(a.selector, b.selector), cmp.Compare(a.endpoint, b.endpoint))
	})
	// Within one endpoint, a place that holds one value comes before a list.
	slices.SortStableFunc(out, func(a, b source) int { return cmp.Compare(hits[b], hits[a]) })
	if len(out) > maxSources {
		out = out[:maxSources]
	}
	return out
}

// stable lists kinds of selectors by how well they survive a change of the page.
var stable = [...]string{"header", "cookie", "json", "xml", "proto", "form", "meta", "redirect", "attr", "delta", "script", "labelled", "option", "link", "text"}

// order ranks selectors by how well they survive a change of the page. Each further
// step is one more thing that may change, and what lies deeper in a list is of another list.
func order(selector string) int {
	kind, _, _ := strings.Cut(selector, ":")
	n := slices.Index(stable[:], kind)
	if n < 0 {
		n = len(stable)
	}
	n += 2 * strings.Count(selector, "|")
	if last := strings.LastIndex(selector, "[]"); last >= 0 && strings.Count(selector[last:], ".") > 1 {
		n += 10
	}
	return n + 20*max(strings.Count(selector, "[]"), min(1, strings.Count(selector, "{}.")))
}

// patterns returns selectors for links and redirects that lead to the request
// itself: they have its shape, and hold the value in the same place.
func (c *candidate) patterns() []string {
	if c.at >= 0 || c.leaf.outer != nil {
		return nil
	}
	s, path := c.leaf.span.Selector, c.leaf.target.sample().Path
	switch {
	case strings.HasPrefix(s, "query:") && !strings.Contains(s, "#"):
		key := strings.TrimPrefix(s, "query:")
		out := []string{"redirect:" + path + "?" + key, "link:" + path + "?" + key}
		if fixed := c.leaf.target.fixedQuery(s); fixed != "" {
			out = append(out, "link:"+path+"?"+fixed+"&"+key)
		}
		return out
	case strings.HasPrefix(s, "path:"):
		prefix := strings.TrimPrefix(c.group(), "path:")
		if !strings.HasSuffix(prefix, "{}") {
			return nil
		}
		n := string(rune('0' + min(9, strings.Count(prefix, "{}")-1)))
		return []string{"redirect:" + path + "#" + n, "link:" + path + "#" + n}
	}
	return nil
}

// fixedQuery returns the query items that are words and equal in all requests, such as
// do=diff. What the data says of the user is {} in them.
func (t *target) fixedQuery(except string) string {
	var out []string
	for _, sp := range t.queryWords() {
		if p := t.byPlace[sp.Selector]; sp.Selector != except && len(p.uses) == len(t.uses) && p.constant() {
			out = append(out, strings.TrimPrefix(sp.Selector, "query:")+"="+p.anybodys(sp.Value))
		}
		if len(out) == maxFixed {
			break
		}
	}
	return strings.Join(out, "&")
}

// anybodys returns a value of a leaf with {} in place of each part that comes from the data.
func (p *leaf) anybodys(value string) string {
	if !slices.ContainsFunc(p.pieces, func(q piece) bool { return q.value.Kind == model.Data }) {
		return value
	}
	var b strings.Builder
	for _, q := range p.pieces {
		if q.value.Kind == "" {
			b.WriteString(q.text)
		} else {
			b.WriteString("{}")
		}
	}
	return b.String()
}

// queryWords returns the query items of the sample that are words. A path that leads to one
// of many things is none.
func (t *target) queryWords() []*content.Span {
	if e := t.sample(); t.wordsOf != e {
		t.wordsOf, t.words = e, nil
		for i := range e.spans {
			if sp := &e.spans[i]; sp.Place == content.InQuery && sp.Value != "" && !strings.ContainsAny(sp.Selector+sp.Value, "#&=?|") && content.Kind(sp.Value) == "" && content.Template(sp.Value) == sp.Value {
				t.words = append(t.words, sp)
			}
		}
	}
	return t.words
}

// predict returns the values in the latest answer of a source before u was sent.
func predict(sources []source, u *parsed) []string {
	var latest *parsed
	var values []string
	for _, s := range sources {
		for e := range u.answers(s.endpoint) {
			if latest != nil && e.index < latest.index {
				break
			}
			if v := e.values(s.selector); len(v) > 0 {
				latest, values = e, v
				break
			}
		}
	}
	return values
}

// answers yields the answers of an endpoint that the session had before u was sent,
// the latest first.
func (u *parsed) answers(endpoint string) iter.Seq[*parsed] {
	return func(yield func(*parsed) bool) {
		list := u.session.of[endpoint]
		n, _ := slices.BinarySearchFunc(list, u.index, func(e *parsed, at int) int { return cmp.Compare(e.index, at) })
		for _, e := range slices.Backward(list[:n]) {
			if e.before(u) && !yield(e) {
				return
			}
		}
	}
}

// explained reports whether the sources gave the value of u: the latest answer of
// them or, where users pick from lists, any.
func explained(sources []source, pick string, u use) bool {
	if pick != "any" && !equal(predict(sources, u.exchange), pick, u.value) {
		return false
	}
	if pick != "any" && !u.exchange.sentFirst(u.value) {
		return true
	}
	_, ok := find(sources, u)
	return ok
}

// equal reports whether the choice from values is v.
func equal(values []string, pick, v string) bool {
	if len(values) == 0 {
		return false
	}
	switch pick {
	case "last":
		return values[len(values)-1] == v
	case "any":
		return slices.Contains(values, v)
	}
	return values[0] == v
}

// evaluate counts the uses that the sources explain, and the sessions of those uses.
func evaluate(sources []source, pick string, uses []use) (hits, sessions int) {
	in := map[int]bool{}
	for _, u := range uses {
		if explained(sources, pick, u) {
			hits++
			in[u.exchange.session.number] = true
		}
	}
	return hits, len(in)
}

// choose finds the set of sources and the pick that explain the most uses. It uses
// the replayer's rule: the latest answer of any source counts. It adds one source at
// a time, as long as each explains more uses.
func choose(found []source, uses []use) *binding {
	var best *binding
	for _, pick := range []string{"first", "last", "any"} {
		b := &binding{pick: pick}
		for len(b.sources) < maxChosen {
			gain, add := b.hits, source{}
			for _, s := range found {
				if slices.ContainsFunc(b.sources, func(o source) bool { return o.endpoint == s.endpoint }) {
					continue
				}
				if hits, _ := evaluate(append(slices.Clone(b.sources), s), pick, uses); hits > gain {
					gain, add = hits, s
				}
			}
			if gain == b.hits {
				break
			}
			b.hits = gain
			b.sources = append(b.sources, add)
		}
		if len(b.sources) > 0 && (best == nil || b.hits > best.hits) {
			best = b
		}
	}
	if best != nil {
		slices.SortFunc(best.sources, bySource)
	}
	return best
}

// widen adds the other answers that issue a token in a place of the same name, if
// the binding then still explains as many uses. An answer that renews the token must
// be a source, even if the recording never shows the difference.
func (b *binding) widen(found []source, uses []use) {
	names := map[string]bool{}
	for _, s := range b.sources {
		names[bindingName(s)] = true
	}
	for _, s := range found {
		if !names[bindingName(s)] || slices.ContainsFunc(b.sources, func(o source) bool { return o.endpoint == s.endpoint }) {
			continue
		}
		more := append(slices.Clone(b.sources), s)
		if hits, _ := evaluate(more, b.pick, uses); hits >= b.hits {
			b.sources = more
		}
	}
	slices.SortFunc(b.sources, bySource)
}

// addSpares adds to each source of a token another kind of place of the same answers that gave
// the same values. A page may lack one of them: a form is shown only to those who have
// something to send.
func (b *binding) addSpares(found []source, uses []use) {
	for _, s := range slices.Clone(b.sources) {
		others := slices.DeleteFunc(slices.Clone(b.sources), func(o source) bool { return o == s })
		for _, o := range found {
			if o.endpoint != s.endpoint || byContext(o.selector) || order(o.selector) == order(s.selector) || slices.Contains(b.sources, o) || len(b.sources) == maxChosen {
				continue
			}
			if hits, _ := evaluate(append(slices.Clone(others), o), b.pick, uses); hits >= b.hits {
				b.sources = append(b.sources, o)
				break
			}
		}
	}
	b.sort()
}

// addOrigins adds to a choice from lists the places that gave one of the values alone,
// such as the answer to the creation of a record: see find. One session is enough where the
// answer says that the session made what a leaf identifies.
func (b *binding) addOrigins(p *leaf, found []source, uses []use) {
	of, _ := p.identifies()
	for _, s := range found {
		if len(b.sources) == maxChosen {
			break
		}
		if slices.Contains(b.sources, s) {
			continue
		}
		sessions, made := map[int]bool{}, false
		for _, u := range uses {
			if h, ok := u.exchange.session.first(s, u); ok && !h.list {
				sessions[u.exchange.session.number] = true
				at, had := u.created(of)
				made = made || had && at.from == h.exchange
			}
		}
		if made || len(sessions) > 1 {
			b.sources = append(b.sources, s)
		}
	}
	slices.SortFunc(b.sources, bySource)
}

// sort brings the sources into their order.
func (b *binding) sort() { slices.SortFunc(b.sources, bySource) }

func bySource(a, b source) int {
	return cmp.Or(cmp.Compare(a.endpoint, b.endpoint), cmp.Compare(a.selector, b.selector))
}

// elsewhere reports whether a source is a list at an address that the request e is not below:
// it may show by chance what the user chose from another.
func (l *Learner) elsewhere(s source, e *parsed) bool {
	return strings.Contains(s.selector, "[]") && !e.below(l.byName[s.endpoint].sample())
}

// depth ranks the list of b that lies the deepest.
func (b *binding) depth() (n int) {
	for _, s := range b.sources {
		n = max(n, order(s.selector))
	}
	return n
}

// learn chooses sources for uses and tests them. It returns nil if the choice fails.
func (l *Learner) learn(c *candidate, uses []use, found []source) *binding {
	if len(found) == 0 {
		found = l.contexts(uses)
	}
	b := choose(found, uses)
	if far := func(s source) bool { return l.elsewhere(s, c.leaf.target.sample()) }; b != nil && slices.ContainsFunc(b.sources, far) {
		near := slices.DeleteFunc(slices.Clone(found), far)
		if of := choose(near, uses); of != nil && of.hits >= b.hits && of.depth() <= b.depth() {
			b = of
		}
	}
	if b == nil || float64(b.hits) < minMatch*float64(len(uses)) {
		if found = l.contexts(uses); len(found) == 0 {
			return nil
		}
		if b = choose(found, uses); b == nil {
			return nil
		}
	}
	switch {
	case b.pick == "any":
		b.addOrigins(c.leaf, found, uses)
	case secret(c.leaf):
		b.widen(found, uses)
		b.addSpares(found, uses)
	}
	b.uses = len(uses)
	b.match = float64(b.hits) / float64(len(uses))
	_, sessions := evaluate(b.sources, b.pick, uses)
	b.shuffled, b.compared = l.shuffle(b, uses)
	if b.match < minMatch || !c.passes(b, uses, sessions) {
		return nil
	}
	return b
}
