package replay

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/starling-load/starling/replay/load"
)

// A Plan says when users come and for how long. It is plain data, the same for
// every replayer of a run.
type Plan struct {
	Seed   uint64 `json:"seed"`
	Target string `json:"target"` // origin: scheme://host[:port]

	// One of three says how many users come.
	Users int     `json:"users,omitempty"` // closed: so many at all times
	Rate  float64 `json:"rate,omitempty"`  // open: sessions a second
	Scale float64 `json:"scale,omitempty"` // open: the recorded arrivals, so many times as many users

	Sessions int           `json:"sessions,omitempty"` // sessions per user with Users; 0: until Duration
	Duration time.Duration `json:"duration,omitempty"` // ns; no request starts later; 0: until the sessions end, with Scale after one pass over the recorded arrivals
	Speed    float64       `json:"speed,omitempty"`    // factor on time: think times and offsets are divided by it; 0 means 1
	Timeout  time.Duration `json:"timeout,omitempty"`  // ns, for one exchange; 0 means 30 s
}

// Defaults of a plan and of the engine.
const (
	DefaultTimeout = 30 * time.Second
	// MaxUsers bounds the users alive at once in one process. An arrival beyond
	// it is skipped and counted, and makes the run invalid.
	MaxUsers = 15_000
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
	if p.Users < 0 || p.Rate < 0 || p.Scale < 0 || p.Sessions < 0 || p.Duration < 0 || p.Speed < 0 || p.Timeout < 0 {
		errs = append(errs, errors.New("a negative number in the plan"))
	}
	if p.Users == 0 && p.Sessions > 0 {
		errs = append(errs, errors.New("sessions per user need a fixed number of users"))
	}
	if p.Duration == 0 && p.Sessions == 0 && p.Scale == 0 {
		errs = append(errs, errors.New("the run has no end: give a duration, or users with sessions per user"))
	}
	if _, err := Origin(p.Target); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Arrivals is when the sessions of the plan start (with Users: when the users
// do). starts and span are those of the recording, for Scale.
func (p Plan) Arrivals(starts []time.Duration, span time.Duration) (load.Arrivals, error) {
	p = p.withDefaults()
	switch {
	case p.Users > 0:
		return load.Users(p.Users, 0)
	case p.Rate > 0:
		return load.Constant(p.Rate, p.Duration)
	case len(starts) == 0:
		return nil, errors.New("the model holds no recorded arrivals to scale; give users or a rate instead")
	}
	fast := make([]time.Duration, len(starts))
	for i, at := range starts {
		fast[i] = scaled(at, p.Speed)
	}
	return load.Recorded(fast, scaled(span, p.Speed), p.Scale, p.Duration, p.Seed)
}

// Origin returns scheme://host[:port] of a URL, refusing what cannot be a
// target.
func Origin(raw string) (string, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return "", fmt.Errorf("target %q: write it as http://HOST:PORT or https://HOST:PORT", raw)
	case u.User != nil:
		return "", errors.New("the target must not carry a user name or password")
	}
	return u.Scheme + "://" + strings.ToLower(u.Host), nil
}

// Guard refuses to send load to the place a recording was made of, unless the
// host is allowed by name. Loopback addresses are never production.
func Guard(target, recorded string, allowed []string) error {
	t, err := url.Parse(target)
	if err != nil {
		return err
	}
	r, err := url.Parse(recorded)
	if err != nil || recorded == "" || !strings.EqualFold(t.Hostname(), r.Hostname()) || isLoopback(t.Hostname()) {
		return nil
	}
	for _, host := range allowed {
		if strings.EqualFold(host, t.Hostname()) || strings.EqualFold(host, t.Host) {
			return nil
		}
	}
	return fmt.Errorf("%s is the host that was recorded, perhaps production: to send load there all the same, add --allow-host %s", t.Hostname(), t.Hostname())
}

func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
