package correlate

import (
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
)

// pickBeside binds what else identifies a thing that a request refers to, such as its number
// beside its name: the object with both, in the answer that gives the one, has the other
// under the same name. However small it is, it is of the same thing. A thing that is brought
// into a document has all its members from there, not those that it had in the recording.
func (l *Learner) pickBeside(t *target) {
	var bound map[string][]*leaf // by the object that they are in
	for _, p := range t.leaves {
		of, name := member(p.span.Selector)
		if _, ok := identifier(name); !ok && !strings.HasSuffix(of, "].add.") || p.pieces != nil || p.hidden || p.outer != nil || !p.inJSON() || of == "body:$." {
			continue
		}
		if bound == nil {
			bound = t.boundBySelector()
		}
		var locate locator = func(u use) (spot, bool) {
			for _, other := range bound[of] {
				if s, ok := other.besides(u, name); ok {
					return s, true
				}
			}
			return spot{}, false
		}
		if spots := locate.all(p.uses); len(spots) > 0 && 10*len(spots) >= 9*len(p.uses) {
			p.pieces = []piece{l.place(model.OnList, p.uses, spots, locate)}
		}
	}
}

// boundBySelector returns the leaves that are one bound value, by the object of the request
// that they are in.
func (t *target) boundBySelector() map[string][]*leaf {
	bound := map[string][]*leaf{}
	for _, list := range [][]*leaf{t.leaves, t.settled} {
		for _, p := range list {
			if of, _ := member(p.span.Selector); len(p.pieces) == 1 && p.pieces[0].binding != nil && p.inJSON() {
				bound[of] = append(bound[of], p)
			}
		}
	}
	return bound
}

// inJSON reports whether a leaf is a string or number of a JSON body.
func (p *leaf) inJSON() bool {
	return p.span.Place == content.InJSON || p.span.Place == content.InString
}

// besides returns where the object that gave l its value in a request has the value of u
// under a name.
func (l *leaf) besides(u use, name string) (spot, bool) {
	i := u.exchange.place(l.span.Selector)
	if i < 0 || len(l.pieces) != 1 || l.pieces[0].binding == nil {
		return spot{}, false
	}
	s, ok := l.pieces[0].spot(use{u.exchange, u.exchange.spans[i].Value})
	if !ok || !strings.HasPrefix(s.selector, "json:") || strings.Contains(s.selector, "|") {
		return spot{}, false
	}
	of, _ := member(s.selector)
	values := s.from.values(of + name)
	ok = len(values) == len(s.from.values(s.selector)) && s.match < len(values) && values[s.match] == u.value
	return spot{s.from, of + name, s.match}, ok
}

// spot returns where a bound hole has its content in the request that u is part of, also before
// the requests at hand were looked at.
func (q *piece) spot(u use) (spot, bool) {
	if q.locate != nil {
		return q.locate(u)
	}
	take, ok := find(q.binding.sources, u)
	if !ok {
		return spot{}, false
	}
	return spot{u.exchange.session.exchanges[take.Act], q.binding.sources[take.Source].selector, take.Match}, true
}
