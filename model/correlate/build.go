package correlate

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
)

// An edit replaces bytes of one part of the sample by a piece of template.
type edit struct {
	start, end int
	text       string
}

// A part names the target (-1), a header (its index) or the body (-2).
type part int

const (
	inTarget part = -1
	inBody   part = -2
)

// build adds the requests at hand to the variants: one for each structure, and for each
// set of leaves whose values are made of the same pieces.
func (t *target) build(l *Learner) {
	for _, s := range structures(t.uses, func(u *parsed) string { return structureOf(u) + t.oddities(u) + t.skeleton(u) }) {
		t.add(t.variant(s, l), s)
	}
}

// oddities names the leaves of a request whose values are not made of their pieces,
// such as the login of somebody who is in no data file, and those that are others.
func (t *target) oddities(u *parsed) string {
	var b strings.Builder
	for i := range u.spans {
		l := t.of(u, u.spans[i].Selector)
		if l == nil || l.at(u) < 0 {
			continue
		}
		if l.rank > 0 {
			b.WriteString("\x00others " + strconv.Itoa(l.rank) + " " + l.span.Selector)
		}
		if l.odd(u) {
			b.WriteString("\x00odd " + l.span.Selector)
		}
	}
	return b.String()
}

// at returns the index in l.uses of the use of a request, or -1.
func (l *leaf) at(u *parsed) int { return useOf(l.uses, u) }

func useOf(uses []use, u *parsed) int {
	i, ok := slices.BinarySearchFunc(uses, u, func(x use, u *parsed) int {
		return cmp.Or(cmp.Compare(x.exchange.session.number, u.session.number), cmp.Compare(x.exchange.index, u.index))
	})
	if !ok {
		return -1
	}
	return i
}

// odd reports whether the value of a request is not made of the pieces of l, so that l has
// to be another value there.
func (l *leaf) odd(u *parsed) bool {
	return (len(l.pieces) > 1 || len(l.pieces) == 1 && l.pieces[0].value.Codec != "") && !l.fits(u)
}

// fits reports whether the value of a request is made of the pieces of l.
func (l *leaf) fits(u *parsed) bool {
	for i := range l.pieces {
		if q := &l.pieces[i]; q.value.Kind != "" && useOf(q.uses, u) < 0 {
			return false
		}
	}
	return true
}

// sameIn reports whether all requests of a structure have the same recorded value, also
// those that came before the requests at hand.
func (l *leaf) sameIn(s *structure) bool {
	if len(l.pieces) > 1 || l.pieces[0].value.Kind != model.Row {
		return false
	}
	text, had := l.literal[s.key]
	if !had {
		text = strings.Clone(l.uses[l.at(s.sample)].value)
	}
	same := text != varies
	for i := 0; same && i < len(s.uses); i++ {
		same = l.uses[l.at(s.uses[i])].value == text
	}
	if !same {
		text = varies
	}
	if l.literal == nil {
		l.literal = map[string]string{}
	}
	l.literal[s.key] = text
	return same
}

// varies stands for a text that is not the same in all requests. No header holds it.
const varies = "\n"

// variant makes the request of one structure.
func (t *target) variant(s *structure, of *Learner) *variant {
	n := &namer{Learner: of, uses: s.uses}
	edits := map[part][]edit{}
	var cookies []string
	for i := range s.sample.spans {
		sp := &s.sample.spans[i]
		l := t.of(s.sample, sp.Selector)
		if !leafy(s.sample.spans, i) {
			continue
		}
		if sp.Place == content.InCookie {
			cookies = append(cookies, cookieName(sp)+"="+n.cookie(t, s, i))
			continue
		}
		if l == nil || l.pieces == nil {
			continue
		}
		if where := partOf(sp); t.opening(s.sample, i) != nil {
			edits[where] = append(edits[where], n.opened(t, s, i)...)
		} else if sp.Place != content.InHeader || !l.sameIn(s) {
			edits[where] = append(edits[where], edit{sp.Start, sp.End, n.text(l, sp, s)})
		}
	}
	sample := &s.sample.Flow.Request
	r := model.Request{
		Method:  strings.Clone(sample.Method),
		Target:  apply(sample.Target, edits[inTarget]),
		Body:    apply(string(sample.Body.Data), edits[inBody]),
		Headers: s.sample.headers(edits),
	}
	for _, h := range sample.Trailers {
		r.Trailers = append(r.Trailers, model.Header{Name: strings.Clone(h.Name), Value: model.EscapeTemplate(h.Value)})
	}
	if line := strings.Join(cookies, "; "); line != "" {
		r.Headers = append(r.Headers, model.Header{Name: "Cookie", Value: line})
	}
	if s.sample.changes != nil {
		r.Changes = n.name(t.changed, &t.changed.pieces[0], &writing{exact: true})
	}
	n.compute(t)
	return &variant{request: r, holes: n.holes}
}

