package correlate

import (
	"math"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
)

// bindPartly binds places that are fed from several kinds of answers, or now and then by
// the user: an article is opened by a link, from a list, or right after one was written.
// It looks at the requests whose values nothing explains yet. Each source has to stand by
// itself: among the requests that came after an answer of it, more carry its value than
// chance allows.
func (l *Learner) bindPartly() {
	for _, t := range l.targets {
		for _, p := range t.leaves {
			if !p.hidden && (p.partly() || p.opened) {
				l.bindRest(p)
			}
		}
	}
}

// bindRest binds the values of a leaf that are not taken from a place yet.
func (l *Learner) bindRest(p *leaf) {
	known := locator(nowhere)
	if !p.opened {
		known = p.known()
	}
	// Where values within it are explained, there is nothing left.
	left := func(u use) bool { return !p.opened || !p.target.opens(u.exchange, p) }
	var rest []use
	for _, u := range p.uses {
		if _, ok := known(u); !ok && left(u) {
			rest = append(rest, u)
		}
	}
	c := &candidate{leaf: p, at: -1, uses: rest}
	if len(rest) == 0 || p.header() != "" && !bindable(p.header()) || !c.worth() {
		return
	}
	var found []source
	for _, s := range l.sources(c, rest) {
		if len(found) < maxChosen && l.significant(s, rest, issuedFirst) {
			found = append(found, s)
		}
	}
	var locate locator = func(u use) (spot, bool) {
		if s, ok := known(u); ok {
			return s, true
		}
		take, ok := find(found, u)
		if !ok || !left(u) || !u.exchange.issuedFirst(u.value) {
			return spot{}, false
		}
		return spot{u.exchange.session.exchanges[take.Act], found[take.Source].selector, take.Match}, true
	}
	if spots := locate.all(p.uses); len(spots) > len(p.uses)-len(rest) || p.opened && len(spots) > 0 {
		p.pieces = []piece{l.place(p.ground(model.OnSessions), p.uses, spots, locate)}
	}
}

// opens reports whether values within l take its place in a request.
func (t *target) opens(e *parsed, l *leaf) bool {
	for i := range e.spans {
		if t.of(e, e.spans[i].Selector) == l && t.opening(e, i) == l {
			return true
		}
	}
	return false
}

// significant reports whether a source gives more of the values than chance allows. The
// chance of one is the share of values that equal what other sessions had from it. An
// opaque value is no chance. Only values count that are issued before clients send them.
func (l *Learner) significant(s source, uses []use, issued func(source, use) bool) bool {
	one := &binding{sources: []source{s}, pick: "any"}
	var could []use
	hits, opaque := 0, 0
	sessions := map[int]bool{}
	for _, u := range uses {
		if len(predict(one.sources, u.exchange)) == 0 {
			continue
		}
		could = append(could, u)
		if !explained(one.sources, one.pick, u) || !issued(s, u) {
			continue
		}
		hits++
		sessions[u.exchange.session.number] = true
		if content.Opaque(u.value) && content.Bits(u.value) >= minBits {
			opaque++
		}
	}
	switch {
	case hits == 0:
		return false
	case opaque == hits:
		return true
	case 2*hits < len(could) || len(sessions) < 2:
		return false
	}
	shuffled, tried := l.shuffle(one, could)
	if tried == 0 {
		return false
	}
	return tail(len(could), hits, max(shuffled, 1/float64(2*tried))) <= maxChance
}

// issuedFirst reports whether an answer held the value of u before the client sent it.
func issuedFirst(_ source, u use) bool { return u.exchange.issuedFirst(u.value) }

// tail returns the probability of at least k successes in n trials of probability p.
func tail(n, k int, p float64) float64 {
	if p >= 1 {
		return 1
	}
	sum := 0.0
	for i := k; i <= n; i++ {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(i + 1))
		c, _ := math.Lgamma(float64(n - i + 1))
		sum += math.Exp(a - b - c + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return min(sum, 1)
}
