package session

import (
	"strings"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
)

// An atom is one thing that tells who sent a request: "cookie NAME=VALUE",
// "token VALUE", "conn N" or "agent NAME".
type atom = string

// A graph joins atoms of one user (union-find).
type graph struct {
	index  map[atom]int
	parent []int
}

func (g *graph) node(a atom) int {
	i, ok := g.index[a]
	if !ok {
		i = len(g.parent)
		g.index[a] = i
		g.parent = append(g.parent, i)
	}
	return i
}

func (g *graph) root(i int) int {
	for g.parent[i] != i {
		g.parent[i] = g.parent[g.parent[i]]
		i = g.parent[i]
	}
	return i
}

func (g *graph) join(a, b atom) {
	i, j := g.root(g.node(a)), g.root(g.node(b))
	if i != j {
		g.parent[max(i, j)] = min(i, j)
	}
}

// identify returns for every flow, in order of start, the number of its user.
func identify(flows []*flow.Flow) []int {
	g := &graph{index: map[atom]int{}}
	issued := issuedCookies(flows)
	tokens := issuedTokens(flows)
	strong := make([]atom, len(flows)) // one strong atom of each flow
	for i, f := range flows {
		atoms := sentAtoms(f, issued)
		atoms = append(atoms, receivedAtoms(f, issued)...)
		atoms = append(atoms, tokens[i]...)
		for k, a := range atoms {
			g.node(a)
			if k > 0 {
				g.join(atoms[0], a)
			}
		}
		if len(atoms) > 0 {
			strong[i] = atoms[0]
		}
	}
	users := make([]int, len(flows))
	weak := weakAtoms(flows, strong, g)
	for i := range flows {
		a := strong[i]
		if a == "" {
			a = weak[i]
		}
		users[i] = g.root(g.node(a))
	}
	return users
}

// weakAtoms finds, for the flows that carry no strong atom, whom they belong
// to: the user of the connection; where it carries several, the user before on
// it, or else the one after.
func weakAtoms(flows []*flow.Flow, strong []atom, g *graph) []atom {
	type lane struct {
		users map[int]atom
		last  atom
		open  []int // flows before the first user
	}
	lanes := map[atom]*lane{}
	for i, f := range flows {
		name := laneOf(f)
		l := lanes[name]
		if l == nil {
			l = &lane{users: map[int]atom{}}
			lanes[name] = l
		}
		if strong[i] != "" {
			l.users[g.root(g.node(strong[i]))] = strong[i]
		}
	}
	out := make([]atom, len(flows))
	for i, f := range flows {
		l := lanes[laneOf(f)]
		switch {
		case strong[i] != "":
			l.last = strong[i]
			for _, k := range l.open {
				out[k] = strong[i]
			}
			l.open = nil
		case len(l.users) == 0 || f.Conn == 0:
			out[i] = laneOf(f)
		case l.last != "":
			out[i] = l.last
		default:
			l.open = append(l.open, i)
		}
	}
	return out
}

// laneOf returns the weak atom of a flow.
func laneOf(f *flow.Flow) atom {
	if f.Conn != 0 {
		var b [20]byte
		n, c := len(b), f.Conn
		for c > 0 {
			n--
			b[n] = byte('0' + c%10)
			c /= 10
		}
		return "conn " + string(b[n:])
	}
	return "agent " + f.Request.Headers.Value("User-Agent")
}

// minBits is the information that a cookie or token needs to name one user.
const minBits = 24

