package correlate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/starling-load/starling/model/content"
)

// Nobody types a hidden field. If one has another value than its form shows, a script of
// the page set it: mostly to the identifier of what the user clicked on, which the page
// holds beside it, in an attribute or in the query of a link.

// minScripted is the least number of requests that show where a script has a value from.
const minScripted = 2

// scripted reports whether a script set the hidden field that u is the value of to an
// identifier.
func (u use) scripted(p *leaf) bool {
	from := u.exchange.sentFrom
	_, name, ok := strings.Cut(p.span.Selector, ":")
	if from == nil || !ok || p.outer != nil || content.Kind(u.value) == "" || len(u.exchange.spots[p.span.Selector].selector) > 0 {
		return false
	}
	return from.hidden[name]
}

// beside returns the attributes and link queries of the page of a form that hold the value
// of u, each once.
func (u use) beside() []string {
	var out []string
	for _, at := range u.exchange.session.given()[u.value] {
		inLink := strings.HasPrefix(at.selector, "link:") && strings.Contains(at.selector, "?")
		if at.exchange == u.exchange.sentFrom.page && (inLink || strings.HasPrefix(at.selector, "attr:")) && len(out) < maxChosen && !slices.Contains(out, at.selector) {
			out = append(out, at.selector)
		}
	}
	return out
}

// fromPage tells where scripts have the values of a hidden field from: the place of the
// page that holds nearly all of them, and identifiers alone. It finds nothing where no
// place does, or where the requests show too little.
func (p *leaf) fromPage() locator {
	var uses []use
	for _, u := range p.uses {
		if len(uses) < maxPlaced && u.scripted(p) {
			uses = append(uses, u)
		}
	}
	none := locator(nowhere)
	if len(uses) < minScripted || constant(uses) && (len(uses[0].value) < 2 || oneSession(uses)) {
		return none
	}
	hits := map[string]int{}
	for _, u := range uses {
		for _, s := range u.beside() {
			if u.exchange.issuedFirst(u.value) && identifiers(u.exchange.sentFrom.page.values(s)) {
				hits[s]++
			}
		}
	}
	best := ""
	for s, n := range hits {
		if float64(n) >= minMatch*float64(len(uses)) && (best == "" || betterPlace(hits, s, best) < 0) {
			best = s
		}
	}
	if best == "" {
		return none
	}
	return func(u use) (spot, bool) {
		if !u.scripted(p) {
			return spot{}, false
		}
		page := u.exchange.sentFrom.page
		i := slices.Index(page.values(best), u.value)
		return spot{page, best, i}, i >= 0
	}
}

// betterPlace orders places by how many values they hold, and how stable they are.
func betterPlace(hits map[string]int, a, b string) int {
	return cmp.Or(cmp.Compare(hits[b], hits[a]), cmp.Compare(order(a), order(b)), cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// identifiers reports whether all values look like identifiers of one kind.
func identifiers(values []string) bool {
	for _, v := range values {
		if content.Kind(v) == "" || content.Kind(v) != content.Kind(values[0]) {
			return false
		}
	}
	return len(values) > 0
}

// oneSession reports whether all uses are of one session.
func oneSession(uses []use) bool {
	return !slices.ContainsFunc(uses, func(u use) bool { return u.exchange.session != uses[0].exchange.session })
}
