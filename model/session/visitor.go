package session

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/starling-load/starling/model/session/identity"
)

// visitors find out who sent the flows that name nobody. They see all flows in the
// order of start. These tell, the strongest first:
//
//   - the connection, if only one user is on it
//   - the page that a request comes from, which its user must have loaded
//   - the address of the client with its program, if addresses tell clients apart
//   - the order: a client goes on with what it has not done yet, and a client that has
//     an idle connection opens no other one
type visitors struct {
	*identity.Users
	*carriers
	idle   time.Duration
	list   []visitor // [0] is nobody
	byRoot map[identity.Node]int32
	loaded map[loading][]int32 // who loaded a page, the latest last
	groups map[uint32]*[]int32 // who is there, by source
	sent   map[loading]sending // who was sent to a target by an answer
	loads  loads
	now    load            // of the page in work
	had    []identity.Mark // that its client had
	swept  int             // size of loaded after the last sweep
}

// A visitor is a user, as far as the flows have told until now.
type visitor struct {
	node   identity.Node // 0: nothing names it
	basis  basis
	entry  identity.Mark // target of its first flow
	flows  int
	last   int64           // end of the flow that ended last
	page   identity.Mark   // that it loaded last
	opened int64           // when
	loaded int64           // when it was there
	shown  bool            // the request for it said who sent it
	since  []identity.Mark // what it asked for since then
	has    []identity.Mark // what it keeps
	over   []uint32        // connections that it uses alone, the latest last
}

// A loading is a page that somebody of a source loaded.
type loading struct {
	source uint32
	page   identity.Mark
}

// A sending is a visitor whom an answer sent elsewhere.
type sending struct {
	visitor int32
	at      int64 // unix nanoseconds
}

// soon is the time within which a client goes where an answer sends it, and within which
// one that logs in has done what comes before.
const soon = 5 * time.Second

// Bounds of what is remembered of those who are there.
const (
	maxLoaders = 16 // of one page
	maxGroup   = 64 // visitors of one source among whom one is looked for
	maxSince   = 96
	maxHas     = 256
	maxOver    = 8
)

// A basis is what it rests on that flows which name nobody have one user.
type basis uint8

const (
	byConn basis = iota + 1
	byPage
	byAddress
	byOrder
)

func newVisitors(u *identity.Users, c *carriers, l loads, idle time.Duration) *visitors {
	return &visitors{
		Users: u, carriers: c, idle: idle, list: make([]visitor, 1),
		byRoot: map[identity.Node]int32{}, loaded: map[loading][]int32{}, groups: map[uint32]*[]int32{},
		sent: map[loading]sending{}, loads: l,
	}
}

// of returns the visitor who sent a flow.
func (w *visitors) of(r *record) int32 {
	w.now = w.loads.of(r)
	w.had = w.loads.had(r, &w.now)
	c := &w.carriers.list[r.carrier]
	alone := r.carrier != 0 && !c.pooled
	who, thread := w.Who(r.node), w.Thread(r.node)
	at := int32(0)
	switch {
	case who != 0:
		at = w.named(who, r)
	case alone && c.visitor != 0:
		at = c.visitor
	case alone && c.roots[0] != 0:
		at = w.named(c.roots[0], r)
	case w.byRoot[thread] != 0:
		at = w.byRoot[thread]
	default:
		at = w.find(r, 0)
	}
	if thread != 0 {
		w.byRoot[thread] = at
	}
	if alone {
		c.visitor = at
	}
	w.note(at, r, alone)
	return at
}

// named returns the visitor of a node.
func (w *visitors) named(root identity.Node, r *record) int32 {
	at := w.byRoot[root]
	if at == 0 {
		at = w.find(r, root)
		w.list[at].node = root
		w.byRoot[root] = at
	}
	return at
}

