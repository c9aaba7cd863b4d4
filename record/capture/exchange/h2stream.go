package exchange

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/starling-load/starling/record/body"
	"github.com/starling-load/starling/record/capture/tcp"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/message"
)

// failUnknown is the Error of a flow with unknown fields. These fields refer to bytes
// from before the capture or in a hole.
const failUnknown = "unknown header state"

// failLong is the Error of a flow whose header list is longer than the limit.
const failLong = "headers too long"

// An h2stream is one stream: an exchange with its two bodies.
type h2stream struct {
	id     uint32
	x      *exchange // nil: the request is not known, or there was no memory
	bodies [2]body.Collector
	feeds  [2]feed // messages in the bodies; may be nil
	tunnel bool    // the data belong to another protocol

	headed [2]bool // the head of the message was found or lost
	over   [2]bool
	holed  [2]bool
	lost   bool // the response was counted as lost
}

// A feed finds messages in a body.
type feed interface {
	Feed(p []byte, at time.Duration)
}

// headers takes the field block of a HEADERS frame.
func (l *h2) headers(d tcp.Dir, h frameHead, list h2head, at int64) {
	s := l.streams[h.stream]
	switch {
	case d == tcp.FromClient && s == nil:
		if h.stream%2 == 0 || h.stream <= l.last {
			return // the stream is over
		}
		l.open(h.stream, list, at)
	case s == nil:
		if s = l.orphan(h.stream, list, at); s == nil {
			return
		}
		l.answer(s, list, at)
	case d == tcp.FromClient && !s.headed[d], s.headed[d] && list.pseudo[pseudoStatus] == "":
		l.trailers(s, d, list)
	case d == tcp.FromServer:
		l.answer(s, list, at)
	}
	if h.has(flagEndStream) {
		l.over(d, h.stream, at)
	}
}

// open begins the stream of a request.
func (l *h2) open(id uint32, list h2head, at int64) *h2stream {
	l.skipTo(id, at)
	if len(l.streams) >= maxStreams && !l.makeRoom(at) {
		l.shed(at)
		return nil
	}
	s := &h2stream{id: id}
	s.headed[tcp.FromClient] = true
	l.streams[id] = s
	l.request(s, list, at)
	return s
}

// request makes the exchange of a stream, if the head tells what is requested.
func (l *h2) request(s *h2stream, list h2head, at int64) {
	method, path := list.pseudo[pseudoMethod], list.pseudo[pseudoPath]
	known := method != "" && (path != "" || method == "CONNECT")
	if !known {
		l.lostRequest(at)
		return
	}
	l.p.o.Counts.Requests.Add(1)
	taken := headCost + list.size()
	if !l.p.o.Budget.Take(taken) {
		l.shed(at)
		return
	}
	x := &exchange{begun: at, start: at, taken: taken}
	s.x = x
	authority := list.pseudo[pseudoAuthority]
	if authority == "" {
		authority = list.fields.Value("host")
	}
	if authority == "" {
		authority = l.p.c.Server.String()
	}
	if path == "" {
		path = authority
	}
	x.f = flow.Flow{
		Scheme: l.w.scheme, Protocol: "HTTP/2.0", Start: instant(at),
		Request: flow.Request{Method: method, Target: path, Authority: authority, Headers: list.fields},
	}
	l.mark(x, list)
	s.bodies[tcp.FromClient].Start(&l.p.o.Budget.Budget, l.p.o.MaxBody, declared(list.fields))
	if message.IsGRPC(list.fields) {
		s.feeds[tcp.FromClient] = l.grpc(s, tcp.FromClient, list.fields)
	} else {
		s.feeds[tcp.FromClient] = l.p.web(x, tcp.FromClient, list.fields)
	}
}

// mark sets the error of an exchange whose header list is not complete.
func (l *h2) mark(x *exchange, list h2head) {
	if list.unknown {
		x.fail(failUnknown)
	}
	if list.long {
		x.fail(failLong)
	}
}

