package cluster

import "time"

// How long a replayer goes without answers from its coordinator.
const (
	orphanLimit     = 10 * time.Second // after this it stops sending
	defaultPatience = 2 * time.Minute  // after this much more it gives up
)

// An order is what the coordinator answers to a sign of life.
type order string

const (
	orderPlay  order = "play"  // go on
	orderStop  order = "stop"  // end now, the run is stopped
	orderLeave order = "leave" // this replayer has no place in the run
)

// A watch is what a replayer knows of its coordinator. Like a state it is a machine
// without clock or network: events go in with their time, actions come out.
//
//	sending --- no answer for orphanLimit ---> held --- still none after patience ---> over
//	   ^                                        |
//	   +------- answer with orderPlay ----------+
//
// An answer with another order ends the watch, in both states.
type watch struct {
	patience time.Duration
	heard    time.Duration // when the last answer came
	held     bool
	heldAt   time.Duration
	over     bool
}

// An answerEvent is the coordinator's answer to a sign of life. The other event
// is a tickEvent.
type answerEvent struct{ order order }

// Actions.
type (
	holdAction    struct{}              // stop sending
	goOnAction    struct{}              // send again
	endAction     struct{ order order } // end as the coordinator says
	abandonAction struct{}              // end, because the coordinator did not come back
)

func newWatch(now, patience time.Duration) *watch { return &watch{patience: patience, heard: now} }

// step takes one event and returns the action to carry out, nil for none.
func (w *watch) step(now time.Duration, event any) any {
	if w.over {
		return nil
	}
	if e, ok := event.(answerEvent); ok {
		return w.answer(now, e.order)
	}
	switch {
	case !w.held && now-w.heard > orphanLimit:
		w.held, w.heldAt = true, now
		return holdAction{}
	case w.held && now-w.heldAt > w.patience:
		w.over = true
		return abandonAction{}
	}
	return nil
}

func (w *watch) answer(now time.Duration, o order) any {
	w.heard = now
	if o != orderPlay {
		w.over = true
		return endAction{o}
	}
	if w.held {
		w.held = false
		return goOnAction{}
	}
	return nil
}
