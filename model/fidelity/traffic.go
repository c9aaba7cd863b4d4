package fidelity

import (
	"cmp"
	"slices"
	"time"
)

// A Request is what is known of a request and its answer.
type Request struct {
	Endpoint string        // what kind of request it is
	Value    uint64        // names what is asked for: equal for equal requests
	Start    time.Duration // from the start of the traffic
	End      time.Duration // of the answer, from the start of the traffic
	Status   int           // of the answer; 0: not sent, or not answered
	Sent     int64         // bytes of the target and the body
	Received int64         // bytes of the body of the answer
}

// A Session is what a user did until a pause.
type Session struct {
	User     string
	Type     string // the type of user; "": not known
	Requests []Request
}

// A Schedule tells how exactly requests were sent.
type Schedule struct {
	P99  time.Duration // of the time from when a request was due until it was sent
	P999 time.Duration
}

// A Traffic is what users did, without bodies. The zero value is empty.
type Traffic struct {
	// Schedule is nil if it is not known when requests were due.
	Schedule *Schedule

	names     []string // of endpoints
	index     map[string]int32
	users     map[string]int32
	typeNames []string
	sessions  []visit
	requests  []request // those of a session follow each other, by start
}

// A visit is a session of a traffic.
type visit struct {
	user  int32
	kind  int32 // index of its type in typeNames; -1: not known
	first int   // index of its first request
	next  int   // index behind its last one
}

// A request of a traffic.
type request struct {
	start, end time.Duration
	value      uint64
	sent       int64
	received   int64
	endpoint   int32
	class      uint8 // of the status: 0 to 5
}

// Add adds a session. It does nothing for one without requests. The session may be
// reused.
func (t *Traffic) Add(s *Session) {
	if len(s.Requests) == 0 {
		return
	}
	if t.index == nil {
		t.index, t.users = map[string]int32{}, map[string]int32{}
	}
	user, known := t.users[s.User]
	if !known {
		user = int32(len(t.users))
		t.users[s.User] = user
	}
	v := visit{user: user, kind: -1, first: len(t.requests)}
	if s.Type != "" {
		if v.kind = int32(slices.Index(t.typeNames, s.Type)); v.kind < 0 {
			v.kind = int32(len(t.typeNames))
			t.typeNames = append(t.typeNames, s.Type)
		}
	}
	for i := range s.Requests {
		q := &s.Requests[i]
		t.requests = append(t.requests, request{
			start: q.Start, end: max(q.Start, q.End), value: q.Value, sent: q.Sent, received: q.Received,
			endpoint: t.endpoint(q.Endpoint), class: uint8(min(max(q.Status/100, 0), classes-1)),
		})
	}
	v.next = len(t.requests)
	slices.SortStableFunc(t.requests[v.first:], func(a, b request) int { return cmp.Compare(a.start, b.start) })
	t.sessions = append(t.sessions, v)
}

// endpoint returns the number of an endpoint.
func (t *Traffic) endpoint(name string) int32 {
	i, known := t.index[name]
	if !known {
		i = int32(len(t.names))
		t.index[name] = i
		t.names = append(t.names, name)
	}
	return i
}

// Sessions returns how many sessions t has.
func (t *Traffic) Sessions() int { return len(t.sessions) }

// Requests returns how many requests t has.
func (t *Traffic) Requests() int { return len(t.requests) }

// Users returns how many users t has.
func (t *Traffic) Users() int { return len(t.users) }

// starts returns when the first and the last session of t begins.
func (t *Traffic) starts() (first, last time.Duration) {
	for i, s := range t.sessions {
		at := t.requests[s.first].start
		if i == 0 {
			first, last = at, at
		}
		first, last = min(first, at), max(last, at)
	}
	return first, last
}

// Starts returns when the sessions of t begin, as offsets from the first of them in
// ascending order, and how long t lasts.
func (t *Traffic) Starts() (starts []time.Duration, span time.Duration) {
	first, _ := t.starts()
	for _, s := range t.sessions {
		starts = append(starts, t.requests[s.first].start-first)
		for i := s.first; i < s.next; i++ {
			span = max(span, t.requests[i].end-first)
		}
	}
	slices.Sort(starts)
	return starts, span
}

// wholeSeconds reports whether all requests begin at whole seconds, as in access logs.
func (t *Traffic) wholeSeconds() bool {
	return !slices.ContainsFunc(t.requests, func(q request) bool { return q.start%time.Second != 0 })
}

// rounded is t with the times of a log that tells whole seconds.
func (t *Traffic) rounded() *Traffic {
	r := *t
	r.requests = slices.Clone(t.requests)
	for i := range r.requests {
		q := &r.requests[i]
		q.start, q.end = q.start.Truncate(time.Second), q.end.Truncate(time.Second)
	}
	return &r
}
