package replay

import (
	"errors"
	"fmt"
	"time"

	"github.com/starling-load/starling/model/dist"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay/load"
)

// A Plan says when users come and for how long. It is plain data, the same for
// every replayer of a run.
type Plan struct {
	Seed   uint64 `json:"seed"`
	Target string `json:"target"` // origin: scheme://host[:port]

	// Host is sent to Target as Host and as server name. "" means the host of Target.
	Host string `json:"host,omitempty"`

	// Map lists further origins of the recording, and where their requests go.
	Map []Origin `json:"map,omitempty"`

	// Headers are sent in every request. They replace fields of the same name.
	Headers flow.Headers `json:"headers,omitempty"`

	// Connections says whose connections a request may use. "" means UserConnections.
	Connections Connections `json:"connections,omitempty"`

	// Paths says what the users of a model do. "" means its recorded sessions, or
	// walks if it holds none.
	Paths Paths `json:"paths,omitempty"`

	// Exactly one of the next three is set. It says how many users come.
	Users int     `json:"users,omitempty"` // closed: this many, each with one session after the other
	Rate  float64 `json:"rate,omitempty"`  // open: sessions a second
	Scale float64 `json:"scale,omitempty"` // open: the recorded arrivals, multiplied by this

	Spread time.Duration `json:"spread,omitempty"` // with Users, in ns: they come evenly within it; 0: at once

	Sessions int `json:"sessions,omitempty"` // sessions per user with Users; 0: until Duration

	// Duration, in ns, is when the last request may start. 0: the run lasts until the sessions
	// end; with Scale, that is one pass over the recorded arrivals.
	Duration time.Duration `json:"duration,omitempty"`

	// Speed divides think times and recorded times. 0 means 1.
	Speed float64 `json:"speed,omitempty"`

	// Replayers is how many processes share the plan. 0 means one. It says what a process
	// knows of the others' users, and nothing of what its own do.
	Replayers int `json:"replayers,omitempty"`

	// Timeout, in ns, is for one exchange. 0 means 30 s.
	Timeout time.Duration `json:"timeout,omitempty"`
}

// Paths says what users of a model do.
type Paths string

// The kinds of paths.
const (
	// RecordedPaths are the recorded sessions: the default of a model that
	// holds some.
	RecordedPaths Paths = "recorded"

	// WalkPaths lead through the graphs of the behaviors.
	WalkPaths Paths = "walk"
)

// Connections says whose connections a request may use.
type Connections string

// The kinds of connections.
const (
	// UserConnections belong to one user. A new one is opened when a request begins
	// while the others are in use.
	UserConnections Connections = "user"

	// SharedConnections serve all users, as behind a proxy.
	SharedConnections Connections = "pool"

	// RecordedConnections give each user as many connections as it had in the
	// recording. Each connection carries the same requests as there.
	RecordedConnections Connections = "recorded"
)

// Origins lists the main origin first, then the others of the plan. recorded is the
// main origin as the users of the recording knew it.
func (p Plan) Origins(recorded string) []Origin {
	return append([]Origin{{Recorded: recorded, Live: p.Target, Host: p.Host}}, p.Map...)
}

// Defaults of a plan and of the engine.
const (
	DefaultTimeout = 30 * time.Second
	// MaxUsers bounds the users alive at once in one process. An arrival beyond
	// it is skipped and counted, and makes the run invalid.
	MaxUsers = 15_000
)

// Bounds of a plan. A higher rate would start several sessions in one nanosecond.
// With greater factors times would no longer be exact.
const (
	maxRate   = 1e9
	maxFactor = 1e6
)

func (p Plan) withDefaults() Plan {
	if p.Speed == 0 {
		p.Speed = 1
	}
	if p.Timeout == 0 {
		p.Timeout = DefaultTimeout
	}
	return p
}

