package session

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A Report counts what a split was made from.
type Report struct {
	Flows   int            // of the hosts that count
	Users   int            // identities found
	Foreign map[string]int // flows to other hosts, by authority
	Hosts   []string       // that counted, sorted

	// Rests tells how many users rest on which evidence: "cookie", "connection".
	Rests map[string]int
	// Thin is the number of users that nothing names. They rest on address,
	// program, connection and the order of requests.
	Thin int
	// ByConn and ByAddress are how many users there would be by connection alone,
	// and by address and program alone.
	ByConn, ByAddress int
	// Idle is the pause that ended sessions. IdleFound says that it is that of the
	// recording, not the usual one.
	Idle      time.Duration
	IdleFound bool
	// Joined is how often a user is thought to go on where another one might have come:
	// otherwise there would be so many more.
	Joined int
	// Even is the number of pages and other requests that are about as likely another
	// user's, who was there too.
	Even int
	// Back is how many visits are known by a login name to be those of users who were
	// there before. Crowds is the number of accounts that several clients use at once.
	Back, Crowds int
	// Pooled is the number of connections that several users share.
	Pooled int
	// Shared names what looks like an identity and is shared by users who differ
	// otherwise, sorted: "header X-Api-Key".
	Shared []string
	// Apart counts the sessions that no person made, by kind; CutStart and CutEnd
	// those of which the recording may lack a part.
	Apart            map[Kind]int
	CutStart, CutEnd int
}

// Others names the other hosts with their flows, the most first, as "cdn.test 12,
// ads.test 3, 4 more". It returns "" if there are none.
func (r Report) Others() string {
	const named = 5
	hosts := slices.SortedFunc(maps.Keys(r.Foreign), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.Foreign[b], r.Foreign[a]), cmp.Compare(a, b))
	})
	var parts []string
	for _, h := range hosts[:min(named, len(hosts))] {
		parts = append(parts, fmt.Sprintf("%s %d", h, r.Foreign[h]))
	}
	if more := len(hosts) - named; more > 0 {
		parts = append(parts, fmt.Sprintf("%d more", more))
	}
	return strings.Join(parts, ", ")
}

// fill counts what the users rest on.
func (r *Report) fill(w *visitors, c *cuts) {
	r.Rests, r.Apart = map[string]int{}, map[Kind]int{}
	r.Joined, r.Back, r.Crowds, r.Even = w.joined, w.back, w.crowds, w.even
	for i := range w.list[1:] {
		v := &w.list[i+1]
		if w.user[i+1] != int32(i+1) || w.person[i+1] != int32(i+1) || c.numbers[i+1] == 0 {
			continue
		}
		r.Users++
		if v.node != 0 {
			r.Rests[w.Kind(v.node).String()]++
			continue
		}
		r.Thin++
		r.Rests[basisNames[v.basis]]++
	}
	for i := range w.carriers.list[1:] {
		if w.carriers.list[i+1].pooled {
			r.Pooled++
		}
	}
	r.ByConn, r.ByAddress, r.Shared = len(w.carriers.list)-1, w.clients, w.Shared()
	for i := range c.sessions {
		s := &c.sessions[i]
		if k := s.kind(); k != Person {
			r.Apart[k]++
		}
		if c.cut(s)&CutStart != 0 {
			r.CutStart++
		}
		if c.cut(s)&CutEnd != 0 {
			r.CutEnd++
		}
	}
}

// basisNames say what users rest on whom nothing names.
var basisNames = [...]string{byConn: "connection", byProcess: "process", byPage: "page", byAddress: "address and program", byOrder: "order of requests"}

// Lines says in sentences what the users rest on, and what the alternative would be.
func (r Report) Lines() []string {
	if r.Users == 0 {
		return nil
	}
	names := slices.SortedFunc(maps.Keys(r.Rests), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.Rests[b], r.Rests[a]), cmp.Compare(a, b))
	})
	var parts []string
	for _, n := range names {
		parts = append(parts, fmt.Sprintf("%d by %s", r.Rests[n], n))
	}
	lines := []string{"users are told apart: " + strings.Join(parts, ", ")}
	if r.Thin > 0 {
		lines = append(lines, fmt.Sprintf("thin evidence: nothing names %d of %d users; by connection alone there would be %d, by address and program alone %d",
			r.Thin, r.Users, r.ByConn, r.ByAddress))
	}
	if r.Joined > 0 {
		lines = append(lines, fmt.Sprintf("%d times a page was asked for that nothing ties to one of those who were there, and who goes on was chosen by odds: %d users, or up to %d if others came",
			r.Joined, r.Users, r.Users+r.Joined))
	}
	if r.Even > 0 {
		lines = append(lines, fmt.Sprintf("%d requests may as well be those of another user who was there: nothing but their order and pauses tells", r.Even))
	}
	if r.Back > 0 {
		lines = append(lines, fmt.Sprintf("%d visits are those of users who logged in under the same name before; by cookies and tokens alone there would be %d users", r.Back, r.Users+r.Back))
	}
	if r.Crowds > 0 {
		lines = append(lines, fmt.Sprintf("%d accounts are used by several clients at once and tell nobody apart", r.Crowds))
	}
	if r.Pooled > 0 {
		lines = append(lines, fmt.Sprintf("%d of %d connections are shared by several users and tell nobody apart", r.Pooled, r.ByConn))
	}
	if len(r.Shared) > 0 {
		lines = append(lines, "shared by all or many users, and so no identity: "+strings.Join(r.Shared, ", "))
	}
	if r.IdleFound {
		lines = append(lines, fmt.Sprintf("a session ends after a pause of %v, which parts the short pauses of this recording from the long ones", r.Idle))
	}
	var marked []string
	for _, m := range [...]struct {
		n    int
		what string
	}{
		{r.Apart[Robot], "made by robots"}, {r.Apart[Poller], "made by pollers and health checks"},
		{r.CutStart, "perhaps begun before the recording, which start no behavior"}, {r.CutEnd, "perhaps going on after it, which end none"},
	} {
		if m.n > 0 {
			marked = append(marked, fmt.Sprintf("%d %s", m.n, m.what))
		}
	}
	if len(marked) > 0 {
		lines = append(lines, "of the sessions: "+strings.Join(marked, ", "))
	}
	return lines
}
