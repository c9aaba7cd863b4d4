package correlate

import (
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
)

// Limits of the tests that a binding has to pass.
const (
	minMatch    = 0.9  // share of uses equal to the source's latest value
	maxShuffled = 0.05 // share of uses equal to the latest value of another session's source
	minBits     = 40   // information from which a value needs no other session
	minOpaque   = 0.5  // share of the values that must look made by a machine
	shortBits   = 24   // information below which two sessions may agree by chance
	maxChance   = 1e-3 // chance that a value which sessions share matches by accident
)

// A binding is a chosen set of sources with its evidence.
type binding struct {
	sources []source
	pick    string
	name    string

	uses     int
	match    float64
	shuffled float64
	compared int // comparisons that shuffled is a share of
	restsOn  model.Ground

	hits int // uses matched

	structural bool // an answer's structure says so
	refused    bool // by Options.Refuse
}

// live reports whether what is bound is a whole form or document.
func (b *binding) live() bool {
	s := b.sources[0].selector
	kind, _, _ := strings.Cut(s[strings.LastIndexByte(s, '|')+1:], ":")
	return kind == "entries" || kind == "document"
}

// A source is where the answers of one endpoint hold a value.
type source struct{ endpoint, selector string }

// same reports whether b and c take their value from the same places.
func (b *binding) same(c *binding) bool {
	return b.pick == c.pick && slices.Equal(b.sources, c.sources)
}

// A candidate is a value of requests that may be bound: a whole leaf, or the part of
// a leaf that is not explained.
type candidate struct {
	leaf *leaf
	at   int // piece, or -1 for the whole leaf
	uses []use

	own *binding // learned from its uses alone
}

// bind explains the values that answers issued.
func (l *Learner) bind() {
	l.bindAll(func(p *leaf) bool { return p.outer == nil })
	for _, t := range l.targets {
		for _, p := range t.leaves {
			if p.inParts() {
				l.bindPart(p)
			}
		}
	}
	l.bindAll(func(p *leaf) bool { return p.outer != nil && p.candid() })
	for _, t := range l.targets {
		t.openAll()
		for _, p := range t.leaves {
			if !p.hidden {
				l.bindPart(p)
			}
		}
	}
}

// inParts reports whether a leaf holds identifiers, as words of a text, and nothing else.
// What all its values begin and end with tells better where these are.
func (p *leaf) inParts() bool {
	return p.outer == nil && len(p.inner) > 0 && !slices.ContainsFunc(p.inner, func(c *leaf) bool { return !strings.Contains(c.span.Selector, "|part:") })
}

// bindAll binds the leaves that which names.
func (l *Learner) bindAll(which func(*leaf) bool) {
	groups, thin := map[string][]*candidate{}, map[string][]*candidate{}
	var order []string
	for _, t := range l.targets {
		for _, p := range t.leaves {
			if !which(p) {
				continue
			}
			if c := p.thin(); c != nil {
				thin[c.group()] = append(thin[c.group()], c)
			}
			for _, c := range l.candidates(p) {
				key := c.group()
				if groups[key] == nil {
					order = append(order, key)
				}
				groups[key] = append(groups[key], c)
			}
		}
	}
	for _, key := range order {
		l.bindGroup(groups[key])
		for _, c := range thin[key] {
			l.bindLike(c, groups[key])
		}
	}
}

// thin returns a leaf of which the requests to its endpoint show too little to bind it, or
// nil.
func (p *leaf) thin() *candidate {
	if p.pieces != nil || len(p.uses) == 0 || !p.constant() || p.uses[0].value == "" || p.header() != "" {
		return nil
	}
	if c := (&candidate{leaf: p, at: -1, uses: p.uses}); !c.worth() {
		return c
	}
	return nil
}

// bindLike gives a thin leaf the binding of the same field in other requests to the same
// address, which differ by the operation alone: another button of the form. It must
// explain every use.
func (l *Learner) bindLike(c *candidate, group []*candidate) {
	if c.field() == "" {
		return
	}
	for _, g := range group {
		if g.at >= 0 || len(g.leaf.pieces) != 1 || g.leaf.pieces[0].binding == nil || !g.leaf.target.beside(c.leaf.target) {
			continue
		}
		b := g.leaf.pieces[0].binding
		if hits, _ := evaluate(b.sources, b.pick, c.uses); hits == len(c.uses) {
			c.set(b)
			return
		}
	}
}

// beside reports whether two endpoints have one method and address.
func (t *target) beside(o *target) bool {
	a, b := t.sample(), o.sample()
	return a.Flow.Request.Method == b.Flow.Request.Method && a.Path == b.Path
}

// candidates returns the parts of a leaf that an answer could have issued.
func (l *Learner) candidates(p *leaf) []*candidate {
	if len(p.uses) == 0 || p.header() != "" && !bindable(p.header()) {
		return nil
	}
	if p.pieces == nil {
		if c := (&candidate{leaf: p, at: -1, uses: p.uses}); c.worth() {
			return []*candidate{c}
		}
		return nil
	}
	var out []*candidate
	for i := range p.pieces {
		if p.pieces[i].value.Kind == "" && len(p.pieces[i].uses) > 0 {
			if c := (&candidate{leaf: p, at: i, uses: p.pieces[i].uses}); c.worth() {
				out = append(out, c)
			}
		}
	}
	return out
}

// bindable reports whether a header may carry an issued value.
func bindable(name string) bool {
	return name != "Content-Type" && reserved(name) == "" && tokenHeader(name)
}

