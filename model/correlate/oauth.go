package correlate

import (
	"slices"

	"github.com/starling-load/starling/model/content"
)

// A client that has a user authorised sends values that it makes up for this one time, by
// standards: a state and a nonce (RFC 6749, section 4.1.1; OpenID Connect Core, section
// 3.1.2.1), and the hash of a key that it shows later (RFC 7636).

// authorizes reports whether a request asks for a user's authorisation.
func (e *parsed) authorizes() bool {
	return e.place("query:response_type") >= 0 && e.place("query:client_id") >= 0
}

// oneTime reports whether p holds a value that clients make up for one authorisation.
func (p *leaf) oneTime() bool {
	switch p.span.Selector {
	case "query:state", "query:nonce":
		return p.target.sample().authorizes()
	}
	return false
}

// proofKey explains the hashes of keys that clients show later, where the recording has
// pseudonyms in place of both, so that no trial can find out.
func (l *Learner) proofKey(p *leaf, uses []use) *recipe {
	if p.span.Selector != "query:code_challenge" || !l.pseudonyms(p, uses) {
		return nil
	}
	for _, u := range uses {
		e := u.exchange
		if i := e.place("query:code_challenge_method"); i < 0 || e.spans[i].Value != "S256" || !e.authorizes() {
			return nil
		}
	}
	for _, u := range uses {
		for _, e := range u.exchange.session.exchanges[u.exchange.index+1:] {
			if i := e.verifier(); i >= 0 {
				c := &cook{Learner: l, place: p, uses: uses, write: "base64url"}
				return &recipe{of: "sha256", write: c.write, parts: []ingredient{c.shown(e.Endpoint, e.spans[i].Selector)}, believed: true}
			}
		}
	}
	return nil
}

// verifier returns the index of the span of a request that shows the key of a hash, or -1.
func (e *parsed) verifier() int {
	return slices.IndexFunc(e.spans, func(sp content.Span) bool { return sp.Selector == "body:code_verifier" })
}
