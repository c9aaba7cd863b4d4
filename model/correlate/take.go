package correlate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
)

// find returns where a use has its value: in an answer that one of the sources read.
//
// A place that holds one value, such as a token, a form field or the id of a created
// record, gives the latest answer that held it: that is the one that counts if the
// target renews the value. The answer to a request whose address has the value renews
// nothing: of those the first counts, which is there also if a later one is not. Of lists,
// that one counts in which the user picked: the page whose link the first request with the
// value followed, or that of u, or else one at the address of u or above it, or else the
// earliest, since what came later shows the same record again. One value is better than
// a list: a user who made a record means that record, wherever it stands in a list. So no
// list gives what the client named itself, nor does the text around it.
func find(sources []source, u use) (take model.Take, ok bool) {
	var best hit
	picked := u.pickedFrom(sources)
	for i, s := range sources {
		for _, h := range u.exchange.session.hits(s, u.value) {
			if !h.exchange.before(u.exchange) || (h.list || byContext(s.selector)) && u.exchange.sentFirst(u.value) {
				continue
			}
			if !ok || h.beats(best, picked, u.exchange) {
				best, ok = h, true
				take = model.Take{Act: h.exchange.index, Source: i, Match: h.match}
			}
		}
	}
	return take, ok
}

// beats reports whether h is the better place for a value in the request of u than best.
func (h hit) beats(best hit, picked, u *parsed) bool {
	switch {
	case h.list != best.list:
		return best.list
	case h.exchange == best.exchange:
		return false
	case h.list && (h.exchange == picked || best.exchange == picked):
		return h.exchange == picked
	case h.list && u.below(h.exchange) != u.below(best.exchange):
		return u.below(h.exchange)
	}
	later := h.exchange.index > best.exchange.index
	if later && h.addressed || !later && best.addressed {
		return !later
	}
	return later != h.list
}

// below reports whether the address of e is that of o or lies below it.
func (e *parsed) below(o *parsed) bool {
	rest, ok := strings.CutPrefix(e.Path, strings.TrimSuffix(o.Path, "/"))
	return ok && len(o.Path) > 1 && (rest == "" || rest[0] == '/')
}

// pickedFrom returns the page whose link the user clicked who means the value, if a source
// has the value there, or nil.
func (u use) pickedFrom(sources []source) *parsed {
	for _, e := range []*parsed{u.exchange.session.sent[u.value], u.exchange} {
		if e == nil || e.index > u.exchange.index {
			continue
		}
		from, link := e.cameFrom()
		if from == nil || link < 0 {
			continue
		}
		for _, s := range sources {
			if slices.ContainsFunc(u.exchange.session.hits(s, u.value), func(h hit) bool { return h.exchange == from }) {
				return from
			}
		}
	}
	return nil
}

// A hit is a value that a source read in an answer.
type hit struct {
	exchange  *parsed
	match     int
	list      bool // the place holds a choice of values
	addressed bool // it is the one value of the place, and a segment of the address that was asked
}

// A reading is what a source read in a session.
type reading struct {
	hits map[string][]hit // by value, in the order of the answers
	long []longList       // that are in no hits
}

// A longList is a long list of values that an answer has.
type longList struct {
	from *parsed
	at   map[string]int // index of each value, the first
	list bool
}

// hits returns where a source read a value in the session, in the order of the answers.
func (s *session) hits(of source, value string) []hit {
	r := s.read[of]
	if r == nil {
		r = s.readAll(of)
		s.read[of] = r
	}
	out := slices.Clip(r.hits[value])
	for i := range r.long {
		if at, ok := r.long[i].at[value]; ok {
			out = append(out, r.long[i].from.hit(value, at, r.long[i].list))
		}
	}
	if len(r.long) > 0 {
		slices.SortFunc(out, func(a, b hit) int { return cmp.Compare(a.exchange.index, b.exchange.index) })
	}
	return out
}

// readAll reads the answers of a session.
func (s *session) readAll(of source) *reading {
	r := &reading{hits: map[string][]hit{}}
	for _, e := range s.of[of.endpoint] {
		values := e.values(of.selector)
		list := isList(of.selector, values) && (len(values) > 1 || !e.writes())
		if len(values) >= longValues {
			r.long = append(r.long, longList{e, s.shared.indexOf(values), list})
			continue
		}
		for i, v := range values {
			if old := r.hits[v]; len(old) == 0 || old[len(old)-1].exchange != e {
				r.hits[v] = append(old, e.hit(v, i, list))
			}
		}
	}
	return r
}

// hit returns the place of a value in the answer of e.
func (e *parsed) hit(value string, match int, list bool) hit {
	return hit{e, match, list, !list && strings.Contains(e.Flow.Request.Path()+"/", "/"+value+"/")}
}

// isList reports whether a place holds a choice of values. What a write answers alone is none,
// see readAll: it is what was made or changed, also where all answers are lists.
func isList(selector string, values []string) bool {
	if strings.Contains(selector, "[]") || strings.HasPrefix(selector, "link:") {
		return true
	}
	for _, v := range values {
		if v != values[0] {
			return true
		}
	}
	return false
}

// take says where a hole has its content in the request that u is part of. If no source
// gave it, it is the recorded one.
func (q *piece) take(u use) model.Take {
	if q.binding == nil {
		return model.Take{Act: model.Latest}
	}
	if t, ok := q.taken[u.exchange]; ok || q.taken != nil {
		if !ok {
			t.Act = model.Own
		}
		return t
	}
	if t, ok := find(q.binding.sources, u); ok {
		return t
	}
	return model.Take{Act: model.Own}
}

// first returns the first place where a source read the value of u before it was sent.
func (s *session) first(of source, u use) (hit, bool) {
	for _, h := range s.hits(of, u.value) {
		if h.exchange.before(u.exchange) {
			return h, true
		}
	}
	return hit{}, false
}
