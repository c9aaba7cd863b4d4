// Package precedence finds out which acts of a recorded session waited for which:
// an act waits for all acts that were over when it began, and for nothing else.
//
//	a ├────┤                   b and c wait for a.
//	b        ├─────────┤       d waits for c, and so for a. It does not wait
//	c         ├──┤             for b, which was not over when d began.
//	d              ├──────┤
//
// An act is left out if another act that is named waited for it: d names only c,
// since c waited for a.
package precedence

import (
	"slices"
	"time"
)

// An Order takes the acts of one session, one after the other. The zero value has
// taken none. An Order remembers only the acts that a later act may have to name: as
// many as ran at the same time.
type Order struct {
	recent []finished // by ID
}

// finished is an act with its start and end.
type finished struct {
	id          int
	start, done time.Duration
}

// Add takes the next act. Its ID is higher than the earlier ones, and it begins when
// they did or later. start and done count from the start of the session. Add returns
// the IDs of the acts to wait for, ascending, and the delay: the time from the end of
// the last of them to the start of this act. If there are none, the delay counts
// from the start of the session.
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
