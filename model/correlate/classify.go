package correlate

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
)

// near is how far a time stamp may lie from the request's own time.
const near = 10 * time.Minute

// classify explains the values that come from no data file and no answer.
func (l *learner) classify(p *leaf) {
	if len(p.uses) == 0 {
		return
	}
	if p.span.Place == content.InHeader && strings.HasSuffix(p.span.Selector, " boundary") {
		p.pieces = []piece{{value: model.Value{Name: "boundary", Kind: model.Fresh, Ref: strings.ReplaceAll(p.span.Value, "{", "{{")}}}
		return
	}
	if p.pieces == nil {
		if p.constant() {
			l.constantLeaf(p)
			return
		}
		if p.header() != "" && !l.ownHeader(p) {
			p.pieces = []piece{{value: model.Value{Kind: model.Row}, uses: p.uses}}
			return
		}
		p.pieces = split(p.uses)
		if k, _ := kindOf(p.uses); k == model.Row || k == model.Now || k == model.Fresh && content.Opaque(p.uses[0].value) {
			p.pieces = []piece{{uses: p.uses}}
		}
	}
	for i := range p.pieces {
		q := &p.pieces[i]
		if q.value.Kind != "" || len(q.uses) == 0 {
			continue
		}
		kind, ref := kindOf(q.uses)
		q.value = model.Value{Kind: kind, Ref: ref}
		if kind == model.Row {
			l.noteRow(p, q.uses)
		}
	}
}

// constantLeaf looks at a value that never varies.
func (l *learner) constantLeaf(p *leaf) {
	v := p.uses[0].value
	if p.header() != "" && !bindable(p.header()) {
		return
	}
	if secret(p) && content.Bits(v) >= minBits {
		l.unresolved(p, p.uses, "is the same in all requests, and no answer issued it")
		return
	}
	if k, ref := kindOf(p.uses); k == model.Now || k == model.Fresh && len(p.uses) == 1 && content.Kind(v) == "uuid" {
		p.pieces = []piece{{value: model.Value{Kind: k, Ref: ref}}}
	}
}

// secretWords are parts of names under which tokens stand: those of OAuth 2.0
// (RFC 6749), of HTTP (RFC 9110, section 11) and of forms that are protected
// against forgery (OWASP, Cross-Site Request Forgery Prevention).
var secretWords = [...]string{"token", "csrf", "xsrf", "authorization", "nonce", "session", "signature", "api-key", "apikey", "secret"}

// secret reports whether the place is one where tokens stand.
func secret(p *leaf) bool {
	s := strings.ToLower(p.span.Selector)
	return slices.ContainsFunc(secretWords[:], func(w string) bool { return strings.Contains(s, w) })
}

// ownHeader reports whether a header that varies holds a value of this one client.
// Others say how the client loads the answer, and are sent as recorded.
func (l *learner) ownHeader(p *leaf) bool {
	if !bindable(p.header()) {
		return false
	}
	k, _ := kindOf(p.uses)
	return k == model.Fresh || k == model.Now || secret(p) || content.Opaque(p.uses[0].value)
}

// kindOf tells apart times of the clock, values new in every request, and the rest.
func kindOf(uses []use) (kind model.ValueKind, ref string) {
	for _, form := range []string{"ms", "s", "rfc3339"} {
		n := 0
		for _, u := range uses {
			if isNow(u, form) {
				n++
			}
		}
		if 10*n >= 9*len(uses) {
			return model.Now, form
		}
	}
	distinct := map[string]bool{}
	example := ""
	for _, u := range uses {
		distinct[u.value] = true
		if len(content.Runs(u.value)) > 0 && example == "" {
			example = u.value
		}
	}
	if 10*len(distinct) < 9*len(uses) || numbers(uses) {
		return model.Row, ""
	}
	if example == "" && written(uses) {
		example = uses[0].value
	}
	if example != "" {
		return model.Fresh, strings.ReplaceAll(example, "{", "{{")
	}
	return model.Row, ""
}

// written reports whether the values are sentences that users wrote into a body,
// as opposed to words that they searched for.
func written(uses []use) bool {
	n := 0
	for _, u := range uses {
		if len(u.value) >= 12 && strings.ContainsAny(u.value, " \n") && len(u.exchange.Flow.Request.Body.Data) > len(u.value) {
			n++
		}
	}
	return n == len(uses) && n >= 3
}

// numbers reports whether most values are plain numbers. Numbers count things, even
// if each occurs only once.
func numbers(uses []use) bool {
	n := 0
	for _, u := range uses {
		if _, err := strconv.ParseFloat(u.value, 64); err == nil && len(u.value) < 12 {
			n++
		}
	}
	return 2*n > len(uses)
}

// isNow reports whether a value is the time of its request.
func isNow(u use, form string) bool {
	var at time.Time
	switch form {
	case "rfc3339":
		t, err := time.Parse(time.RFC3339Nano, u.value)
		if err != nil {
			return false
		}
		at = t
	default:
		n, err := strconv.ParseInt(u.value, 10, 64)
		if err != nil {
			return false
		}
		if form == "ms" {
			at = time.UnixMilli(n)
		} else {
			at = time.Unix(n, 0)
		}
	}
	d := at.Sub(u.exchange.Flow.Start)
	return d > -near && d < near
}

// noteRow notes values that look issued but are sent as recorded.
func (l *learner) noteRow(p *leaf, uses []use) {
	opaque, seen := 0, 0
	for _, u := range uses {
		if content.Opaque(u.value) {
			opaque++
		}
		if at := u.exchange.session.received[u.value]; len(at) > 0 && at[0].exchange.before(u.exchange) {
			seen++
		}
	}
	if 2*opaque < len(uses) && !(secret(p) && content.Bits(uses[0].value) >= minBits) {
		return
	}
	why := "no answer held it before"
	if seen > 0 {
		why = "no answer held it often enough before"
	}
	l.unresolved(p, uses, "varies and looks issued, but "+why)
}
