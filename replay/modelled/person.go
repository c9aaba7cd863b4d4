package modelled

import (
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/dist"
)

// people says which recorded sessions are of one user, and what such a user makes in one
// session and sends in another: the name of a draft that it comes back to. In a replay that
// is again what the first of them has made, as long as both play the same copy.
type people struct {
	first  []int              // by recorded session: the first of its user
	shared []map[string]value // by first session: values by what was recorded in their place
}

// compilePeople finds what the users of the recorded sessions make.
func (s *source) compilePeople() {
	p := people{first: make([]int, len(s.sessions)), shared: make([]map[string]value, len(s.sessions))}
	names := make(map[string]int, len(s.sessions))
	back := make(map[int][]int) // sessions of users with several, by the first
	for i := range s.sessions {
		user := s.sessions[i].User
		at, had := names[user]
		if p.first[i] = at; user == "" || !had {
			names[user], p.first[i] = i, i
			continue
		}
		if back[at] == nil {
			back[at] = []int{at}
		}
		back[at] = append(back[at], i)
	}
	for at, list := range back {
		p.shared[at] = s.sharedBy(list)
	}
	s.people = p
}

// sharedBy returns what one of the sessions of a user makes and another sends. Values that
// hold the time are left out: they differ from session to session.
func (s *source) sharedBy(sessions []int) map[string]value {
	type origin struct {
		session int
		value   value
	}
	made := make(map[string]origin)
	shared := make(map[string]value)
	for _, i := range sessions {
		s.eachRecorded(&s.sessions[i], func(of *value, recorded string) {
			from, had := made[recorded]
			switch {
			case had && from.session != i:
				shared[recorded] = from.value
			case !had && of.kind == model.Fresh && !of.form.Timed() && of.form.Matches(recorded):
				made[recorded] = origin{i, *of}
			}
		})
	}
	return shared
}

// eachRecorded calls f for the recorded contents of the values of a session, in order.
func (s *source) eachRecorded(of *model.Session, f func(of *value, recorded string)) {
	for k := range of.Acts {
		a := &of.Acts[k]
		v := s.variantOf(a)
		if a.Row == 0 {
			continue
		}
		for i := range v.values {
			if recorded := recordedAt(&v.values[i], v.rows[a.Row-1]); recorded != "" {
				f(&v.values[i], recorded)
			}
		}
	}
}

// person is a number of the user that v stands for: sessions of one recorded user that play
// the same copy have the same.
func (v *visitor) person() uint64 {
	if v.track < 0 {
		return v.number
	}
	p := &v.source.people
	return v.copy*uint64(len(p.first)) + uint64(p.first[v.track])
}

// madeBefore returns what the user has made in another session, for what was recorded in its
// place.
func (v *visitor) madeBefore(recorded string) (string, bool) {
	if v.track < 0 {
		return "", false
	}
	p := &v.source.people
	of, ok := p.shared[p.first[v.track]][recorded]
	if !ok {
		return "", false
	}
	return of.form.Make(dist.Keyed(v.source.plan.Seed, v.person(), madeStream|hashOf(recorded)), time.Time{}), true
}
