package exchange

import "github.com/starling-load/starling/record/capture/tcp"

// End is called when a direction has ended.
func (h *h1) End(d tcp.Dir, at int64, reset bool) {
	if h.next != nil {
		h.next.End(d, at, reset)
		return
	}
	s := &h.side[d]
	if s.ended {
		return
	}
	s.ended = true
	if d == tcp.FromClient {
		h.endClient(at, reset)
	} else {
		h.endServer(at, reset)
	}
	if h.next != nil {
		return
	}
	h.settle()
	if reset || h.side[d.Other()].ended {
		h.finish(at)
	}
}

// endClient ends the request that is still open. Answers may still come, unless the
// client has reset the connection.
func (h *h1) endClient(at int64, reset bool) {
	s := &h.side[tcp.FromClient]
	if s.state == isWaiting && !reset {
		return
	}
	h.dropBuffer(tcp.FromClient, at)
	if x := s.x; x != nil && !x.asked {
		if !(x.done && x.expects && s.body.Size() == 0) {
			x.fail(failClient)
		}
		h.keepBody(tcp.FromClient)
		x.asked = true
		s.x = nil
	}
	if reset {
		for _, x := range h.queue {
			if !x.done {
				x.fail(failClient)
			}
		}
	}
}

// endServer ends the response that is still open. Requests that wait get no response.
func (h *h1) endServer(at int64, reset bool) {
	s := &h.side[tcp.FromServer]
	if s.state == toEnd && !reset {
		h.endAnswer(at)
	}
	h.dropBuffer(tcp.FromServer, at)
	if x := s.x; x != nil && !x.done {
		x.fail(failResponse)
		x.f.Done = x.since(at)
		h.answeredLast()
	}
	for _, x := range h.queue {
		if x.done {
			continue
		}
		why := h.unanswered(reset)
		x.unheard = why == failResponseGap
		x.fail(why)
		x.f.Done = x.since(at)
		x.answered, x.done = true, true
		h.requestOver(x)
	}
}

// unanswered says why a request has no response once the server has ended.
func (h *h1) unanswered(reset bool) string {
	switch {
	case h.unsure && h.holed:
		return failResponseGap // the response may be in the hole
	case reset:
		return failReset
	}
	return failClosed
}

// Close ends the connection where the capture ends.
func (h *h1) Close(at int64) {
	if h.next != nil {
		h.next.Close(at)
		return
	}
	h.finish(max(h.side[0].last, h.side[1].last))
}

// finish gives all open exchanges to the sink.
func (h *h1) finish(at int64) {
	for d := range h.side {
		h.dropBuffer(tcp.Dir(d), at)
	}
	c, s := &h.side[tcp.FromClient], &h.side[tcp.FromServer]
	for _, x := range h.queue {
		if c.x == x && !x.asked {
			if !(x.answered && x.expects && c.body.Size() == 0) {
				x.fail(failRequest)
			}
			h.keepBody(tcp.FromClient)
		}
		switch {
		case x.done:
		case x.answered:
			x.fail(failResponse)
		case s.ended || c.ended && !h.unsure:
			x.fail(failClosed)
		case h.unsure && h.holed:
			x.unheard = true
			x.fail(failResponseGap)
		default:
			x.fail(failNoResponse)
		}
		if x.f.Done == 0 {
			x.f.Done = x.since(at)
		}
	}
	h.answeredLast()
	c.x = nil
	c.state, s.state, c.back = isLost, isLost, atHead // what comes now belongs to no message
	for len(h.queue) > 0 {
		h.leave(h.queue[0])
	}
	h.hidden.settle(h.p, at)
}
