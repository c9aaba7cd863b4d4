package session

import (
	"encoding/binary"
	"errors"
	"iter"
	"math"
	"strconv"
	"time"

	"github.com/starling-load/starling/model/session/identity"
	"github.com/starling-load/starling/model/session/spill"
)

// A Kind says what sent a session.
type Kind uint8

// The kinds of clients.
const (
	Person Kind = iota // or a program that does what a person wants
	Robot              // a crawler, or a scanner whose requests are refused
	Poller             // a health check or another program that asks for the same again and again
)

// String returns "person", "robot" or "poller".
func (k Kind) String() string {
	return [...]string{"person", "robot", "poller"}[k]
}

// A Cut says at which end the recording may lack a part of a session.
type Cut uint8

// The ends of a session.
const (
	CutStart Cut = 1 << iota // it began before the recording
	CutEnd                   // it may have gone on after the recording
)

// cuts holds the sessions, and to which session each flow belongs.
type cuts struct {
	sessions   []cutting
	flows      *spill.Sorter // session, place in the order of start, name
	numbers    []uint32      // of each person, counted from 1; 0: nobody any more
	start, end int64         // of the recording, unix nanoseconds
}

// A cutting is one session.
type cutting struct {
	user       uint32 // counted from 1
	start, end int64  // unix nanoseconds
	flows      uint32
	refused    uint32
	robot      bool
	probe      bool
	writes     bool
	late       bool // it comes from a page that it has not loaded here
	known      bool // it has a cookie or token that the recording did not issue
	targets    [3]identity.Mark
	last       int64 // start of its latest flow
	longest    int64 // time between two starts
	mean, m2   float64
}

// meet looks at all flows in the order of start, before the first call of cut.
func (w *visitors) meet(byStart *spill.Sorter) error {
	for b, err := range byStart.Sorted() {
		if err != nil {
			return err
		}
		r := parseRecord(b)
		root := w.Who(r.node)
		w.carriers.meet(&r, root)
		if act := r.is&(page|cold|warm|style) == 0; !act || root == 0 { // who is named may have loaded the page before
			from := w.loads.from(&r)
			for _, n := range from {
				w.carriers.tie(n, r.carrier, wholeTie/uint32(len(from)))
			}
		}
		w.loads.meet(&r)
	}
	w.carriers.settle()
	clear(w.loads.recent)
	return nil
}

// follow finds the visitor of each flow, and returns them in the order of start.
func (w *visitors) follow(byStart *spill.Sorter) (*spill.Sorter, error) {
	whose, place := spill.New(12), uint64(0)
	first := func() error {
		r := w.ahead[0]
		w.ahead = w.ahead[1:]
		entry := binary.BigEndian.AppendUint64(nil, place)
		place++
		return whose.Add(binary.BigEndian.AppendUint32(entry, uint32(w.of(&r))))
	}
	for b, err := range byStart.Sorted() {
		if err == nil {
			r := parseRecord(b)
			w.ahead = append(w.ahead, r)
			for err == nil && (len(w.ahead) > maxAhead || r.start-w.ahead[0].start > int64(beside)) {
				err = first()
			}
		}
		if err != nil {
			return whose, errors.Join(err, whose.Close())
		}
	}
	for len(w.ahead) > 0 {
		if err := first(); err != nil {
			return whose, errors.Join(err, whose.Close())
		}
	}
	return whose, nil
}

