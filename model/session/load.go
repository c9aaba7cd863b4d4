package session

import (
	"slices"

	"github.com/starling-load/starling/model/session/identity"
)

// A load is what one load of a page fetched that a client keeps: styles, scripts,
// pictures. Who fetched one of these before did not load the page.
type load struct {
	at   int64 // unix nanoseconds
	cold [4]identity.Mark
}

// loads holds the loads of a recording, in the order in which the pages were asked for.
type loads struct {
	list   []load
	recent map[loading][]int // the latest loads of a page, as indices of list
	next   int               // the load of the next page, when the pages are gone over again
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
		l.list = append(l.list, load{at: r.start})
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
		}
		return
	}
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
