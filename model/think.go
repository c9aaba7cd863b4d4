package model

import (
	"strings"
	"time"

	"github.com/starling-load/starling/model/dist"
)

// Think is the time from the end of a response to the start of the same user's
// next request: Fixed, or drawn from the quantiles at equal steps of
// probability from 0 to 1. The zero value is no pause.
type Think struct {
	Fixed     time.Duration
	Quantiles []time.Duration
}

// None reports whether t is the zero pause.
func (t *Think) None() bool { return t.Fixed == 0 && len(t.Quantiles) == 0 }

// Draw returns the think time at probability p, from 0 up to 1.
func (t *Think) Draw(p float64) time.Duration {
	if len(t.Quantiles) > 0 {
		return dist.At(t.Quantiles, p)
	}
	return t.Fixed
}

// Median returns the fixed time, or the median of the quantiles, rounded for
// people: to three digits, and to seconds from one minute on.
func (t *Think) Median() time.Duration {
	d := t.Draw(0.5)
	unit := time.Duration(1)
	for unit*1000 <= d { // three digits
		unit *= 10
	}
	if d >= time.Minute {
		unit = time.Second
	}
	return d.Round(unit)
}

// String returns the median for people: "1.5s" for a fixed time, "~2.35s" for the
// median of several times, "-" for no pause.
func (t *Think) String() string {
	switch {
	case len(t.Quantiles) > 0:
		return "~" + FormatDuration(t.Median())
	case t.Fixed != 0:
		return FormatDuration(t.Median())
	}
	return "-"
}

// FormatDuration is d.String without zero minutes and seconds at the end.
func FormatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
