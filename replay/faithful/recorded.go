package faithful

import (
	"cmp"
	"math"
	"slices"
)

// A Recorded is what users did in the recording, as far as a run can be expected to
// do it again. Its JSON keys are stable: it stands in run files.
type Recorded struct {
	Sessions int `json:"sessions"`
	Steps    int `json:"steps"`  // requests
	Writes   int `json:"writes"` // of these

	// Standard deviations of the steps and of the writes of a session.
	StepsSpread  float64 `json:"steps_spread"`
	WritesSpread float64 `json:"writes_spread"`

	// MixSpread is how far the mix of one session drawn at random is from that of all:
	// half the sum over endpoints of the standard deviation of the requests of a
	// session, divided by the steps of a session.
	MixSpread float64 `json:"mix_spread"`

	// Overlap is the mean over all requests of 1 + the number of requests of the same
	// session that were under way when it was sent.
	Overlap float64 `json:"overlap"`

	// Alone is the number of requests that were sent while no other of their session was
	// under way, as pages are. Peak is the mean over sessions of the most requests that
	// were under way at once.
	Alone int     `json:"alone,omitempty"`
	Peak  float64 `json:"peak,omitempty"`

	Endpoints []Endpoint `json:"endpoints"` // by name; none when there were more than 2,000

	// Bare is the number of steps whose recorded answer holds nothing to tell it by:
	// it was 200, without content.
	Bare int `json:"bare,omitempty"`

	LeftOut []LeftOut `json:"left_out,omitempty"`

	// Supplies are the data files whose rows the users of the run have.
	Supplies []Supply `json:"supplies,omitempty"`

	// Varieties are the endpoints of which as many users as those of the run would ask for
	// more different things.
	Varieties []Variety `json:"varieties,omitempty"`

	// Asked are the endpoints of requests that are sent only if the target asks for them.
	Asked []string `json:"asked,omitempty"`

	// Begun are the sessions that perhaps began before the recording, without anything that
	// shows how their users got in.
	Begun int `json:"begun,omitempty"`
}

// An Endpoint is how often an endpoint was asked.
type Endpoint struct {
	Name   string `json:"name"`
	Steps  int    `json:"steps"`
	Writes int    `json:"writes,omitempty"`

	// Entries are requests of a run that the recorded sessions did not make: they let users
	// in who were in already in the recording. They count for nothing but the mix.
	Entries int `json:"entries,omitempty"`
}

// A LeftOut is a part of the recording that a run cannot do.
type LeftOut struct {
	What   string `json:"what"` // for people: "upgraded connections (WebSocket)"
	Flows  int    `json:"flows"`
	Writes int    `json:"writes,omitempty"` // of these

	// Whole says that something which users did is missing whole, such as their
	// sockets, and not only single requests.
	Whole bool `json:"whole,omitempty"`
}

// A Step is a recorded request.
type Step struct {
	Endpoint string
	Write    bool
	Bare     bool // see Recorded.Bare
	Beside   int  // requests of the session that were under way when it was sent

	// Asked says that it was sent only because the target asked for it, such as for new
	// credentials: a run may do without. Nothing else of the step counts.
	Asked bool
}

// maxEndpoints is how many endpoints are told apart. A run tells as many apart.
const maxEndpoints = 2000

// A Builder makes a Recorded of sessions. The zero value has none.
type Builder struct {
	out      Recorded
	steps    moments
	writes   moments
	beside   int
	peaks    int
	names    map[string]int // index in out.Endpoints and spreads
	spreads  []moments
	entries  map[string]int
	overflow bool
}

// moments are sums over sessions.
type moments struct{ sum, squares float64 }

// add adds x, n times.
func (m *moments) add(x float64, n int) {
	m.sum += float64(n) * x
	m.squares += float64(n) * x * x
}

// deviation is the standard deviation over n sessions.
func (m moments) deviation(n int) float64 {
	mean := m.sum / float64(n)
	return math.Sqrt(max(0, m.squares/float64(n)-mean*mean))
}

