package identity

import (
	"slices"
	"strconv"
)

// A sharing finds values that several users have: an application's key, the password
// of a staging system, consent. Each value is a suspect, and what stands beside it in
// the same flows are witnesses.
//
//	flows with key K:   sid a, sid b, sid a, sid b    returns: two clients take turns
//	flows with sid a:   key K, key K, key K           no return
//	flows with user U:  sid a, sid a, sid c, sid c    no return: U came twice
//
// A client has one value of a cookie at a time. It goes from one to the next and does
// not return. A value that an answer makes of an older one counts as the older one.
//
// In the same way a connection is watched for header fields whose values come and go,
// as those of traces do. They tell requests apart and not users.
type sharing struct {
	saw   map[pair]*sighting
	conns map[uint64]bool // that are watched
}

// A pair is a suspect and the place of a witness.
type pair struct {
	suspect Mark
	witness *place // nil: address and program
}

// A sighting is what a witness saw of a suspect.
type sighting struct {
	last     Mark
	seen     [16]Mark // the first values
	flows    uint32
	distinct uint32
	returns  uint32 // to one of the first values
}

// Bounds of the sightings. The first values of a place speak for all.
const (
	maxSuspects  = 2048 // values of a place
	maxWitnesses = 8    // of a flow
	maxReturns   = 2    // that parallel requests may cause
)

// A witness is the place of a value in a flow, with the value or the first one of its
// chain. place is nil for address and program.
type witness struct {
	place *place
	value Mark
}

// see notes one flow. source stands for the client's address and program.
func (s *sharing) see(e *Evidence, request, answer []atom, source Mark, conn uint64) {
	var room [maxWitnesses + 1]witness
	witnesses := append(e.witnesses(room[:0], request, answer), witness{nil, source})
	watched := s.watched(conn)
	for i := range request {
		v := e.values[request[i].value]
		if v == nil {
			continue
		}
		if watched && (v.place.kind == Header || v.place.kind >= Query) {
			s.note(pair{e.Of("connection", strconv.FormatUint(conn, 10)), v.place}, v.root)
		}
		for _, w := range witnesses {
			if v.number < maxSuspects && w.place != v.place && !(v.place.kind == Token && w.place != nil && w.place.kind == Subject) {
				s.note(pair{request[i].value, w.place}, w.value)
			}
		}
	}
}

// witnesses appends the cookies and credentials of a flow, one of each place.
func (e *Evidence) witnesses(out []witness, lists ...[]atom) []witness {
	for _, list := range lists {
		for i := range list {
			v := e.values[list[i].value]
			if v == nil || v.place.kind > Token || !v.opaque && !v.rich && v.place.kind != Subject ||
				slices.ContainsFunc(out, func(w witness) bool { return w.place == v.place }) {
				continue
			}
			if len(out) == maxWitnesses {
				return out
			}
			out = append(out, witness{v.place, v.root})
		}
	}
	return out
}

// watched reports whether a connection is one of those that are watched.
func (s *sharing) watched(conn uint64) bool {
	if conn == 0 || s.conns[conn] {
		return conn != 0
	}
	if len(s.conns) >= maxSuspects {
		return false
	}
	s.conns[conn] = true
	return true
}

func (s *sharing) note(at pair, m Mark) {
	x := s.saw[at]
	if x == nil {
		x = &sighting{}
		s.saw[at] = x
	}
	x.see(m)
}

func (s *sighting) see(m Mark) {
	s.flows++
	if m == s.last {
		return
	}
	s.last = m
	for i := range s.seen {
		switch s.seen[i] {
		case m:
			s.returns++
			return
		case 0:
			s.seen[i] = m
			s.distinct++
			return
		}
	}
	s.distinct++
}

// turns reports whether users took turns with the suspect. Address and program need
// more, since one user may have two, and so do tokens: while a new one arrives, requests
// with the old one are under way.
func (s *sighting) turns(witness *place) bool {
	values, returns := uint32(2), min(s.distinct, uint32(len(s.seen)))
	switch {
	case witness == nil:
		values = 3
	case witness.kind == Token:
		returns *= 2
	}
	return s.distinct >= values && s.returns > maxReturns && s.returns >= returns
}

// judge marks the values that users share, and the places of which that is true in
// general.
func (s *sharing) judge(e *Evidence) {
	type suspect struct {
		shared bool
		others uint32 // clients that the target told apart by a cookie
	}
	type sum struct{ values, shared, others, steady, fleeting uint32 }
	suspects, sums := map[Mark]suspect{}, map[*place]sum{}
	for at, saw := range s.saw {
		if e.values[at.suspect] == nil { // a connection
			if t := sums[at.witness]; saw.flows >= 3 {
				if saw.distinct > 1 && saw.returns == 0 {
					t.fleeting++
				} else {
					t.steady++
				}
				sums[at.witness] = t
			}
			continue
		}
		x := suspects[at.suspect]
		x.shared = x.shared || saw.turns(at.witness)
		if w := at.witness; w != nil && w.kind == Cookie && w.fresh > 0 && !w.deleted {
			x.others = max(x.others, saw.distinct)
		}
		suspects[at.suspect] = x
	}
	for m, x := range suspects {
		v := e.values[m]
		if v.flows < 2 {
			continue
		}
		v.shared = x.shared
		t := sums[v.place]
		t.values++
		t.others += x.others
		if x.shared {
			t.shared++
		}
		sums[v.place] = t
	}
	for p, t := range sums {
		switch {
		case t.shared > 0 && 2*t.shared >= t.values || t.others > 0 && t.others >= 3*t.values:
			p.verdict = common
		case t.fleeting > t.steady:
			p.verdict = fleeting
		}
	}
}
