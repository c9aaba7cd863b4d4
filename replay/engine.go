package replay

import (
	"container/heap"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/starling-load/starling/replay/client"
	"github.com/starling-load/starling/replay/load"
	"github.com/starling-load/starling/replay/stats"
)

// Options say what Run plays and who hears of it.
type Options struct {
	Plan     Plan
	Source   Source
	Arrivals load.Arrivals // when sessions start; with Plan.Users: when users start

	// Segment is the share of the arrivals that this process plays. The zero
	// value is all of them.
	Segment load.Segment

	// Replayer names this process in its intervals. "" means "local".
	Replayer string

	// Start is the instant from which all offsets count. Zero means now.
	Start time.Time

	// Client sets TLS and protocol of the connections.
	Client client.Options

	// Interval is the length of a tick. 0 means 1 s.
	Interval time.Duration

	// StopTimeout is how long exchanges in flight may go on after the end of
	// the run before they are cut and counted as aborted. 0 means 5 s.
	StopTimeout time.Duration

	// OnInterval receives each interval, in order, on one goroutine. The last
	// one comes before Run returns.
	OnInterval func(*stats.Interval)
}

func (o Options) withDefaults() Options {
	o.Plan = o.Plan.withDefaults()
	if o.Segment.Count == 0 {
		o.Segment.Count = 1
	}
	if o.Replayer == "" {
		o.Replayer = "local"
	}
	if o.Start.IsZero() {
		o.Start = time.Now()
	}
	if o.Interval == 0 {
		o.Interval = time.Second
	}
	if o.StopTimeout == 0 {
		o.StopTimeout = 5 * time.Second
	}
	if o.OnInterval == nil {
		o.OnInterval = func(*stats.Interval) {}
	}
	return o
}

// Run plays o.Source until the plan is over or ctx ends. After the end of ctx
// it starts no request and waits Options.StopTimeout for those in flight, so
// that all it has counted is whole; it then returns the error of ctx.
func Run(ctx context.Context, o Options) error {
	o = o.withDefaults()
	if err := o.Plan.Validate(); err != nil {
		return err
	}
	if o.Source == nil || o.Arrivals == nil {
		return errors.New("replay needs a source and arrivals")
	}
	origin, err := Origin(o.Plan.Target)
	if err != nil {
		return err
	}
	dialer, err := client.New(o.Client)
	if err != nil {
		return err
	}
	e := &engine{
		Options:   o,
		origin:    origin,
		dialer:    dialer,
		collector: stats.NewCollector(o.Replayer, o.Plan.Duration),
		wake:      make(chan struct{}, 1),
	}
	return e.run(ctx)
}

// An engine is one Run.
type engine struct {
	Options
	origin    string
	dialer    *client.Dialer
	collector *stats.Collector

	cut      context.Context // ends when exchanges in flight are given up
	stopping atomic.Bool     // no request starts any more

	next   uint64         // the next arrival of the segment; owned by dispatch
	ahead  pending        // its instant; owned by dispatch
	flying sync.WaitGroup // goroutines of users

	mu    sync.Mutex // guards what follows
	due   dueHeap    // users that think
	alive int        // users thinking or in an exchange

	wake chan struct{} // capacity 1: the heap's first may have changed; a second signal adds nothing
}

func (e *engine) run(ctx context.Context) error {
	cut, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	e.cut = cut

	ticks := make(chan struct{})
	var ticker sync.WaitGroup
	ticker.Go(func() { e.tick(ticks) })

	e.dispatch(ctx)
	e.drain(giveUp)
	close(ticks)
	ticker.Wait()
	return ctx.Err()
}

// since is the offset from the start of the run on the monotonic clock.
func (e *engine) since() time.Duration { return time.Since(e.Start) }

// over reports whether no request may start at offset at.
func (e *engine) over(at time.Duration) bool {
	return e.stopping.Load() || e.Plan.Duration > 0 && at >= e.Plan.Duration
}

// dispatch starts users when they arrive and wakes them when they are due,
// until none is left, the duration is over, or ctx ends.
func (e *engine) dispatch(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		now := e.since()
		// What was due before the end is sent also when the end has come in the
		// meantime: it is late, not left out.
		arrival, more := e.arrive(now)
		due, alive := e.release(now)
		if e.over(now) || !more && alive == 0 {
			return
		}
		wait := time.Hour
		if more {
			wait = min(wait, arrival-now)
		}
		if due >= 0 {
			wait = min(wait, due-now)
		}
		if e.Plan.Duration > 0 {
			wait = min(wait, e.Plan.Duration-now)
		}
		timer.Reset(max(wait, 0))
		select {
		case <-timer.C:
		case <-e.wake:
		case <-ctx.Done():
			e.stopping.Store(true)
			e.collector.EndWindow(e.since())
			return
		}
	}
}