// cut divides the flows of each user where the pause is longer than idle.
func (w *visitors) cut(byStart, whose *spill.Sorter, changes map[uint64]int32) (*cuts, error) {
	c := &cuts{flows: spill.New(24), start: math.MaxInt64, end: math.MinInt64}
	open := make([]int, len(w.list)) // the last session of each user, counted from 1
	c.numbers = make([]uint32, len(w.list))
	users, place := uint32(0), uint64(0)
	next, stop := iter.Pull2(whose.Sorted())
	defer stop()
	for b, err := range byStart.Sorted() {
		entry, whoseErr, _ := next()
		if err = errors.Join(err, whoseErr); err != nil {
			return nil, err
		}
		r := parseRecord(b)
		who := w.whose(entry, place, changes)
		person := w.person[who]
		if c.numbers[person] == 0 {
			users++
			c.numbers[person] = users
		}
		if at := open[who]; at == 0 || time.Duration(r.start-c.sessions[at-1].end) > w.idle {
			c.sessions = append(c.sessions, w.begin(who, c.numbers[person], &r, at == 0))
			open[who] = len(c.sessions)
		}
		at := open[who] - 1
		c.sessions[at].add(&r)
		c.start, c.end = min(c.start, r.start), max(c.end, c.sessions[at].end)
		flow := binary.BigEndian.AppendUint64(nil, uint64(at))
		flow = binary.BigEndian.AppendUint64(flow, place)
		if err := c.flows.Add(binary.BigEndian.AppendUint64(flow, r.name)); err != nil {
			return nil, err
		}
		place++
	}
	return c, nil
}

// begin starts a session of a user with a flow.
func (w *visitors) begin(who int32, number uint32, r *record, first bool) cutting {
	c := cutting{user: number, start: r.start, end: r.start, last: r.start}
	if v := &w.list[who]; first {
		c.late = v.late
		c.known = v.node != 0 && !w.Given(v.node)
	}
	return c
}

// add adds a flow to the session.
func (c *cutting) add(r *record) {
	if c.flows++; c.flows > 1 {
		gap := float64(r.start - c.last)
		delta := gap - c.mean
		c.mean += delta / float64(c.flows-1)
		c.m2 += delta * (gap - c.mean)
		c.longest = max(c.longest, r.start-c.last)
	}
	c.last, c.end = r.start, max(c.end, r.start+int64(r.done))
	if r.is&refused != 0 {
		c.refused++
	}
	c.robot, c.probe, c.writes = c.robot || r.is&robot != 0, c.probe || r.is&probe != 0, c.writes || r.is&writes != 0
	for i := range c.targets {
		if c.targets[i] == r.target {
			break
		}
		if c.targets[i] == 0 {
			c.targets[i] = r.target
			break
		}
	}
}

// kind says what sent the session. Who asks for one or two things at even intervals, and
// changes nothing, is no person.
func (c *cutting) kind() Kind {
	switch n := float64(c.flows) - 1; {
	case c.robot || c.flows >= 20 && 2*c.refused > c.flows:
		return Robot
	case c.probe, c.flows >= 8 && !c.writes && c.targets[2] == 0 && c.m2/n < 0.04*c.mean*c.mean: // 20 % of the mean
		return Poller
	}
	return Person
}

// cut says which ends of the session the recording may lack.
func (c *cuts) cut(s *cutting) (at Cut) {
	if s.late || s.known && s.start-c.start <= s.longest {
		at |= CutStart
	}
	if s.flows > 1 && c.end-s.end <= s.longest {
		at |= CutEnd
	}
	return at
}

// give goes over the sessions.
func (c *cuts) give(give func(Visit) error) error {
	var flows []uint64
	at := uint64(0)
	end := func() error {
		s := &c.sessions[at]
		v := Visit{
			User: "u" + strconv.FormatUint(uint64(s.user), 10), Kind: s.kind(), Cut: c.cut(s), Flows: flows,
			Start: time.Unix(0, s.start).UTC(), End: time.Unix(0, s.end).UTC(),
		}
		flows = flows[:0]
		return give(v)
	}
	for b, err := range c.flows.Sorted() {
		if err != nil {
			return err
		}
		session := binary.BigEndian.Uint64(b)
		if session != at {
			if err := end(); err != nil {
				return err
			}
			at = session
		}
		flows = append(flows, binary.BigEndian.Uint64(b[16:]))
	}
	if len(flows) == 0 {
		return nil
	}
	return end()
}
