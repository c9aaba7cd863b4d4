package exchange

import (
	"slices"

	"github.com/starling-load/starling/record/capture/tcp"
)

// awaiting returns the oldest exchange that has no answer and whose request began at this
// time or before, or nil.
func (h *h1) awaiting(at int64) *exchange {
	for _, x := range h.queue {
		if !x.answered && x.begun <= at {
			return x
		}
	}
	return nil
}

// pair returns the exchange of a response whose first byte came at this time. It gives up
// exchanges whose responses must have been missed. Nil means that there is none, or that
// it is ambiguous which one.
//
//	request    1     2     3           1 pairs with a, 2 with nothing: when c came,
//	response      a    hole   c        3 had been asked, and a client that does not
//	                                   pipeline asks only after it was answered
func (h *h1) pair(at int64) (x *exchange, ambiguous bool) {
	first, last, turn := -1, -1, -1
	for i, x := range h.queue {
		if x.answered {
			continue
		}
		if x.begun > at {
			break
		}
		if first < 0 {
			first = i
		}
		if last = i; x.turn > 0 && x.turn == h.hole {
			turn = i
		}
	}
	switch {
	case first < 0:
		return nil, false
	case !h.unsure:
		return h.queue[first], false
	case turn >= 0:
		last = turn
	case h.pipelined && (last > first || h.deep):
		return nil, true
	}
	x = h.queue[last]
	for _, missed := range h.queue[first:last] {
		h.giveUp(missed)
	}
	h.unsure, h.deep = false, false
	h.settle()
	return x, false
}

// giveUp ends an exchange whose response was not seen.
func (h *h1) giveUp(x *exchange) {
	x.unheard = true
	x.fail(failResponseGap)
	x.f.Done = x.since(h.side[tcp.FromServer].last)
	if c := &h.side[tcp.FromClient]; c.x == x && c.state != isWaiting {
		return // its body is still coming
	}
	x.over()
}

// settle takes finished exchanges from the front of the queue and gives them to the sink.
func (h *h1) settle() {
	for len(h.queue) > 0 && h.queue[0].asked && h.queue[0].done {
		h.leave(h.queue[0])
		if len(h.queue) == 0 {
			break
		}
	}
}

// leave takes a finished exchange out of the queue and gives it to the sink.
func (h *h1) leave(x *exchange) {
	h.remove(x)
	if x.responseHidden() {
		h.hidden.tell(tcp.FromServer)
	}
	h.p.finish(x)
}

// remove takes an exchange out of the queue.
func (h *h1) remove(x *exchange) {
	if i := slices.Index(h.queue, x); i >= 0 {
		h.queue = slices.Delete(h.queue, i, i+1)
	}
	if len(h.queue) == 0 {
		h.queue = h.few[:0]
	}
}

// isTurn reports whether a side may speak now, so that its next bytes may begin a head. A
// client speaks after it was answered. A server speaks after it was asked.
func (h *h1) isTurn(d tcp.Dir, at int64) bool {
	s, other := &h.side[d], &h.side[d.Other()]
	if at <= s.last {
		return false
	}
	if d == tcp.FromClient {
		return other.last > s.last
	}
	for _, x := range h.queue {
		if !x.answered && x.begun > s.last && x.begun <= at {
			return true
		}
	}
	return false
}