// worth reports whether the value is worth binding. It is if it varies, if it looks
// issued, or if it is a validator, which names the state of a page.
func (c *candidate) worth() bool {
	if !constant(c.uses) || c.validator() {
		return true
	}
	v := c.uses[0].value
	if content.Opaque(v) || content.Bits(v) >= minBits && content.Kind(v) != "" {
		return true
	}
	return c.field() != "" && len(v) >= 5 && content.Kind(v) == "int"
}

// validator reports whether the value is the condition of a conditional write.
func (c *candidate) validator() bool {
	return c.leaf.outer == nil && (c.leaf.header() == "If-Match" || c.leaf.header() == "If-Unmodified-Since")
}

// field returns the form field that the value was sent as, or "".
func (c *candidate) field() string {
	s := c.leaf.span.Selector
	if c.at >= 0 || strings.Contains(s, "#") || c.leaf.outer != nil || content.OfPart(s) {
		return ""
	}
	switch c.leaf.span.Place {
	case content.InForm, content.InMultipart:
		return strings.TrimPrefix(s, "body:")
	case content.InQuery:
		if s != "query:{}" {
			return strings.TrimPrefix(s, "query:")
		}
	}
	return ""
}

// soapBody stands before the operation in the places of a SOAP message, which its parameters
// follow.
const soapBody = "body:*|xml:Envelope/Body/"

// group names a group of candidates that are likely the same value. They have the
// same header, key or path position, whichever endpoint they are sent to.
func (c *candidate) group() string {
	s := c.leaf.span.Selector
	if c.at >= 0 {
		return c.leaf.target.name + "\x00" + s + "\x00" + string(rune('0'+c.at))
	}
	if _, parameter, ok := strings.Cut(strings.TrimPrefix(s, soapBody), "/"); ok && strings.HasPrefix(s, soapBody) {
		return soapBody + "/" + parameter
	}
	if n, ok := strings.CutPrefix(s, "path:"); ok && c.leaf.outer != nil {
		return c.leaf.target.name + "\x00" + s
	} else if ok {
		segments := strings.Split(c.leaf.target.sample().Path, "/")
		at := 0
		for _, d := range n {
			at = 10*at + int(d-'0')
		}
		for i, k := 0, 0; i < len(segments); i++ {
			if segments[i] != "" {
				if k == at {
					return "path:" + strings.Join(segments[:i+1], "/")
				}
				k++
			}
		}
	}
	return s
}

// bindGroup gives the members of a group one binding, so that it knows all answers
// that renew its value. A member that its own binding explains better keeps that.
func (l *Learner) bindGroup(group []*candidate) {
	var pooled []*candidate
	for _, c := range group {
		c.own = l.learn(c, c.uses, l.sources(c, c.uses))
		pooled = append(pooled, c)
	}
	var shared *binding
	if len(pooled) > 1 {
		var uses []use
		var found []source
		for _, c := range pooled {
			uses = append(uses, c.uses...)
			for _, s := range l.sources(c, c.uses) {
				if !slices.Contains(found, s) {
					found = append(found, s)
				}
			}
		}
		shared = l.learn(pooled[0], uses, found)
	}
	for _, c := range pooled {
		switch {
		case shared != nil && l.better(shared, c):
			l.accept(c, shared)
		case c.own != nil:
			l.accept(c, c.own)
		}
	}
}

// better reports whether c takes the binding of its group: that explains c at least
// as well as c's own. If any match counts, it must explain more, since more sources
// then only make the value less certain.
func (l *Learner) better(shared *binding, c *candidate) bool {
	if shared.pick == "any" {
		return l.as(shared, c) > l.as(c.own, c)
	}
	return l.as(shared, c) >= l.as(c.own, c)
}

// as returns how many uses of c the binding explains, or -1 if these are too few.
func (l *Learner) as(b *binding, c *candidate) int {
	if b == nil {
		return -1
	}
	hits, _ := evaluate(b.sources, b.pick, c.uses)
	if float64(hits) < minMatch*float64(len(c.uses)) {
		return -1
	}
	return hits
}

// accept makes the candidate a hole bound to b, or to an equal earlier binding.
func (l *Learner) accept(c *candidate, b *binding) {
	for _, old := range l.bindings {
		if old == b || old.same(b) {
			if old != b {
				old.add(b)
			}
			c.set(old)
			return
		}
	}
	l.bindings = append(l.bindings, b)
	c.set(b)
}

// add merges the evidence of an equal binding.
func (b *binding) add(c *binding) {
	n := float64(b.uses + c.uses)
	b.match = (b.match*float64(b.uses) + c.match*float64(c.uses)) / n
	b.shuffled = max(b.shuffled, c.shuffled)
	b.compared += c.compared
	b.uses += c.uses
}

// set puts the binding into the leaf.
func (c *candidate) set(b *binding) {
	p := piece{value: model.Value{Kind: model.Bound}, binding: b, uses: c.uses}
	if c.at < 0 {
		c.leaf.pieces = []piece{p}
	} else {
		c.leaf.pieces[c.at] = p
	}
}

// bindPart tries to bind a part of a leaf whose whole value is not explained, such as
// abc in "Token abc" and "/files/abc", or else in "order-abc.pdf".
func (l *Learner) bindPart(p *leaf) {
	if p.pieces != nil || len(p.uses) == 0 || p.header() != "" && !bindable(p.header()) || p.constant() {
		return
	}
	for _, marks := range [...]string{delimiters, delimiters + joiners} {
		pieces := split(p.uses, marks)
		if len(pieces) == 1 {
			continue
		}
		for i := range pieces {
			if len(pieces[i].uses) == 0 {
				continue
			}
			c := &candidate{leaf: p, at: i, uses: pieces[i].uses}
			if b := l.learn(c, c.uses, l.sources(c, c.uses)); b != nil {
				p.pieces = pieces
				l.accept(c, b)
			}
		}
		if p.pieces != nil {
			return
		}
	}
}
