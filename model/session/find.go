package session

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/starling-load/starling/model/session/identity"
	"github.com/starling-load/starling/model/session/origin"
	"github.com/starling-load/starling/model/session/spill"
	"github.com/starling-load/starling/record/flow"
)

// A Visit is a session given by the numbers of its flows.
type Visit struct {
	User  string // as in Session
	Kind  Kind
	Cut   Cut
	Start time.Time
	End   time.Time // of the flow that ended last
	Flows []uint64  // Flow.Number in the order of start; valid until the next Visit
}

// Find reads the flows of a recording twice, or three times if Options names no hosts,
// and calls give with each session, in the order of their first request. It ends at the
// first error of flows or give. A flow and its body need to be valid only until the next
// flow.
//
// Memory holds some 100 bytes for each cookie, token, connection and session, and some
// MiB of numbers, however long the recording is. The other numbers are in a temporary
// file.
func Find(flows iter.Seq2[*flow.Flow, error], o Options, give func(Visit) error) error {
	return find(flows, o, func(_ uint64, f *flow.Flow) uint64 { return f.Number }, give)
}

// FindPlaces is Find with the places of the flows in the recording, from 0, in place of
// their numbers.
func FindPlaces(flows iter.Seq2[*flow.Flow, error], o Options, give func(Visit) error) error {
	return find(flows, o, func(place uint64, _ *flow.Flow) uint64 { return place }, give)
}

// find does the work of Find. name gives the number of a flow. place is the flow's
// place in flows.
func find(flows iter.Seq2[*flow.Flow, error], o Options, name func(place uint64, f *flow.Flow) uint64, give func(Visit) error) error {
	given := o.Idle > 0
	if !given {
		o.Idle = 30 * time.Minute
	}
	if o.Report == nil {
		o.Report = &Report{}
	}
	*o.Report = Report{Foreign: map[string]int{}}
	counts, err := o.count(flows)
	if err != nil {
		return err
	}
	own := o.choose(counts)
	m := identity.NewMarks()
	e, home, err := o.gather(flows, own, m)
	if err != nil {
		return err
	}
	u, c, l := identity.NewUsers(e), newCarriers(m), newLoads()
	byStart := spill.New(recordSize)
	defer byStart.Close()
	place := uint64(0)
	for f, err := range flows {
		if err != nil {
			return fmt.Errorf("split into sessions: %w", err)
		}
		if own(f.Request.Authority) {
			r := c.see(f, o.Conns, home)
			r.name, r.node = name(place, f), u.See(f)
			if u.Left {
				r.is |= leaves
			}
			if u.Shows {
				r.is |= shows
			}
			l.see(f, &r, m)
			if err := byStart.Add(r.append(nil)); err != nil {
				return err
			}
		}
		place++
	}
	u.Settle()
	w := newVisitors(u, c, l, o.Idle)
	if err := w.meet(byStart); err != nil {
		return err
	}
	whose, err := w.follow(byStart)
	if err != nil {
		return err
	}
	defer whose.Close()
	w.join()
	changes, err := w.settle(byStart, whose)
	if err != nil {
		return err
	}
	w.people()
	if pause, found := w.gaps.Pause(); found && !given {
		w.idle, o.Report.IdleFound = pause, true
	}
	o.Report.Idle = w.idle
	cut, err := w.cut(byStart, whose, changes)
	if err != nil {
		return err
	}
	defer cut.flows.Close()
	o.Report.fill(w, cut)
	return cut.give(give)
}

// count counts the flows of each host, if that decides which hosts count.
func (o Options) count(flows iter.Seq2[*flow.Flow, error]) (map[string]int, error) {
	if o.Every || len(o.Hosts) > 0 {
		return nil, nil
	}
	counts := map[string]int{}
	for f, err := range flows {
		if err != nil {
			return nil, fmt.Errorf("split into sessions: %w", err)
		}
		counts[f.Request.Authority]++
	}
	return counts, nil
}

// gather finds what the flows to own hosts tell of cookies and tokens, and the host that
// their pages come from.
func (o Options) gather(flows iter.Seq2[*flow.Flow, error], own func(string) bool, m identity.Marks) (*identity.Evidence, string, error) {
	e, home, hosts := identity.NewEvidence(m), origin.Hosts{}, map[string]bool{}
	for f, err := range flows {
		if err != nil {
			return nil, "", fmt.Errorf("split into sessions: %w", err)
		}
		host := f.Request.Authority
		if !own(host) {
			o.Report.Foreign[host]++
			continue
		}
		hosts[host] = true
		o.Report.Flows++
		client := origin.Forwarded(f.Request.Headers)
		if !client.IsValid() {
			client = o.Conns.of(f.Conn).client
		}
		e.See(f, m.Of("source", client.String(), f.Request.Headers.Value("User-Agent")))
		home.See(f.Request.Headers.Value("Referer"))
	}
	o.Report.Hosts = slices.Sorted(maps.Keys(hosts))
	e.Judge()
	return e, home.Most(), nil
}
