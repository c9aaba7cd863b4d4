package correlate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/starling-load/starling/model/content"
)

// An identity is the identifier of something in a request.
type identity struct {
	value    string
	of       string // what it identifies, "" if its name does not say it
	selector string
}

// Identities are the identifiers in a request, in its order.
type identities struct {
	all    []identity
	sorted []int      // indices, by selector
	apart  []identity // that are in no list
}

// identities returns the identifiers that stand beside a place of the request of e: those
// of the same element of a list or, if it is in none, all that are in none.
func (e *parsed) identities(place string) []identity {
	if e.ids == nil {
		e.ids = e.readIdentities()
	}
	at := strings.LastIndexByte(place, ']')
	if at <= 0 {
		return e.ids.apart
	}
	if out := e.ids.below(place[:at+1]); len(out) > 0 {
		return out
	}
	return e.ids.apart
}

// readIdentities finds the identifiers in the request of e.
func (e *parsed) readIdentities() *identities {
	ids := &identities{}
	spans := e.spans
	if e.whole != &e.Flow.Request {
		spans = content.Spans(e.whole)
	}
	for i := range spans {
		if of, ok := identifies(&spans[i], e.Path); ok && spans[i].Value != "" {
			ids.sorted = append(ids.sorted, len(ids.all))
			ids.all = append(ids.all, identity{spans[i].Value, of, spans[i].Selector})
		}
	}
	slices.SortFunc(ids.sorted, func(a, b int) int { return cmp.Compare(ids.all[a].selector, ids.all[b].selector) })
	for _, id := range ids.all {
		if !strings.Contains(id.selector, "[") {
			ids.apart = append(ids.apart, id)
		}
	}
	return ids
}

// below returns the identifiers whose selectors begin with that of an element.
func (ids *identities) below(element string) []identity {
	from, _ := slices.BinarySearchFunc(ids.sorted, element, func(i int, s string) int { return cmp.Compare(ids.all[i].selector, s) })
	var found []int
	for _, i := range ids.sorted[from:] {
		if !strings.HasPrefix(ids.all[i].selector, element) {
			break
		}
		found = append(found, i)
	}
	slices.Sort(found)
	out := make([]identity, len(found))
	for k, i := range found {
		out[k] = ids.all[i]
	}
	return out
}
