package correlate

import (
	"slices"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
)

// maxAround is the number of places in answers that are tried.
const maxAround = 4

// admit notes values that are sent as recorded although the target issued them: what a
// script put into a hidden field, revisions, and what stood in the text of answers, where no
// selector of values reads it.
func (l *Learner) admit() {
	for _, t := range l.targets {
		for _, p := range t.leaves {
			if replacedLines(p.span.Selector) {
				continue
			}
			if o := p.outermost(); p.hidden && len(o.unresolved) == 0 && o.header() == "" && len(p.uses) > 0 && len(o.asRecorded()) > 0 {
				_ = l.admitIdentifier(p, p.uses) || l.admitRevision(p, p.uses) || l.admitDrawn(p, p.uses)
			}
			if p.hidden || len(p.unresolved) > 0 || p.header() != "" {
				continue
			}
			uses := p.asRecorded()
			if p.pieces != nil && p.pieces[0].value.Kind == model.Bound && l.pseudonyms(p, uses) {
				l.notePseudonym(p, uses)
				continue
			}
			_ = l.admitScripted(p, uses) || l.admitIdentifier(p, uses) || l.admitSeveral(p, uses) || l.admitRevision(p, uses) || l.admitBeside(p, uses) || l.admitText(p, uses) || l.admitDrawn(p, uses)
		}
	}
}

// asRecorded returns the uses of a leaf that are sent as they were recorded, where it is one
// value.
func (p *leaf) asRecorded() []use {
	if p.pieces == nil {
		return p.uses
	}
	if len(p.pieces) != 1 {
		return nil
	}
	switch q := &p.pieces[0]; q.value.Kind {
	case model.Row:
		return q.uses
	case model.Bound:
		var out []use
		for _, u := range q.uses {
			if q.take(u).Act == model.Own {
				out = append(out, u)
			}
		}
		return out
	}
	return nil
}

// admitScripted notes a hidden field that scripts set to what their pages hold.
func (l *Learner) admitScripted(p *leaf, uses []use) bool {
	var found []use
	n := 0
	for _, u := range uses {
		if n == maxPlaced || !u.scripted(p) {
			continue
		}
		if n++; len(u.value) > 1 && u.exchange.issuedFirst(u.value) && len(u.beside()) > 0 {
			found = append(found, u)
		}
	}
	if len(found) < minScripted || 2*len(found) < n || oneSession(found) && constant(found) {
		return false
	}
	from := found[0].exchange.sentFrom.page.Endpoint
	l.unresolved(p, found, "is set by a script of the page, and stood in an earlier answer of "+from, "")
	return true
}

// admitIdentifier notes values that identify something, by the name of their place, and that
// an earlier answer gave under such a name first.
func (l *Learner) admitIdentifier(p *leaf, uses []use) bool {
	of, ok := p.identifies()
	if !ok {
		if of = p.refers(); of == "" {
			return false
		}
	}
	var found []use
	from := ""
	for _, u := range uses[:min(len(uses), maxLooked)] {
		if !u.exchange.issuedFirst(u.value) {
			continue
		}
		for _, at := range u.exchange.session.given()[u.value] {
			if at.identifies(of) && at.exchange.before(u.exchange) && namesList(at.exchange, at.selector, of) {
				found, from = append(found, u), at.exchange.Endpoint
				break
			}
		}
	}
	if len(found) == 0 {
		return false
	}
	l.unresolved(p, found, "identifies what an earlier answer of "+from+" gave, and is sent as recorded", "").Identifies = content.Kind(found[0].value) != ""
	return true
}

// admitSeveral notes texts of several elements of a list, as in 3,17, at a place that has what an
// answer gave in other requests.
func (l *Learner) admitSeveral(p *leaf, uses []use) bool {
	if p.opened || p.pieces == nil || p.pieces[0].binding == nil {
		return false
	}
	var found []use
	from := ""
	for _, u := range uses[:min(len(uses), maxLooked)] {
		several := listIn(u.value)
		if len(several) < 2 {
			continue
		}
		for _, at := range u.exchange.session.given()[several[0]] {
			values := at.exchange.values(at.selector)
			if at.exchange.before(u.exchange) && l.isList(at) && !slices.ContainsFunc(several, func(v string) bool { return !slices.Contains(values, v) }) {
				found, from = append(found, u), at.exchange.Endpoint
				break
			}
		}
	}
	if len(found) == 0 {
		return false
	}
	l.unresolved(p, found, "is of several elements of a list that an earlier answer of "+from+" gave, and is sent as recorded", "").Identifies = true
	return true
}

// admitBeside notes values that stand, again and again, beside what the user chose in the same
// request: a script took them from its row.
func (l *Learner) admitBeside(p *leaf, uses []use) bool {
	if len(p.target.pickers) == 0 {
		return false
	}
	var found []use
	from := ""
	uses = uses[:min(len(uses), maxLooked)]
	for _, u := range uses {
		for at := range p.target.picked(u.exchange) {
			if len(u.value) > 1 && l.elements.in(at.from, at.selector).Shows(at.match, u.value) {
				found, from = append(found, u), at.from.Endpoint
				break
			}
		}
	}
	if len(found) < minScripted || 2*len(found) < len(uses) || constant(found) {
		return false
	}
	l.unresolved(p, found, "stood beside what the user chose in an answer of "+from+", and is sent as recorded", "")
	return true
}

// admitText notes values that stood in the text of answers far more often than chance
// allows.
func (l *Learner) admitText(p *leaf, uses []use) bool {
	uses = uses[:min(len(uses), maxLooked)]
	if len(uses) < minScripted || constant(uses) || oneSession(uses) {
		return false
	}
	issued := func(s source, u use) bool {
		h, ok := u.exchange.session.first(s, u)
		sender := u.exchange.session.sent[u.value]
		return ok && (sender == nil || h.exchange.before(sender))
	}
	found := l.contexts(uses)
	for _, s := range found[:min(len(found), maxAround)] {
		if l.significant(s, uses, issued) {
			l.unresolved(p, uses, "stood in an earlier answer of "+s.endpoint+", in a place that no value is taken from", "")
			return true
		}
	}
	return false
}