// Validate reports everything that is wrong with p.
func (p Plan) Validate() error {
	var errs []error
	ways := 0
	for _, set := range []bool{p.Users != 0, p.Rate != 0, p.Scale != 0} {
		if set {
			ways++
		}
	}
	if ways != 1 {
		errs = append(errs, errors.New("say how many users come by exactly one of users, rate and scale"))
	}
	if p.Users < 0 || p.Rate < 0 || p.Scale < 0 || p.Sessions < 0 || p.Spread < 0 || p.Duration < 0 || p.Speed < 0 || p.Timeout < 0 || p.Replayers < 0 {
		errs = append(errs, errors.New("a negative number in the plan"))
	}
	if p.Rate > maxRate {
		errs = append(errs, fmt.Errorf("a rate of %g/s: it may be %g/s at most", p.Rate, maxRate))
	}
	if p.Scale > maxFactor {
		errs = append(errs, fmt.Errorf("a scale of %g: it may be %g at most", p.Scale, maxFactor))
	}
	if p.Speed > maxFactor || p.Speed > 0 && p.Speed < 1/maxFactor {
		errs = append(errs, fmt.Errorf("a speed of %g: it may be from %g to %g", p.Speed, 1/maxFactor, maxFactor))
	}
	if p.Users == 0 && (p.Sessions > 0 || p.Spread > 0) {
		errs = append(errs, errors.New("sessions per user, and a spawn rate, need a fixed number of users"))
	}
	if p.Duration == 0 && p.Sessions == 0 && p.Scale == 0 {
		errs = append(errs, errors.New("the run has no end: give a duration, or users with sessions per user"))
	}
	for _, o := range append([]Origin{{Live: p.Target}}, p.Map...) {
		if _, err := ParseOrigin(o.Live); err != nil {
			errs = append(errs, err)
		}
	}
	switch p.Paths {
	case "", RecordedPaths, WalkPaths:
	default:
		errs = append(errs, fmt.Errorf("paths %q: give %s or %s", p.Paths, RecordedPaths, WalkPaths))
	}
	switch p.Connections {
	case "", UserConnections, RecordedConnections, SharedConnections:
	default:
		errs = append(errs, fmt.Errorf("connections %q: give %s, %s or %s", p.Connections, UserConnections, SharedConnections, RecordedConnections))
	}
	return errors.Join(errs...)
}

// Starts say when the sessions of a recording began.
type Starts struct {
	At   []time.Duration // ascending, from the start of the recording
	Span time.Duration   // its length
	Once []bool          // those that come once at any scale, since they are not those of users; nil: none
}

// Arrivals returns when the sessions of the plan start; with Users, when the users
// start. Only Scale needs starts.
func (p Plan) Arrivals(starts Starts) (load.Arrivals, error) {
	p = p.withDefaults()
	switch {
	case p.Users > 0:
		return load.Users(p.Users, p.Spread)
	case p.Rate > 0:
		return load.Constant(p.Rate, p.Duration)
	case len(starts.At) == 0:
		return nil, errors.New("the model holds no recorded arrivals to scale; give users or a rate instead")
	}
	return p.recording(starts)
}

// recording returns the arrivals of a recording under a scale.
func (p Plan) recording(starts Starts) (*load.Recording, error) {
	fast := make([]time.Duration, len(starts.At))
	for i, at := range starts.At {
		fast[i] = scaled(at, p.Speed)
	}
	return load.RecordedApart(fast, starts.Once, scaled(starts.Span, p.Speed), p.Scale, p.Duration, p.Seed)
}

// Recorded returns which recorded session each session of the plan plays, as an index of
// starts, and how many others play it before. With a scale it is the one whose start the
// arrival repeats. Otherwise all are played in turn, in a new order each round: so the mix
// is that of the recording at every moment. starts, of which there must be one, are those of
// Arrivals.
func (p Plan) Recorded(starts Starts) (func(session uint64) (recorded int, before uint64), error) {
	p = p.withDefaults()
	if p.Users > 0 || p.Rate > 0 {
		n := uint64(len(starts.At))
		return func(i uint64) (int, uint64) { return int(dist.Shuffled(p.Seed, i/n, i%n, n)), i / n }, nil
	}
	r, err := p.recording(starts)
	if err != nil {
		return nil, err
	}
	return r.Repeats, nil
}