// Session adds a session.
func (b *Builder) Session(steps []Step) { b.Sessions(1, steps) }

// Sessions adds n times the same session.
func (b *Builder) Sessions(n int, steps []Step) {
	if b.names == nil {
		b.names = map[string]int{}
	}
	writes, optional, peak := 0, 0, 0
	asked := map[int]int{} // requests of this session, by endpoint
	for _, s := range steps {
		if s.Asked {
			optional++ // of one of them
			if !slices.Contains(b.out.Asked, s.Endpoint) && len(b.out.Asked) < maxEndpoints {
				b.out.Asked = append(b.out.Asked, s.Endpoint)
			}
			continue
		}
		b.beside += n * s.Beside
		peak = max(peak, s.Beside+1)
		if s.Beside == 0 {
			b.out.Alone += n
		}
		if s.Bare {
			b.out.Bare += n
		}
		i, known := b.names[s.Endpoint]
		if !known && !b.overflow {
			if b.overflow = len(b.names) == maxEndpoints; !b.overflow {
				i, known = len(b.names), true
				b.names[s.Endpoint] = i
				b.out.Endpoints = append(b.out.Endpoints, Endpoint{Name: s.Endpoint})
				b.spreads = append(b.spreads, moments{})
			}
		}
		if s.Write {
			writes++
		}
		if !known {
			continue
		}
		asked[i]++
		b.out.Endpoints[i].Steps += n
		if s.Write {
			b.out.Endpoints[i].Writes += n
		}
	}
	for i, k := range asked {
		b.spreads[i].add(float64(k), n)
	}
	b.out.Sessions += n
	b.out.Steps += n * (len(steps) - optional)
	b.out.Writes += n * writes
	b.peaks += n * peak
	b.steps.add(float64(len(steps)-optional), n)
	b.writes.add(float64(writes), n)
}

// Enter adds the requests that let the users of n sessions in, by their endpoints.
func (b *Builder) Enter(n int, endpoints []string) {
	for _, name := range endpoints {
		if b.entries == nil {
			b.entries = map[string]int{}
		}
		b.entries[name] += n
	}
}

// Begin counts a session that perhaps began before the recording.
func (b *Builder) Begin() { b.out.Begun++ }

// LeaveOut adds what a run cannot do.
func (b *Builder) LeaveOut(l LeftOut) { b.out.LeftOut = append(b.out.LeftOut, l) }

// Recorded returns what was added, or nil if that was no session.
func (b *Builder) Recorded() *Recorded {
	r := b.out
	if r.Sessions == 0 || r.Steps == 0 {
		return nil
	}
	r.StepsSpread, r.WritesSpread = b.steps.deviation(r.Sessions), b.writes.deviation(r.Sessions)
	r.Peak = float64(b.peaks) / float64(r.Sessions)
	r.Overlap = 1 + float64(b.beside)/float64(r.Steps)
	r.Endpoints = slices.Clone(r.Endpoints)
	r.Asked = slices.Clone(r.Asked)
	slices.Sort(r.Asked)
	for i := range r.Endpoints {
		r.MixSpread += b.spreads[i].deviation(r.Sessions) / 2 / perSession(r.Steps, r.Sessions)
	}
	for name, n := range b.entries {
		if i, known := b.names[name]; known {
			r.Endpoints[i].Entries = n
		} else {
			r.Endpoints = append(r.Endpoints, Endpoint{Name: name, Entries: n})
		}
	}
	if b.overflow {
		r.Endpoints, r.MixSpread = nil, 0
	}
	slices.SortFunc(r.Endpoints, func(a, b Endpoint) int { return cmp.Compare(a.Name, b.Name) })
	return &r
}

func perSession[T int | uint64](n, sessions T) float64 {
	if sessions == 0 {
		return 0
	}
	return float64(n) / float64(sessions)
}