// headers returns the field lines of a request with their holes.
func (e *parsed) headers(edits map[part][]edit) []model.Header {
	var out []model.Header
	for i, h := range e.Flow.Request.Headers {
		if !content.Forwarded(h.Name) || content.OfBrowser(h.Name) || !sendable(h.Name, h.Value) {
			continue
		}
		value := apply(h.Value, edits[part(i)])
		if hole := reserved(h.Name); hole != "" && (hole != model.RefererHole || e.session.referer == "") {
			value = "${" + hole + "}"
		}
		out = append(out, model.Header{Name: strings.Clone(h.Name), Value: value})
	}
	return out
}

// sendable reports whether HTTP allows the header.
func sendable(name, value string) bool {
	return !strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c >= 0x7f || strings.ContainsRune("\"(),/:;<=>?@[\\]{}", c) }) &&
		!strings.ContainsAny(value, "\r\n\x00")
}

// partOf returns the part of the request that holds a span.
func partOf(sp *content.Span) part {
	switch sp.Place {
	case content.InPath, content.InQuery:
		return inTarget
	case content.InHeader, content.InCookie:
		return part(sp.Header)
	}
	return inBody
}

// apply turns raw text into a template.
func apply(raw string, edits []edit) string {
	slices.SortFunc(edits, func(a, b edit) int { return cmp.Compare(a.start, b.start) })
	var b strings.Builder
	at := 0
	for _, e := range edits {
		if e.start < at {
			continue
		}
		b.WriteString(model.EscapeTemplate(raw[at:e.start]))
		b.WriteString(e.text)
		at = e.end
	}
	b.WriteString(model.EscapeTemplate(raw[at:]))
	return b.String()
}

// opened returns the edits for the values within span i of the sample, or one edit for
// all of it if it is encoded as a whole.
func (n *namer) opened(t *target, s *structure, i int) []edit {
	spans := s.sample.spans
	var edits []edit
	for k := i + 1; k < len(spans) && spans[k].Parent > i; k++ {
		sp := &spans[k]
		l := t.of(s.sample, sp.Selector)
		if sp.Parent != i+1 || l == nil || l.hidden {
			continue
		}
		if t.opening(s.sample, k) != nil {
			edits = append(edits, n.opened(t, s, k)...)
		} else if l.pieces != nil {
			edits = append(edits, edit{sp.Start, sp.End, n.text(l, sp, s)})
		}
	}
	sp := &spans[i]
	if !sp.Whole() {
		return edits
	}
	w := t.writing(sp, s)
	return []edit{{sp.Start, sp.End, "${" + n.template(t.of(s.sample, sp.Selector), apply(sp.Value, edits), &w) + "}"}}
}

// text returns the template of a leaf in the requests of a structure.
func (n *namer) text(l *leaf, sp *content.Span, s *structure) string {
	pieces := l.pieces
	if l.odd(s.sample) {
		pieces = []piece{{value: model.Value{Kind: model.Row}, uses: l.uses}}
	}
	w := l.target.writing(sp, s)
	if len(pieces) == 1 || !sp.Whole() {
		return n.pieces(l, pieces, &w)
	}
	plain := writing{fits: true, exact: true}
	return "${" + n.template(l, n.pieces(l, pieces, &plain), &w) + "}"
}

// pieces returns the template of the pieces of a value.
func (n *namer) pieces(l *leaf, pieces []piece, w *writing) string {
	var b strings.Builder
	for i := range pieces {
		q := &pieces[i]
		if q.value.Kind == "" {
			b.WriteString(model.EscapeTemplate(w.text(q.text)))
			continue
		}
		b.WriteString("${" + n.name(l, q, w) + "}")
	}
	return b.String()
}

// rawOf returns the encoded form of the value at a place of a request.
func rawOf(sp *content.Span, of *parsed) string {
	if sp.Within > 0 {
		return of.spans[sp.Within-1].Value[sp.Start:sp.End]
	}
	r := &of.Flow.Request
	switch partOf(sp) {
	case inTarget:
		return r.Target[sp.Start:sp.End]
	case inBody:
		return string(r.Body.Data[sp.Start:sp.End])
	}
	return r.Headers[sp.Header].Value[sp.Start:sp.End]
}
