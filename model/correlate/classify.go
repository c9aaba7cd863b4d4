package correlate

import (
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/made"
)

// classify explains the values that come from no data file and no answer: the clients
// made them, or they are recorded ones, which are sent whole.
func (l *Learner) classify() {
	if !slices.ContainsFunc(l.targets, func(t *target) bool { return len(t.leaves) > 0 }) {
		return
	}
	m := newMaker(l)
	l.open(func(p *leaf, uses []use, part bool) { m.find(p, uses, part) })
	m.addSecrets(l.secrets)
	m.count(l.sessions)
	for _, t := range l.targets {
		for _, p := range t.leaves {
			l.explain(m, p)
		}
	}
}

// open calls f with every place that is not explained: a leaf, or a part of one, and
// with the parts of leaves that begin and end alike.
func (l *Learner) open(f func(p *leaf, uses []use, part bool)) {
	for _, t := range l.targets {
		for _, p := range t.leaves {
			if p.hidden && !p.latent() || p.header() != "" && !bindable(p.header()) {
				continue
			}
			if p.pieces == nil {
				f(p, p.uses, false)
				if c := p.stem(); c != nil {
					f(c, c.uses, false)
				}
			}
			for _, q := range p.parts() {
				if q.value.Kind == "" && len(q.uses) > 0 {
					f(p, q.uses, true)
				}
			}
		}
	}
}

// parts returns the pieces of a leaf. Where it has none yet, it is cut where its values
// begin to differ, if they do within their text.
func (p *leaf) parts() []piece {
	if p.pieces != nil || len(p.uses) == 0 || p.constant() {
		return p.pieces
	}
	if pieces := split(p.uses, delimiters); len(pieces) > 1 {
		return pieces
	}
	return nil
}

// explain finds out what a leaf holds that has no explanation.
func (l *Learner) explain(m *maker, p *leaf) {
	switch {
	case len(p.uses) == 0 || p.hidden:
		return
	case p.header() != "" && !bindable(p.header()):
		if p.pieces == nil && !p.constant() {
			p.pieces = []piece{{value: model.Value{Kind: model.Row}, uses: p.uses}}
		}
		return
	case p.pieces == nil:
		l.explainWhole(m, p)
		return
	}
	for i := range p.pieces {
		q := &p.pieces[i]
		if q.value.Kind != "" || len(q.uses) == 0 {
			continue
		}
		q.value = m.explained(q.uses, true)
		if q.value.Kind == model.Row {
			l.noteRow(m, p, q.uses, true)
		}
	}
}

// explained returns the value of a place: the time, made by the client, or recorded.
func (m *maker) explained(uses []use, part bool) model.Value {
	if v, ok := m.clock(uses, part); ok {
		return v
	}
	if v, ok := m.value(uses); ok {
		return v
	}
	return model.Value{Kind: model.Row}
}

// explainWhole explains a leaf as a whole or, where only a part is made, by its parts.
func (l *Learner) explainWhole(m *maker, p *leaf) {
	v := m.explained(p.uses, false)
	if c := p.stem(); c != nil && v.Kind != model.Now {
		if of, ok := m.value(c.uses); ok { // other places may have it without the ending
			c.pieces = []piece{{value: of, uses: c.uses}}
			p.unhide()
			p.open()
			return
		}
	}
	if v.Kind == model.Row && p.constant() {
		l.noteConstant(p)
		return
	}
	if v.Kind == model.Row && p.outer == nil && p.guess(m) {
		p.unhide()
		if p.open(); p.opened {
			return // the values within it come next
		}
	}
	if v.Kind == model.Row {
		parts := p.parts()
		found := false
		for i := range parts {
			if q := &parts[i]; len(q.uses) > 0 {
				q.value = m.explained(q.uses, true)
				found = found || q.value.Kind != model.Row
			}
		}
		if found {
			p.pieces = parts
			return
		}
		l.noteRow(m, p, p.uses, false)
	}
	p.pieces = []piece{{value: v, uses: p.uses}}
}

// secretWords are parts of names under which tokens stand: those of OAuth 2.0
// (RFC 6749), of HTTP (RFC 9110, section 11) and of forms that are protected
// against forgery (OWASP, Cross-Site Request Forgery Prevention).
var secretWords = [...]string{"token", "csrf", "xsrf", "authorization", "nonce", "session", "signature", "api-key", "apikey", "secret"}

// secret reports whether the place is one where tokens stand.
func secret(p *leaf) bool { return secretName(p.span.Selector) }

// secretName reports whether a selector has the name of a token.
func secretName(selector string) bool {
	s := strings.ToLower(selector)
	return slices.ContainsFunc(secretWords[:], func(w string) bool { return strings.Contains(s, w) })
}

// noteConstant notes a secret that never varies and that no answer issued.
func (l *Learner) noteConstant(p *leaf) {
	switch {
	case l.pseudonyms(p, p.uses[:1]) && len(p.uses[0].value) >= longSecret:
		l.notePseudonym(p, p.uses)
	case secret(p) && content.Bits(p.uses[0].value) >= minBits:
		l.unresolved(p, p.uses, "is the same in all requests, and no answer issued it", "")
	}
}

// maxToken is the greatest length of a value that may be a token. What is longer is a
// text or a file.
const maxToken = 4096

// noteRow notes values that look issued or computed but are sent as recorded.
func (l *Learner) noteRow(m *maker, p *leaf, uses []use, part bool) {
	if l.pseudonyms(p, uses) {
		l.notePseudonym(p, uses)
		return
	}
	if p.span.Place == content.InText || len(uses[0].value) > maxToken || p.paired() {
		l.noteInner(p)
		return
	}
	if p.answersChallenge() {
		l.unresolved(p, uses, "answers a challenge with a password that the recording does not show", "give the users and their passwords with --data")
		return
	}
	opaque, seen := 0, 0
	for _, u := range uses {
		if content.Opaque(u.value) {
			opaque++
		}
		if at := u.exchange.session.given()[u.value]; len(at) > 0 && at[0].exchange.before(u.exchange) {
			seen++
		}
	}
	if 2*opaque < len(uses) && !(secret(p) && content.Bits(uses[0].value) >= minBits) {
		l.noteInner(p)
		return
	}
	form, how, why := m.evidence(p, uses, part)
	switch {
	case seen > 0:
		l.unresolved(p, uses, "varies and looks issued, but no answer held it often enough before", "")
	case how == made.Unknown:
		l.unresolved(p, uses, "varies and looks issued, but no answer held it before", "")
	default:
		l.unresolved(p, uses, "varies and no answer held it before; "+why, "if the client makes it up, write {fresh: '"+form.String()+"'}")
	}
}
