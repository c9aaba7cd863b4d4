package correlate

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/made"
)

// A made value is made up by the client only on evidence: the place carries values that
// no request carried before and no answer held before, in the whole recording; they have
// a form that a generator gives; and the target accepted them. How strong the form must
// be depends on the place: see maker.

// A maker knows what clients made in a recording.
type maker struct {
	firstSent     map[string]*parsed   // the request that carried a value first
	firstReceived map[string]time.Time // when an answer held it first
	forms         map[string]made.Form // of the values that clients made
	again         map[string]bool      // those of them that their session sent again
}

// Lengths of values that may be made.
const minMade, maxMade = 6, 512

// newMaker notes when the values of open places were sent and received first.
func newMaker(l *Learner) *maker {
	m := &maker{firstSent: map[string]*parsed{}, firstReceived: map[string]time.Time{}, forms: map[string]made.Form{}, again: map[string]bool{}}
	l.open(func(_ *leaf, uses []use, _ bool) {
		for _, u := range uses {
			if v := u.value; len(v) >= minMade && len(v) <= maxMade && strings.ContainsAny(v, "0123456789") {
				m.firstSent[v] = nil
			}
		}
	})
	for _, s := range l.sessions {
		for v, e := range s.sent {
			if old, open := m.firstSent[v]; open && (old == nil || earlier(e, old)) {
				m.firstSent[v] = e
			}
		}
		for v, at := range s.given() {
			if _, open := m.firstSent[v]; !open {
				continue
			}
			for _, p := range at {
				if old, had := m.firstReceived[v]; !had || p.exchange.head.Before(old) {
					m.firstReceived[v] = p.exchange.head
				}
			}
		}
	}
	return m
}

// earlier reports whether a began before b.
func earlier(a, b *parsed) bool {
	if !a.Flow.Start.Equal(b.Flow.Start) {
		return a.Flow.Start.Before(b.Flow.Start)
	}
	if a.session != b.session {
		return a.session.number < b.session.number
	}
	return a.index < b.index
}

// A novelty counts how a place renews its values.
type novelty struct {
	fresh    []use // of values that were never seen before
	again    int   // uses of values that the session sent before
	others   int   // uses of values that were seen before elsewhere
	renewed  int   // sessions with several fresh values
	constant int   // sessions with several uses of one value
	refused  int   // fresh values that the target answered with an error
}

// novelty looks at the values of a place. With part set they are parts of what the place
// holds, and are compared among themselves only.
func (m *maker) novelty(uses []use, part bool) novelty {
	var n novelty
	var seen map[string]bool // of the session at hand
	at, total, firsts := -1, 0, 0
	global := map[string]bool{}
	end := func() {
		switch {
		case firsts > 1:
			n.renewed++
		case total > 1 && len(seen) == 1:
			n.constant++
		}
	}
	for _, u := range uses {
		if u.exchange.session.number != at {
			end()
			seen, at, total, firsts = map[string]bool{}, u.exchange.session.number, 0, 0
		}
		total++
		received, had := m.firstReceived[u.value]
		sender := m.firstSent[u.value]
		switch {
		case seen[u.value], !part && sender != nil && sender != u.exchange && sender.session == u.exchange.session && earlier(sender, u.exchange):
			n.again++
		case global[u.value], had && !received.After(u.exchange.Flow.Start), !part && sender != u.exchange:
			n.others++
		default:
			n.fresh = append(n.fresh, u)
			firsts++
			if u.exchange.Flow.Response.Status >= 400 {
				n.refused++
			}
		}
		seen[u.value], global[u.value] = true, true
	}
	end()
	return n
}

// timed returns the values of uses with the times of their requests.
func timed(uses []use) []made.Value {
	out := make([]made.Value, len(uses))
	for i, u := range uses {
		out[i] = made.Value{Text: u.value, At: u.exchange.Flow.Start}
	}
	return out
}

// clock returns the value of a place that carries the time of sending, or the time at
// which the session sent it first.
func (m *maker) clock(uses []use, part bool) (model.Value, bool) {
	if c, ok := made.RecogniseClock(timed(uses)); ok {
		return model.Value{Kind: model.Now, Ref: c.String()}, true
	}
	n := m.novelty(uses, part)
	if n.again == 0 || len(n.fresh) < 2 || n.others > 0 {
		return model.Value{}, false
	}
	c, ok := made.RecogniseClock(timed(n.fresh))
	return model.Value{Kind: model.Now, Ref: c.String(), Own: true}, ok
}

// evidence weighs whether clients make the values of a place. The form is what they look
// like, also where that is no proof; why says what is missing, "" nothing.
func (m *maker) evidence(p *leaf, uses []use, part bool) (form made.Form, how made.Strength, why string) {
	n := m.novelty(uses, part)
	if len(n.fresh) == 0 {
		return form, made.Unknown, "its values were seen before"
	}
	if form, how = made.Recognise(timed(n.fresh)); how == made.Unknown {
		return form, how, "its values have no form that a generator gives"
	}
	method := p.target.sample().Flow.Request.Method
	safe := method == "GET" || method == "HEAD" || method == "OPTIONS"
	switch inPath := p.span.Place == content.InPath; {
	case 10*n.others > len(uses):
		why = "some of its values were seen before"
	case 10*n.refused > len(n.fresh):
		why = "the target refused it"
	case len(n.fresh) < 2:
		why = "the recording has only one"
	case inPath && (!createsThere(method) || how != made.Sure):
		why = "it may name a record that was there before"
	case !inPath && safe && p.header() == "" && !form.Timed() && !p.oneTime():
		why = "it may name a record that was there before"
	case n.constant > n.renewed && !inPath:
		why = "a user keeps it"
	case p.oneTime():
	case credential(p) && how < made.Sure, (how < made.Sure || credential(p)) && n.renewed == 0 && !m.renewedBeside(p, part):
		why = "it may belong to the user"
	case how == made.Digest && !unlike(p, uses):
		why = "hashes and signatures look like this"
	case inText(n.fresh):
		why = "the text of an answer held it before"
	}
	return form, how, why
}

