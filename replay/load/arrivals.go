package load

import (
	"fmt"
	"math"
	"time"
)

// Arrivals is a schedule of session starts. Implementations are immutable and
// may be called from any goroutine.
type Arrivals interface {
	// At returns when session i (from 0) is due, as an offset from the start of
	// the run. The offsets never decrease with i. It reports false when the
	// schedule has fewer sessions.
	At(i uint64) (time.Duration, bool)
}

// Constant returns arrivals at equal distances, the first at 0:
//
//	At(i) = i / perSecond,  while At(i) < d
//
// If d is 0 they go on for ever.
func Constant(perSecond float64, d time.Duration) (Arrivals, error) {
	if err := checkRate(perSecond, d); err != nil {
		return nil, err
	}
	return constant{perSecond, d}, nil
}

type constant struct {
	rate     float64
	duration time.Duration
}

func (c constant) At(i uint64) (time.Duration, bool) {
	at := math.Round(float64(i) / c.rate * float64(time.Second))
	if c.duration > 0 && at >= float64(c.duration) || at >= math.MaxInt64 {
		return 0, false
	}
	return time.Duration(at), true
}

// Users returns n arrivals spread evenly over the ramp, the first at 0: the
// fixed users of a closed run, each of whom starts anew when done. With ramp 0
// all come at once.
func Users(n int, ramp time.Duration) (Arrivals, error) {
	if n < 1 {
		return nil, fmt.Errorf("%d users: at least one is needed", n)
	}
	if ramp < 0 {
		return nil, fmt.Errorf("ramp %s: it must not be negative", ramp)
	}
	return users{uint64(n), ramp}, nil
}

// Ramp returns the time within which the users of a closed run come, for Users. Sessions have
// a mean length, 0 if that is not known, and the run a duration, 0 if it has none. With it as
// many sessions begin each second at the start as ever after, and users do not go on in step.
// Of a short run, they come within the first tenth.
func Ramp(length, duration time.Duration) time.Duration {
	if duration > 0 {
		return min(length, duration/10)
	}
	return length
}

type users struct {
	n    uint64
	ramp time.Duration
}

func (u users) At(i uint64) (time.Duration, bool) {
	if i >= u.n {
		return 0, false
	}
	return time.Duration(float64(u.ramp) * (float64(i) / float64(u.n))), true
}

func checkRate(perSecond float64, d time.Duration) error {
	if !(perSecond > 0) || math.IsInf(perSecond, 0) {
		return fmt.Errorf("rate %g/s: it must be above 0", perSecond)
	}
	if d < 0 {
		return fmt.Errorf("duration %s: it must not be negative", d)
	}
	return nil
}
