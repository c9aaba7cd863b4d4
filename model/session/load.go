package session

import (
	"slices"

	"github.com/starling-load/starling/model/session/identity"
)

// A load is what one load of a page fetched that a client keeps: styles, scripts,
// pictures. Who fetched one of these before did not load the page.
type load struct {
	page identity.Mark
	at   int64 // unix nanoseconds
	cold [4]identity.Mark
}

// A need is what loads of a page fetch that a client keeps, and how many did.
type need struct {
	cold  [4]identity.Mark
	loads [4]uint32
}

// loads holds the loads of a recording, in the order in which the pages were asked for.
type loads struct {
	list   []load
	recent map[loading][]int // the latest loads of a page, as indices of list
	needs  map[identity.Mark]*need
	next   int // the load of the next page, when the pages are gone over again
	pace   pace
}

// maxRecent is the number of loads of one page among which that of an asset is looked
// for.
const maxRecent = 8

// meet takes note of a flow, in the order of start. An asset belongs to the latest load
// of its page that has not fetched it.
func (l *loads) meet(r *record) {
	if r.is&page != 0 {
		if from := l.recent[loading{r.source, r.referer}]; r.referer != 0 && len(from) == 1 {
			l.pace.add(r.start - l.list[from[0]].at)
		}
		at := loading{r.source, r.target}
		list := append(l.recent[at], len(l.list))
		if len(list) > maxRecent {
			list = slices.Delete(list, 0, 1)
		}
		l.recent[at] = list
		l.list = append(l.list, load{page: r.target, at: r.start})
	}
	if r.is&cold == 0 || r.referer == 0 || r.is&page != 0 {
		return
	}
	for _, n := range slices.Backward(l.recent[loading{r.source, r.referer}]) {
		cold := &l.list[n].cold
		if slices.Contains(cold[:], r.target) {
			continue
		}
		if i := slices.Index(cold[:], 0); i >= 0 {
			cold[i] = r.target
			l.need(l.list[n].page, r.target)
		}
		return
	}
}

// need notes that a load of a page fetched an asset.
func (l *loads) need(page, asset identity.Mark) {
	n := l.needs[page]
	if n == nil {
		n = &need{}
		l.needs[page] = n
	}
	for i := range n.cold {
		if n.cold[i] == asset || n.cold[i] == 0 {
			n.cold[i] = asset
			n.loads[i]++
			return
		}
	}
}

// kept returns what a load of a page did not fetch although others did: its client had
// it. fetched reports whether it fetched anything that others fetched too.
func (l *loads) kept(r *record, now *load) (kept []identity.Mark, fetched bool) {
	n := l.needs[r.target]
	if r.is&page == 0 || n == nil {
		return nil, false
	}
	for i, m := range n.cold {
		switch {
		case n.loads[i] < 2:
		case slices.Contains(now.cold[:], m):
			fetched = true
		default:
			kept = append(kept, m)
		}
	}
	return kept, fetched
}

// of returns what the flow fetched that a client keeps: itself, or what its page needs.
// It is called for all flows in the order of start.
func (l *loads) of(r *record) (cold load) {
	if r.is&page != 0 {
		cold = l.list[l.next]
		l.next++
	}
	return cold
}