// createsThere reports whether the client of a request names what the request creates (RFC
// 9110, 4918, 4791).
func createsThere(method string) bool {
	return method == "PUT" || method == "MKCOL" || method == "MKCALENDAR"
}

// maxKin is how many places of one kind are looked at.
const maxKin = 100

// renewedBeside reports whether sessions send several new values at places like p: those
// of other elements of its list. So clients name the elements that they add. What belongs
// to a user would be the same in all of them, or come again.
func (m *maker) renewedBeside(p *leaf, part bool) bool {
	kind := anyElement(p.span.Selector)
	if part || p.outer != nil || strings.HasSuffix(kind, "[]") || kind == p.span.Selector {
		return false
	}
	var uses []use
	kin := 0
	for _, q := range p.target.leaves {
		if kin < maxKin && q.pieces == nil && anyElement(q.span.Selector) == kind {
			kin++
			uses = append(uses, q.uses...)
		}
	}
	slices.SortStableFunc(uses, func(a, b use) int {
		return cmp.Or(cmp.Compare(a.exchange.session.number, b.exchange.session.number), cmp.Compare(a.exchange.index, b.exchange.index))
	})
	n := m.novelty(uses, true)
	return kin > 1 && n.again == 0 && n.others == 0 && n.renewed > n.constant
}

// anyElement returns a place of a document without the numbers of list elements.
func anyElement(selector string) string {
	var b strings.Builder
	for at := 0; at < len(selector); at++ {
		b.WriteByte(selector[at])
		if selector[at] != '[' {
			continue
		}
		end := at + 1
		for end < len(selector) && '0' <= selector[end] && selector[end] <= '9' {
			end++
		}
		if end < len(selector) && selector[end] == ']' {
			at = end - 1
		}
	}
	return b.String()
}

// Limits of the search for values in the texts of answers.
const maxSought, maxTextsRead = 20, 300

// inText reports whether a value stood anywhere in an earlier answer, such as in a script
// that nobody can read.
func inText(uses []use) bool {
	for i := 0; i < len(uses); i += 1 + len(uses)/maxSought {
		u := uses[i]
		before := u.exchange.session.exchanges[:u.exchange.index]
		for _, e := range before[max(0, len(before)-maxTextsRead):] {
			if bytes.Contains(e.doc.Body(), []byte(u.value)) {
				return true
			}
		}
	}
	return false
}

// credentialWords are parts of names under which people and programs prove who they are.
var credentialWords = [...]string{"token", "authorization", "api-key", "apikey", "api_key", "secret", "passw", "pwd", "credential", "session"}

// credential reports whether the place is one where credentials stand.
func credential(p *leaf) bool {
	s := strings.ToLower(p.span.Selector)
	for _, w := range credentialWords {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// unlike reports whether two requests that are equal otherwise carry different values.
// Then the values are no function of the request, as hashes and signatures are.
func unlike(p *leaf, uses []use) bool {
	values := map[string]string{}
	for _, u := range uses {
		var b strings.Builder
		for i := range u.exchange.spans {
			if sp := &u.exchange.spans[i]; sp.Selector != p.span.Selector && leafy(u.exchange.spans, i) {
				b.WriteString(sp.Selector + "\x00" + sp.Value + "\x00")
			}
		}
		if old, had := values[b.String()]; had && old != u.value {
			return true
		}
		values[b.String()] = u.value
	}
	return false
}

// prose reports whether the place holds texts that people write.
func (p *leaf) prose() bool {
	return p.header() == "" && strings.ContainsAny(p.uses[0].value, " \t\r\n")
}

// find notes which values of a place clients made. A whole body is never one: it is a
// file. Nor is a part of a sentence.
func (m *maker) find(p *leaf, uses []use, part bool) {
	if len(uses) == 0 || len(uses[0].value) < minMade || len(uses[0].value) > maxMade || p.span.Place == content.InText || p.prose() {
		return
	}
	form, _, why := m.evidence(p, uses, part)
	if why != "" {
		return
	}
	for _, u := range m.novelty(uses, part).fresh {
		m.forms[u.value] = form
	}
}

// addSecrets adds values that clients made and sent the hashes of before.
func (m *maker) addSecrets(forms map[string]string) {
	for v, text := range forms {
		if form, err := made.Parse(text); err == nil {
			m.forms[v] = form
			m.again[v] = true
		}
	}
}

// count finds out which of the made values their session sent again.
func (m *maker) count(sessions []*session) {
	for _, s := range sessions {
		seen := map[string]bool{}
		for _, e := range s.exchanges {
			for i := range e.spans {
				v := e.spans[i].Value
				if _, ok := m.forms[v]; !ok || !leafy(e.spans, i) && !strings.Contains(e.spans[i].Selector, "|part:") {
					continue
				}
				m.again[v] = m.again[v] || seen[v]
				seen[v] = true
			}
		}
	}
}

// value returns the value of a place where nearly all contents are made, by this request
// or by an earlier one of the session.
func (m *maker) value(uses []use) (model.Value, bool) {
	known, again, form := 0, false, ""
	for _, u := range uses {
		f, ok := m.forms[u.value]
		if !ok {
			continue
		}
		known++
		again = again || m.again[u.value]
		if form == "" {
			form = f.String()
		}
	}
	if known == 0 || 10*known < 9*len(uses) {
		return model.Value{}, false
	}
	return model.Value{Kind: model.Fresh, Ref: form, Own: again || known < len(uses)}, true
}
