package identity

import "github.com/starling-load/starling/record/flow"

// A Node stands for a user, or for one of the marks of a user. 0 is none.
type Node uint32

// A graph joins the marks of one user (union-find).
type graph struct {
	index  map[Mark]Node
	parent []Node // of each node; [0] is none
	about  []about
}

// about is what is known of a node.
type about uint8

const (
	kinds    about = 7      // bits of the kind of the evidence; 0 is none
	unproven about = 1 << 3 // it stands for a flow that names nobody, unless a claim holds
	given    about = 1 << 4 // an answer of the recording issued what names it
)

// fresh returns a node without a mark.
func (g *graph) fresh(a about) Node {
	n := Node(len(g.parent))
	g.parent, g.about = append(g.parent, n), append(g.about, a)
	return n
}

func (g *graph) node(m Mark) Node {
	n, ok := g.index[m]
	if !ok {
		n = g.fresh(0)
		g.index[m] = n
	}
	return n
}

func (g *graph) root(n Node) Node {
	for g.parent[n] != n {
		g.parent[n] = g.parent[g.parent[n]]
		n = g.parent[n]
	}
	return n
}

// join makes two nodes one, whose evidence is the stronger of both.
func (g *graph) join(a, b Node) {
	a, b = g.root(a), g.root(b)
	if a == b {
		return
	}
	a, b = min(a, b), max(a, b)
	x, y := g.about[a], g.about[b]
	best := x & kinds
	if k := y & kinds; best == 0 || k != 0 && k < best {
		best = k
	}
	g.about[a] = best | (x|y)&given | x&y&unproven
	g.parent[b] = a
}

// Users finds out who sent each flow, as far as the flow says.
type Users struct {
	*Evidence
	graph
	issuers map[Mark]uint32 // number of answers that gave a value to a client without it
	claims  []claim
	loose   []claim // of the flow in work
}

// A claim ties a flow to a value. It holds if only one answer gave the value away.
type claim struct {
	value Mark
	node  Node
	kind  about // of the value; 0: it names a record, whose user may have other names
}

// NewUsers starts from what all flows have shown and Judge has judged.
func NewUsers(e *Evidence) *Users {
	return &Users{
		Evidence: e, graph: graph{index: map[Mark]Node{}, parent: []Node{0}, about: []about{0}},
		issuers: map[Mark]uint32{},
	}
}

// See returns the node of the user that a flow names, 0 if it names none. Marks that
// occur together in one exchange belong to one user. Values that name somebody only if
// one answer gave them away become claims. A request that names its user needs no claim
// of its own: others may have told the user of the record that it asks for.
func (u *Users) See(f *flow.Flow) Node {
	u.loose = u.loose[:0]
	u.request = append(u.request[:0], u.carried(&f.Request)...)
	at := u.add(0, u.request, 0)
	if at == 0 {
		for i := range u.request {
			if a := &u.request[i]; u.held[a.text] == a.value && u.values[a.value].place.verdict != common && !u.values[a.value].shared {
				u.loose = append(u.loose, claim{value: a.text, kind: about(a.kind)})
			}
		}
		for m := range u.bare(&f.Request) {
			if u.issuers[m] < 2 {
				u.loose = append(u.loose, claim{value: m})
			}
		}
	}
	at = u.add(at, u.issued(f.Response), given)
	if f.Response != nil && len(u.bodies)+len(u.held) > 0 {
		at = u.receive(at, f)
	}
	if at == 0 && len(u.loose) > 0 {
		at = u.fresh(unproven)
	}
	for _, c := range u.loose {
		c.node = at
		u.claims = append(u.claims, c)
	}
	return at
}

// add joins the atoms that name users to the node of a flow, which is 0 at first.
func (u *Users) add(at Node, list []atom, how about) Node {
	for i := range list {
		if u.names(list[i].value) {
			at = u.name(at, list[i].value, how|about(list[i].kind))
		}
	}
	return at
}

func (u *Users) name(at Node, m Mark, how about) Node {
	n := u.node(m)
	if u.about[n] == 0 {
		u.about[n] = how &^ given
	}
	root := u.root(n)
	u.about[root] |= how & given
	if at != 0 {
		u.join(at, n)
		return at
	}
	return n
}

// receive looks for values in an answer that requests carry and that this one did not.
// Each counts once.
func (u *Users) receive(at Node, f *flow.Flow) Node {
	seen := map[Mark]bool{}
	for i := range u.request {
		seen[u.request[i].text] = true
	}
	for m := range u.received(f.Response) {
		if seen[m] {
			continue
		}
		seen[m] = true
		u.issuers[m]++
		if as, held := u.held[m]; held && u.names(as) {
			at = u.name(at, as, given|about(u.values[as].place.kind))
		} else if u.issuers[m] == 1 {
			u.loose = append(u.loose, claim{value: m})
		}
	}
	return at
}

// Settle joins the nodes that the claims tie together. It is called after the last flow.
func (u *Users) Settle() {
	for _, c := range u.claims {
		if u.issuers[c.value] != 1 {
			continue
		}
		n := u.node(c.value)
		u.about[u.root(n)] = u.about[u.root(n)]&^unproven | given
		u.join(c.node, n)
		if r := u.root(n); u.about[r]&kinds == 0 {
			u.about[r] |= c.kind
		}
	}
	u.claims = nil
}

// Who returns the node of the user whom a flow names, or 0.
func (u *Users) Who(n Node) Node {
	if r := u.root(n); u.about[r]&unproven == 0 && u.about[r]&kinds != 0 {
		return r
	}
	return 0
}

// Thread returns the node that ties a flow to others of the same user, who may have
// more of them, or 0.
func (u *Users) Thread(n Node) Node {
	if r := u.root(n); u.about[r]&unproven == 0 {
		return r
	}
	return 0
}

// Kind returns the strongest evidence of a node that Who has returned.
func (u *Users) Kind(n Node) Kind { return Kind(u.about[u.root(n)] & kinds) }

// Given reports whether the recording shows how the user of a node got what names it.
func (u *Users) Given(n Node) bool { return u.about[u.root(n)]&given != 0 }
