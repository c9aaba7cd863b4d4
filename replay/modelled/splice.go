package modelled

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/dist"
	"github.com/starling-load/starling/replay"
)

// A splice is a walk along a behavior that was learned. At each step it goes on along
// one of the recorded sessions that stood at the same step: that gives what loads beside
// the step, the values of the user, and the next step. A recorded session leads to its
// end, so a splice does too.
//
// It chooses among the sessions that had done the same so far, as far as there are any,
// and as often as the odds of the behavior say. A step that it had to skip is not tried again
// before it has made another one: nothing has changed until then.
//
// Step k draws from stream 2k of the session. The values of its acts draw from streams
// far above.
type splice struct {
	taker
	of    *crossings
	enter *entrance // nil: the user is in
	at    crossing  // the step at hand
	step  uint64
	past  past
	ids   map[spliceAct]int // of the acts made
	roles map[int]spliceAct // of the acts that are ready or under way, by ID
	made  int
	left  []spliceAct // acts of the steps so far that wait for others
	held  []replay.Act
	done  bool   // no step is left
	stuck string // the step after which there was no way on, or the session had made as many as it may

	since   int            // the first act since the walk went from one recorded session, or place of it, to another
	latest  map[string]int // the last act made of each endpoint
	skipped []string       // steps that lacked a value, since the last one that was made
}

// A spliceAct is what an act of a splice stands for: act index of a recorded session.
type spliceAct struct{ session, index int }

func newSplice(v visitor, of *crossings) *splice {
	s := &splice{taker: newTaker(v), of: of, ids: make(map[spliceAct]int), roles: make(map[int]spliceAct), latest: make(map[string]int)}
	s.taker.outdated = s.outdated
	return s
}

// Next implements Session.
func (s *splice) Next(over *replay.Answer) []replay.Act {
	if over == nil {
		s.at = s.of.starts[s.random().IntN(len(s.of.starts))]
		if entry := s.source.tracks[s.at.session].entry; entry != nil {
			s.enter = &entrance{taker: &s.taker, of: entry}
		}
	}
	if s.enter != nil {
		acts, in := s.enter.next(over)
		if !in {
			return acts
		}
		s.enter, over = nil, nil
	}
	acts := s.release(&s.held)
	if over == nil {
		acts = append(acts, s.begin(0)...)
	} else if again, ok := s.again(over, s.role); ok {
		acts = append(acts, again)
	} else {
		role := s.roles[over.Act.ID]
		t := &s.source.tracks[role.session]
		s.heard(over, &t.acts[role.index], t.wants[role.index])
		s.note(over, role)
		delete(s.roles, over.Act.ID)
		acts = append(acts, s.spare(s.ready(), s.role)...)
		if !s.done && s.stepOver() {
			acts = append(acts, s.goOn()...)
		}
	}
	return s.hold(&s.held, acts, s.recordedAct, s.idOf)
}

// stepOver reports whether what the next step waits for is over.
func (s *splice) stepOver() bool {
	for _, k := range s.source.tracks[s.at.session].legs[s.at.leg].waits {
		act := spliceAct{int(s.at.session), k}
		id, made := s.ids[act]
		if _, underWay := s.roles[id]; !made || underWay || slices.Contains(s.left, act) {
			return false
		}
	}
	return true
}

// random is the stream of the step at hand.
func (s *splice) random() *rand.Rand { return dist.Keyed(s.source.plan.Seed, s.number, 2*s.step) }

// goOn chooses the next step. At the end it returns nothing.
func (s *splice) goOn() []replay.Act {
	s.past.add(s.of, s.at)
	s.step++
	random := s.random()
	to := s.of.next(s.at, &s.past, func(c crossing) bool { return !s.skips(c) && s.hasValues(c) }, random)
	if !to.ends && s.skips(to.to) { // all others lack values, too, and may have others behind them
		to = s.of.next(s.at, &s.past, func(c crossing) bool { return !s.skips(c) }, random)
	}
	if to.none || !to.ends && (s.step >= model.MaxSteps || s.skips(to.to)) {
		s.stuck = s.source.tracks[s.at.session].legs[s.at.leg].step
		to.ends = true
	}
	if s.done = to.ends; s.done {
		return nil
	}
	if to.to != s.at.next() {
		s.since = s.made
	}
	s.at = to.to
	return s.begin(to.think.Draw(random.Float64()))
}

// note notes whether an act of the step at hand was made. Parts of pages do not count.
func (s *splice) note(over *replay.Answer, role spliceAct) {
	t := &s.source.tracks[s.at.session]
	l := &t.legs[s.at.leg]
	if role.session != int(s.at.session) || role.index < l.first || role.index >= l.next || s.source.endpoints[s.source.index[t.acts[role.index].Endpoint]].asset {
		return
	}
	if over.Act.Skip == "" {
		s.skipped = nil
	} else if !s.skips(s.at) {
		s.skipped = append(s.skipped, l.step)
	}
}

