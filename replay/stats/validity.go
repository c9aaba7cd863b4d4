package stats

import (
	"fmt"
	"time"
)

// The limits of Judge. They are wide enough for a healthy run on a busy machine
// of two cores. Lateness counts only when it is long in itself and also long
// beside the response times.
const (
	lateDegraded  = 50 * time.Millisecond  // p99 of the lateness …
	lateInvalid   = 500 * time.Millisecond //
	lateShare     = 0.10                   // … and more than this share of the median response time
	missedInvalid = 0.05                   // sessions due and not started, as a share of those due
	missedNoted   = 0.01
	busyRatio     = 0.95 // of all cores
	busyInvalid   = 0.50 // share of seconds as busy as that
	busyDegraded  = 0.20
	busyLeast     = 2.0                    // fewer busy seconds do not count: a start is always busy
	pauseDegraded = 100 * time.Millisecond // garbage collection within one interval
)

// Judge sets Validity from the other fields. It asks whether the replayers kept their
// schedule, and whether their machines were fast enough for it.
func (s *Summary) Judge() {
	j := &judge{Validity{Verdict: Valid, Reasons: []string{}}}
	j.schedule(s)
	j.lateness(s)
	j.machine(s)
	for _, g := range s.Errors {
		switch g.Name {
		case "ports":
			j.find(Invalid, "%d exchanges found no free local port; use more source addresses or replayers", g.Count)
		case "descriptors":
			j.find(Invalid, "%d exchanges found no free file descriptor; raise the limit (ulimit -n) or use more replayers", g.Count)
		}
	}
	for _, r := range s.Lost {
		j.find(Degraded, "replayer %s fell silent before its end; its share of the load is missing from then on", r)
	}
	if s.Paused > 0 {
		j.find(Degraded, "sending was paused for %s in between", seconds(s.Paused))
	}
	if s.Partial {
		j.find(Degraded, "the run did not come to its planned end")
	}
	if s.Overflow > 0 {
		j.find(Degraded, "%d response times were longer than one hour and count as one hour", s.Overflow)
	}
	s.Validity = j.Validity
}

type judge struct{ Validity }

// find notes a reason and lowers the verdict to it.
func (j *judge) find(verdict, format string, args ...any) {
	j.Reasons = append(j.Reasons, fmt.Sprintf(format, args...))
	if j.Verdict != Invalid {
		j.Verdict = verdict
	}
}

func (j *judge) schedule(s *Summary) {
	if s.Due == 0 || s.Arrived >= s.Due {
		return
	}
	missed := float64(s.Due-s.Arrived) / float64(s.Due)
	verdict := Degraded
	switch {
	case missed > missedInvalid:
		verdict = Invalid
	case missed <= missedNoted:
		return
	}
	j.find(verdict, "%.1f%% of the planned sessions were not started (%d of %d); use more replayers or a lower rate",
		100*missed, s.Due-s.Arrived, s.Due)
}

func (j *judge) lateness(s *Summary) {
	late := time.Duration(s.Lateness.P99) * time.Microsecond
	median := time.Duration(s.Response.P50) * time.Microsecond
	if late <= lateDegraded || float64(late) <= lateShare*float64(median) {
		return
	}
	verdict := Degraded
	if late > lateInvalid {
		verdict = Invalid
	}
	j.find(verdict, "requests left up to %s behind their schedule (p99), beside a median response time of %s; use more replayers or a lower rate",
		short(s.Lateness.P99), short(s.Response.P50))
}

func (j *judge) machine(s *Summary) {
	m := s.Machine
	if m.BusySeconds >= busyLeast {
		share := m.BusySeconds / m.Seconds
		verdict := ""
		switch {
		case share > busyInvalid:
			verdict = Invalid
		case share > busyDegraded:
			verdict = Degraded
		}
		if verdict != "" {
			j.find(verdict, "the replayer used at least %.0f%% of all its cores in %.0f%% of the time; use more replayers or a lower rate",
				100*busyRatio, 100*share)
		}
	}
	if p := time.Duration(m.GCPauseMaxUS) * time.Microsecond; p > pauseDegraded {
		j.find(Degraded, "garbage collection stopped a replayer for %s within one second", short(m.GCPauseMaxUS))
	}
}