// note remembers what a visitor did.
func (w *visitors) note(at int32, r *record, alone bool) {
	v := &w.list[at]
	if v.flows == 0 {
		v.entry = r.target
	}
	v.flows++
	v.last = max(v.last, r.start+int64(r.done))
	w.carriers.list[r.carrier].busy = max(w.carriers.list[r.carrier].busy, v.last)
	if alone && !slices.Contains(v.over, r.carrier) {
		if len(v.over) == maxOver {
			v.over = slices.Delete(v.over, 0, 1)
		}
		v.over = append(v.over, r.carrier)
	}
	if r.is&(cold|warm) != 0 && !slices.Contains(v.has, r.target) {
		if len(v.has) == maxHas {
			v.has = slices.Delete(v.has, 0, maxHas/4)
		}
		v.has = append(v.has, r.target)
	}
	if to := (loading{w.key(r), r.target}); w.sent[to].visitor == at {
		delete(w.sent, to) // it went there
	}
	if r.leads != 0 {
		w.sent[loading{w.key(r), r.leads}] = sending{at, r.start + int64(r.done)}
	}
	if r.is&page != 0 {
		v.page, v.opened, v.since, v.shown = r.target, r.start, v.since[:0], w.Who(r.node) != 0
		v.loaded = r.start + int64(r.done)
	} else if len(v.since) < maxSince {
		v.since = append(v.since, r.target)
	}
	if r.is&(page|style) != 0 {
		w.load(at, r)
	}
}

// load notes that a visitor loaded what others may come from.
func (w *visitors) load(at int32, r *record) {
	key := loading{w.key(r), r.target}
	who := w.loaded[key]
	if i := slices.Index(who, at); i >= 0 {
		who = slices.Delete(who, i, i+1)
	} else if len(who) == maxLoaders {
		who = slices.Delete(who, 0, 1)
	}
	w.loaded[key] = append(who, at)
	if len(w.loaded)+len(w.sent) > 2*w.swept+1<<12 {
		w.sweep(r.start)
	}
}

// sweep forgets pages and lists of those who have left.
func (w *visitors) sweep(now int64) {
	for key, who := range w.loaded {
		who = slices.DeleteFunc(who, func(at int32) bool { return !w.there(at, now) })
		if w.loaded[key] = who; len(who) == 0 {
			delete(w.loaded, key)
		}
	}
	w.swept = len(w.loaded)
	maps.DeleteFunc(w.sent, func(_ loading, s sending) bool { return time.Duration(now-s.at) > soon })
	for at := range w.list {
		if v := &w.list[at]; !w.there(int32(at), now) {
			v.since, v.has, v.over = nil, nil, nil
		}
	}
}

// there reports whether a visitor has not been idle for long.
func (w *visitors) there(at int32, now int64) bool {
	return time.Duration(now-w.list[at].last) <= w.idle
}

// key is the source among whose visitors one is looked for.
func (w *visitors) key(r *record) uint32 {
	if w.sources[r.source].address {
		return r.source
	}
	return r.program
}

// find returns the visitor that a flow belongs to which begins something: its
// connection and its marks are not known yet. root is what names it, or 0.
func (w *visitors) find(r *record, root identity.Node) int32 {
	key := w.key(r)
	to := loading{key, r.target}
	if s, ok := w.sent[to]; ok && time.Duration(r.start-s.at) <= soon && (root == 0 || w.list[s.visitor].node == 0) {
		delete(w.sent, to)
		w.list[s.visitor].basis = max(w.list[s.visitor].basis, byPage)
		return s.visitor
	}
	group := w.groups[key]
	if group == nil {
		group = new([]int32)
		w.groups[key] = group
	}
	from := w.loaded[loading{key, r.referer}]
	if s := &w.sources[key]; r.referer == 0 && (r.is&page == 0 || 2*s.coming <= s.flows) {
		from = w.referring(*group, r)
	}
	if at := w.fromPage(from, r, root); at != 0 {
		w.list[at].basis = max(w.list[at].basis, byPage)
		return at
	}
	at, rests := w.going(*group, r, root)
	if at == 0 {
		at, rests = int32(len(w.list)), byConn
		if r.carrier == 0 || w.carriers.list[r.carrier].pooled {
			rests = byOrder
			if w.sources[r.source].address {
				rests = byAddress
			}
		}
		w.list = append(w.list, visitor{})
		if len(*group) == maxGroup {
			*group = slices.Delete(*group, 0, 1)
		}
		*group = append(*group, at)
	}
	w.list[at].basis = max(w.list[at].basis, rests)
	return at
}

// referring returns the visitors of a group who look at a page that refers to what a flow
// asks for, and who have not begun with it.
func (w *visitors) referring(group []int32, r *record) (who []int32) {
	for _, at := range group {
		if v := &w.list[at]; w.loads.refers(v.page, r.target) && r.target != v.entry && w.there(at, r.start) {
			who = append(who, at)
		}
	}
	slices.SortStableFunc(who, func(a, b int32) int { return cmp.Compare(w.list[a].opened, w.list[b].opened) })
	return who
}