// skips reports whether the walk would lack a value at a step, as it did before.
func (s *splice) skips(c crossing) bool {
	return slices.Contains(s.skipped, s.source.tracks[c.session].legs[c.leg].step)
}

// Stuck names the step behind which the session was cut, see replay.Session.
func (s *splice) Stuck() string { return s.stuck }

// outdated reports whether the walk was shown anew what it has from act id, which stands for
// a recorded one of the session that a is from: it goes on as that session did, but has made
// the step before as another one did, or at another time.
func (s *splice) outdated(a *replay.Act, recorded, id int) bool {
	return id < s.since && s.latest[s.source.tracks[s.roles[a.ID].session].acts[recorded].Endpoint] > id
}

// begin makes the acts of the step at hand that wait for no other act of it.
func (s *splice) begin(think time.Duration) []replay.Act {
	t := &s.source.tracks[s.at.session]
	l := t.legs[s.at.leg]
	for k := l.first; k < l.next; k++ {
		act := spliceAct{int(s.at.session), k}
		s.left = append(s.left, act)
		delete(s.ids, act) // a walk can come to a step again
	}
	acts := s.ready()
	for i := range acts {
		// The first act of a step waited for the step before it; what began beside it
		// waited for the same acts.
		offset := max(0, t.acts[s.roles[acts[i].ID].index].Delay-t.acts[l.first].Delay)
		acts[i].Delay = think + offset
	}
	return s.spare(acts, s.role)
}

// ready makes the acts that wait for nothing any more.
func (s *splice) ready() []replay.Act {
	var acts []replay.Act
	waiting := s.left
	s.left = nil
	for _, act := range waiting {
		t := &s.source.tracks[act.session]
		if slices.ContainsFunc(t.acts[act.index].After, func(w int) bool { return s.waitsFor(spliceAct{act.session, w}, waiting) }) {
			s.left = append(s.left, act)
			continue
		}
		a := s.source.actOf(&t.acts[act.index])
		a.ID, a.Delay = s.made, t.acts[act.index].Delay
		s.made++
		s.roles[a.ID] = act
		s.ids[act] = a.ID
		s.latest[a.Endpoint] = a.ID
		acts = append(acts, a)
	}
	return acts
}

// waitsFor reports whether an act is still to come or under way. Acts of steps that the
// walk did not make are not waited for.
func (s *splice) waitsFor(act spliceAct, waiting []spliceAct) bool {
	id, made := s.ids[act]
	if !made {
		return slices.Contains(waiting, act)
	}
	_, underWay := s.roles[id]
	return underWay
}

// role returns what an act stands for.
func (s *splice) role(a *replay.Act) (of *track, index int) {
	role := s.roles[a.ID]
	return &s.source.tracks[role.session], role.index
}

// Stands returns which recorded act an act stands for: indices of a session of the model,
// and of an act of it. Both are -1 for an act of an entry.
func (s *splice) Stands(a *replay.Act) (session, act int) {
	if a.Entry {
		return -1, -1
	}
	role := s.roles[a.ID]
	return role.session, role.index
}

// recordedAct is the recorded act that a stands for.
func (s *splice) recordedAct(a *replay.Act) *model.Act {
	role := s.roles[a.ID]
	return &s.source.tracks[role.session].acts[role.index]
}

// idOf is the ID of the act that stands for another act of the session that a is from.
func (s *splice) idOf(a *replay.Act, recorded int) (id int, ok bool) {
	id, ok = s.ids[spliceAct{s.roles[a.ID].session, recorded}]
	return id, ok
}

// Fill implements Session.
func (s *splice) Fill(a *replay.Act) {
	switch {
	case a.Kind == replay.Pause:
		return
	case a.Entry:
		s.enter.fill(a)
		return
	}
	s.try(a, s.role, s.idOf)
	s.fillRecorded(a, s.role, s.idOf, dist.Keyed(s.source.plan.Seed, s.number, uint64(a.ID)<<20|1))
}

// hasValues reports whether all values that the acts of a step take have been issued, or
// are issued by the step itself. Parts of pages do not count: which of them a browser asks
// for is a matter of what it has kept.
func (s *splice) hasValues(c crossing) bool {
	t := &s.source.tracks[c.session]
	l := t.legs[c.leg]
	for k := l.first; k < l.next; k++ {
		if s.source.endpoints[s.source.index[t.acts[k].Endpoint]].asset {
			continue
		}
		v := s.source.variantOf(&t.acts[k])
		for i, at := range v.takers {
			take := model.Take{Act: model.Latest}
			if len(t.acts[k].Takes) > 0 {
				take = t.acts[k].Takes[i]
			}
			value := &v.values[at]
			if take.Act == model.Own || take.Act >= l.first || value.kind != model.Bound || len(s.issued[value.index].values) > 0 {
				continue
			}
			return false
		}
	}
	return true
}
