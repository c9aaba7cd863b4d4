package session

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"iter"
	"math"
	"strconv"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// A Visit is a session given by the numbers of its flows.
type Visit struct {
	User  string // as in Session
	Start time.Time
	End   time.Time // of the flow that ended last
	Flows []uint64  // Flow.Number in the order of start; valid until the next Visit
}

// Find reads the flows of a recording twice and calls give with each session, in the
// order of their first request. It ends at the first error of flows or give. A flow
// and its body need to be valid only until the next flow.
//
// Memory holds some 30 bytes for each cookie, token, connection and session, and some
// MiB of numbers, however long the recording is. The other numbers are in a temporary
// file.
func Find(flows iter.Seq2[*flow.Flow, error], o Options, give func(Visit) error) error {
	return find(flows, o, func(_ uint64, f *flow.Flow) uint64 { return f.Number }, give)
}

// find does the work of Find. name gives the number of a flow. place is the flow's
// place in flows.
func find(flows iter.Seq2[*flow.Flow, error], o Options, name func(place uint64, f *flow.Flow) uint64, give func(Visit) error) error {
	if o.Idle <= 0 {
		o.Idle = 30 * time.Minute
	}
	e, hosts, err := o.gather(flows)
	if err != nil {
		return err
	}
	u := newUsers(e)
	byStart := &spill{width: recordSize}
	defer byStart.close()
	place := uint64(0)
	for f, err := range flows {
		if err != nil {
			return fmt.Errorf("split into sessions: %w", err)
		}
		if hosts[f.Request.Authority] {
			r := record{start: unixNano(f.Start), number: f.Number, name: name(place, f), done: f.Done}
			r.node, r.carrier = u.see(f)
			if err := byStart.add(r.append(nil)); err != nil {
				return err
			}
		}
		place++
	}
	u.settle()
	c, err := u.cut(byStart, o.Idle)
	if err != nil {
		return err
	}
	defer c.flows.close()
	if o.Report != nil {
		o.Report.Users = c.users
	}
	return c.give(give)
}

// gather is the first pass: it finds the hosts that count, and what their flows
// tell of cookies and tokens.
func (o Options) gather(flows iter.Seq2[*flow.Flow, error]) (*evidence, map[string]bool, error) {
	m := marks{maphash.MakeSeed()}
	byHost := map[string]*evidence{}
	for f, err := range flows {
		if err != nil {
			return nil, nil, fmt.Errorf("split into sessions: %w", err)
		}
		e := byHost[f.Request.Authority]
		if e == nil {
			e = newEvidence(m)
			byHost[f.Request.Authority] = e
		}
		e.see(f)
	}
	counts := map[string]int{}
	for h, e := range byHost {
		counts[h] = e.flows
	}
	all, own := newEvidence(m), map[string]bool{}
	report := Report{Foreign: map[string]int{}, Hosts: o.choose(counts)}
	for i, h := range report.Hosts {
		own[h] = true
		if i == 0 {
			all = byHost[h]
		} else {
			all.merge(byHost[h])
		}
	}
	for h, n := range counts {
		if !own[h] {
			report.Foreign[h] = n
		}
	}
	report.Flows = all.flows
	if o.Report != nil {
		*o.Report = report
	}
	return all, own, nil
}

// A record is what is kept of a flow between the passes. Its bytes are in the order
// of start, and of the number where starts are equal.
type record struct {
	start   int64 // unix nanoseconds
	number  uint64
	name    uint64
	done    time.Duration
	node    node
	carrier uint32
}

const recordSize = 40

func (r record) append(b []byte) []byte {
	for _, v := range [...]uint64{uint64(r.start) ^ 1<<63, r.number, r.name, uint64(r.done)} {
		b = binary.BigEndian.AppendUint64(b, v)
	}
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, uint32(r.node)), r.carrier)
}

func parseRecord(b []byte) record {
	u64, u32 := binary.BigEndian.Uint64, binary.BigEndian.Uint32
	return record{
		start: int64(u64(b) ^ 1<<63), number: u64(b[8:]), name: u64(b[16:]), done: time.Duration(u64(b[24:])),
		node: node(u32(b[32:])), carrier: u32(b[36:]),
	}
}

// cuts holds the sessions, and to which session each flow belongs.
type cuts struct {
	users    int
	sessions []cutting
	flows    *spill // session, place in the order of start, name
}

type cutting struct {
	user       uint32 // counted from 1
	start, end int64  // unix nanoseconds
}

// cut divides the flows of each user where the pause is longer than idle.
func (u *users) cut(byStart *spill, idle time.Duration) (*cuts, error) {
	for b, err := range byStart.sorted() {
		if err != nil {
			return nil, err
		}
		r := parseRecord(b)
		u.meet(r.node, r.carrier)
	}
	c := &cuts{flows: &spill{width: 24}}
	open := map[node]int{} // the last session of each user
	place := uint64(0)
	for b, err := range byStart.sorted() {
		if err != nil {
			return nil, err
		}
		r := parseRecord(b)
		who := u.user(r.node, r.carrier)
		at, known := open[who]
		if !known || time.Duration(r.start-c.sessions[at].end) > idle {
			number := uint32(c.users + 1)
			if known {
				number = c.sessions[at].user
			} else {
				c.users++
			}
			at = len(c.sessions)
			open[who] = at
			c.sessions = append(c.sessions, cutting{user: number, start: r.start, end: r.start})
		}
		s := &c.sessions[at]
		s.end = max(s.end, r.start+int64(r.done))
		entry := binary.BigEndian.AppendUint64(nil, uint64(at))
		entry = binary.BigEndian.AppendUint64(entry, place)
		if err := c.flows.add(binary.BigEndian.AppendUint64(entry, r.name)); err != nil {
			return nil, err
		}
		place++
	}
	return c, nil
}

// give goes over the sessions.
func (c *cuts) give(give func(Visit) error) error {
	var flows []uint64
	at := uint64(0)
	end := func() error {
		s := c.sessions[at]
		v := Visit{
			User: "u" + strconv.FormatUint(uint64(s.user), 10), Flows: flows,
			Start: time.Unix(0, s.start).UTC(), End: time.Unix(0, s.end).UTC(),
		}
		flows = flows[:0]
		return give(v)
	}
	for b, err := range c.flows.sorted() {
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

// unixNano is t in unix nanoseconds. A time out of their range becomes the nearest
// time within it.
func unixNano(t time.Time) int64 {
	switch s := t.Unix(); {
	case s < -9223372036:
		return math.MinInt64
	case s > 9223372035:
		return math.MaxInt64
	}
	return t.UnixNano()
}
