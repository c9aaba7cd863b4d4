package replay

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/starling-load/starling/replay/client"
	"github.com/starling-load/starling/replay/cookie"
	"github.com/starling-load/starling/replay/faithful"
	"github.com/starling-load/starling/replay/stats"
)

// A user is one virtual user. Its acts wait in the engine's heap. An act that is
// due runs on a goroutine of its own.
type user struct {
	engine *engine
	number uint64 // of the arrival, from 0

	mu      sync.Mutex // guards what follows: acts may end at the same time
	played  int        // sessions begun before this one
	session uint64     // number of the session in the plan
	visit   Session
	open    int              // acts that are ready or under way
	matched bool             // every act of the session so far had its recorded outcome
	cut     bool             // the end of the run broke off an act of the session
	work    faithful.Session // what it does
	cookies *cookie.Jar
	pool    *client.Pool           // nil: nothing sent yet
	broken  int                    // exchanges without an answer in a row
	entered time.Duration          // start of the session
	strands map[int]*task          // the request of each strand that is ready or under way
	streams map[int]*client.Stream // by strand
}

// A task is an act that is ready, and when it is due.
type task struct {
	user *user
	act  Act
	due  time.Duration

	beside uint64 // exchanges of the session that were ready or under way when it became ready, itself included

	// These are set only for an act of a strand. The user's lock guards them.
	closed bool                    // the strand was closed before the act was sent
	ctx    context.Context         // while the act is under way
	leave  context.CancelCauseFunc // breaks the act off
}

// begin starts the first session of u at offset at.
func (u *user) begin(at time.Duration) {
	u.mu.Lock()
	tasks := u.enter(at)
	u.mu.Unlock()
	if len(tasks) == 0 {
		if u.visit != nil { // a session without acts counts too
			u.sessionOver()
		}
		u.engine.retire()
		return
	}
	u.engine.proceed(tasks)
}

// enter starts a session at offset at and returns its first acts. There are
// none when the source has no such session. The caller holds mu, as for leave,
// take, close and finish.
func (u *user) enter(at time.Duration) []*task {
	u.visit = u.engine.Source.Session(u.session, u.number)
	if u.visit == nil {
		return nil
	}
	u.leave()
	u.cookies = cookie.NewJar(u.engine.places)
	u.matched, u.cut, u.work = true, false, faithful.Session{}
	u.entered, u.strands = at, nil
	return u.take(u.visit.Next(nil), at, 0)
}

// leave closes the connections of the session.
func (u *user) leave() {
	for _, s := range u.streams {
		s.Close()
	}
	u.streams = nil
	if u.pool != nil && u.pool != u.engine.shared {
		u.pool.Close()
	}
	u.pool = nil
}

// take makes tasks of acts that have become ready at offset at. The act before them
// was sent too late by late. That is taken off their delays, so that the lateness of
// a session does not add up.
func (u *user) take(acts []Act, at, late time.Duration) []*task {
	tasks := make([]*task, len(acts))
	for i, a := range acts {
		delay := max(0, scaled(a.Delay, u.engine.Plan.Speed)-late)
		tasks[i] = &task{user: u, act: a, due: at + delay + u.backoff()}
		if a.steps() {
			tasks[i].beside = u.work.Ready()
		}
		if a.Strand != 0 && a.Kind == Request {
			if u.strands == nil {
				u.strands = make(map[int]*task)
			}
			u.strands[a.Strand] = tasks[i]
		}
	}
	u.open += len(tasks)
	return tasks
}

// proceed runs the first of the tasks in this goroutine if it is due already, and
// puts the others into the heap. It goes on with what becomes ready by that.
func (e *engine) proceed(tasks []*task) {
	for len(tasks) > 0 {
		now, paused := e.clock.now()
		first := tasks[0]
		if paused || first.due > now || e.over(first.due) {
			e.park(tasks)
			return
		}
		if len(tasks) > 1 {
			e.park(tasks[1:])
		}
		tasks = first.perform()
	}
}

// run performs t and what becomes ready by that.
func (t *task) run() { t.user.engine.proceed([]*task{t}) }

// perform makes the act of t, counts it, and returns what becomes ready by
// that. Only t's goroutine uses t.
func (t *task) perform() []*task {
	u := t.user
	x := exchange{task: t}
	u.mu.Lock()
	if t.closed {
		u.mu.Unlock()
		return nil
	}
	steps := t.act.steps()
	if u.visit.Fill(&t.act); steps && !t.act.steps() {
		u.work.Drop() // it is needed no more
	}
	switch {
	case t.act.Kind == Pause:
		for _, strand := range t.act.Closes {
			u.close(strand)
		}
	case t.act.Skip == "":
		x.prepare()
		if t.act.steps() {
			u.work.Send(t.beside)
		}
	}
	u.mu.Unlock()
	switch {
	case t.act.Kind == Pause:
		x.result.Done = t.due
	case t.act.Skip != "":
		x.skip()
	case x.act.asks():
		x.send()
	default:
		x.converse()
	}
	u.engine.judging <- struct{}{}
	defer func() { <-u.engine.judging }()
	x.judge()
	defer x.response.Release()
	return u.hear(&x)
}

