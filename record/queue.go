package record

import (
	"sync"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// A queue holds records until the writer takes them, up to a number of bytes and an age,
// and decides what is shed when they become too many or too old.
//
//	bytes  0 ............ 3/4 ............ full ....... + 1/16
//	        everybody in   | no new session | nobody      | no connection either
//
//	age    0 ..... 1/8 ........... 1/2 ..................... wait
//	        in time | the writer    | the writer is behind:  | all are shed
//	                | must hurry    | chosen sessions alone  |
//
// By age nothing is shed before the writer has been behind for patience. Then half of the
// sessions are chosen, and half of those again as often as what came after that had to wait
// for three quarters of wait. So some sessions are whole, however much comes.
type queue struct {
	limit int64
	wait  time.Duration
	ready chan struct{} // capacity 1: a token says that there may be something

	mu       sync.Mutex
	items    []item
	head     int
	bytes    int64
	closed   string    // why nothing comes in any more: the reason of the loss; "" is open
	busy     bool      // a flow was taken and is not done
	behind   time.Time // since when what is taken is old; zero: it is not
	halved   int       // one session in 2^halved is chosen
	changed  time.Time // when halved was
	hurry    time.Time // until when the writer must hurry, unless it sheds
	starved  time.Time // until when it must hurry, since others take the cores
	haste    time.Duration
	sessions sessions
	lost     losses // not yet declared in the recording
	total    losses
}

const (
	patience  = 500 * time.Millisecond
	maxHalved = 16
	calm      = 500 * time.Millisecond // after which twice as many sessions are chosen again

	// How long the writer hurries once it must. If it must again soon after, the machine is
	// busy: it hurries for twice as long.
	leastHaste, mostHaste = time.Second, time.Minute
)

type item struct {
	record  flow.Record
	session uint64
	bytes   int64
	at      time.Time // when it came
	hurry   bool      // the writer must hurry
}

// losses count what did not get in.
type losses struct {
	since    time.Time // of the first one
	flows    uint64
	sessions uint64
	conns    uint64
}

func (l *losses) any() bool { return l.flows+l.sessions+l.conns > 0 }

func newQueue(limit int64, wait time.Duration) *queue {
	return &queue{limit: limit, wait: wait, ready: make(chan struct{}, 1)}
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
	q.push(item{record: c, bytes: n, at: now})
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
	crowded := q.bytes+n > q.limit/4*3 || !q.chosen(session, now)
	if fate < fateShed && !full && (fate == fateKept || !crowded || session == 0) {
		if fate == fateUnknown && session != 0 {
			q.sessions.decide(session, fateKept, now)
		}
		q.push(item{record: f, session: session, bytes: n, at: now})
		return true
	}
	q.shed(session, fate, fateShed, now)
	return false
}

// shed counts a flow as lost, and its session if that was not shed yet.
func (q *queue) shed(session uint64, was, now fate, at time.Time) {
	q.lose(at).flows++
	q.total.flows++
	if was < fateShed {
		q.lost.sessions++
		q.total.sessions++
	}
	if session != 0 {
		q.sessions.decide(session, now, at)
	}
}

// sheds reports whether the flows of a session are shed.
func (q *queue) sheds(session uint64, now time.Time) bool {
	if session == 0 {
		return false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.sessions.fate(session, now) >= fateShed
}

// lose returns the counters of what is lost now.
func (q *queue) lose(now time.Time) *losses {
	if !q.lost.any() {
		q.lost.since = now
	}
	return &q.lost
}

func (q *queue) push(it item) {
	q.items = append(q.items, it)
	q.bytes += it.bytes
	q.wake()
}

func (q *queue) wake() {
	select {
	case q.ready <- struct{}{}:
	default: // the token lies there already
	}
}

// pop returns the oldest record that is not shed, or nothing. Its bytes count until done is
// called. Nobody else reads the flows that were shed meanwhile.
func (q *queue) pop(now time.Time) (it item, shed []*flow.Flow) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.head < len(q.items) {
		it := q.take()
		f, isFlow := it.record.(*flow.Flow)
		if isFlow && q.tooLate(it, now) {
			q.bytes -= it.bytes
			shed = append(shed, f)
			continue
		}
		q.busy = isFlow
		it.hurry = q.halved == 0 && now.Before(q.hurry) || now.Before(q.starved)
		return it, shed
	}
	q.behind = time.Time{}
	q.items, q.head = q.items[:0], 0
	if cap(q.items) > 1<<16 {
		q.items = nil
	}
	return item{}, shed
}

// tooLate decides whether a flow is shed because of its age. Once a session has
// lost a flow, it loses those behind it.
func (q *queue) tooLate(it item, now time.Time) bool {
	fate := fateUnknown
	if it.session != 0 {
		fate = q.sessions.fate(it.session, now)
	}
	age := now.Sub(it.at)
	switch {
	case fate == fateCut:
		q.shed(it.session, fate, fateCut, now)
		return true
	case q.closed != "":
		return false // what is left is written, however old it is
	}
	chosen := q.chosen(it.session, it.at)
	q.measure(it.at, chosen, now)
	if q.halved > 0 && age > q.wait/2 && (age > q.wait || !chosen) {
		q.shed(it.session, fate, fateCut, now)
		return true
	}
	return false
}

// measure learns from when what is taken came whether the writer keeps up.
func (q *queue) measure(came time.Time, chosen bool, now time.Time) {
	age := now.Sub(came)
	if age > q.wait/8 {
		q.rush(now)
	}
	if age <= q.wait/2 {
		q.behind = time.Time{}
		if q.halved > 0 && now.Sub(q.changed) >= calm {
			q.halved, q.changed = q.halved-1, now
		}
		return
	}
	if q.behind.IsZero() {
		q.behind = now
	}
	late := now.Sub(q.behind) >= patience
	if q.halved > 0 {
		late = chosen && age > q.wait/4*3 && came.After(q.changed)
	}
	if late && q.halved < maxHalved {
		q.halved, q.changed = q.halved+1, now
	}
}

// rush makes the writer hurry.
func (q *queue) rush(now time.Time) {
	if now.Sub(q.hurry) > q.haste {
		q.haste = leastHaste
	} else if now.After(q.hurry) {
		q.haste = min(2*q.haste, mostHaste)
	}
	q.hurry = now.Add(q.haste)
}

// begin makes the writer hurry at first, as long as nobody knows how busy the machine is.
func (q *queue) begin(now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.rush(now)
	q.starved = q.hurry
}

// stood says that the writer stood still for so long in the middle of a record, although it
// had work to do. For long it does only where many others want the cores. It does not take
// much from the traffic then to be one of them.
func (q *queue) stood(still time.Duration, now time.Time) {
	if still <= q.wait/8 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.rush(now)
	if still > q.wait/2 {
		q.starved = q.hurry
	}
}

// chosen reports whether a session stays when others are shed. Flows without a session are
// chosen by when they came.
func (q *queue) chosen(session uint64, came time.Time) bool {
	if session == 0 {
		session = uint64(came.UnixNano())
	}
	return session*0x9E3779B97F4A7C15>>(64-q.halved) == 0
}

// ended reports whether there is nothing more to write.
func (q *queue) ended() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed != "" && q.head == len(q.items)
}

// take returns the oldest item. There must be one.
func (q *queue) take() item {
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

// done says that an item is written, or counted as lost.
func (q *queue) done(it item) {
	q.mu.Lock()
	q.bytes -= it.bytes
	q.busy = false
	q.mu.Unlock()
}

// abandon counts what is queued or taken as lost, because there is no time for it. It
// returns the flows that nobody else reads.
func (q *queue) abandon(now time.Time) (unread []*flow.Flow) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.head < len(q.items) {
		it := q.take()
		q.bytes -= it.bytes
		if f, isFlow := it.record.(*flow.Flow); isFlow {
			unread = append(unread, f)
		}
	}
	lost := uint64(len(unread))
	if q.busy {
		lost++
	}
	if lost > 0 {
		q.lose(now).flows += lost
		q.total.flows += lost
	}
	return unread
}

// close refuses what comes later, and counts it. The first reason stays, unless it was
// StoppedClosed.
func (q *queue) close(reason string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed == "" || q.closed == StoppedClosed {
		q.closed = reason
	}
	q.wake()
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
