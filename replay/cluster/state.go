package cluster

import (
	"fmt"
	"time"
)

// Limits of the protocol.
const (
	beatEvery    = 500 * time.Millisecond // a replayer gives a sign of life this often
	silenceLimit = 3 * time.Second        // a replayer silent for longer is lost
	settleLimit  = 10 * time.Second       // a replayer that is done must be heard of whole by then
)

// A phase is where a replayer is in its run.
type phase uint8

const (
	vacant  phase = iota // nobody has this place
	joined               // assigned, still loading
	ready                // loaded, waits for the start or plays
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
	early     map[uint64]bool // those that are here above it
	intervals uint64          // how many it says it has sent; valid when done
	left      bool            // it gave up before the end of its share; valid when done
}

// A state is what the coordinator knows. It is a pure machine: events go in
// with the time at which they came, actions come out.
type state struct {
	places  []place
	started bool
	stopped bool
	over    bool
	failure error
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
	tickEvent struct{}
	stopEvent struct{}
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
	loseAction   struct{ name string } // gone after it, before its end
	overAction   struct{}              // nothing more will come
)

func newState(replayers int) *state { return &state{places: make([]place, replayers)} }

// step takes one event and returns what is to be done, in order.
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
		if p := s.find(e.name); p != nil {
			p.heard = now
		}
	case intervalEvent:
		if p := s.find(e.name); p != nil {
			p.heard = now
			p.take(e.seq)
			return s.settle(p)
		}
	case doneEvent:
		return s.done(now, e)
	case tickEvent:
		return s.tick(now)
	case stopEvent:
		return s.stop()
	}
	return nil
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
	if p == nil || p.phase != joined && p.phase != ready {
		return nil
	}
	if e.left && !s.started && !s.stopped {
		*p = place{}
		return []any{vacateAction{e.name}}
	}
	p.phase, p.heard, p.intervals, p.left = done, now, e.intervals, e.left
	if e.failure != "" && s.failure == nil {
		s.failure = fmt.Errorf("replayer %s: %s", e.name, e.failure)
		return append(s.stop(), s.settle(p)...)
	}
	return s.settle(p)
}

// settle moves a replayer that is done on once all its intervals are here.
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

// tick looks for replayers that fell silent.
func (s *state) tick(now time.Duration) []any {
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
