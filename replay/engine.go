package replay

import (
	"container/heap"
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/starling-load/starling/replay/client"
	"github.com/starling-load/starling/replay/cookie"
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

	// Client says how connections are made: TLS, protocol, proxy, limits.
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
	r, err := Start(ctx, o)
	if err != nil {
		return err
	}
	return r.Wait()
}

// A Running is a run under way. Its methods may be called from any goroutine.
type Running struct {
	engine *engine
	over   chan struct{} // closed at the end
	err    error         // of the end
}

// Start begins to play o.Source, as Run does, and returns at once. The error
// says why there is no run. Wait must be called.
func Start(ctx context.Context, o Options) (*Running, error) {
	e, err := newEngine(o)
	if err != nil {
		return nil, err
	}
	r := &Running{engine: e, over: make(chan struct{})}
	go func() {
		defer close(r.over)
		r.err = e.run(ctx)
	}()
	return r, nil
}

// Wait returns at the end of the run, with the error of its context.
func (r *Running) Wait() error {
	<-r.over
	return r.err
}

// Pause stops sending. Requests in flight go on to their end. The clock of the
// schedule stands still: after Resume the run goes on where it was, without
// catching up.
func (r *Running) Pause() {
	r.engine.clock.pause()
	r.engine.signal()
}

// Resume ends a Pause.
func (r *Running) Resume() {
	r.engine.collector.Paused(r.engine.clock.resume())
	r.engine.signal()
}

// An engine is one run.
type engine struct {
	Options
	routes    []route        // by Act.Origin
	places    []cookie.Place // the same
	dialer    *client.Dialer
	shared    *client.Pool // of all users, with Plan.Connections "pool"
	collector *stats.Collector
	clock     clock

	ending   context.Context // ends when no request starts any more
	cut      context.Context // ends when exchanges in flight are given up
	stopping atomic.Bool     // no request starts any more

	next   uint64         // the next arrival of the segment; owned by dispatch
	ahead  pending        // its instant; owned by dispatch
	flying sync.WaitGroup // goroutines of users

	mu    sync.Mutex // guards what follows
	due   dueHeap    // acts that wait for their time
	alive int        // users in a session

	// judging has one slot for each core. A goroutine holds a slot while it looks
	// into an answer. So only that many answers are decoded in memory at once,
	// however many come at the same time.
	judging chan struct{}

	// wake tells dispatch to look again at the heap and the clock. Its capacity is
	// 1: a second signal adds nothing.
	wake chan struct{}
}

func newEngine(o Options) (*engine, error) {
	o = o.withDefaults()
	if err := errors.Join(o.Plan.Validate(), o.Segment.Validate()); err != nil {
		return nil, err
	}
	if o.Source == nil || o.Arrivals == nil {
		return nil, errors.New("replay needs a source and arrivals")
	}
	routes, err := routesOf(o.Source.Origins())
	if err != nil {
		return nil, err
	}
	dialer, err := client.New(o.Client)
	if err != nil {
		return nil, err
	}
	e := &engine{
		Options:   o,
		routes:    routes,
		places:    placesOf(routes),
		dialer:    dialer,
		collector: stats.NewCollector(o.Replayer, o.Plan.Duration),
		clock:     clock{start: o.Start},
		judging:   make(chan struct{}, runtime.GOMAXPROCS(0)),
		wake:      make(chan struct{}, 1),
	}
	for i := range routes {
		to := routes[i].Route
		routes[i].speaksHTTP2 = sync.OnceValue(func() bool { return dialer.SpeaksHTTP2(context.Background(), to) })
	}
	if o.Plan.Connections == SharedConnections {
		e.shared = dialer.Pool(0)
	}
	return e, nil
}

func (e *engine) run(ctx context.Context) error {
	cut, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	ending, end := context.WithCancel(cut)
	defer end()
	e.cut, e.ending = cut, ending

	ticks := make(chan struct{})
	var ticker sync.WaitGroup
	ticker.Go(func() { e.tick(ticks) })

	e.dispatch(ctx)
	end()
	e.drain(giveUp)
	close(ticks)
	ticker.Wait()
	return ctx.Err()
}

// over reports whether no request may start at offset at.
func (e *engine) over(at time.Duration) bool {
	return e.stopping.Load() || e.Plan.Duration > 0 && at >= e.Plan.Duration
}