// hear lets the session go on after x. It returns the acts that have become
// ready, or those of the next session.
func (u *user) hear(x *exchange) []*task {
	u.mu.Lock()
	defer u.mu.Unlock()
	answer := x.answer()
	answer.At = unscaled(x.result.Done-u.entered, u.engine.Plan.Speed)
	if u.strands[x.act.Strand] == x.task {
		delete(u.strands, x.act.Strand)
	}
	u.open--
	u.cut = u.cut || x.result.Error == stats.ErrorStopped
	acts := u.visit.Next(answer)
	u.count(x, answer)
	tasks := u.take(acts, x.result.Done, max(0, x.result.Sent-x.result.Scheduled))
	if u.open > 0 {
		return tasks
	}
	return u.finish(x.result.Done)
}

// count counts what became of the act of x.
func (u *user) count(x *exchange, answer *Answer) {
	switch {
	case x.act.Spare:
		u.work.Spare(x.act.Write)
	case x.act.steps() && answer.Again:
		u.work.Again()
		if !answer.OK {
			u.engine.collector.Repeated(x.act.Endpoint)
		}
	case x.act.steps():
		u.work.Over(x.act.Skip == "", x.act.Write, answer.OK)
	}
	u.matched = u.matched && (answer.OK || answer.Again)
}

// errLeft is why an exchange is broken off when its strand is closed.
var errLeft = errors.New("the user left")

// close ends a strand. An act of it that is under way is broken off; one that was
// not sent yet never will be.
func (u *user) close(strand int) {
	t := u.strands[strand]
	switch {
	case t == nil:
		return
	case t.leave != nil:
		t.leave(errLeft)
	default:
		t.closed = true
		u.open--
		u.work.Drop()
	}
	delete(u.strands, strand)
}

// finish ends a session, all of whose acts are over, at offset at. It returns
// the first acts of the user's next session, or none when the user is done.
func (u *user) finish(at time.Duration) []*task {
	e := u.engine
	u.sessionOver()
	p := &e.Plan
	u.played++
	if p.Users > 0 && (p.Sessions == 0 || u.played < p.Sessions) && !e.over(at) {
		u.session = uint64(u.played)*uint64(p.Users) + u.number
		if tasks := u.enter(at); len(tasks) > 0 {
			e.collector.Due(1)
			e.collector.Arrived(1)
			return tasks
		}
	}
	u.leave()
	e.retire()
	return nil
}

// sessionOver counts the session that is over, and what came to nothing in it.
func (u *user) sessionOver() {
	if w, ok := u.visit.(interface{ Undone() []string }); ok {
		for _, endpoint := range w.Undone() {
			u.work.Undo()
			u.engine.collector.Undone(endpoint)
		}
	}
	u.engine.collector.SessionOver(u.result())
}

// result is how the session that is over ended.
func (u *user) result() stats.SessionResult {
	r := stats.SessionResult{Cut: u.cut}
	if w, ok := u.visit.(interface{ Stuck() string }); ok && !u.cut {
		r.Stuck = w.Stuck()
		r.Cut = r.Stuck != ""
	}
	r.Matched, r.Work = u.matched && !r.Cut, u.work.Work(r.Cut)
	return r
}

// drop gives up an act that still waits at the end of the run. When the last act of
// a session is dropped, the session is over and counts as cut. drop needs no lock:
// nothing is under way any more.
func (u *user) drop() {
	u.open--
	if u.open > 0 {
		return
	}
	u.cut = true
	u.sessionOver()
	u.leave()
	u.engine.retire()
}

// scaled is d at a multiple of the recorded speed.
func scaled(d time.Duration, speed float64) time.Duration {
	if d == 0 || speed == 1 {
		return d
	}
	return time.Duration(float64(d) / speed)
}

// unscaled is the inverse of scaled.
func unscaled(d time.Duration, speed float64) time.Duration {
	if speed == 1 {
		return d
	}
	return time.Duration(float64(d) * speed)
}

// backoff is the pause of a user whose last exchanges got no answer: 10 ms,
// doubled up to a second. It keeps users from spinning on a dead target.
func (u *user) backoff() time.Duration {
	if u.broken == 0 {
		return 0
	}
	return min(10*time.Millisecond<<min(u.broken-1, 10), time.Second)
}
