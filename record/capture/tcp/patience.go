package tcp

import "time"

// How long a hole may stay open. If the other side has acknowledged the bytes, only
// packets captured out of order can fill it. Otherwise the sender may fill it, or nobody,
// if only one direction is captured.
const (
	slackTime     = int64(250 * time.Millisecond)
	slackSegments = 128
	patience      = int64(10 * time.Second)
	guessTime     = int64(5 * time.Second)
)

// patience starts and ends the waits for holes.
func (c *conn) patience() {
	for side := range c.half {
		h := &c.half[side]
		h.watch(c.a.now, c.ticks)
		if h.overdue(c.a.now, c.ticks) {
			c.guess()
			c.skipUntil(side, h.wait.mark)
			h.wait.on = false
			h.watch(c.a.now, c.ticks)
		}
	}
	if c.client == undecided && c.cost > 0 && c.a.now-c.opened >= guessTime {
		c.guess()
		c.pump()
	}
	if c.broken && (c.a.now-c.breakAt.since >= slackTime || c.ticks-c.breakAt.ticks >= slackSegments) {
		c.finish(c.last)
	}
}

// skipUntil tells the holes of a side that lie before mark.
func (c *conn) skipUntil(side int, mark uint32) {
	h := &c.half[side]
	for !c.over && before(h.next, mark) {
		if missing, _ := h.hole(); !missing {
			return
		}
		skipped := c.skip(side, mark, c.a.now)
		c.pump()
		if !skipped {
			return
		}
	}
}

// skip tells the hole at next, which ends at the sequence number to at most. It reports
// whether anything was told.
func (c *conn) skip(side int, to uint32, at int64) bool {
	h := &c.half[side]
	if len(h.pieces) > 0 {
		to = earlier(to, h.pieces[0].seq)
	} else if !h.ending && to == h.next+1 && !h.finGap {
		h.finGap = true
		return false
	}
	if h.ending {
		to = earlier(to, h.end)
	}
	if !after(to, h.next) {
		return false
	}
	h.heard = true
	c.tell(side, nil, to-h.next, at)
	return true
}

// drain tells all that waits, holes included.
func (c *conn) drain() {
	for !c.over && c.relent() {
	}
}

// relent gives up one hole and reports whether anything waited.
func (c *conn) relent() bool {
	if c.cost == 0 {
		return false
	}
	c.guess()
	c.pump()
	if c.over || c.cost == 0 {
		return false
	}
	cost := c.cost
	side := c.hopeless()
	h := &c.half[side]
	next, guessed := h.next, h.finGap
	if len(h.pieces) > 0 {
		c.skip(side, h.pieces[0].seq, c.a.now)
	} else {
		c.skip(side, h.last(), c.a.now)
	}
	c.pump()
	if !c.over && c.cost == cost && h.next == next && h.finGap == guessed {
		c.drop(&c.half[0]) // nothing can free these pieces, so they are dropped
		c.drop(&c.half[1])
	}
	return true
}

// hopeless returns the side whose hole everything else waits for. If both sides have a
// hole, it is the one that waits for longer.
func (c *conn) hopeless() int {
	side := undecided
	for i := range c.half {
		h := &c.half[i]
		if missing, _ := h.hole(); !missing {
			continue
		}
		if side == undecided || len(h.pieces) > 0 && (len(c.half[side].pieces) == 0 || h.pieces[0].at < c.half[side].pieces[0].at) {
			side = i
		}
	}
	return max(side, 0)
}
