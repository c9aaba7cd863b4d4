package exchange

import (
	"strings"
	"time"

	"github.com/starling-load/starling/record/capture/tcp"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/http1"
	"github.com/starling-load/starling/record/message"
)

// maxInterim is how many 1xx responses of an exchange are kept.
const maxInterim = 100

// answer begins the response whose head is b. It reports false if b is text inside a
// body. cut means that a hole follows b.
func (h *h1) answer(head *http1.Head, b []byte, at int64, cut bool) bool {
	s := &h.side[tcp.FromServer]
	x, ambiguous := h.pair(s.begun)
	if x == nil && s.state == isLost && s.x != nil {
		return false // no further request is open
	}
	h.p.unparsed(int64(head.Skipped), at)
	h.answeredLast()
	s.state, s.try, s.start = atHead, false, false
	if x != nil && !x.shed {
		cost := int64(len(b)) + fieldCost*int64(len(head.Fields))
		if h.p.o.Budget.Take(cost) {
			x.taken += cost
		} else {
			x.shed = true
		}
	}
	if head.Status < 200 && head.Status != 101 {
		h.interim(x, head, b)
		if cut {
			h.stray(tcp.FromServer)
		}
		return true
	}
	h.p.o.Counts.Responses.Add(1)
	if x == nil {
		h.orphan(head, at, ambiguous, cut)
		return true
	}
	s.x = x
	x.answered = true
	x.response = flow.Response{Status: head.Status, Headers: fieldsOf(head, string(b))}
	x.f.Response = &x.response
	x.f.FirstByte = x.since(at)
	if cut {
		x.fail(failResponseGap)
		x.f.Done = x.since(at)
		h.stray(tcp.FromServer)
	} else {
		h.follow(x, head.ResponseBody(x.f.Request.Method), at)
	}
	return true
}

// interim records an informational (1xx) response.
func (h *h1) interim(x *exchange, head *http1.Head, b []byte) {
	h.p.o.Counts.Interim.Add(1)
	if x != nil && !x.shed && len(x.f.Interim) < maxInterim {
		x.f.Interim = append(x.f.Interim, flow.Response{Status: head.Status, Headers: fieldsOf(head, string(b))})
	}
}

// orphan takes a response whose request is not known.
func (h *h1) orphan(head *http1.Head, at int64, ambiguous, cut bool) {
	if !ambiguous {
		h.p.o.Counts.RequestsLost.Add(1)
		kind := lossUnparsed
		switch {
		case h.side[tcp.FromClient].start:
			kind = lossStart
		case h.holed:
			kind = lossGap
		}
		if kind != lossStart { // the hole may be told later
			h.hidden.tell(tcp.FromClient)
		}
		h.p.losses.add(kind, at, loss{flows: 1})
	}
	if cut {
		h.stray(tcp.FromServer)
		return
	}
	switch f := head.ResponseBody(""); f.Body {
	case http1.NoBody, http1.Tunnel:
	case http1.Unknown:
		h.stray(tcp.FromServer)
	default:
		h.expect(tcp.FromServer, f)
	}
}

// follow prepares for what comes behind the head of a response.
func (h *h1) follow(x *exchange, f http1.Framing, at int64) {
	switch f.Body {
	case http1.NoBody:
		h.endAnswer(at)
	case http1.Tunnel:
		h.turnInto(x, x.response.Headers.Value("Upgrade"), at)
	case http1.Unknown:
		x.fail(failInvalid)
		x.f.Done = x.since(at)
		h.stray(tcp.FromServer)
	default:
		h.expect(tcp.FromServer, f)
		if s := &h.side[tcp.FromServer]; !message.IsEvents(x.response.Headers) {
			s.feed = h.p.web(x, tcp.FromServer, x.response.Headers)
		} else {
			s.feed = message.NewEvents(maxMessage, func(at time.Duration, kind flow.MessageKind, data []byte, size int64) {
				h.p.message(x, at, kind, false, data, size)
			})
		}
	}
}

// answeredLast ends the previous response before a new one begins. It is still open if
// its end was in a hole.
func (h *h1) answeredLast() {
	s := &h.side[tcp.FromServer]
	if x := s.x; x != nil && !x.done {
		h.keepBody(tcp.FromServer)
		h.requestOver(x)
		x.done = true
		h.settle()
	}
	s.x, s.feed = nil, nil
	_, taken := s.body.Body() // for a message that is not kept
	h.p.o.Budget.Give(taken)
}

// endAnswer ends a response whose end was seen.
func (h *h1) endAnswer(at int64) {
	s := &h.side[tcp.FromServer]
	x := s.x
	s.state, s.x, s.feed = atHead, nil, nil
	if x == nil {
		return
	}
	s.x = x
	h.keepBody(tcp.FromServer)
	s.x = nil
	x.f.Done = x.since(at)
	x.done = true
	if n := len(h.queue); n > 1 && h.queue[n-1] != x && h.queue[1].begun < at && h.queue[0] == x {
		h.pipelined = true
	}
	h.requestOver(x)
	h.mayBeNeedless(x)
	h.settle()
}

// requestOver ends the request of an answered exchange if its end cannot be found any
// more.
func (h *h1) requestOver(x *exchange) {
	c := &h.side[tcp.FromClient]
	if c.x == x && !x.asked && c.state == isLost {
		h.keepBody(tcp.FromClient)
		x.asked = true
		c.x = nil
	}
}

// mayBeNeedless prepares for a client that announced a body with Expect. If the final
// answer comes first, the client does not send the body.
func (h *h1) mayBeNeedless(x *exchange) {
	c := &h.side[tcp.FromClient]
	if x.asked || !x.expects || c.x != x || c.body.Size() > 0 || len(c.buf) > 0 {
		return
	}
	if c.state == inBody || c.state == inChunks && *c.chunks == (http1.Chunks{}) {
		c.back, c.state = c.state, atHead
	}
}

// turnInto passes the connection to the protocol to which the response agreed.
func (h *h1) turnInto(x *exchange, protocol string, at int64) {
	s := &h.side[tcp.FromServer]
	s.x = nil
	if !x.asked { // the rest of the body may come in the other protocol
		x.fail(failRequest)
		h.keepBody(tcp.FromClient)
	}
	h.remove(x)
	x.over()
	switch {
	case x.f.Request.Method == "CONNECT" && x.response.Status != 101:
		x.f.Done = x.since(at)
		authority := x.f.Request.Target
		h.p.hold(x)
		h.become(newDetect(h.p, where{scheme: "http", authority: authority}, false), at)
	case strings.EqualFold(protocol, "h2c") && !x.shed:
		h.p.o.Counts.Responses.Add(^uint64(0)) // its response comes over HTTP/2
		h.p.o.Counts.Interim.Add(1)
		x.f.Interim = append(x.f.Interim, x.response)
		x.response, x.f.Response, x.f.FirstByte = flow.Response{}, nil, 0
		h.become(newH2Upgraded(h.p, h.w, x, x.f.Request.Headers.Value("HTTP2-Settings")), at)
	case strings.EqualFold(protocol, "websocket"):
		h.become(newSocket(h.p, x), at)
	default:
		h.become(&opaque{p: h.p, x: x}, at)
	}
}
