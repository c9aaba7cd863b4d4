package session

import (
	"net/url"
	"slices"
	"time"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/session/identity"
	"github.com/starling-load/starling/model/session/trail"
	"github.com/starling-load/starling/record/flow"
)

// A load is what one load of a page fetched that a client keeps: styles, scripts,
// pictures. Who fetched one of these before did not load the page.
type load struct {
	page    identity.Mark
	at      int64  // unix nanoseconds
	carrier uint32 // the connection that it came over
	cold    [8]identity.Mark
}

// loads holds the loads of a recording, in the order in which the pages were asked for.
type loads struct {
	links  map[identity.Mark][]identity.Mark // what a page refers to
	kept   map[identity.Mark]bool            // assets that clients keep
	list   []load
	recent map[loading][]int // the latest loads of a page, and of any page (0), as indices of list
	next   int               // the load of the next page, when the pages are gone over again
	pace   trail.Pace
}

// Bounds of what is remembered of pages.
const (
	maxPages  = 1 << 16
	maxLinks  = 48      // of one page
	maxAssets = 1 << 17 // that clients keep
	maxRecent = 8       // loads among which that of an asset is looked for
)

func newLoads() loads {
	return loads{links: map[identity.Mark][]identity.Mark{}, kept: map[identity.Mark]bool{}, recent: map[loading][]int{}}
}

// see reads what a page refers to, once for each page.
func (l *loads) see(f *flow.Flow, r *record, m identity.Marks) {
	if _, known := l.links[r.target]; known || r.is&page == 0 || f.Response.Status != 200 || len(l.links) >= maxPages {
		return
	}
	base, err := url.Parse(f.Request.Target)
	if err != nil {
		return
	}
	var links []identity.Mark
	for _, to := range content.New(f.Response).Links() {
		u, err := base.Parse(to)
		if err != nil || u.Opaque != "" {
			continue
		}
		if m := m.Of("target", u.RequestURI()); !slices.Contains(links, m) {
			links = append(links, m)
		}
		if len(links) == maxLinks {
			break
		}
	}
	l.links[r.target] = links
}

// meet takes note of a flow, in the order of start. An asset belongs to the latest load
// of its page that has not fetched it. Without a page it is one that refers to it.
func (l *loads) meet(r *record) {
	if r.is&page != 0 {
		if from := l.recent[loading{r.source, r.referer}]; r.referer != 0 && len(from) == 1 {
			l.pace.Add(r.start - l.list[from[0]].at)
		}
		l.remember(loading{r.source, r.target})
		l.remember(loading{r.source, 0})
		l.list = append(l.list, load{page: r.target, at: r.start, carrier: r.carrier})
		return
	}
	if r.is&cold == 0 {
		return
	}
	if len(l.kept) < maxAssets {
		l.kept[r.target] = true
	}
	for _, n := range slices.Backward(l.recent[loading{r.source, r.referer}]) {
		cold := &l.list[n].cold
		if slices.Contains(cold[:], r.target) || r.referer == 0 && !l.refers(l.list[n].page, r.target) {
			continue
		}
		if i := slices.Index(cold[:], 0); i >= 0 {
			cold[i] = r.target
		}
		return
	}
}

// from returns the connections of the loads that a flow may come from: for an asset, those
// of a moment ago that have not fetched it. It is its own connection, if that is one. Where
// several loaded the page that another one comes from, more than that says whose it is.
func (l *loads) from(r *record) (from []uint32) {
	if r.referer == 0 || r.carrier == 0 || r.is&page != 0 && len(l.recent[loading{r.source, r.referer}]) > 1 {
		return nil
	}
	for _, at := range l.recent[loading{r.source, r.referer}] {
		x := &l.list[at]
		if r.is&page == 0 && (time.Duration(r.start-x.at) > burst || slices.Contains(x.cold[:], r.target)) {
			continue
		}
		if x.carrier == r.carrier {
			return []uint32{x.carrier}
		}
		from = append(from, x.carrier)
	}
	return from
}

// burst is the time within which a browser fetches most of what a page needs.
const burst = time.Second

// remember notes the next load among the latest.
func (l *loads) remember(at loading) {
	list := append(l.recent[at], len(l.list))
	if len(list) > maxRecent {
		list = slices.Delete(list, 0, 1)
	}
	l.recent[at] = list
}

// of returns what the load of a page fetched that a client keeps. It is called for all
// flows in the order of start.
func (l *loads) of(r *record) (now load) {
	if r.is&page != 0 {
		now = l.list[l.next]
		l.next++
	}
	return now
}

// had returns what a load of a page did not fetch although the page refers to it and
// clients keep it: the client had it. It knows nothing if the load fetched a lot.
func (l *loads) had(r *record, now *load) (had []identity.Mark) {
	if r.is&page == 0 || now.cold[len(now.cold)-1] != 0 {
		return nil
	}
	for _, m := range l.links[r.target] {
		if l.kept[m] && !slices.Contains(now.cold[:], m) {
			had = append(had, m)
		}
	}
	return had
}

// refers reports whether a page refers to a target.
func (l *loads) refers(page, target identity.Mark) bool {
	return slices.Contains(l.links[page], target)
}
