package replay

import (
	"sync"
	"time"
)

// A clock tells the offset from the start of the run. It stands still while it
// is paused. It may be used from any goroutine.
type clock struct {
	start time.Time

	mu     sync.RWMutex // guards what follows
	pauses []pause      // ascending
}

// A pause begins at an instant and, when it is over, has an end.
type pause struct{ from, to time.Time }

func (p pause) over() bool { return !p.to.IsZero() }

// now returns the offset of this instant, and whether the clock stands still.
func (c *clock) now() (at time.Duration, paused bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.at(time.Now()), c.paused()
}

// offset returns the offset of an instant. All instants of one pause have the same
// offset.
func (c *clock) offset(t time.Time) time.Duration {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.at(t)
}

func (c *clock) at(t time.Time) time.Duration {
	at := t.Sub(c.start)
	for _, p := range c.pauses {
		switch {
		case t.Before(p.from):
			return at
		case p.over() && !t.Before(p.to):
			at -= p.to.Sub(p.from)
		default:
			return at - t.Sub(p.from)
		}
	}
	return at
}

func (c *clock) paused() bool {
	return len(c.pauses) > 0 && !c.pauses[len(c.pauses)-1].over()
}

// pause stops the clock. It does nothing to a clock that is stopped.
func (c *clock) pause() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.paused() {
		c.pauses = append(c.pauses, pause{from: time.Now()})
	}
}

// resume lets the clock go on, and returns how long it stood still.
func (c *clock) resume() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.paused() {
		return 0
	}
	p := &c.pauses[len(c.pauses)-1]
	p.to = time.Now()
	return p.to.Sub(p.from)
}
