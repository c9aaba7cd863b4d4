package session

import (
	"slices"
	"time"
)

// A doing is a request of a visitor.
type doing struct {
	visitor int32
	at      int64 // unix nanoseconds
}

// beside is the time within which a client sends requests that belong together, maxAhead
// the number of requests of all clients among which they are looked for, on each side.
const (
	beside   = 150 * time.Millisecond
	maxAhead = 64
)

// act remembers that a visitor did something, when, and what it is after what.
func (w *visitors) act(at int32, r *record) {
	if len(w.behind) == 2*maxAhead {
		w.behind = w.behind[:copy(w.behind, w.behind[maxAhead:])]
	}
	w.behind = append(w.behind, doing{at, r.start})
	v := &w.list[at]
	v.latest = r.start
	if r.is&(cold|warm|style) != 0 {
		return
	}
	w.habits.add(v.shape, r.shape)
	if pause := r.start - v.acted; r.is&page != 0 || pause > int64(beside) {
		if v.acted != 0 && v.node != 0 && v.page == 0 { // no page says how long its user looks at it
			w.loads.pace.Add(pause)
		}
		v.acted = r.start
	}
	v.did, v.shape = r.start, r.shape
}

// busy adds to those who loaded the page that a flow comes from the visitors who look at it
// and ask for something just now.
func (w *visitors) busy(from []int32, r *record) []int32 {
	from = slices.Clone(from)
	add := func(at int32) {
		if v := &w.list[at]; at != 0 && v.page == r.referer && !slices.Contains(from, at) {
			from = append(from, at)
		}
	}
	key := w.key(r)
	for _, d := range w.behind {
		if r.start-d.at < int64(beside) && w.list[d.visitor].key == key {
			add(d.visitor)
		}
	}
	for i := range w.ahead {
		if q := &w.ahead[i]; w.key(q) == key {
			add(w.byRoot[w.Who(q.node)])
		}
	}
	return from
}

// gap is the time between a flow and the nearest that a visitor asked for or that its page
// was there.
func (w *visitors) gap(at int32, r *record) int64 {
	v := &w.list[at]
	gap := max(0, r.start-max(v.latest, v.loaded))
	if v.node == 0 {
		return gap
	}
	for i := range w.ahead {
		if q := &w.ahead[i]; w.byRoot[w.Who(q.node)] == at {
			return min(gap, q.start-r.start)
		}
	}
	return gap
}
