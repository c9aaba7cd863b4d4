package cluster

import (
	"fmt"
	"time"
)

// Limits of the protocol.
const (
	beatEvery    = 500 * time.Millisecond // a replayer gives a sign of life this often
	silenceLimit = 3 * time.Second        // a replayer silent for longer is lost
	settleLimit  = 10 * time.Second       // a replayer that is done and silent for longer is lost
	stallLimit   = time.Second            // a longer gap between ticks: the coordinator stood still
	cutLimit     = defaultPatience        // without NATS for longer, the coordinator gives up
)

// A phase is where a replayer is in its run.
type phase uint8

const (
	vacant  phase = iota // nobody has this place
	joined               // assigned, still loading
	ready                // loaded: it waits for the start, or plays
	done                 // played to its end
	settled              // done, and all its intervals are here
	lost                 // gone before its end
)

// A place is one segment and the replayer that has it.
type place struct {
	phase     phase
	name      string
	heard     time.Duration   // when the last sign of life came
	next      uint64          // all intervals below this number are here
	early     map[uint64]bool // the intervals above next that are here
	ended     bool            // it has reported its end
	intervals uint64          // how many it says it has sent; valid when ended
	left      bool            // it gave up before the end of its share; valid when ended
}

// A state is what the coordinator knows. It is a machine without clock or network:
// events go in with their time, actions come out.
type state struct {
	places  []place
	started bool
	stopped bool
	over    bool
	failure error
	ticked  time.Duration // when the last tick came
	cut     bool          // NATS is out of reach
	cutAt   time.Duration
}

// Events.
type (
	joinEvent     struct{ name string }
	readyEvent    struct{ name string }
	beatEvent     struct{ name string }
	intervalEvent struct {
		name string
		seq  uint64
	}
	doneEvent struct {
		name      string
		intervals uint64
		failure   string
		left      bool
	}
	tickEvent   struct{}
	stopEvent   struct{}
	cutEvent    struct{} // NATS does not answer the coordinator
	linkedEvent struct{} // it does again
)

// Actions.
type (
	admitAction struct {
		name  string
		index int
	}
	refuseAction struct {
		name string
		why  string
	}
	startAction  struct{}              // all replayers are ready: give the start
	stopAction   struct{}              // tell all replayers to end
	vacateAction struct{ name string } // gone before the start
	loseAction   struct{ name string } // gone after the start, before its end
	findAction   struct{ name string } // lost, and heard again
	answerAction struct{ order order } // to the sign of life that was the event
	overAction   struct{}              // nothing more will come
)

func newState(replayers int) *state { return &state{places: make([]place, replayers)} }

// step takes one event and returns the actions to carry out, in order.
func (s *state) step(now time.Duration, event any) []any {
	if s.over {
		return nil
	}
	switch e := event.(type) {
	case joinEvent:
		return s.join(now, e.name)
	case readyEvent:
		if p := s.find(e.name); p != nil && p.phase == joined {
			p.phase, p.heard = ready, now
		}
		return s.start()
	case beatEvent:
		return s.beat(now, e.name)
	case intervalEvent:
		if p := s.find(e.name); p != nil {
			actions := p.hear(now)
			p.take(e.seq)
			return append(actions, s.settle(p)...)
		}
	case doneEvent:
		return s.done(now, e)
	case tickEvent:
		return s.tick(now)
	case stopEvent:
		return s.stop()
	case cutEvent:
		if !s.cut {
			s.cut, s.cutAt = true, now
		}
	case linkedEvent:
		if s.cut {
			s.cut = false
			// Replayers need some time to reconnect to NATS as well.
			s.forgive(now - s.cutAt + silenceLimit)
		}
	}
	return nil
}

// beat answers a sign of life.
func (s *state) beat(now time.Duration, name string) []any {
	p := s.find(name)
	switch {
	case p == nil:
		return []any{answerAction{orderLeave}}
	case s.stopped:
		return append(p.hear(now), answerAction{orderStop})
	default:
		return append(p.hear(now), answerAction{orderPlay})
	}
}

// hear notes a sign of life. A replayer that was lost because it was silent is found.
func (p *place) hear(now time.Duration) []any {
	p.heard = now
	if p.phase != lost || p.ended {
		return nil
	}
	p.phase = ready
	return []any{findAction{p.name}}
}

// forgive takes d off the silence of all replayers: nobody could be heard then.
func (s *state) forgive(d time.Duration) {
	for i := range s.places {
		s.places[i].heard += d
	}
}

func (s *state) find(name string) *place {
	for i := range s.places {
		if p := &s.places[i]; p.phase != vacant && p.name == name {
			return p
		}
	}
	return nil
}

