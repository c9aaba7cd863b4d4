package session

import (
	"hash/maphash"
	"strings"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
)

// A mark stands for something that tells who sent a request: a cookie with its value,
// a token, a connection, a user agent. It is a hash under a random key: no text of the
// recording stays in memory, and a client cannot make two marks equal.
type mark uint64

// marks makes marks under one random key.
type marks struct{ seed maphash.Seed }

// The kinds of marks.
const (
	cookieMark = "cookie"
	tokenMark  = "token"
	connMark   = "conn"
	agentMark  = "agent"
)

func (m marks) of(kind string, parts ...string) mark {
	var h maphash.Hash
	h.SetSeed(m.seed)
	h.WriteString(kind)
	for _, p := range parts {
		h.WriteByte(0)
		h.WriteString(p)
	}
	return mark(h.Sum64())
}

// minBits is the information that a cookie or token needs to name one user.
const minBits = 24

// An evidence is what the flows to one host show of cookies and tokens. It is gathered
// before it is clear which of them name a user.
type evidence struct {
	marks
	flows   int
	cookies map[mark]cookie // by name and value
	bearers map[mark]bool   // tokens that requests carry in Authorization
	bodies  map[mark]bool   // random values that requests carry in body or query
}

// A cookie is a name with a value.
type cookie struct {
	issued uint32 // number of answers that set it for a client without it
	sent   bool   // a request carried it
	rich   bool   // the value has enough information to name a user
	opaque bool   // the value looks random
}

func newEvidence(m marks) *evidence {
	return &evidence{marks: m, cookies: map[mark]cookie{}, bearers: map[mark]bool{}, bodies: map[mark]bool{}}
}

// see adds what one flow shows.
func (e *evidence) see(f *flow.Flow) {
	e.flows++
	carried := map[mark]bool{}
	for name, value := range cookies(f.Request.Headers) {
		m, c := e.cookie(name, value)
		c.sent, carried[m] = true, true
		e.cookies[m] = c
	}
	if f.Response != nil {
		for _, line := range f.Response.Headers.Values("Set-Cookie") {
			name, value, ok := setPair(line)
			if m, c := e.cookie(name, value); ok && !carried[m] {
				c.issued++
				e.cookies[m] = c
			}
		}
	}
	if t := credential(f.Request.Headers); t != "" {
		e.bearers[e.of(tokenMark, t)] = true
	}
	for m := range e.carried(f) {
		e.bodies[m] = true
	}
}

// cookie returns what is known of a cookie so far.
func (e *evidence) cookie(name, value string) (mark, cookie) {
	m := e.of(cookieMark, name, value)
	c, known := e.cookies[m]
	if !known {
		c.rich = content.Bits(value) >= minBits && len(value) >= 8
		c.opaque = content.Opaque(value)
	}
	return m, c
}

// names reports whether a cookie names one user. It does if it was issued once, to one
// client, or if no recorded answer issued it and it looks random.
func (e *evidence) names(m mark) bool {
	c := e.cookies[m]
	return c.issued == 1 && c.rich || c.issued == 0 && c.sent && c.opaque
}

// carried yields the random values of body and query.
func (e *evidence) carried(f *flow.Flow) func(func(mark) bool) {
	return func(yield func(mark) bool) {
		for _, l := range content.RequestLeaves(&f.Request) {
			place := strings.HasPrefix(l.Selector, "body:") || strings.HasPrefix(l.Selector, "query:")
			if place && content.Opaque(l.Value) && content.Bits(l.Value) >= 64 && !yield(e.of(tokenMark, l.Value)) {
				return
			}
		}
	}
}

// merge adds the evidence of another host.
func (e *evidence) merge(other *evidence) {
	e.flows += other.flows
	for m, c := range other.cookies {
		have, known := e.cookies[m]
		if known {
			c.issued, c.sent = c.issued+have.issued, c.sent || have.sent
		}
		e.cookies[m] = c
	}
	for m := range other.bearers {
		e.bearers[m] = true
	}
	for m := range other.bodies {
		e.bodies[m] = true
	}
}

// setPair returns name and value of a Set-Cookie line. ok is false for a line that
// deletes a cookie.
func setPair(line string) (name, value string, ok bool) {
	pair, attributes, _ := strings.Cut(line, ";")
	name, value, ok = strings.Cut(strings.TrimSpace(pair), "=")
	value = strings.Trim(value, `"`)
	return name, value, ok && value != "" && value != "deleted" && !strings.Contains(strings.ToLower(attributes), "max-age=0")
}

// cookies yields the cookies of a request.
func cookies(h flow.Headers) func(func(name, value string) bool) {
	return func(yield func(string, string) bool) {
		for _, line := range h.Values("Cookie") {
			for pair := range strings.SplitSeq(line, ";") {
				name, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
				if ok && !yield(name, strings.Trim(value, `"`)) {
					return
				}
			}
		}
	}
}

// credential returns the value of Authorization without its scheme.
func credential(h flow.Headers) string {
	v := h.Value("Authorization")
	if scheme, token, ok := strings.Cut(v, " "); ok && !strings.Contains(scheme, ".") {
		v = strings.TrimSpace(token)
	}
	if content.Bits(v) < minBits {
		return ""
	}
	return v
}
