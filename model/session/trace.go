package session

import (
	"slices"

	"github.com/starling-load/starling/model/session/trail"
)

// begins adds a visitor to a group. A doubtful one may be one of those that are there.
func (w *visitors) begins(group *[]int32, r *record, doubtful bool) int32 {
	at, s := int32(len(w.list)), &w.sources[w.key(r)]
	t := &trail.Trail{Group: w.key(r), Doubtful: doubtful, Alone: s.address || r.carrier == 0, First: r.start, Entry: r.asks()}
	w.list, w.trails = append(w.list, visitor{}), append(w.trails, t)
	if len(*group) == maxGroup {
		*group = (*group)[:copy(*group, (*group)[1:])]
	}
	*group = append(*group, at)
	return at
}

// opens returns the visitor who asks for a page over a connection that nobody is known to
// use. If several may, or one who is there or another who comes, it begins a trail of which
// it is found out later whose it is.
func (w *visitors) opens(group *[]int32, from []int32, r *record) (int32, basis) {
	best, odds, second := w.likeliest(*group, from, r, 0)
	rests := w.alone(r)
	if slices.Contains(from, best) {
		rests = byPage
	}
	switch {
	case best == 0 || odds < -certain:
		return w.begins(group, r, false), w.alone(r)
	case odds > certain && odds-second > certain:
		if rests != byPage && !w.mine(best, r) {
			rests = byOrder
		}
		return best, rests
	}
	on := w.begins(group, r, true)
	if odds > 0 {
		w.list[on].guess, w.list[on].shape = best, w.list[best].shape
	}
	return on, rests
}

// mine reports whether a flow comes from the process of a visitor.
func (w *visitors) mine(at int32, r *record) bool {
	p := w.carriers.list[r.carrier].process
	return p != 0 && p == w.list[at].process && w.running.lasts(p)
}

// certain is how much must speak for one thing rather than another, as the logarithm of how
// many times likelier it is.
const certain = 2.0

// alone says what it rests on that a visitor who begins is a user.
func (w *visitors) alone(r *record) basis {
	switch {
	case r.carrier != 0 && !w.carriers.list[r.carrier].pooled:
		return byConn
	case w.sources[r.source].address:
		return byAddress
	}
	return byOrder
}

// trace adds a flow to the trail of its visitor.
func (w *visitors) trace(at int32, r *record) {
	t := w.trails[at]
	switch v := &w.list[at]; {
	case v.after != 0 || v.node != 0 && !t.Doubtful: // what names it says who it is
		w.trails[at] = w.known
		return
	case v.node != 0:
		t.Named = true
	}
	t.Last = max(t.Last, r.start+int64(r.done))
	if p := w.list[at].process; w.running.lasts(p) {
		t.Process = p
	}
	if r.referer != 0 && !t.Pages.Has(r.referer) {
		t.Came.Add(r.referer)
	}
	switch {
	case r.is&page != 0:
		t.Pages.Add(r.target, r.start)
		for _, m := range w.had {
			if !t.Fetched.Has(m) {
				t.Had.Add(m)
			}
		}
	case r.is&cold != 0:
		t.Fetched.Add(r.target)
	case r.is&warm != 0 && !t.Fetched.Has(r.target):
		t.Had.Add(r.target)
	}
}

// join finds the users of all visitors.
func (w *visitors) join() {
	before := trail.Join(w.trails[1:], trail.Site{Refers: w.loads.refers, Pace: w.loads.pace.Likely, Idle: int64(w.idle)})
	w.user = make([]int32, len(w.list))
	for i := range w.user {
		w.user[i] = int32(i)
		if i == 0 || before[i-1] < 0 {
			continue
		}
		first := w.user[before[i-1]+1]
		w.user[i] = first
		if w.list[i].node != 0 {
			w.list[first].node = w.list[i].node
		}
		w.list[first].basis = max(w.list[first].basis, w.list[i].basis, byOrder)
		w.joined++
	}
	w.trails = nil
	for i := range w.list {
		if v := &w.list[i]; v.after != 0 && v.node == 0 {
			w.user[i] = w.user[v.after]
		}
	}
}