// join gives a place to a replayer. Asking again changes nothing.
func (s *state) join(now time.Duration, name string) []any {
	if p := s.find(name); p != nil {
		if p.phase != joined {
			return []any{refuseAction{name, fmt.Sprintf("a replayer named %s is already in this run", name)}}
		}
		p.heard = now
		return []any{admitAction{name, s.index(p)}}
	}
	for i := range s.places {
		if p := &s.places[i]; p.phase == vacant && !s.stopped {
			*p = place{phase: joined, name: name, heard: now}
			return []any{admitAction{name, i}}
		}
	}
	return []any{refuseAction{name, fmt.Sprintf("the run has its %d replayers", len(s.places))}}
}

func (s *state) index(p *place) int {
	for i := range s.places {
		if p == &s.places[i] {
			return i
		}
	}
	return -1
}

// start gives the start once every place is ready.
func (s *state) start() []any {
	if s.started || s.stopped {
		return nil
	}
	for i := range s.places {
		if s.places[i].phase != ready {
			return nil
		}
	}
	s.started = true
	return []any{startAction{}}
}

func (s *state) done(now time.Duration, e doneEvent) []any {
	p := s.find(e.name)
	if p == nil {
		return nil
	}
	found := p.hear(now)
	if p.phase != joined && p.phase != ready {
		return nil
	}
	if e.left && !s.started && !s.stopped {
		*p = place{}
		return []any{vacateAction{e.name}}
	}
	p.phase, p.ended, p.intervals, p.left = done, true, e.intervals, e.left
	if e.failure != "" && s.failure == nil {
		s.failure = fmt.Errorf("replayer %s: %s", e.name, e.failure)
		found = append(found, s.stop()...)
	}
	return append(found, s.settle(p)...)
}

// settle ends a replayer that is done once all its intervals are here.
func (s *state) settle(p *place) []any {
	if p.phase != done || p.next < p.intervals {
		return nil
	}
	if p.left && !s.stopped {
		p.phase = lost
		return append([]any{loseAction{p.name}}, s.finish()...)
	}
	p.phase = settled
	return s.finish()
}

// take notes that an interval is here. It may come twice, or out of order.
func (p *place) take(seq uint64) {
	if seq < p.next {
		return
	}
	if p.early == nil {
		p.early = make(map[uint64]bool)
	}
	p.early[seq] = true
	for p.early[p.next] {
		delete(p.early, p.next)
		p.next++
	}
}

// tick looks for replayers that fell silent. While the coordinator stood still, or NATS
// did not answer it, it could not hear them. That time does not count as silence.
func (s *state) tick(now time.Duration) []any {
	late := now - s.ticked
	s.ticked = now
	if s.cut {
		return s.giveUp(now)
	}
	if late > stallLimit {
		s.forgive(late)
	}
	var actions []any
	for i := range s.places {
		p := &s.places[i]
		silent := now - p.heard
		switch {
		case p.phase == done && silent > settleLimit, p.phase == ready && s.started && silent > silenceLimit:
			p.phase = lost
			actions = append(actions, loseAction{p.name})
		case (p.phase == joined || p.phase == ready) && !s.started && silent > silenceLimit:
			actions = append(actions, vacateAction{p.name})
			*p = place{}
		}
	}
	return append(actions, s.finish()...)
}

// giveUp ends the run when NATS was out of reach for too long.
func (s *state) giveUp(now time.Duration) []any {
	limit := cutLimit
	if s.stopped {
		limit = settleLimit
	}
	if now-s.cutAt <= limit {
		return nil
	}
	var actions []any
	for i := range s.places {
		switch p := &s.places[i]; p.phase {
		case joined, ready, done:
			p.phase = lost
			actions = append(actions, loseAction{p.name})
		}
	}
	s.over = true
	if s.failure == nil {
		s.failure = fmt.Errorf("the NATS server was out of reach for %s; is it running?", limit)
	}
	return append(actions, overAction{})
}

// stop ends the run early.
func (s *state) stop() []any {
	if s.stopped {
		return nil
	}
	s.stopped = true
	return append([]any{stopAction{}}, s.finish()...)
}

// finish ends the run when nobody plays any more.
func (s *state) finish() []any {
	if s.over || !s.started && !s.stopped {
		return nil
	}
	for i := range s.places {
		switch s.places[i].phase {
		case joined, ready, done:
			return nil
		}
	}
	s.over = true
	return []any{overAction{}}
}

// verdict is the error of a run that is over.
func (s *state) verdict() error {
	if s.failure != nil {
		return s.failure
	}
	for i := range s.places {
		if s.places[i].phase == settled {
			return nil
		}
	}
	if s.started {
		return fmt.Errorf("all %d replayers were lost; see their own output", len(s.places))
	}
	return nil
}
