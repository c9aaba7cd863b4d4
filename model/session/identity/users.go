package identity

import (
	"bytes"
	"net/url"
	"strings"
	"unicode"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
)

// A Node stands for a user, or for one of the marks of a user. 0 is none.
type Node uint32

// A graph joins the marks of one user (union-find).
type graph struct {
	index  map[Mark]Node
	parent []Node // of each node; [0] is none
	about  []about

	account map[Node]Mark // that the user of a root logged in to
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

// join makes two nodes one, whose evidence is the stronger of both, unless their users
// logged in to different accounts.
func (g *graph) join(a, b Node) {
	a, b = g.root(a), g.root(b)
	if a == b {
		return
	}
	a, b = min(a, b), max(a, b)
	switch mine, other := g.account[a], g.account[b]; {
	case mine != 0 && other != 0 && mine != other:
		return
	case other != 0:
		g.account[a] = other
		delete(g.account, b)
	}
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
	issuers map[Mark]issuer // of values that requests carry
	again   []claim         // values that were given away before
	claims  []claim
	loose   []claim // of the flow in work
	gave    []Mark  // what its answer gives away
	Left    bool    // the flow that See saw last logs its user out
	Shows   bool    // the request of that flow carries what names its user
	goesOn  []going
	within  map[Node]int // place of a node that goes on in goesOn
}

// A going is what a client does after its user left, or was asked for a password. It is
// the same user's unless another one logs in.
type going struct {
	on, of Node
	asked  bool
	leads  Mark // where the answer sent the client when its user left
	begun  bool // it did more than go there
}

// A claim ties a flow to a value. It holds if answers gave the value to one user alone.
type claim struct {
	value Mark
	node  Node
	kind  about // of the value; 0: it names a record, whose user may have other names
}

// An issuer is the flow whose answer first gave a value to a client without it.
type issuer struct {
	node  Node
	again uint8 // answers to others, who may turn out to be the same
	many  bool  // others got the value too
}

// NewUsers starts from what all flows have shown and Judge has judged.
func NewUsers(e *Evidence) *Users {
	return &Users{
		Evidence: e, graph: graph{index: map[Mark]Node{}, parent: []Node{0}, about: []about{0}, account: map[Node]Mark{}},
		issuers: map[Mark]issuer{}, within: map[Node]int{},
	}
}

// See returns the node of the user that a flow names, 0 if it names none. Marks that
// occur together in one exchange belong to one user. Values that name somebody only if
// they were given to one user become claims. A request that names its user needs no claim
// of its own: others may have told the user of the record that it asks for.
func (u *Users) See(f *flow.Flow) Node {
	u.loose, u.gave = u.loose[:0], u.gave[:0]
	u.request = append(u.request[:0], u.carried(&f.Request, f.Start)...)
	u.Left = false
	at := u.mentions(u.add(0, u.request, 0), &f.Request.Body)
	u.Shows = at != 0
	if at != 0 && u.account[u.root(at)] != 0 && u.asking(f) {
		at = u.part(at, true)
	}
	account, enters := u.enters(f)
	last := u.stays(at, f, enters)
	enters = enters && u.admits(f)
	if enters && at != 0 {
		at = u.change(at, account)
	}
	if at == 0 {
		for i := range u.request {
			if a := &u.request[i]; u.held[a.text] == a.value && u.values[a.value].place.verdict != common && !u.values[a.value].shared {
				u.loose = append(u.loose, claim{value: a.text, kind: about(a.kind)})
			}
		}
		for m := range u.bare(&f.Request) {
			if !u.issuers[m].many {
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
	u.give(at)
	if enters && at != 0 {
		u.account[u.root(at)] = account
	}
	if u.Left = u.leaves(f); u.Left && at != 0 && u.account[u.root(at)] != 0 {
		g := &u.goesOn[u.within[u.part(at, false)]]
		g.leads = u.next(f)
	}
	if last != 0 {
		return last
	}
	return at
}

// stays returns the node of a user who left, if a flow of the client is only what comes
// with that: the page that the answer led to, and what that needs.
func (u *Users) stays(at Node, f *flow.Flow, enters bool) Node {
	i, parted := u.within[u.root(at)]
	if !parted {
		return 0
	}
	g := &u.goesOn[i]
	if g.begun = g.begun || g.asked || enters || u.asking(f) || u.Of("target", f.Request.Target) != g.leads && !asset(f); g.begun {
		return 0
	}
	return g.of
}

// asset reports whether an answer is what a page needs.
func asset(f *flow.Flow) bool {
	if f.Response == nil {
		return false
	}
	media := content.New(f.Response).Media()
	return strings.HasPrefix(media, "image/") || strings.HasPrefix(media, "font/") || media == "text/css" || strings.HasSuffix(media, "javascript")
}

// next is a mark of the target that an answer leads to, 0 if there is none.
func (u *Users) next(f *flow.Flow) Mark {
	from, err := url.Parse(f.Request.Target)
	if err != nil || f.Response == nil || f.Response.Status/100 != 3 {
		return 0
	}
	to, err := from.Parse(f.Response.Headers.Value("Location"))
	if err != nil {
		return 0
	}
	return u.Of("target", to.RequestURI())
}

// admits reports whether an answer to who logs in gives what names a user, or the request
// is what a form asks for that is there for it. Otherwise somebody may have made an account
// for another.
func (u *Users) admits(f *flow.Flow) bool {
	if u.logins.takes[u.Of("path", f.Request.Path())] {
		return true
	}
	for _, a := range u.issued(f.Response) {
		if u.names(a.value) {
			return true
		}
	}
	if f.Response == nil {
		return false
	}
	for m := range u.received(f.Response) {
		if as, held := u.held[m]; held && u.names(as) {
			return true
		}
	}
	return false
}

// change returns the node of the user of a client that logs in to an account.
func (u *Users) change(at Node, account Mark) Node {
	old := u.account[u.root(at)]
	g, parted := u.within[u.root(at)]
	switch {
	case parted && u.account[u.root(u.goesOn[g].of)] == account: // the same one again
		u.settle(g)
	case old != 0 && old != account:
		return u.move(at)
	}
	return at
}

// part makes what a client does from now on another node, which may be another user's.
func (u *Users) part(at Node, asked bool) Node {
	if g, parted := u.within[u.root(at)]; parted {
		if !asked || !u.goesOn[g].asked { // the user left before
			return at
		}
		u.settle(g)
	}
	on := u.move(at)
	u.within[on] = len(u.goesOn)
	u.goesOn = append(u.goesOn, going{on: on, of: at, asked: asked})
	return on
}

// move gives what the client keeps and will send again to a new node. A token and its
// subject stay with the user whom they were issued to.
func (u *Users) move(at Node) Node {
	root := u.root(at)
	on := u.fresh(u.about[root] &^ unproven)
	for _, list := range [...][]atom{u.request, u.out} {
		for i := range list {
			if n, known := u.index[list[i].value]; known && u.root(n) == root && list[i].kind != Subject && list[i].kind != Token {
				u.index[list[i].value] = on
			}
		}
	}
	return on
}

// settle makes what a client did after a user left the user's own.
func (u *Users) settle(g int) {
	at := u.goesOn[g]
	delete(u.within, u.root(at.on))
	u.join(at.on, at.of)
}

// Account returns a mark of the account that the user of a node logged in to, or 0.
func (u *Users) Account(n Node) Mark { return u.account[u.root(n)] }

// add joins the atoms that name users to the node of a flow, which is 0 at first.
func (u *Users) add(at Node, list []atom, how about) Node {
	for i := range list {
		if u.names(list[i].value) {
			at = u.name(at, list[i].value, how|about(list[i].kind))
		}
	}
	return at
}

// mentions joins the tokens that stand in the body of a request, in whatever form, to the
// node of a flow. A socket is told who its user is in this way.
func (u *Users) mentions(at Node, b *flow.Body) Node {
	if len(b.Data) > maxForm || len(u.held) == 0 {
		return at
	}
	for word := range bytes.FieldsFuncSeq(b.Data, func(c rune) bool {
		return c > 'z' || !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("-._~+/=", c)
	}) {
		if len(word) < 12 {
			continue
		}
		if as, held := u.held[u.Of(bareMark, string(word))]; held && u.names(as) {
			at = u.name(at, as, about(u.values[as].place.kind))
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
	var seen map[Mark]bool
	for m := range u.received(f.Response) {
		if seen == nil {
			seen = u.sent(&f.Request)
		}
		if seen[m] {
			continue
		}
		seen[m] = true
		u.gave = append(u.gave, m)
		if as, held := u.held[m]; held && u.names(as) {
			at = u.name(at, as, given|about(u.values[as].place.kind))
		} else if _, known := u.issuers[m]; !known {
			u.loose = append(u.loose, claim{value: m})
		}
	}
	return at
}

// sent returns the values that a request carries.
func (u *Users) sent(r *flow.Request) map[Mark]bool {
	seen := map[Mark]bool{}
	for i := range u.request {
		seen[u.request[i].text] = true
	}
	for m := range u.bare(r) {
		seen[m] = true
	}
	return seen
}

// give notes to whom the answer of a flow gives its values. Some answers give a client again
// what it has.
func (u *Users) give(at Node) {
	for _, m := range u.gave {
		switch old, known := u.issuers[m]; {
		case !known:
			u.issuers[m] = issuer{node: at}
		case at == 0 || old.again == maxAgain:
			u.issuers[m] = issuer{many: true}
		case !old.many && u.root(old.node) != u.root(at):
			old.again++
			u.issuers[m] = old
			u.again = append(u.again, claim{value: m, node: at})
		}
	}
}

// maxAgain is how often a value may be given to clients who may turn out to be one.
const maxAgain = 8

// Settle joins the nodes that the claims tie together, and users with what their clients
// did after they left. It is called after the last flow.
func (u *Users) Settle() {
	for g := range u.goesOn {
		if u.account[u.root(u.goesOn[g].on)] == 0 {
			u.join(u.goesOn[g].on, u.goesOn[g].of)
		}
	}
	for _, c := range u.again {
		if old := u.issuers[c.value]; u.root(old.node) != u.root(c.node) {
			u.issuers[c.value] = issuer{many: true}
		}
	}
	for _, c := range u.claims {
		if old, known := u.issuers[c.value]; !known || old.many {
			continue
		}
		n := u.node(c.value)
		u.about[u.root(n)] = u.about[u.root(n)]&^unproven | given
		u.join(c.node, n)
		if r := u.root(n); u.about[r]&kinds == 0 {
			u.about[r] |= c.kind
		}
	}
	u.claims, u.again = nil, nil
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
