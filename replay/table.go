package replay

import (
	"slices"
)

// A Waiting is an act of a Table, with the IDs of the acts that it waits for. They
// are all lower than its own.
type Waiting struct {
	Act
	After []int
}

// maxBlocked is how many acts of a session a table holds before they are ready.
// For a recording one would be enough: its acts become ready in their order. Tables
// written by hand may have another order.
const maxBlocked = 256

// A Table is the Next of a Session whose acts are known beforehand. Each act names
// the acts that it waits for, and is ready when the last of these is over. A Table
// holds a bounded part of a session, however long that is.
type Table struct {
	// Pull returns the next act. IDs count from 0, without gaps. Pull returns false
	// after the last act.
	Pull func() (Waiting, bool)

	ended   bool // Pull has returned false
	blocked []Waiting
	over    idSet
}

// Next returns the acts that are ready now that over is over, see Session.
func (t *Table) Next(over *Answer) []Act {
	if over != nil {
		t.over.add(over.Act.ID)
	}
	var ready []Act
	t.blocked = slices.DeleteFunc(t.blocked, func(w Waiting) bool {
		if !t.over.hasAll(w.After) {
			return false
		}
		ready = append(ready, w.Act)
		return true
	})
	for !t.ended && len(t.blocked) < maxBlocked {
		w, ok := t.Pull()
		switch {
		case !ok:
			t.ended = true
		case t.over.hasAll(w.After):
			ready = append(ready, w.Act)
		default:
			t.blocked = append(t.blocked, w)
		}
	}
	return ready
}

// An idSet is a set of numbers that are added nearly in order. It holds all numbers
// below floor, and those in above.
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
