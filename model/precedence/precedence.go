// Package precedence finds out which acts of a recorded session waited for which:
// an act waits for all that were over when it began, and for nothing else.
//
//	a ├────┤                   b and c wait for a.
//	b        ├─────────┤       d waits for c, and so for a. It does not wait
//	c         ├──┤             for b, which was under way when d began.
//	d              ├──────┤
//
// Of the acts over at the start of d, only those are named that no other of them
// waited for: a was over when c began, so that c stands for both.
package precedence

import (
	"slices"
	"time"
)

// An Order takes the acts of one session, one after the other. The zero value
// knows none. It remembers those alone that a later act may have to name: as many
// as were under way together.
type Order struct {
	recent []finished // by ID
}

// finished is an act and when it was under way.
type finished struct {
	id          int
	start, done time.Duration
}

// Add takes the act with the next higher ID; it must not begin before those that
// were added before it. start and done count from the start of the session. Add
// returns the IDs of the acts to wait for, ascending, and the time from the end of
// the last of them to the start of this one. Without any, the time counts from
// the start of the session.
func (o *Order) Add(id int, start, done time.Duration) (after []int, delay time.Duration) {
	latest := -1 // of the acts that are over, the one that began last
	for i, a := range o.recent {
		if a.done <= start && (latest < 0 || a.start >= o.recent[latest].start) {
			latest = i
		}
	}
	delay = start
	if latest >= 0 {
		last := o.recent[latest]
		o.recent = slices.DeleteFunc(o.recent, func(a finished) bool { return a.id != last.id && a.done <= last.start })
		end := last.done
		for _, a := range o.recent {
			if a.done <= start {
				after = append(after, a.id)
				end = max(end, a.done)
			}
		}
		delay = start - end
	}
	o.recent = append(o.recent, finished{id, start, done})
	return after, delay
}