// issuedCookies returns the cookies (NAME=VALUE) that can name a user: issued
// to one client, once, or never seen issued but random.
func issuedCookies(flows []*flow.Flow) map[string]bool {
	times := map[string]int{}
	sent := map[string]bool{}
	for _, f := range flows {
		carried := map[string]bool{}
		for name, value := range cookies(f.Request.Headers) {
			pair := name + "=" + value
			carried[pair], sent[pair] = true, true
		}
		if f.Response == nil {
			continue
		}
		for _, line := range f.Response.Headers.Values("Set-Cookie") {
			if pair := setPair(line); pair != "" && !carried[pair] {
				times[pair]++
			}
		}
	}
	out := map[string]bool{}
	for pair, n := range times {
		_, value, _ := strings.Cut(pair, "=")
		if n == 1 && content.Bits(value) >= minBits && len(value) >= 8 {
			out[pair] = true
		}
	}
	for pair := range sent {
		_, value, _ := strings.Cut(pair, "=")
		if times[pair] == 0 && content.Opaque(value) {
			out[pair] = true
		}
	}
	return out
}

// setPair returns NAME=VALUE of a Set-Cookie line, "" for one that deletes.
func setPair(line string) string {
	pair, attributes, _ := strings.Cut(line, ";")
	name, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
	value = strings.Trim(value, `"`)
	if !ok || value == "" || value == "deleted" || strings.Contains(strings.ToLower(attributes), "max-age=0") {
		return ""
	}
	return name + "=" + value
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

// sentAtoms returns the strong atoms that a request carries.
func sentAtoms(f *flow.Flow, issued map[string]bool) []atom {
	var out []atom
	for name, value := range cookies(f.Request.Headers) {
		if pair := name + "=" + value; issued[pair] {
			out = append(out, "cookie "+pair)
		}
	}
	if t := credential(f.Request.Headers); t != "" {
		out = append(out, "token "+t)
	}
	return out
}

// credential returns what Authorization carries, without its scheme.
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

// receivedAtoms returns the cookies that an answer issues to one user.
func receivedAtoms(f *flow.Flow, issued map[string]bool) []atom {
	if f.Response == nil {
		return nil
	}
	var out []atom
	for _, line := range f.Response.Headers.Values("Set-Cookie") {
		if pair := setPair(line); issued[pair] {
			out = append(out, "cookie "+pair)
		}
	}
	return out
}

// issuedTokens returns for every flow the tokens that tie it to others: those
// in its answer that some request carries in Authorization, and those that one
// answer alone issued and that a body or query sends back (a refresh token, the
// ticket of a WebSocket).
func issuedTokens(flows []*flow.Flow) [][]atom {
	bearers := map[string]bool{}
	bodies := map[string]bool{}
	sent := make([][]string, len(flows))
	for i, f := range flows {
		if t := credential(f.Request.Headers); t != "" {
			bearers[t] = true
		}
		for _, l := range content.RequestLeaves(&f.Request) {
			carries := strings.HasPrefix(l.Selector, "body:") || strings.HasPrefix(l.Selector, "query:")
			if carries && content.Opaque(l.Value) && content.Bits(l.Value) >= 64 {
				bodies[l.Value] = true
				sent[i] = append(sent[i], l.Value)
			}
		}
	}
	out := make([][]atom, len(flows))
	if len(bearers)+len(bodies) == 0 {
		return out
	}
	issuers := map[string]int{}
	received := make([][]string, len(flows))
	for i, f := range flows {
		if f.Response == nil {
			continue
		}
		seen := map[string]bool{}
		for _, l := range content.New(f.Response).Leaves() {
			if strings.HasPrefix(l.Selector, "cookie:") || seen[l.Value] || !bearers[l.Value] && !bodies[l.Value] {
				continue
			}
			seen[l.Value] = true
			if credential(f.Request.Headers) != l.Value {
				issuers[l.Value]++
			}
			received[i] = append(received[i], l.Value)
		}
	}
	for i := range flows {
		for _, v := range received[i] {
			if bearers[v] || issuers[v] == 1 {
				out[i] = append(out[i], "token "+v)
			}
		}
		for _, v := range sent[i] {
			if issuers[v] == 1 {
				out[i] = append(out[i], "token "+v)
			}
		}
	}
	return out
}