// fromPage chooses among those who loaded the page that a flow comes from: what they
// keep agrees with what was fetched, the page is still before them, they have not asked
// for the same since, and no idle connection is left to them. Of equals it takes who
// loaded it last.
func (w *visitors) fromPage(who []int32, r *record, root identity.Node) (best int32) {
	most, odds := math.MinInt, 0.0
	for _, at := range slices.Backward(who) {
		v := &w.list[at]
		if !w.there(at, r.start) || root != 0 && v.node != 0 {
			continue
		}
		score := 8 * w.cache(v, r)
		if !slices.Contains(v.since, r.target) {
			score += 4
		}
		if v.page == r.referer || r.referer == 0 {
			score += 2
		}
		if w.waiting(v, r) {
			score -= 6
		}
		if r.is&page != 0 && root == 0 && v.shown { // it would show what names it
			score -= 6
		}
		likely := w.loads.pace.hazard(r.start - v.opened)
		if r.is&page == 0 {
			likely = 1 / float64(1+max(0, r.start-v.loaded))
			if v.loaded > r.start { // the page was not there yet
				score--
			}
		}
		if score > most || score == most && likely > odds {
			best, most, odds = at, score, likely
		}
	}
	return best
}

// going returns the visitor of a group who goes on with a flow that comes from no known
// page, or 0.
func (w *visitors) going(group []int32, r *record, root identity.Node) (int32, basis) {
	s := &w.sources[w.key(r)]
	one := s.address || r.carrier == 0 // the group is one user, if nothing speaks against it
	best, there, returned, odds := int32(0), 0, false, 0.0
	for _, at := range slices.Backward(group) {
		v := &w.list[at]
		if root != 0 && v.node != 0 || !one && !w.there(at, r.start) || w.waiting(v, r) || w.cache(v, r) < 0 {
			continue
		}
		if v.node != 0 && r.referer == 0 && !one { // it would have shown what names it
			continue
		}
		there++
		back, likely := w.cache(v, r) > 0, float64(v.last)
		if back {
			likely = w.loads.pace.hazard(r.start - v.opened)
		}
		if best == 0 || back && !returned || back == returned && likely > odds {
			best, returned, odds = at, back, likely
		}
	}
	switch {
	case best == 0 || one:
		return best, byAddress
	case returned: // who asks has been here
		return best, byOrder
	}
	v, single := &w.list[best], s.direct > 2 && 2*s.sent < 3*s.direct // a connection for each request
	browsers := 2*s.coming > s.flows                                  // they say where they come from
	switch {
	case r.referer != 0: // a page that was loaded before the recording, or that a script named
		return best, byOrder
	case r.target == v.entry && (v.flows > 1 || browsers): // somebody begins as it did
		return 0, 0
	case (root != 0 || browsers) && there > 1: // one of several, and no page says which
		return 0, 0
	case root != 0 && time.Duration(r.start-v.last) > soon:
		return 0, 0
	case browsers, single, w.carriers.list[r.carrier].pooled:
		return best, byOrder
	}
	return 0, 0
}

// cache returns 1 if what a visitor keeps speaks for it as the sender of a flow: it has
// what the page refers to and was not fetched with it. It returns -1 if it speaks against it:
// it fetched before what was fetched now, or it asks again for what it never had.
func (w *visitors) cache(v *visitor, r *record) int {
	has := slices.Contains(v.has, r.target)
	switch {
	case r.is&warm != 0 && has:
		return 1
	case r.is&warm != 0 || r.is&cold != 0 && has:
		return -1
	}
	for _, m := range w.now.cold {
		if m != 0 && slices.Contains(v.has, m) {
			return -1
		}
	}
	if len(w.had) == 0 || slices.ContainsFunc(w.had, func(m identity.Mark) bool { return !slices.Contains(v.has, m) }) {
		return 0
	}
	return 1
}

// waiting reports whether a visitor has a connection that is idle when a flow begins
// on a new one, and that it uses later. A client would have used that one.
func (w *visitors) waiting(v *visitor, r *record) bool {
	if r.carrier == 0 {
		return false
	}
	c := &w.carriers.list[r.carrier]
	if c.pooled || c.opened != 0 && time.Duration(r.start-c.opened) > time.Second {
		return false
	}
	for _, n := range v.over {
		if o := &w.carriers.list[n]; n != r.carrier && o.last > r.start && o.busy <= r.start {
			return true
		}
	}
	return false
}
