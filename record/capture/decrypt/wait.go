package decrypt

const (
	maxHeld   = 512 << 10      // bytes that one connection holds while it waits for keys
	maxWait   = 30_000_000_000 // nanoseconds from the first packet held to the last
	eventCost = 96             // memory of an event beside its data, in bytes
)

// A wait is what must come before the next record of a direction can be read.
type wait uint8

const (
	ready   wait = iota
	forPeer      // a message of the other direction
	forKeys      // lines of the key log
	forTurn      // older records of the other direction, which wait for keys
)

// An event is one call of a method of Conn, or what is left of it.
type event struct {
	kind  eventKind
	d     side
	p     []byte // eventData, eventRecord
	n     int64  // eventGap
	reset bool   // eventEnd
	at    int64
}

type eventKind uint8

const (
	eventData   eventKind = iota
	eventRecord           // a whole record
	eventGap
	eventEnd
)

// take runs an event, or puts it into the queue if its direction waits.
func (c *Conn) take(e event) error {
	if len(c.queue) > 0 {
		if c.known != c.logged() {
			c.drain()
		}
		if len(c.queue) > 0 && e.at-c.queue[0].at > maxWait {
			c.giveUp(e.at)
		}
	}
	if c.halves[e.d].waits != ready {
		c.hold(e)
	} else {
		c.run(e)
	}
	if c.changed {
		c.drain()
	}
	if c.full {
		c.giveUp(e.at)
	}
	return c.failure()
}

// logged changes when the key log tells more about this connection.
func (c *Conn) logged() int { return c.keys.known(c.hello.random) + c.keys.known(c.first) }

// hold adds a copy of an event to the queue.
func (c *Conn) hold(e event) {
	cost := len(e.p) + eventCost
	switch {
	case c.full || c.held+cost > maxHeld || !c.keys.hold(cost):
		c.full = true
	default:
		c.held += cost
	}
	e.p = append([]byte(nil), e.p...)
	c.queue = append(c.queue, e)
}

// run runs an event. What cannot be read yet goes into the queue.
func (c *Conn) run(e event) {
	switch e.kind {
	case eventData:
		c.data(e.d, e.p, e.at)
	case eventRecord:
		if w := c.record(e.d, e.p, e.at); w != ready {
			c.halves[e.d].waits = w
			c.hold(e)
		}
	case eventGap:
		c.gap(e.d, e.n, e.at)
	case eventEnd:
		if c.halves[e.d].searching {
			c.to.Gap(e.d == server, -1, e.at)
		}
		c.end(e.d, e.reset, e.at)
	}
}

// drain runs the events of the queue in order, as far as that is possible now.
func (c *Conn) drain() {
	for again := true; again && len(c.queue) > 0; again = c.changed {
		queue := c.queue
		c.keys.release(c.held)
		c.queue, c.held, c.full, c.changed = nil, 0, false, false
		c.known = c.logged()
		c.halves[client].waits, c.halves[server].waits = ready, ready
		for _, e := range queue {
			if c.halves[e.d].waits != ready {
				c.hold(e)
			} else {
				c.run(e)
			}
		}
	}
	c.changed = false
}

// giveUp ends every wait. What cannot be read now is lost.
func (c *Conn) giveUp(at int64) {
	for len(c.queue) > 0 {
		switch {
		case c.halves[client].waits == forKeys, c.halves[server].waits == forKeys:
			for d := range c.halves {
				if c.halves[d].waits == forKeys {
					c.stop(side(d), ErrNoKeys, at)
				}
			}
		default:
			c.stopAll(ErrNoHandshake, at)
		}
		c.drain()
	}
	c.full = false
}