// dispatch starts users when they arrive and acts when they are due, until none
// is left, the duration is over, or ctx ends.
func (e *engine) dispatch(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		wait, more := e.advance()
		if !more {
			return
		}
		timer.Reset(max(wait, 0))
		select {
		case <-timer.C:
		case <-e.wake:
		case <-ctx.Done():
			e.stopping.Store(true)
			now, _ := e.clock.now()
			e.collector.EndWindow(now)
			return
		}
	}
}

// advance starts what is due and returns the time until it must be called again.
// more is false at the end of the run.
func (e *engine) advance() (wait time.Duration, more bool) {
	now, paused := e.clock.now()
	if paused {
		return time.Hour, true // Resume signals
	}
	// What was due before the end of the run is still sent when that end has come
	// in the meantime. It is sent late.
	arrival, coming := e.arrive(now)
	due, alive := e.release(now)
	if e.over(now) || !coming && alive == 0 {
		return 0, false
	}
	wait = time.Hour
	if coming {
		wait = min(wait, arrival-now)
	}
	if due >= 0 {
		wait = min(wait, due-now)
	}
	if e.Plan.Duration > 0 {
		wait = min(wait, e.Plan.Duration-now)
	}
	return wait, true
}

// A pending is the next arrival. It is looked up once and kept, because a look-up
// may be costly.
type pending struct {
	known bool
	at    time.Duration
	last  bool // no arrival is left
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
	u := &user{engine: e, number: i, session: i}
	e.flying.Go(func() { u.begin(at) })
}

// release starts the acts that are due by now, but before the end. It returns
// when the next one is due, -1 when none waits, and how many users are alive.
func (e *engine) release(now time.Duration) (due time.Duration, alive int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for len(e.due) > 0 && e.due[0].due <= now && !e.over(e.due[0].due) {
		t := heap.Pop(&e.due).(*task)
		e.flying.Go(t.run)
	}
	if len(e.due) == 0 {
		return -1, e.alive
	}
	return e.due[0].due, e.alive
}

// park lets acts wait until they are due.
func (e *engine) park(tasks []*task) {
	e.mu.Lock()
	first := false
	for _, t := range tasks {
		heap.Push(&e.due, t)
		first = first || e.due[0] == t
	}
	e.mu.Unlock()
	if first {
		e.signal()
	}
}

// retire takes a user out of the run.
func (e *engine) retire() {
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

// drain waits for the exchanges in flight and cuts them after StopTimeout. Then it
// ends the sessions whose acts still wait for their time.
func (e *engine) drain(giveUp context.CancelFunc) {
	timer := time.AfterFunc(e.StopTimeout, giveUp)
	defer timer.Stop()
	e.flying.Wait()
	e.mu.Lock()
	waiting := e.due
	e.due = nil
	e.mu.Unlock()
	for _, t := range waiting {
		if !t.closed {
			t.user.drop()
		}
	}
	if e.shared != nil {
		e.shared.Close()
	}
}

// tick hands out an interval at each full tick, and the rest at the end.
func (e *engine) tick(end <-chan struct{}) {
	meter := newMachineMeter()
	timer := time.NewTimer(0)
	defer timer.Stop()
	next := e.Interval
	for {
		now, paused := e.clock.now()
		switch {
		case paused:
			timer.Reset(e.Interval)
		case now >= next:
			e.OnInterval(e.collector.Tick(now, meter.read()))
			next += e.Interval
			continue
		default:
			timer.Reset(next - now)
		}
		select {
		case <-timer.C:
		case <-end:
			e.collector.Users(0)
			e.collector.Paused(e.clock.resume())
			now, _ := e.clock.now()
			// A run that ends before its start has no length.
			for _, iv := range e.collector.Last(max(now, 0), meter.read()) {
				e.OnInterval(iv)
			}
			return
		}
	}
}

// dueHeap orders acts by due time, then by user and number.
type dueHeap []*task

func (h dueHeap) Len() int { return len(h) }
func (h dueHeap) Less(i, j int) bool {
	a, b := h[i], h[j]
	if a.due != b.due {
		return a.due < b.due
	}
	if a.user != b.user {
		return a.user.number < b.user.number
	}
	return a.act.ID < b.act.ID
}
func (h dueHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *dueHeap) Push(x any)   { *h = append(*h, x.(*task)) }
func (h *dueHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return t
}
