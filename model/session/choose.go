package session

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/starling-load/starling/model/session/identity"
)

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
	if s, ok := w.sent[to]; ok && time.Duration(r.start-s.at) <= soon && (root == 0 || w.list[s.visitor].node == 0) && !w.elsewhere(&w.list[s.visitor], r) {
		delete(w.sent, to)
		w.list[s.visitor].basis = max(w.list[s.visitor].basis, byPage)
		return s.visitor
	}
	group := w.group(key)
	if len(*group) > 1 || len(*group) == 1 && !w.sources[key].address && r.carrier != 0 {
		w.unsure[key] = true
	}
	from := w.loaded[loading{key, r.referer}]
	if r.referer == 0 && (r.is&page == 0 || w.programs(key)) {
		from = w.referring(*group, r)
	}
	if r.is&page != 0 && root == 0 {
		at, rests := w.opens(group, from, r)
		w.list[at].basis = max(w.list[at].basis, rests)
		return at
	}
	if act := r.is&(cold|warm|style) == 0; act && r.carrier != 0 && (root != 0 || r.referer != 0 || w.carriers.list[r.carrier].pooled && w.programs(key)) {
		at, odds, second := w.likeliest(*group, from, r, root)
		if root != 0 && odds > 0 && second > 0 && odds-second < certain { // what comes later may tell
			return w.perhaps(at, group, r)
		}
		if odds > certain || odds > 0 && (r.is&page == 0 || r.referer != 0) {
			w.list[at].basis = max(w.list[at].basis, byPage)
			return at
		}
		if root != 0 || r.referer == 0 {
			return w.begins(group, r, false)
		}
	}
	if r.referer != 0 {
		from = w.busy(from, r)
	}
	if at := w.fromPage(from, r, root); at != 0 {
		w.list[at].basis = max(w.list[at].basis, byPage)
		return at
	}
	at, rests := w.going(*group, r, root)
	if at == 0 {
		at, rests = w.begins(group, r, false), w.alone(r)
	}
	w.list[at].basis = max(w.list[at].basis, rests)
	return at
}

// perhaps begins a visitor who has a name, and who perhaps goes on what another one did.
func (w *visitors) perhaps(other int32, group *[]int32, r *record) int32 {
	at := w.begins(group, r, true)
	v, before := &w.list[at], &w.list[other]
	v.guess, v.basis, v.shape, v.acted = other, byPage, before.shape, before.acted
	v.page, v.opened, v.loaded = before.page, before.opened, before.loaded
	return at
}

// programs reports whether the clients of a source are programs, or hide where they come
// from.
func (w *visitors) programs(key uint32) bool { return 2*w.sources[key].coming <= w.sources[key].flows }

// group returns the visitors of a source.
func (w *visitors) group(key uint32) *[]int32 {
	group := w.groups[key]
	if group == nil {
		group = new([]int32)
		w.groups[key] = group
	}
	return group
}

// referring returns the visitors of a group who look at a page that refers to what a flow
// asks for, and who have not begun with it.
func (w *visitors) referring(group []int32, r *record) (who []int32) {
	for _, at := range group {
		if v := &w.list[at]; w.loads.refers(v.page, r.target) && r.asks() != v.entry && w.there(&w.list[at], r.start) {
			who = append(who, at)
		}
	}
	slices.SortStableFunc(who, func(a, b int32) int { return cmp.Compare(w.list[a].opened, w.list[b].opened) })
	return who
}

// fromPage chooses among those who loaded the page that an asset comes from: what they
// keep agrees with what was fetched, the page is still before them, they have not asked
// for the same since, and no idle connection is left to them. Of equals it takes who
// does something nearest to it in time.
func (w *visitors) fromPage(who []int32, r *record, root identity.Node) (best int32) {
	most, nearest := math.MinInt, int64(0)
	for _, at := range slices.Backward(who) {
		v := &w.list[at]
		if !w.there(v, r.start) || root != 0 && v.node != 0 || w.elsewhere(v, r) {
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
		if v.loaded > r.start { // the page was not there yet
			score--
		}
		if gap := w.gap(at, r); score > most || score == most && gap < nearest {
			best, most, nearest = at, score, gap
		}
	}
	return best
}

// possible reports whether a visitor may go on with a flow that comes from no known page.
// one says that its group is one user.
func (w *visitors) possible(v *visitor, r *record, root identity.Node, one bool) bool {
	switch {
	case root != 0 && v.node != 0, !one && !w.there(v, r.start), w.elsewhere(v, r), w.waiting(v, r), w.cache(v, r) < 0:
		return false
	}
	return v.node == 0 || r.referer != 0 || one // it would have shown what names it
}

// going returns the visitor of a group who goes on with a flow that comes from no known
// page, or 0.
func (w *visitors) going(group []int32, r *record, root identity.Node) (int32, basis) {
	s := &w.sources[w.key(r)]
	one := s.address || r.carrier == 0                // the group is one user, if nothing speaks against it
	browsers := 2*s.coming > s.flows                  // they say where they come from
	single := s.direct > 7 && 10*s.sent < 11*s.direct // a connection for each request
	if browsers {
		single = s.direct > 2 && 2*s.sent < 3*s.direct
	}
	best, there, returned, odds := int32(0), 0, false, 0.0
	for _, at := range slices.Backward(group) {
		v := &w.list[at]
		if !w.possible(v, r, root, one) || single && !browsers && !one && v.last > r.start { // one thing after the other
			continue
		}
		there++
		back, likely := w.cache(v, r) > 0, float64(v.last)
		if back {
			likely = w.loads.pace.Hazard(r.start - v.opened)
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
	v := &w.list[best]
	switch {
	case r.referer != 0: // a page that was loaded before the recording, or that a script named
		return best, byOrder
	case r.asks() == v.entry && (v.more || browsers): // somebody begins as it did
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
