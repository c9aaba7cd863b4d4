package replay

import (
	"slices"
	"time"
)

// A span is when an act was under way in the recording, as offsets from the
// start of its session.
type span struct{ start, done time.Duration }

// A precedence finds out which acts of a recorded session waited for which: an
// act waits for all that were over when it began, and for nothing else.
//
//	a ├────┤                   b and c wait for a.
//	b        ├─────────┤       d waits for c, and so for a. It does not wait
//	c         ├──┤             for b, which was under way when d began.
//	d              ├──────┤
//
// Of the acts over at the start of d, only those are named that no other of them
// waited for: a was over when c began, so that c stands for both.
type precedence struct {
	recent []finished // those that a later act may have to name, by ID
}

type finished struct {
	id int
	span
}

// add takes the act with the next higher ID; it must not begin before those that
// were added before it. It returns the IDs of the acts to wait for and the time
// from the end of the last of them to the start of this one. Without any, the
// time counts from the start of the session.
func (p *precedence) add(id int, s span) (after []int, delay time.Duration) {
	latest := -1 // of the acts that are over, the one that began last
	for i, a := range p.recent {
		if a.done <= s.start && (latest < 0 || a.start >= p.recent[latest].start) {
			latest = i
		}
	}
	delay = s.start
	if latest >= 0 {
		last := p.recent[latest]
		p.recent = slices.DeleteFunc(p.recent, func(a finished) bool { return a.id != last.id && a.done <= last.start })
		end := last.done
		for _, a := range p.recent {
			if a.done <= s.start {
				after = append(after, a.id)
				end = max(end, a.done)
			}
		}
		delay = s.start - end
	}
	p.recent = append(p.recent, finished{id, s})
	return after, delay
}

// A waitingAct is an act of a table with the IDs of the acts that it waits for,
// all lower than its own.
type waitingAct struct {
	Act
	after []int
}

// maxBlocked is how many acts of a session a table looks at before they are
// ready. The acts of a recording become ready in their order, so that one would
// do; tables written by hand may have another order.
const maxBlocked = 256

// A table is a Session of acts that are known beforehand, each with those it
// waits for. It makes an act ready when the last of these is over. It holds a
// bounded part of a session, however long that is.
type table struct {
	pull    func() (waitingAct, bool) // the next act, IDs ascending; false at the end
	ended   bool                      // pull has no more
	blocked []waitingAct
	over    idSet
}

// Next makes the acts ready that waited for over alone.
func (t *table) Next(over *Answer) []Act {
	if over != nil {
		t.over.add(over.Act.ID)
	}
	var ready []Act
	t.blocked = slices.DeleteFunc(t.blocked, func(w waitingAct) bool {
		if !t.over.hasAll(w.after) {
			return false
		}
		ready = append(ready, w.Act)
		return true
	})
	for !t.ended && len(t.blocked) < maxBlocked {
		w, ok := t.pull()
		switch {
		case !ok:
			t.ended = true
		case t.over.hasAll(w.after):
			ready = append(ready, w.Act)
		default:
			t.blocked = append(t.blocked, w)
		}
	}
	return ready
}

// An idSet is a set of numbers that are added nearly in order: all below floor
// are in it, and those of above.
type idSet struct {
	floor int
	above map[int]bool
}

func (s *idSet) add(id int) {
	if s.above == nil {
		s.above = make(map[int]bool)
	}
	s.above[id] = true
	for s.above[s.floor] {
		delete(s.above, s.floor)
		s.floor++
	}
}

func (s *idSet) hasAll(ids []int) bool {
	for _, id := range ids {
		if id >= s.floor && !s.above[id] {
			return false
		}
	}
	return true
}
