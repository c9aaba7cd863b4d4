package exchange

import (
	"strings"

	"github.com/starling-load/starling/record/capture/tcp"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/http1"
)

// maxPipeline is the most requests of a connection that can wait for answers.
const maxPipeline = 1000

// request begins an exchange with the request whose head is b. cut means that a hole
// follows b.
func (h *h1) request(head *http1.Head, b []byte, at int64, cut bool) {
	s := &h.side[tcp.FromClient]
	h.p.unparsed(int64(head.Skipped), at)
	h.askedLast(at)
	x := h.open(head, b, at)
	s.x, s.state, s.try, s.start = x, atHead, false, false
	if cut {
		x.fail(failRequestGap)
		h.stray(tcp.FromClient)
		return
	}
	switch f := head.RequestBody(); f.Body {
	case http1.NoBody:
		h.endRequest(at)
	case http1.Unknown:
		x.fail(failBadRequest)
		h.stray(tcp.FromClient)
	default:
		h.expect(tcp.FromClient, f)
	}
}

// askedLast ends the previous request before a new one begins. It is still open if its
// end was in a hole, or if the answer came first and the client never sent the body.
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
func (h *h1) open(head *http1.Head, b []byte, at int64) *exchange {
	h.p.o.Counts.Requests.Add(1)
	s := &h.side[tcp.FromClient]
	if len(h.queue) == 0 && !h.unsure {
		h.hidden.settle(h.p, at)
	}
	x := &exchange{begun: s.begun, start: at}
	if h.unsure && h.spoke > h.turned && s.begun > h.spoke {
		h.turned, x.turn = h.spoke, h.hole
	}
	if len(h.queue) >= maxPipeline {
		h.tooDeep(at)
	}
	h.queue = append(h.queue, x)
	r := &x.f.Request
	if cost := headCost + int64(len(b)) + fieldCost*int64(len(head.Fields)); h.p.o.Budget.Take(cost) {
		x.taken = cost
	} else {
		x.shed = true
		r.Method = string(head.Method.Bytes(b))
		return x
	}
	text := string(b)
	x.f.Start = instant(at)
	x.f.Scheme = h.w.scheme
	x.f.Protocol = head.Version()
	r.Method, r.Target, r.Headers = head.Method.Text(text), head.Target.Text(text), fieldsOf(head, text)
	x.upgrade = head.Upgrades() && r.Headers.Value("Upgrade") != ""
	expect, _ := head.Value(b, "expect")
	x.expects = strings.EqualFold(string(expect), "100-continue")
	h.address(x)
	return x
}

// address sets where a request goes.
func (h *h1) address(x *exchange) {
	r := &x.f.Request
	if r.Method == "CONNECT" {
		r.Authority = r.Target
		return
	}
	host := r.Headers.Value("Host")
	r.Headers = withoutProxy(r.Headers)
	var scheme string
	r.Target, r.Authority, scheme = http1.SplitTarget(r.Target)
	switch {
	case scheme != "":
		x.f.Scheme = strings.ToLower(scheme)
	case host != "":
		r.Authority = host
	case h.w.authority != "":
		r.Authority = h.w.authority
	default:
		r.Authority = h.p.c.Server.String()
	}
}

// fieldCost is the memory of a field without its text, in bytes.
const fieldCost = 32

// withoutProxy removes fields that are meant for a proxy only.
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

// tooDeep gives up all requests that wait, because there are too many.
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

// endRequest ends a request whose end was seen.
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

// keepBody moves the collected body into the flow.
func (h *h1) keepBody(d tcp.Dir) {
	s := &h.side[d]
	if s.x == nil {
		return
	}
	b, taken := s.body.Body()
	switch {
	case s.x.shed:
		h.p.o.Budget.Give(taken)
		return
	case d == tcp.FromClient:
		s.x.f.Request.Body = b
	default:
		s.x.response.Body = b
	}
	s.x.taken += taken
}
