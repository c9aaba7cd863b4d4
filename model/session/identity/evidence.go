package identity

import (
	"cmp"
	"slices"
	"strings"

	"github.com/starling-load/starling/record/flow"
)

// minBits is the information that a cookie or token needs to name one user.
const minBits = 24

// An Evidence is what the flows show of cookies, tokens and the like. It is gathered
// before it is clear which of them name a user.
type Evidence struct {
	atoms
	places map[Mark]*place
	values map[Mark]*value
	held   map[Mark]Mark // values of tokens, own header fields and path parameters, by their text
	bodies map[Mark]bool // random values that requests carry in path, query or body
	kept   map[taking]*held
	shared sharing
	read   reading
	flows  uint32
	logins logins

	request []atom // of the flow in work; memory that is used again
	before  map[*place]Mark
}

// A place is where values stand: a cookie's name, a header field.
type place struct {
	kind    Kind
	name    string
	values  uint32 // different values
	again   uint32 // of them, in more than one flow
	fresh   uint32 // answers that gave a value to a client that had none
	issued  uint32 // different values that answers issued
	unique  uint32 // of them, issued once
	sent    uint32 // different values that requests carried
	flows   uint32 // requests that carried a value
	deleted bool   // an answer took the value away
	dull    bool   // each value stands in one flow: it is no identity
	verdict verdict
}

// A value is one value of a place.
type value struct {
	place  *place
	root   Mark   // the first value of the chain of rotations that it is in
	number uint32 // among the values of its place
	flows  uint32
	issued uint32 // answers that set it for a client without it
	sent   bool   // a request carried it
	rich   bool   // it has enough information to name a user
	opaque bool   // it looks random
	shared bool   // users who differ otherwise have it
	to     Mark   // address and program that it was issued to first
}

// Bounds of the evidence, which hostile recordings cannot exceed.
const (
	maxPlaces = 1024
	dullAfter = 4096 // values of which hardly one is seen again

	maxTakings = 1 << 17
)

// NewEvidence returns an Evidence of no flow.
func NewEvidence(m Marks) *Evidence {
	return &Evidence{
		atoms: atoms{Marks: m}, places: map[Mark]*place{}, values: map[Mark]*value{}, held: map[Mark]Mark{}, bodies: map[Mark]bool{},
		kept: map[taking]*held{}, logins: newLogins(), shared: sharing{map[pair]*sighting{}, map[uint64]bool{}}, before: map[*place]Mark{},
	}
}

// See adds what one flow shows. source stands for address and program of the client.
// Flows may come in any order that is near to that of their time.
func (e *Evidence) See(f *flow.Flow, source Mark) {
	e.flows++
	e.request = append(e.request[:0], e.carried(&f.Request, f.Start)...)
	clear(e.before) // the values that the client had
	for i := range e.request {
		a := &e.request[i]
		if v := e.value(a); v != nil {
			if !v.sent {
				v.sent = true
				v.place.sent++
			}
			e.before[v.place] = a.value
			v.place.flows++
			e.taken(v, source).sent = true
			if a.kind >= Token && a.opaque {
				e.held[a.text] = a.value
			}
		}
	}
	answer := e.issued(f.Response)
	for i := range answer {
		e.issue(&answer[i], source)
	}
	if f.Response != nil {
		e.forget(f.Response.Headers)
	}
	e.shared.see(e, e.request, answer, source, f.Conn)
	for m := range e.bare(&f.Request) {
		e.bodies[m] = true
	}
	e.learn(f)
}

// value returns what is known of an atom, and counts it. It is nil for a place that
// tells nothing.
func (e *Evidence) value(a *atom) *value {
	if v := e.values[a.value]; v != nil {
		if v.flows++; v.flows == 2 {
			v.place.again++
		}
		return v
	}
	at := e.Of(a.kind.String(), a.name)
	p := e.places[at]
	if p == nil {
		if len(e.places) >= maxPlaces {
			return nil
		}
		p = &place{kind: a.kind, name: a.name}
		e.places[at] = p
	}
	if p.dull = p.dull || p.values >= dullAfter && p.again < p.values/64; p.dull {
		return nil
	}
	v := &value{
		place: p, root: a.value, number: p.values, flows: 1, opaque: a.opaque,
		rich: a.bits >= minBits && a.length >= 8,
	}
	p.values++
	e.values[a.value] = v
	return v
}

