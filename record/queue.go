package record

import (
	"sync"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// A queue holds records until the writer takes them, up to a number of bytes,
// and decides what is shed when they become too many.
//
//	0 ............ 3/4 ............ full ....... + 1/16
//	 everybody in   | no new session | nobody      | no connection either
type queue struct {
	limit int64
	ready chan struct{} // capacity 1: a token says that there may be something

	mu       sync.Mutex
	items    []item
	head     int
	bytes    int64
	closed   string // why nothing comes in any more: the reason of the loss; "" is open
	sessions sessions
	lost     losses // not yet declared in the recording
	total    losses
}

type item struct {
	record flow.Record
	bytes  int64
}

// losses count what did not get in.
type losses struct {
	since    time.Time // of the first one
	flows    uint64
	sessions uint64
	conns    uint64
}

func (l *losses) any() bool { return l.flows+l.sessions+l.conns > 0 }

func newQueue(limit int64) *queue {
	return &queue{limit: limit, ready: make(chan struct{}, 1)}
}

// addConn takes a connection in, if there is any room.
func (q *queue) addConn(c *flow.Conn, now time.Time) {
	n := sizeOf(c)
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed != "" || q.bytes+n > q.limit+q.limit/16 {
		q.lose(now).conns++
		q.total.conns++
		return
	}
	q.push(c, n)
}

// addFlow takes a flow in, or sheds it with the rest of its session. It reports whether
// the flow is in. A session of 0 is that flow alone.
func (q *queue) addFlow(f *flow.Flow, session uint64, now time.Time) bool {
	n := sizeOf(f)
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed != "" {
		q.lose(now).flows++
		q.total.flows++
		return false
	}
	fate := fateUnknown
	if session != 0 {
		fate = q.sessions.fate(session, now)
	}
	full := q.bytes+n > q.limit
	crowded := q.bytes+n > q.limit/4*3
	if fate != fateShed && !full && (fate == fateKept || !crowded || session == 0) {
		if fate == fateUnknown && session != 0 {
			q.sessions.decide(session, fateKept, now)
		}
		q.push(f, n)
		return true
	}
	q.lose(now).flows++
	q.total.flows++
	if fate != fateShed {
		q.lost.sessions++
		q.total.sessions++
		if session != 0 {
			q.sessions.decide(session, fateShed, now)
		}
	}
	return false
}

// sheds reports whether the flows of a session are shed.
func (q *queue) sheds(session uint64, now time.Time) bool {
	if session == 0 {
		return false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.sessions.fate(session, now) == fateShed
}

// lose returns the counters of what is lost now.
func (q *queue) lose(now time.Time) *losses {
	if !q.lost.any() {
		q.lost.since = now
	}
	return &q.lost
}

func (q *queue) push(r flow.Record, n int64) {
	q.items = append(q.items, item{r, n})
	q.bytes += n
	select {
	case q.ready <- struct{}{}:
	default: // the token lies there already
	}
}

// pop returns the oldest record, or nil. Its bytes count until done is called.
func (q *queue) pop() item {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
		if cap(q.items) > 1<<16 {
			q.items = nil
		}
		return item{}
	}
	it := q.items[q.head]
	q.items[q.head] = item{}
	q.head++
	if q.head >= 1024 && q.head*2 >= len(q.items) {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	return it
}

func (q *queue) done(it item) {
	q.mu.Lock()
	q.bytes -= it.bytes
	q.mu.Unlock()
}

// close refuses what comes later, and counts it. The first reason stays.
func (q *queue) close(reason string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed == "" {
		q.closed = reason
	}
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// takeLost returns what was lost since the last call.
func (q *queue) takeLost() losses {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := q.lost
	q.lost = losses{}
	return l
}

// addLost counts flows that were in the queue and did not reach the disk.
func (q *queue) addLost(flows uint64, now time.Time) {
	if flows == 0 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.lose(now).flows += flows
	q.total.flows += flows
}

func (q *queue) state() (total losses, bytes int64, closed string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.total, q.bytes, q.closed
}

// sizeOf is the memory that a record holds, roughly.
func sizeOf(r flow.Record) int64 {
	const fixed, line = 600, 40
	n := fixed
	headers := func(h flow.Headers) {
		for i := range h {
			n += len(h[i].Name) + len(h[i].Value) + line
		}
	}
	response := func(r *flow.Response) {
		headers(r.Headers)
		headers(r.Trailers)
		n += cap(r.Body.Data) + 150
	}
	if f, ok := r.(*flow.Flow); ok {
		n += len(f.Request.Target) + len(f.Request.Authority) + cap(f.Request.Body.Data)
		headers(f.Request.Headers)
		headers(f.Request.Trailers)
		for i := range f.Interim {
			response(&f.Interim[i])
		}
		if f.Response != nil {
			response(f.Response)
		}
		for i := range f.Messages {
			n += cap(f.Messages[i].Data) + 64
		}
	}
	return int64(n)
}

// giveBack returns losses that could not be declared. They are in the totals.
func (q *queue) giveBack(l losses) {
	if !l.any() {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.lost.since = l.since
	q.lost.flows += l.flows
	q.lost.sessions += l.sessions
	q.lost.conns += l.conns
}
