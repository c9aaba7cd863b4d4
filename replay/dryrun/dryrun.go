package dryrun

import (
	"container/heap"
	"time"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/load"
)

// An Asked is an act that waits for its answer.
type Asked struct {
	Session uint64 // number in the plan
	Act     *replay.Act

	// Recorded and Index are the recorded session of the model, and the act of it, that the
	// act stands for. Both are -1 if it stands for none.
	Recorded, Index int
}

// An Exchange is an act and what it was answered.
type Exchange struct {
	Asked
	Sent time.Duration // from the start of the run
	Flow *flow.Flow    // the recorded exchange whose answer it got; nil: not sent
}

// Options steer Play.
type Options struct {
	// Play reports whether a session is to be played. nil: all are.
	Play func(session uint64) bool

	// Ready and Over, where not nil, are called with each act as it becomes ready, and when
	// it is over.
	Ready, Over func(*replay.Act)

	// Answer returns a recorded exchange with the answer to an act. It must return one.
	// It is valid until the next call of Answer.
	Answer func(Asked) *flow.Flow

	// Give is called with each exchange, in the order of sending. What it is given is
	// valid during the call. An error ends the run.
	Give func(Exchange) error
}

// Play plays the sessions of a source, each at its arrival. It ends when all have ended,
// or at the first error of Give.
func Play(source replay.Source, arrivals load.Arrivals, o Options) error {
	p := player{source: source, options: o}
	next := uint64(0)
	for {
		at, more := arrivals.At(next)
		switch {
		case more && (len(p.queue) == 0 || at <= p.queue[0].at):
			if o.Play == nil || o.Play(next) {
				p.enter(next, at)
			}
			next++
		case len(p.queue) > 0:
			if err := p.step(heap.Pop(&p.queue).(*event)); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// One plays one session, from the start of the run on.
func One(session replay.Session, o Options) error {
	p := player{options: o}
	u := &user{session: session, strands: map[int]*event{}}
	p.take(u, session.Next(nil), 0)
	for len(p.queue) > 0 {
		if err := p.step(heap.Pop(&p.queue).(*event)); err != nil {
			return err
		}
	}
	return nil
}

// A player is a run.
type player struct {
	source  replay.Source
	options Options
	queue   queue
	made    uint64 // events
}

// A user plays one session.
type user struct {
	number  uint64
	session replay.Session
	entered time.Duration
	strands map[int]*event // the act of each strand that is due or under way
}

// An event is an act that is due, or whose answer is.
type event struct {
	at       time.Duration
	order    uint64 // of events at one instant
	user     *user
	act      replay.Act
	answered bool
	flow     *flow.Flow // of an act that was sent
	closed   bool       // its strand was closed: nothing comes of it
}

// enter starts a session.
func (p *player) enter(number uint64, at time.Duration) {
	u := &user{number: number, session: p.source.Session(number, number), entered: at, strands: map[int]*event{}}
	if u.session != nil {
		p.take(u, u.session.Next(nil), at)
	}
}

// take queues acts that have become ready.
func (p *player) take(u *user, acts []replay.Act, at time.Duration) {
	for i, a := range acts {
		if p.options.Ready != nil {
			p.options.Ready(&acts[i])
		}
		e := &event{at: at + a.Delay, user: u, act: a}
		if a.Strand != 0 && a.Kind == replay.Request {
			u.strands[a.Strand] = e
		}
		p.push(e)
	}
}

func (p *player) push(e *event) {
	e.order = p.made
	p.made++
	heap.Push(&p.queue, e)
}

// step does what is due.
func (p *player) step(e *event) error {
	switch {
	case e.closed:
		return nil
	case e.answered:
		p.hear(e)
		return nil
	}
	u, a := e.user, &e.act
	u.session.Fill(a)
	if a.Kind == replay.Pause {
		for _, strand := range a.Closes {
			if s := u.strands[strand]; s != nil {
				s.closed = true
				delete(u.strands, strand)
			}
		}
		p.hear(e)
		return nil
	}
	x := Exchange{Asked: Asked{Session: u.number, Act: a, Recorded: -1, Index: -1}, Sent: e.at}
	if s, ok := u.session.(interface {
		Stands(*replay.Act) (session, act int)
	}); ok {
		x.Recorded, x.Index = s.Stands(a)
	}
	if a.Skip == "" {
		x.Flow = p.options.Answer(x.Asked)
	}
	if err := p.options.Give(x); err != nil {
		return err
	}
	if x.Flow == nil {
		p.hear(e)
		return nil
	}
	e.at, e.answered, e.flow = e.at+x.Flow.Answered(), true, x.Flow
	p.push(e)
	return nil
}

// hear lets a session go on after an act.
func (p *player) hear(e *event) {
	u := e.user
	if u.strands[e.act.Strand] == e {
		delete(u.strands, e.act.Strand)
	}
	if p.options.Over != nil {
		p.options.Over(&e.act)
	}
	over := &replay.Answer{Act: &e.act, At: e.at - u.entered, OK: e.act.Skip == ""}
	if f := e.flow; f != nil {
		over.URL, over.Response = f.URL(), f.Response
		if f.Response != nil {
			over.Doc = content.New(f.Response)
		}
	}
	p.take(u, u.session.Next(over), e.at)
}

// A queue is a heap of events by time.
type queue []*event

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, k int) bool {
	return q[i].at < q[k].at || q[i].at == q[k].at && q[i].order < q[k].order
}
func (q queue) Swap(i, k int) { q[i], q[k] = q[k], q[i] }

// Push implements heap.Interface.
func (q *queue) Push(e any) { *q = append(*q, e.(*event)) }

// Pop implements heap.Interface.
func (q *queue) Pop() any {
	e := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return e
}