// declared returns the length that a header list declares for the body, or -1.
func declared(h flow.Headers) int64 {
	n, err := strconv.ParseInt(h.Value("content-length"), 10, 62)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// promised begins the stream of a request that the server pushes.
func (l *h2) promised(id uint32, list h2head, at int64) {
	if id == 0 || id%2 != 0 || l.streams[id] != nil {
		return
	}
	if len(l.streams) >= maxStreams && !l.makeRoom(at) {
		l.shed(at)
		return
	}
	s := &h2stream{id: id}
	s.headed[tcp.FromClient], s.over[tcp.FromClient] = true, true
	l.streams[id] = s
	if l.request(s, list, at); s.x != nil {
		s.x.f.RequestDone = s.x.since(at)
	}
}

// answer takes the head of a response.
func (l *h2) answer(s *h2stream, list h2head, at int64) {
	n, x := l.p.o.Counts, s.x
	status := list.status()
	switch {
	case status == 0:
		s.headed[tcp.FromServer] = true
		l.lostResponse(s)
		if x != nil && list.unknown {
			x.fail(failUnknown)
		} else if x != nil {
			x.fail(failInvalid)
		}
		return
	case status < 200:
		n.Interim.Add(1)
		if x != nil && l.p.o.Budget.Take(list.size()) {
			x.taken += list.size()
			x.f.Interim = append(x.f.Interim, flow.Response{Status: status, Headers: list.fields})
			l.mark(x, list)
		}
		return
	case s.headed[tcp.FromServer]:
		return // a second answer; no server sends one
	}
	s.headed[tcp.FromServer] = true
	n.Responses.Add(1)
	if x == nil {
		return
	}
	x.f.FirstByte = x.since(at)
	if !l.p.o.Budget.Take(list.size()) {
		list.fields, list.long = nil, true
	} else {
		x.taken += list.size()
	}
	x.response = flow.Response{Status: status, Headers: list.fields}
	x.f.Response = &x.response
	l.mark(x, list)
	s.bodies[tcp.FromServer].Start(&l.p.o.Budget.Budget, l.p.o.MaxBody, declared(list.fields))
	l.follow(s, status, list.fields)
}

// follow chooses how the data of a stream are read once its response has begun.
func (l *h2) follow(s *h2stream, status int, h flow.Headers) {
	switch {
	case s.x.f.Request.Method == "CONNECT" && status < 300:
		s.tunnel = true
	case message.IsGRPC(h):
		s.feeds[tcp.FromServer] = l.grpc(s, tcp.FromServer, h)
	case message.IsEvents(h):
		x := s.x
		s.feeds[tcp.FromServer] = message.NewEvents(maxMessage, func(at time.Duration, kind flow.MessageKind, data []byte, size int64) {
			l.p.message(x, at, kind, false, data, size)
		})
	default:
		s.feeds[tcp.FromServer] = l.p.web(s.x, tcp.FromServer, h)
	}
}

// trailers takes the fields behind a body.
func (l *h2) trailers(s *h2stream, d tcp.Dir, list h2head) {
	x := s.x
	if x == nil {
		return
	}
	l.mark(x, list)
	if !l.p.o.Budget.Take(list.size()) {
		x.fail(failLong)
		return
	}
	x.taken += list.size()
	if d == tcp.FromClient {
		x.f.Request.Trailers = append(x.f.Request.Trailers, list.fields...)
	} else if x.f.Response != nil {
		x.response.Trailers = append(x.response.Trailers, list.fields...)
	}
}

// body takes bytes of the body of one direction of a stream.
func (l *h2) body(d tcp.Dir, id uint32, p []byte, at int64) {
	s := l.streams[id]
	switch {
	case s == nil: // the stream is over or shed
	case s.x == nil, s.tunnel:
		l.p.unparsed(int64(len(p)), at)
	case !s.headed[d] || s.lost && d == tcp.FromServer: // the head is not known
		l.p.unparsed(int64(len(p)), at)
	default:
		s.bodies[d].Add(p)
		if f := s.feeds[d]; f != nil {
			f.Feed(p, s.x.since(at))
		}
	}
}

// over takes the end of one direction of a stream.
func (l *h2) over(d tcp.Dir, id uint32, at int64) {
	s := l.streams[id]
	if s == nil || s.over[d] {
		return
	}
	s.over[d] = true
	if x := s.x; x != nil {
		if d == tcp.FromClient {
			x.f.RequestDone = x.since(at)
		} else {
			x.f.Done = x.since(at)
		}
	}
	// The server's end is enough if the client's end was in a hole, or if the request was
	// not seen.
	if s.over[d.Other()] || d == tcp.FromServer && (s.holed[tcp.FromClient] || s.x == nil) {
		l.finish(s, at)
	}
}

// reset takes a RST_STREAM.
func (l *h2) reset(d tcp.Dir, id uint32, at int64) {
	s := l.streams[id]
	if s == nil {
		return
	}
	if x := s.x; x != nil && !s.over[tcp.FromServer] {
		switch {
		case d == tcp.FromClient:
			x.fail(failClient)
		case s.headed[d]:
			x.fail(failResponse)
		default:
			x.fail(failReset)
		}
	}
	l.finish(s, at)
}

// goAway ends the streams above last. The server has not processed them.
func (l *h2) goAway(last uint32, at int64) {
	for _, s := range l.sorted() {
		if s.id > last && s.id%2 == 1 {
			if s.x != nil {
				s.x.fail(failClosed)
			}
			l.finish(s, at)
		}
	}
}

// lacks notes n missing bytes in one direction of a stream.
func (l *h2) lacks(s *h2stream, d tcp.Dir, n int64) {
	s.holed[d] = true
	s.feeds[d] = nil
	if s.x != nil {
		s.x.fail(gapIn(d))
		if s.bodies[d].Started() {
			s.bodies[d].Miss(n)
		}
	}
}

// finish gives the exchange of a stream to the sink.
func (l *h2) finish(s *h2stream, at int64) {
	delete(l.streams, s.id)
	x := s.x
	if !s.headed[tcp.FromServer] && s.holed[tcp.FromServer] {
		l.lostResponse(s)
	}
	if x == nil {
		return
	}
	if !s.over[tcp.FromClient] {
		x.fail(failRequest)
	}
	if x.f.Response == nil {
		x.fail(failInvalid) // the server has ended the stream without a response
	}
	if x.f.Done == 0 {
		x.f.Done = x.since(at)
	}
	var taken [2]int64
	x.f.Request.Body, taken[0] = s.bodies[tcp.FromClient].Body()
	if x.f.Response != nil {
		x.response.Body, taken[1] = s.bodies[tcp.FromServer].Body()
	}
	l.p.deliver(&x.f, x.taken+taken[0]+taken[1])
}

// finishAll ends every stream. unanswered is the error of those without a response, cut
// of the others.
func (l *h2) finishAll(unanswered, cut string, at int64) {
	for _, s := range l.sorted() {
		if x := s.x; x != nil && !s.over[tcp.FromServer] {
			if s.headed[tcp.FromServer] {
				x.fail(cut)
			} else {
				x.fail(unanswered)
			}
		}
		l.finish(s, at)
	}
}

// sorted lists the streams by their numbers.
func (l *h2) sorted() []*h2stream {
	return slices.SortedFunc(maps.Values(l.streams), func(a, b *h2stream) int { return cmp.Compare(a.id, b.id) })
}
