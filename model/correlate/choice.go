package correlate

import (
	"sort"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
)

// A choice is an element of a list that a user chose, and the request that shows it.
type choice struct {
	exchange *parsed
	value    string
	spot     spot
}

// share binds what several requests share: a user who chose an element of a list sends its
// identifier not only where a name says that it is one. A value that nothing explains is
// compared with what the user had chosen last when the request was answered: requests of
// one click go out side by side, in any order.
func (l *Learner) share() {
	for _, t := range l.targets {
		for _, p := range t.leaves {
			switch o := p.outermost(); {
			case o.header() != "" && (!bindable(o.header()) || p == o):
			case p.partly() && !p.hidden:
				l.shareChoice(p)
			case p.hidden && o.pieces == nil && !o.hidden && !o.settled:
				if l.shareChoice(p); p.pieces != nil {
					o.show()
					o.open()
				}
			}
		}
	}
}

// outermost returns the leaf whose value holds l and that no other holds.
func (l *leaf) outermost() *leaf {
	for l.outer != nil {
		l = l.outer
	}
	return l
}

// show undoes hide.
func (l *leaf) show() {
	l.hidden = false
	for _, c := range l.inner {
		c.show()
	}
}

// shareChoice binds a leaf whose values are those that users chose, far more often than
// chance allows. The chance of one is that of the choice of another request.
func (l *Learner) shareChoice(p *leaf) {
	known := p.known()
	chosen := make(map[string]int) // values of choices
	sessions := make(map[int]bool)
	var could []use
	hits := 0
	for _, u := range p.uses {
		if _, ok := known(u); ok || u.value == "" {
			continue
		}
		c, ok := l.choiceOf(u.exchange)
		if !ok {
			continue
		}
		could = append(could, u)
		if chosen[c.value]++; c.value == u.value {
			hits++
			sessions[u.exchange.session.number] = true
		}
	}
	n := len(could)
	if 2*hits < n || len(sessions) < 2 {
		return
	}
	same := 0.0
	for _, u := range could {
		same += float64(chosen[u.value]) / float64(n)
	}
	if opaque := content.Opaque(could[0].value); !opaque && tail(n, hits, max(same/float64(n), 1/float64(2*n))) > maxChance {
		return
	}
	var locate locator = func(u use) (spot, bool) {
		if s, ok := known(u); ok {
			return s, true
		}
		c, ok := l.choiceOf(u.exchange)
		return c.spot, ok && c.value == u.value
	}
	p.pieces = []piece{l.place(model.OnChoice, p.uses, locate.all(p.uses), locate)}
}

// choiceOf returns what the user of a request had chosen last when it was answered, if the
// list was read before it was sent.
func (l *Learner) choiceOf(e *parsed) (choice, bool) {
	s := e.session
	if s.choices == nil {
		s.choices = l.choices(s)
	}
	end := e.Flow.Start.Add(e.Flow.Answered())
	i := sort.Search(len(s.choices), func(i int) bool { return s.choices[i].exchange.Flow.Start.After(end) }) - 1
	if i < 0 || !s.choices[i].spot.from.before(e) {
		return choice{}, false
	}
	return s.choices[i], true
}

// choices returns what the user of a session chose, in the order of the requests.
func (l *Learner) choices(s *session) []choice {
	list := []choice{}
	for _, e := range s.exchanges {
		for _, p := range l.byName[e.Endpoint].pickers {
			i := e.place(p.span.Selector)
			if i < 0 {
				continue
			}
			if from, ok := p.pieces[0].locate(use{e, e.spans[i].Value}); ok {
				list = append(list, choice{e, e.spans[i].Value, from})
			}
		}
	}
	return list
}
