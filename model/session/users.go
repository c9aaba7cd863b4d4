package session

import (
	"strconv"
	"strings"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
)

// A node stands for a user, or for one of the marks of a user. 0 is none.
type node uint32

// A graph joins the marks of one user (union-find).
type graph struct {
	index  map[mark]node
	parent []node // of each node; [0] is none
}

// fresh returns a node without a mark.
func (g *graph) fresh() node {
	n := node(len(g.parent))
	g.parent = append(g.parent, n)
	return n
}

func (g *graph) node(m mark) node {
	n, ok := g.index[m]
	if !ok {
		n = g.fresh()
		g.index[m] = n
	}
	return n
}

func (g *graph) root(n node) node {
	for g.parent[n] != n {
		g.parent[n] = g.parent[g.parent[n]]
		n = g.parent[n]
	}
	return n
}

func (g *graph) join(a, b node) {
	a, b = g.root(a), g.root(b)
	g.parent[max(a, b)] = min(a, b)
}

// users finds out who sent each flow.
type users struct {
	*evidence
	graph
	issuers   map[mark]uint32 // number of answers that gave a token to a client without it
	claims    []claim
	proven    map[node]bool // of nodes without a mark: false until a claim holds
	carriers  []carrier
	carrierAt map[mark]uint32
}

// A claim ties a flow to a token. It holds if only one answer issued the token.
type claim struct {
	node  node
	token mark
}

// A carrier is a connection that flows came over. If connections are not known, a user
// agent stands for one.
type carrier struct {
	own         node // of the flows of a carrier without any user
	shared      bool // several clients may use it
	first, last node // users, in the order of start
}

func newUsers(e *evidence) *users {
	return &users{
		evidence: e, graph: graph{index: map[mark]node{}, parent: []node{0}},
		issuers: map[mark]uint32{}, proven: map[node]bool{}, carrierAt: map[mark]uint32{},
	}
}

// see returns the node of the user that a flow names, 0 if it names none, and its
// carrier. Marks that occur together in one exchange belong to one user.
func (u *users) see(f *flow.Flow) (node, uint32) {
	var at node
	add := func(m mark) {
		n := u.node(m)
		if at != 0 {
			u.join(at, n)
		} else {
			at = n
		}
	}
	for name, value := range cookies(f.Request.Headers) {
		if m := u.of(cookieMark, name, value); u.names(m) {
			add(m)
		}
	}
	sent := credential(f.Request.Headers)
	if sent != "" {
		add(u.of(tokenMark, sent))
	}
	if f.Response != nil {
		for _, line := range f.Response.Headers.Values("Set-Cookie") {
			name, value, ok := setPair(line)
			if m := u.of(cookieMark, name, value); ok && u.names(m) {
				add(m)
			}
		}
	}
	var tokens []mark
	if len(u.bearers)+len(u.bodies) > 0 {
		for m := range u.received(f) {
			if m != u.of(tokenMark, sent) {
				u.issuers[m]++
			}
			if u.bearers[m] {
				add(m)
			} else {
				tokens = append(tokens, m)
			}
		}
		for m := range u.carried(f) {
			tokens = append(tokens, m)
		}
	}
	if at == 0 && len(tokens) > 0 {
		at = u.fresh()
		u.proven[at] = false
	}
	for _, m := range tokens {
		u.claims = append(u.claims, claim{at, m})
	}
	return at, u.carrier(f)
}

// received yields the values of an answer that any request sends, each once.
func (u *users) received(f *flow.Flow) func(func(mark) bool) {
	return func(yield func(mark) bool) {
		if f.Response == nil {
			return
		}
		seen := map[mark]bool{}
		for _, l := range content.New(f.Response).Leaves() {
			if strings.HasPrefix(l.Selector, "cookie:") {
				continue
			}
			m := u.of(tokenMark, l.Value)
			if seen[m] || !u.bearers[m] && !u.bodies[m] {
				continue
			}
			seen[m] = true
			if !yield(m) {
				return
			}
		}
	}
}

func (u *users) carrier(f *flow.Flow) uint32 {
	m := u.of(agentMark, f.Request.Headers.Value("User-Agent"))
	if f.Conn != 0 {
		m = u.of(connMark, strconv.FormatUint(f.Conn, 10))
	}
	n, known := u.carrierAt[m]
	if !known {
		n = uint32(len(u.carriers))
		u.carrierAt[m] = n
		u.carriers = append(u.carriers, carrier{own: u.node(m), shared: f.Conn == 0})
	}
	return n
}

// settle joins the nodes that the claims tie together. It is called after the last flow.
func (u *users) settle() {
	for _, c := range u.claims {
		if u.issuers[c.token] != 1 {
			continue
		}
		if _, bare := u.proven[c.node]; bare {
			u.proven[c.node] = true
		}
		u.join(c.node, u.node(c.token))
	}
	u.claims = nil
}

// strong reports whether a node names a user.
func (u *users) strong(n node) bool {
	proven, bare := u.proven[n]
	return n != 0 && (proven || !bare)
}

// meet takes note of a flow. It is called for the flows in the order of start, before
// the first call of user.
func (u *users) meet(n node, at uint32) {
	if l := &u.carriers[at]; l.first == 0 && u.strong(n) {
		l.first = n
	}
}

// user returns the user of a flow. It is called for the flows in the order of start. A
// flow that names nobody belongs to the user of its carrier. If the carrier has several
// users, that is the user of the flow before it, or, without one, the first user. A
// carrier that is shared or has no user counts as a user of its own.
func (u *users) user(n node, at uint32) node {
	l := &u.carriers[at]
	switch {
	case u.strong(n):
		l.last = n
	case l.first == 0 || l.shared:
		n = l.own
	case l.last != 0:
		n = l.last
	default:
		n = l.first
	}
	return u.root(n)
}