// issue notes that an answer sets a value which the client did not have.
func (e *Evidence) issue(a *atom, source Mark) {
	if slices.ContainsFunc(e.request, func(sent atom) bool { return sent.value == a.value }) {
		return
	}
	v := e.value(a)
	if v == nil || a.kind == Subject {
		return
	}
	switch v.issued++; v.issued {
	case 1:
		v.to = source
		e.taken(v, source).issued++
		v.place.issued++
		v.place.unique++
	case 2:
		v.place.unique--
	}
	old, had := e.before[v.place]
	if !had {
		v.place.fresh++
	} else if o := e.values[old]; o != nil && v.flows == 1 {
		v.root = o.root
	}
}

// A taking is address and program of a client with what it is given.
type taking struct {
	source Mark
	place  *place
}

// A held says whether a client sends what it is given.
type held struct {
	issued uint32
	sent   bool
}

// taken returns what is known of a client and the place of a value.
func (e *Evidence) taken(v *value, source Mark) *held {
	at := taking{source, v.place}
	h := e.kept[at]
	if h == nil {
		if h = (&held{}); len(e.kept) < maxTakings {
			e.kept[at] = h
		}
	}
	return h
}

// ignored reports whether a value was given to a client that sends none of what it is
// given, as many programs do. It gets another one each time.
func (e *Evidence) ignored(v *value) bool {
	h := e.kept[taking{v.to, v.place}]
	return !v.sent && h != nil && !h.sent && h.issued > 1
}

// forget notes the cookies that an answer takes away.
func (e *Evidence) forget(h flow.Headers) {
	for i := range h {
		if !strings.EqualFold(h[i].Name, "Set-Cookie") {
			continue
		}
		if name, _, ok := setPair(h[i].Value); !ok {
			if p := e.places[e.Of(Cookie.String(), name)]; p != nil {
				p.deleted = true
			}
		}
	}
}

// names reports whether a value names one user. A value that only one request carries, or
// none, does so only if clients of this place usually carry theirs again.
func (e *Evidence) names(m Mark) bool {
	v := e.values[m]
	if v == nil || v.shared || v.place.dull || v.place.verdict != telling || e.ignored(v) {
		return false
	}
	p := v.place
	if v.flows < 2 && 2*p.again < p.values || p.sent == 0 {
		return false
	}
	switch p.kind {
	case Subject:
		return true
	case Cookie, Header:
		counted := p.unique >= 3 && p.unique >= p.issued-p.issued/20 // the target makes each once
		return v.issued == 1 && (v.rich || counted) || v.issued == 0 && v.sent && (v.opaque || counted)
	case Query: // a record that many requests are about names nobody
		return v.opaque && (credential(p.name) || 2*p.flows > e.flows)
	}
	return v.opaque || v.rich
}

// A verdict says whether a place tells users apart.
type verdict uint8

const (
	telling  verdict = iota
	constant         // one value for all
	common           // users who differ otherwise have equal values
	fleeting         // a user's values come and go
)

// Judge decides which places tell users apart. It is called after the last flow.
func (e *Evidence) Judge() {
	e.shared.judge(e)
	for _, p := range e.places {
		if p.values == 1 && p.issued == 0 && p.verdict == telling {
			p.verdict = constant
		}
	}
}

// Shared names the places that look like an identity and tell nobody apart, since all
// have one value or users who differ otherwise have equal ones: "header X-Api-Key".
// They are sorted.
func (e *Evidence) Shared() (names []string) {
	rich := map[*place]bool{}
	for _, v := range e.values {
		if v.flows >= 2 && (v.rich || v.opaque || v.place.kind == Subject) {
			rich[v.place] = true
		}
	}
	for p := range rich {
		if p.verdict != telling && p.sent > 0 {
			names = append(names, p.String())
		}
	}
	slices.SortFunc(names, cmp.Compare)
	return names
}

func (p *place) String() string { return strings.TrimSpace(p.kind.String() + " " + p.name) }
