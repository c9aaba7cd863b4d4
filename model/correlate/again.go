package correlate

import (
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/content/codec"
	"github.com/starling-load/starling/model/endpoint"
)

// A leaf is explained by what the first sessions show of it. In further sessions the
// explanation is applied: each value is cut into the pieces that the leaf is made of, and
// each hole looks where it has its content. A leaf that is text has others, for the
// requests that have another text.

// maxOthers is the number of texts of a place that are told apart. What has more of them
// is sent as it was recorded.
const maxOthers = 2

// among returns the leaf of a place that the value of a span belongs to: l, or one of its
// others.
func (l *leaf) among(outer *leaf, sp *content.Span) *leaf {
	for l.settled && l.outer == outer && l.differs(sp.Value) || l.outer != outer && outer != nil && outer.rank > 0 {
		if l.others == nil {
			l.others = l.target.leaf(*sp, outer)
			l.others.rank = l.rank + 1
		}
		l = l.others
	}
	return l
}

// differs reports whether l is a text other than value.
func (l *leaf) differs(value string) bool { return l.pieces == nil && !l.hidden && l.text != value }

// settle ends the explanation of the leaves at hand and forgets the requests.
func (t *target) settle() {
	for _, l := range t.leaves {
		if l.settled = true; l.pieces == nil && !l.hidden && len(l.uses) > 0 {
			l.text = strings.Clone(l.uses[0].value)
			if l.rank >= maxOthers {
				l.pieces = []piece{{value: model.Value{Kind: model.Row}}}
			}
		}
		for i := range l.pieces {
			l.pieces[i].text = strings.Clone(l.pieces[i].text)
		}
		l.span.Value = ""
	}
	t.settled = append(t.settled, t.leaves...)
	for _, l := range t.settled {
		l.forget()
	}
	if t.changed != nil {
		t.changed.forget()
	}
	t.uses, t.structures, t.leaves, t.wordsOf, t.words = nil, nil, nil, nil, nil
}

// forget drops the requests of l.
func (l *leaf) forget() {
	l.uses = nil
	for i := range l.pieces {
		q := &l.pieces[i]
		q.uses, q.taken = nil, nil
		if q.recipe != nil {
			q.recipe.look(nil)
		}
	}
}

// again applies the explanation of a leaf to the requests at hand.
func (l *Learner) again(p *leaf) {
	if len(p.uses) == 0 {
		return
	}
	for _, i := range p.unresolved {
		l.result.Unresolved[i].Requests += len(p.uses)
	}
	for _, u := range p.uses {
		values, ok := l.cut(p.pieces, u)
		for i := range values {
			if ok && p.pieces[i].value.Kind != "" {
				p.pieces[i].uses = append(p.pieces[i].uses, use{u.exchange, values[i]})
			}
		}
	}
	for i := range p.pieces {
		l.fill(&p.pieces[i])
	}
}

// fill finds out where the requests at hand have the content of a hole.
func (l *Learner) fill(q *piece) {
	if q.recipe != nil {
		q.recipe.look(q.uses)
		made := q.uses[:0]
		for _, u := range q.uses {
			if q.recipe.makes(l, u) {
				made = append(made, u)
			}
		}
		q.uses = made
	}
	if q.locate != nil {
		q.taken = map[*parsed]model.Take{}
		for _, u := range q.uses {
			if s, ok := q.locate(u); ok {
				q.taken[u.exchange] = model.Take{Act: s.from.index, Source: l.sourceOf(q, source{s.from.Endpoint, s.selector}), Match: s.match}
			}
		}
	}
	if q.binding != nil {
		q.binding.uses += len(q.uses)
	}
}

// sourceOf returns the index of a source of a hole. One that is seen for the first time
// is added behind the others.
func (l *Learner) sourceOf(q *piece, s source) int {
	for i, old := range q.binding.sources {
		if old == s {
			return i
		}
	}
	wider := *q.binding
	wider.sources = append(wider.sources[:len(wider.sources):len(wider.sources)], s)
	wider.uses = 0
	q.binding = l.join(&wider)
	return len(wider.sources) - 1
}

// cut divides the value of a request as pieces do. It reports false if it is not made of
// them.
func (l *Learner) cut(pieces []piece, u use) (values []string, ok bool) {
	values = make([]string, len(pieces))
	at, open := 0, -1 // the hole that ends where the next piece begins
	for i := range pieces {
		fixed, isFixed, known := l.fixed(&pieces[i], u)
		switch {
		case !known:
			return nil, false
		case !isFixed:
			open = i
			continue
		}
		begin := at
		if open >= 0 {
			n := begins(u.value[at:], fixed, &pieces[i], i == len(pieces)-1)
			if n < 0 {
				return nil, false
			}
			begin += n
			values[open], open = u.value[at:begin], -1
		}
		if !strings.HasPrefix(u.value[begin:], fixed) {
			return nil, false
		}
		values[i], at = fixed, begin+len(fixed)
	}
	if open >= 0 {
		values[open], at = u.value[at:], len(u.value)
	}
	return values, at == len(u.value)
}

// fixed returns the value that a piece has in a request whatever stands there: of text, and
// of a column of a data file, which not all users have.
func (l *Learner) fixed(q *piece, u use) (value string, fixed, known bool) {
	switch q.value.Kind {
	case "":
		return q.text, true, true
	case model.Data:
		v, ok := l.data.column(u.exchange.session, q.value.Ref)
		if q.value.Codec != "" {
			v = codec.Chain{codec.New(codec.Kind(q.value.Codec))}.Encode(v)
		}
		return v, true, ok && v != ""
	}
	return "", false, true
}

// begins returns where a piece begins in the rest of a value, or -1.
func begins(value, fixed string, q *piece, last bool) int {
	switch {
	case q.value.Kind == model.Data:
		return endpoint.Delimited(value, fixed)
	case last && strings.HasSuffix(value, fixed):
		return len(value) - len(fixed)
	case last:
		return -1
	}
	return strings.Index(value, fixed)
}
