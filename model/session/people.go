package session

import (
	"cmp"
	"slices"

	"github.com/starling-load/starling/model/session/identity"
)

// maxDevices is the number of clients that one person has in use at once.
const maxDevices = 2

// people finds the visitors who are one person: those that logged in under one name. It
// is called after join.
func (w *visitors) people() {
	w.person = slices.Clone(w.user)
	visits := map[identity.Mark][]int32{}
	for i := range w.list[1:] {
		if v := &w.list[i+1]; v.node != 0 && w.user[i+1] == int32(i+1) {
			if account := w.Account(v.node); account != 0 {
				visits[account] = append(visits[account], int32(i+1))
			}
		}
	}
	for _, list := range visits {
		slices.SortFunc(list, func(a, b int32) int {
			return cmp.Or(cmp.Compare(w.list[a].first, w.list[b].first), cmp.Compare(a, b))
		})
		if w.atOnce(list) > maxDevices {
			w.crowds++
			continue
		}
		for k, at := range list[1:] {
			w.person[at] = list[0]
			w.back++
			// A program that has no cookies and logs in again goes on if it does so on a
			// connection that it had. A browser that has none any more begins anew.
			if before := list[k]; !w.keeps(at) && !w.keeps(before) && w.connected(at, before) {
				w.user[at] = w.user[before]
			}
		}
	}
}

// keeps reports whether a visitor has cookies that name it.
func (w *visitors) keeps(at int32) bool { return w.Kind(w.list[at].node) == identity.Cookie }

// connected reports whether two visitors used one connection, or connections of one browser.
func (w *visitors) connected(a, b int32) bool {
	return slices.ContainsFunc(w.list[a].over, func(n uint32) bool {
		return slices.ContainsFunc(w.list[b].over, func(m uint32) bool { return w.stands(n) == w.stands(m) })
	})
}

// atOnce returns how many of some visitors, in the order of their first flows, are there
// at the same time.
func (w *visitors) atOnce(list []int32) (most int) {
	over := make([]int64, len(list)) // when they were over
	for i, at := range list {
		over[i] = w.list[at].last
	}
	slices.Sort(over)
	gone := 0
	for i, at := range list {
		for gone < len(over) && over[gone] <= w.list[at].first {
			gone++
		}
		most = max(most, i+1-gone)
	}
	return most
}