// A pending arrival is looked up once: that may cost more than a comparison.
type pending struct {
	known bool
	at    time.Duration
	last  bool // there is none
}

// arrive starts the users whose arrival is due by now and returns the instant
// of the next arrival; more is false after the last.
func (e *engine) arrive(now time.Duration) (at time.Duration, more bool) {
	for {
		if !e.ahead.known {
			e.ahead = e.look()
		}
		switch {
		case e.ahead.last:
			return 0, false
		case e.ahead.at > now:
			return e.ahead.at, true
		}
		e.admit(e.next, e.ahead.at)
		e.next++
		e.ahead.known = false
	}
}

// look finds the next arrival of the segment.
func (e *engine) look() pending {
	for !e.Segment.Owns(e.next) {
		e.next++
	}
	at, ok := e.Arrivals.At(e.next)
	return pending{known: true, at: at, last: !ok || e.Plan.Duration > 0 && at >= e.Plan.Duration}
}

// admit starts the user of arrival i, unless too many are alive.
func (e *engine) admit(i uint64, at time.Duration) {
	e.mu.Lock()
	full := e.alive >= MaxUsers
	if !full {
		e.alive++
	}
	alive := e.alive
	e.mu.Unlock()
	e.collector.Due(1)
	if full {
		return
	}
	e.collector.Arrived(1)
	e.collector.Users(alive)
	u := &user{engine: e, number: i, session: i, due: at}
	e.flying.Go(u.begin)
}

// release starts the users that are due by now, but before the end. It returns when the next one is
// due, -1 when none thinks, and how many users are alive.
func (e *engine) release(now time.Duration) (due time.Duration, alive int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for len(e.due) > 0 && e.due[0].due <= now && !e.over(e.due[0].due) {
		u := heap.Pop(&e.due).(*user)
		e.flying.Go(u.advance)
	}
	if len(e.due) == 0 {
		return -1, e.alive
	}
	return e.due[0].due, e.alive
}

// park lets u think until it is due.
func (e *engine) park(u *user) {
	e.mu.Lock()
	heap.Push(&e.due, u)
	first := e.due[0] == u
	e.mu.Unlock()
	if first {
		e.signal()
	}
}

// retire takes u out of the run.
func (e *engine) retire(u *user) {
	u.leave()
	e.mu.Lock()
	e.alive--
	alive := e.alive
	e.mu.Unlock()
	e.collector.Users(alive)
	if alive == 0 {
		e.signal()
	}
}

func (e *engine) signal() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// drain waits for the exchanges in flight, and cuts them after StopTimeout.
func (e *engine) drain(giveUp context.CancelFunc) {
	timer := time.AfterFunc(e.StopTimeout, giveUp)
	defer timer.Stop()
	e.flying.Wait()
	e.mu.Lock()
	thinking := e.due
	e.due = nil
	e.mu.Unlock()
	for _, u := range thinking {
		u.leave()
	}
}

// tick hands out an interval at each full tick and at the end.
func (e *engine) tick(end <-chan struct{}) {
	meter := newMachineMeter()
	for n := time.Duration(1); ; n++ {
		timer := time.NewTimer(n*e.Interval - e.since())
		select {
		case <-timer.C:
			e.OnInterval(e.collector.Tick(e.since(), meter.read()))
		case <-end:
			timer.Stop()
			e.collector.Users(0)
			// A run that ends before its start has no length.
			for _, iv := range e.collector.Last(max(e.since(), 0), meter.read()) {
				e.OnInterval(iv)
			}
			return
		}
	}
}

// dueHeap orders users by due time, then by number.
type dueHeap []*user

func (h dueHeap) Len() int { return len(h) }
func (h dueHeap) Less(i, j int) bool {
	return h[i].due < h[j].due || h[i].due == h[j].due && h[i].number < h[j].number
}
func (h dueHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *dueHeap) Push(x any)   { *h = append(*h, x.(*user)) }
func (h *dueHeap) Pop() any {
	old := *h
	u := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return u
}
