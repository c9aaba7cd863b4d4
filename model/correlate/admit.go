package correlate

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
)

// Limits on the search for values that are sent as recorded in the text of answers.
const (
	maxAdmitted = 20       // uses of a place that are looked at
	maxEarlier  = 10       // answers before a use, the latest first
	maxHeld     = 8        // places of a value in one answer
	maxAround   = 4        // selectors that are tried
	maxScanned  = 1 << 30  // bytes of answers in all
	maxAnswer   = 16 << 20 // bytes of one answer
)

// admit notes values that are sent as recorded although the target issued them: what a
// script put into a hidden field, and what stood in the text of answers, where no selector
// of values reads it.
func (l *Learner) admit() {
	left := maxScanned
	for _, t := range l.targets {
		for _, p := range t.leaves {
			if p.hidden || len(p.unresolved) > 0 || p.header() != "" {
				continue
			}
			if uses := p.asRecorded(); !l.admitScripted(p, uses) && left > 0 {
				l.admitText(p, uses, &left)
			}
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

// admitText notes identifiers that stood in the text of answers far more often than chance
// allows.
func (l *Learner) admitText(p *leaf, uses []use, left *int) {
	uses = slices.DeleteFunc(slices.Clone(uses[:min(len(uses), maxAdmitted)]), func(u use) bool { return content.Kind(u.value) == "" })
	if len(uses) < minScripted || constant(uses) || oneSession(uses) {
		return
	}
	issued := func(s source, u use) bool {
		h, ok := u.exchange.session.first(s, u)
		sender := u.exchange.session.sent[u.value]
		return ok && (sender == nil || h.exchange.before(sender))
	}
	for _, s := range around(uses, left) {
		if l.significant(s, uses, issued) {
			l.unresolved(p, uses, "stood in an earlier answer of "+s.endpoint+", in a place that no value is taken from", "")
			return
		}
	}
}

// around returns selectors by the text before the values in answers, those that most uses
// have in common.
func around(uses []use, left *int) []source {
	hits := map[source]int{}
	for _, u := range uses {
		seen := map[source]bool{}
		earlier := 0
		for _, e := range slices.Backward(u.exchange.session.exchanges[:u.exchange.index]) {
			body := e.doc.Body()
			if earlier == maxEarlier || *left <= 0 {
				break
			}
			if len(body) == 0 || len(body) > maxAnswer || e.isCode() || !e.before(u.exchange) {
				continue
			}
			earlier++
			*left -= len(body)
			for _, at := range held(body, u.value) {
				if s := (source{e.Endpoint, contextSelector(body, at, len(u.value), 16)}); s.selector != "" && !seen[s] {
					seen[s] = true
					hits[s]++
				}
			}
		}
	}
	var out []source
	for s, n := range hits {
		if 2*n >= len(uses) {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b source) int { return cmp.Or(cmp.Compare(hits[b], hits[a]), bySource(a, b)) })
	return out[:min(len(out), maxAround)]
}

// held returns where a value stands in a text as a word of its own, the first few.
func held(body []byte, value string) []int {
	var out []int
	for at := 0; len(out) < maxHeld; {
		n := bytes.Index(body[at:], []byte(value))
		if n < 0 {
			break
		}
		start := at + n
		at = start + len(value)
		if (start == 0 || !wordByte(body[start-1])) && (at == len(body) || !wordByte(body[at])) {
			out = append(out, start)
		}
	}
	return out
}

// wordByte reports whether a byte may be part of an identifier.
func wordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '.' || c == '-'
}
