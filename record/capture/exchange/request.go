package exchange

import (
	"strings"

	"github.com/starling-load/starling/record/capture/tcp"
	"github.com/starling-load/starling/record/flow"
)

// maxPipeline is how many requests of a connection wait for their answers at most.
const maxPipeline = 1000

// request begins an exchange with the head b of a request. It reports false when b is
// none. cut: b ends in a hole.
func (h *h1) request(b []byte, at int64, cut bool) bool {
	s := &h.side[tcp.FromClient]
	strict := s.state == isLost
	line, text := cutLine(string(b))
	first, ok := parseRequestLine(line, strict)
	if !ok {
		return false
	}
	f, ok := parseFields(text)
	if !ok || strict && (f.bad > 0 || !wellFormed(f.list)) {
		return false
	}
	h.p.unparsed(int64(f.bad), at)
	h.askedLast(at)
	x := h.open(first, &f, len(b), at)
	s.x, s.state, s.try, s.start = x, atHead, false, false
	if cut {
		x.fail(failRequestGap)
		h.stray(tcp.FromClient)
		return true
	}
	switch kind := f.framing.ofRequest(); kind {
	case bodyNone:
		h.endRequest(at)
	case bodyBroken:
		x.fail(failBadRequest)
		h.stray(tcp.FromClient)
	default:
		h.expect(tcp.FromClient, kind, f.framing.length)
	}
	return true
}

// askedLast ends the request before a new one where that did not end by itself:
// behind a hole, and where an early answer made its body needless.
func (h *h1) askedLast(at int64) {
	s := &h.side[tcp.FromClient]
	if x := s.x; x != nil && !x.asked {
		h.keepBody(tcp.FromClient)
		x.asked = true
		h.settle()
	}
	s.x, s.back = nil, atHead
}

// open makes the exchange of a request and puts it into the queue.
func (h *h1) open(first requestLine, f *fields, size int, at int64) *exchange {
	h.p.o.Counts.Requests.Add(1)
	s := &h.side[tcp.FromClient]
	if len(h.queue) == 0 && !h.unsure {
		h.hidden.settle(h.p, at)
	}
	x := &exchange{begun: s.begun, start: at, expects: f.framing.expects}
	if h.unsure && h.spoke > h.turned && s.begun > h.spoke {
		h.turned, x.turn = h.spoke, h.hole
	}
	if len(h.queue) >= maxPipeline {
		h.tooDeep(at)
	}
	h.queue = append(h.queue, x)
	if cost := headCost + int64(size) + fieldCost*int64(len(f.list)); h.p.o.Budget.take(cost) {
		x.taken = cost
	} else {
		x.shed = true
		x.f.Request.Method = strings.Clone(first.method)
		return x
	}
	x.upgrade = f.framing.token && f.framing.upgrade != ""
	x.f.Start = instant(at)
	x.f.Scheme = h.w.scheme
	x.f.Protocol = first.version
	r := &x.f.Request
	r.Method, r.Headers = first.method, f.list
	if first.method == "CONNECT" {
		r.Target, r.Authority = first.target, first.target
		return x
	}
	r.Headers = withoutProxy(r.Headers)
	var scheme string
	r.Target, r.Authority, scheme = target(first.target)
	if scheme != "" {
		x.f.Scheme = strings.ToLower(scheme)
		return x
	}
	switch {
	case f.framing.host != "":
		r.Authority = f.framing.host
	case h.w.authority != "":
		r.Authority = h.w.authority
	default:
		r.Authority = h.p.c.Server.String()
	}
	return x
}

// fieldCost is what a field takes beside its bytes.
const fieldCost = 32

// withoutProxy removes the fields that are meant for a proxy alone.
func withoutProxy(list flow.Headers) flow.Headers {
	kept := list[:0]
	for _, f := range list {
		switch len(f.Name) {
		case len("Proxy-Connection"), len("Proxy-Authorization"):
			if strings.EqualFold(f.Name, "Proxy-Connection") || strings.EqualFold(f.Name, "Proxy-Authorization") {
				continue
			}
		}
		kept = append(kept, f)
	}
	return kept
}

// tooDeep gives up the requests that wait, since more would not fit.
func (h *h1) tooDeep(at int64) {
	for _, x := range h.queue {
		x.fail(failNoResponse)
		x.f.Done = x.since(at)
		x.over()
	}
	h.settle()
	h.side[tcp.FromServer].x = nil
	h.pipelined, h.deep = true, true
	h.doubt()
}

// endRequest ends a request that was seen to its end.
func (h *h1) endRequest(at int64) {
	s := &h.side[tcp.FromClient]
	x := s.x
	x.f.RequestDone = x.since(at)
	h.keepBody(tcp.FromClient)
	x.asked = true
	s.state = atHead
	if (x.upgrade || x.f.Request.Method == "CONNECT") && !x.answered {
		s.state = isWaiting
		return
	}
	s.x = nil
	h.settle()
}

// keepBody moves what was collected of a body into its flow.
func (h *h1) keepBody(d tcp.Dir) {
	s := &h.side[d]
	if s.x == nil {
		return
	}
	body, taken := s.body.body()
	switch {
	case s.x.shed:
		h.p.o.Budget.give(taken)
		return
	case d == tcp.FromClient:
		s.x.f.Request.Body = body
	default:
		s.x.response.Body = body
	}
	s.x.taken += taken
}
