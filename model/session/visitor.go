package session

import (
	"maps"
	"math"
	"slices"
	"time"

	"github.com/starling-load/starling/model/session/identity"
	"github.com/starling-load/starling/model/session/idle"
	"github.com/starling-load/starling/model/session/trail"
)

// visitors find out who sent the flows that name nobody. They see all flows in the
// order of start. These tell, the strongest first:
//
//   - the connection, if only one user is on it, and the process that opened it
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
	gaps   idle.Gaps       // of users whom a name or an address tells
	habits habits
	ahead  []record // the flows that follow the one in work
	behind []doing  // and those before it
	swept  int      // size of loaded after the last sweep

	unsure map[uint32]bool // sources of which some flows may be of several visitors
	even   int             // acts that are about as likely another user's

	trails []*trail.Trail // of each visitor
	known  *trail.Trail   // stands for those of visitors whom something names
	user   []int32        // the first visitor of the same user, for each
	joined int            // visitors who are thought to go on what another began

	person []int32 // of each visitor: the first one of the same person
	back   int     // visitors whose login tells that they were there before
	crowds int     // accounts that several clients use at once
}

// A visitor is a user, as far as the flows have told until now.
type visitor struct {
	node   identity.Node // 0: nothing names it
	basis  basis
	entry  identity.Mark // what its first flow asks for
	flows  int
	more   bool            // it asked for something else since
	late   bool            // its first flow comes from a page that it has not loaded here
	first  int64           // start of its first flow
	last   int64           // end of the flow that ended last
	latest int64           // start of its latest flow
	page   identity.Mark   // that it loaded last
	opened int64           // when
	loaded int64           // when it was there
	shown  bool            // the request for it said who sent it
	since  []identity.Mark // what it asked for since then
	has    []identity.Mark // what it keeps
	over   []uint32        // connections that it uses alone, the latest last

	key     uint32        // of its group
	shape   identity.Mark // of its latest request, but for assets
	did     int64         // start of that
	acted   int64         // start of its latest one that came after a pause, or was for a page
	process uint32        // its latest that is known

	left  bool          // it logged out
	leads identity.Mark // where that led
	guess int32         // the visitor whom it is thought to go on until all are compared; 0: none
	after int32         // the visitor whom it goes on unless something else names it; 0: none
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
	byProcess
	byPage
	byAddress
	byOrder
)

func newVisitors(u *identity.Users, c *carriers, l loads, idle time.Duration) *visitors {
	return &visitors{
		Users: u, carriers: c, idle: idle, list: make([]visitor, 1),
		byRoot: map[identity.Node]int32{}, loaded: map[loading][]int32{}, groups: map[uint32]*[]int32{},
		sent: map[loading]sending{}, unsure: map[uint32]bool{}, loads: l, habits: newHabits(), trails: make([]*trail.Trail, 1), known: &trail.Trail{Group: math.MaxUint32},
	}
}

// of returns the visitor who sent a flow.
func (w *visitors) of(r *record) int32 {
	w.now = w.loads.of(r)
	w.had = w.loads.had(r, &w.now)
	c := &w.carriers.list[w.stands(r.carrier)]
	alone := r.carrier != 0 && !c.pooled
	who, thread := w.Who(r.node), w.Thread(r.node)
	at := int32(0)
	switch {
	case who != 0:
		if alone && c.by != 0 && w.byRoot[who] == 0 {
			if w.list[c.by].node != 0 { // another user of this browser
				c.by = w.begins(w.group(w.key(r)), r, false)
			}
			w.list[c.by].node, w.byRoot[who] = who, c.by
		}
		at = w.named(who, r)
	case alone && c.by != 0:
		at = w.still(c.by, r)
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
		c.by = at
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

// still returns the visitor of a flow on the connection of one who may have logged out. What
// comes after that is another's if it is then found to have another name.
func (w *visitors) still(at int32, r *record) int32 {
	v := &w.list[at]
	if !v.left || r.is&page == 0 && r.is&(cold|warm|style) != 0 || r.target == v.leads {
		return at
	}
	w.list, w.trails = append(w.list, visitor{after: at}), append(w.trails, w.known)
	return int32(len(w.list) - 1)
}

// note remembers what a visitor did.
func (w *visitors) note(at int32, r *record, alone bool) {
	v := &w.list[at]
	if v.flows == 0 {
		v.entry, v.first, v.key = r.asks(), r.start, w.key(r)
		v.late = r.referer != 0 && !slices.Contains(w.loaded[loading{w.key(r), r.referer}], at)
	}
	v.more = v.more || r.asks() != v.entry
	w.trace(at, r)
	if v.flows > 0 && (v.node != 0 || w.sources[w.key(r)].address) {
		w.gaps.Add(time.Duration(r.start - v.last))
	}
	v.flows++
	w.act(at, r)
	switch {
	case r.is&leaves != 0:
		v.left, v.leads = true, r.leads
	case w.Who(r.node) != 0:
		v.left = false
	}
	if p := w.carriers.list[r.carrier].process; p != 0 {
		if v.process = p; w.running[p].one() && w.running[p].browser() && w.running[p].carriers > 1 {
			v.basis = max(v.basis, byProcess)
		}
	}
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
		v.page, v.opened, v.since, v.shown = r.target, r.start, v.since[:0], r.is&shows != 0
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
		who = slices.DeleteFunc(who, func(at int32) bool { return !w.there(&w.list[at], now) })
		if w.loaded[key] = who; len(who) == 0 {
			delete(w.loaded, key)
		}
	}
	w.swept = len(w.loaded)
	maps.DeleteFunc(w.sent, func(_ loading, s sending) bool { return time.Duration(now-s.at) > soon })
	for at := range w.list {
		if v := &w.list[at]; !w.there(v, now) {
			v.since, v.has, v.over = nil, nil, nil
		}
	}
}

// there reports whether a visitor has not been idle for long.
func (w *visitors) there(v *visitor, now int64) bool {
	return time.Duration(now-v.last) <= w.idle
}
