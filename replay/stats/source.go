package stats

import (
	"fmt"

	"github.com/starling-load/starling/replay/faithful"
)

// A source is what a timeline knows of what is played.
type source struct {
	recorded   *faithful.Recorded // nil: there is no recording
	unresolved []Unresolved
	assets     map[string]bool // endpoints
}

// Of says that the timeline is of the run that m describes. Its summaries then say
// whether the run was like the recording, and which values without a known origin it
// sent.
func (t *Timeline) Of(m *Manifest) {
	assets := make(map[string]bool, len(m.Assets))
	for _, name := range m.Assets {
		assets[name] = true
	}
	t.mu.Lock()
	t.source = source{m.Recorded, m.Unresolved, assets}
	t.mu.Unlock()
}

// sent lists the unresolved values that requests of the run carried.
func (so *source) sent(s *Summary) []Unresolved {
	list := []Unresolved{}
	for _, u := range so.unresolved {
		if e := s.endpoint(u.Endpoint); e != nil && e.Started > 0 {
			list = append(list, u)
		}
	}
	return list
}

// replayed is what the run is judged by. s has the figures of its endpoints and errors.
// The caller holds mu.
func (t *Timeline) replayed(s *Summary) faithful.Replayed {
	r := faithful.Replayed{
		Started: max(t.arrived, t.sessions.Ended+t.sessions.Cut), Ended: t.sessions.Ended, Matched: t.sessions.Matched, Cut: t.sessions.Cut, Stuck: t.sessions.Stuck,
		Work: t.work, Endpoints: make(map[string]faithful.Asked, len(s.Endpoints)),
	}
	for _, e := range s.Endpoints {
		writes, undone, repeated := t.written(e.Name)
		a := faithful.Asked{
			Sent: e.Started, Due: e.OK + e.Failed + e.TimedOut + e.Skipped - min(repeated, e.Failed+e.TimedOut), Done: e.OK - min(e.OK, undone), Writes: writes - min(writes, undone),
		}
		if undone > 0 {
			a.Why = "answers behind it do not show what it wrote"
		}
		r.Endpoints[e.Name] = a
	}
	for _, u := range t.source.unresolved {
		if a := r.Endpoints[u.Endpoint]; u.Identifies && a.Writes > 0 {
			a.Guessed = true
			r.Endpoints[u.Endpoint] = a
		}
	}
	for _, g := range s.Errors { // the most frequent first
		a, known := r.Endpoints[g.Endpoint]
		if known && a.Why == "" && g.Name != ErrorStopped {
			a.Why = g.reason()
			r.Endpoints[g.Endpoint] = a
		}
	}
	return r
}

// written is how many writes to an endpoint had their recorded outcome, of how many of these
// nothing came, and how many of the other exchanges were repeated.
func (t *Timeline) written(endpoint string) (n, undone, repeated uint64) {
	for _, part := range []*sums{&t.window, &t.drained} {
		if c := part.endpoints[endpoint]; c != nil {
			n += c.Writes
			undone += c.Undone
			repeated += c.Repeated
		}
	}
	return n, undone, repeated
}

// reason is the group in a few words.
func (g *ErrorGroup) reason() string {
	switch {
	case g.Value != "":
		return g.Name + ": no " + g.Value
	case g.Name == "status":
		return fmt.Sprintf("status %d", g.Status)
	}
	return g.Name
}
