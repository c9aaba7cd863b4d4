package correlate

import (
	"math"
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
)

// passes reports whether a binding passes its tests, and notes on which of them it rests.
// The constants are their limits.
func (c *candidate) passes(b *binding, uses []use, sessions int) bool {
	tried := b.compared
	if b.restsOn = model.OnDocument; c.validator() {
		return true
	}
	b.restsOn = model.OnLook
	issued, bits, opaque := 0, math.Inf(1), 0
	for _, u := range uses {
		if u.exchange.issuedFirst(u.value) || u.exchange.session.given()[u.value] == nil {
			issued++
		}
		bits = min(bits, content.Bits(u.value))
		if kind := content.Kind(u.value); kind != "" && kind != "email" && kind != "date" || content.Opaque(u.value) {
			opaque++ // nobody types it
		}
	}
	serverFirst := float64(issued) >= minMatch*float64(len(uses))
	if serverFirst && bits >= minBits && float64(opaque) >= minOpaque*float64(len(uses)) {
		return true
	}
	if b.restsOn = model.OnSessions; tried == 0 {
		return false
	}
	enough := sessions >= 2
	if bits < shortBits {
		enough = sessions >= 3 || sessions == 2 && (b.issues(uses) || b.match == 1 && c.namesake(b))
	}
	if serverFirst && enough && b.shuffled <= maxShuffled && (b.pick != "any" || sessions >= 5) {
		return true
	}
	// Several sessions may have the value, such as the page that is being edited.
	// It passes if it equals what its own session saw last far more often than
	// chance allows.
	if b.pick == "any" || b.match < 0.95 || sessions < 3 || b.shuffled >= 0.8 || !fromFirst(b, uses) {
		return false
	}
	return math.Pow(max(b.shuffled, 1/float64(2*tried)), float64(sessions)) <= maxChance
}

// minIssued is the least length of a short value that two sessions can explain.
const minIssued = 3

// issues reports whether the sources are where the session saw each value first, alone in
// its place, and whether sessions differ in their values. A number of three digits is then
// hardly there by chance, such as the id that was given to an upload.
func (b *binding) issues(uses []use) bool {
	if b.pick == "any" || b.match < 1 {
		return false
	}
	owner := map[string]*session{}
	for _, u := range uses {
		s := u.exchange.session
		at := s.given()[u.value]
		if len(u.value) < minIssued || content.Kind(u.value) == "" || len(at) == 0 {
			return false
		}
		if had := owner[u.value]; had != nil && had != s {
			return false
		}
		owner[u.value] = s
		if !slices.ContainsFunc(b.sources, func(of source) bool {
			values := at[0].exchange.values(of.selector)
			return at[0].exchange.Endpoint == of.endpoint && len(values) > 0 && values[0] == u.value && !isList(of.selector, values)
		}) {
			return false
		}
	}
	return true
}

// namesake reports whether a place identifies something, and has the name of the places that
// it is bound to.
func (c *candidate) namesake(b *binding) bool {
	if _, ok := c.leaf.identifies(); !ok || c.at >= 0 {
		return false
	}
	key := c.leaf.key()
	key = key[strings.LastIndexAny(key, ".[]/@")+1:]
	return !slices.ContainsFunc(b.sources, func(of source) bool {
		_, name := member(of.selector)
		return !sameName(name, key)
	})
}

// fromFirst reports whether in nearly every session the sources gave the value
// before its first use. A value that the client makes and answers repeat fails this.
func fromFirst(b *binding, uses []use) bool {
	seen := map[int]bool{}
	hits := 0
	for _, u := range uses {
		if n := u.exchange.session.number; !seen[n] {
			seen[n] = true
			if explained(b.sources, b.pick, u) {
				hits++
			}
		}
	}
	return float64(hits) >= minMatch*float64(len(seen))
}

// shuffle returns the share of uses that equal what other sessions had been given,
// and the number of comparisons.
func (l *Learner) shuffle(b *binding, uses []use) (share float64, tried int) {
	given := map[int][][]string{}
	var order []int
	for _, u := range uses {
		n := u.exchange.session.number
		if v := predict(b.sources, u.exchange); len(v) > 0 {
			if given[n] == nil {
				order = append(order, n)
			}
			given[n] = append(given[n], v)
		}
	}
	at := map[int]int{}
	for i, n := range order {
		at[n] = i
	}
	hits := 0
	for k, u := range uses {
		i, ok := at[u.exchange.session.number]
		if !ok {
			continue
		}
		for r := 1; r <= min(shuffleRounds, len(order)-1); r++ {
			n := order[(i+r)%len(order)]
			tried++
			if b.pick == "any" && l.sessions[n].gave(b.sources, u.value) || b.pick != "any" && equal(given[n][k%len(given[n])], b.pick, u.value) {
				hits++
			}
		}
	}
	if tried == 0 {
		return 0, 0
	}
	return float64(hits) / float64(tried), tried
}

// gave reports whether a source gave the value in the session at any time.
func (s *session) gave(sources []source, value string) bool {
	return slices.ContainsFunc(sources, func(of source) bool { return len(s.hits(of, value)) > 0 })
}
