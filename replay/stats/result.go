package stats

import (
	"time"

	"github.com/starling-load/starling/replay/faithful"
)

// An Outcome is how an exchange ended. Every exchange that was started has
// exactly one, or is still in flight.
type Outcome uint8

// The outcomes.
const (
	OK       Outcome = iota // answered, and the answer passed its check
	Failed                  // transport error, or the answer failed its check
	TimedOut                // no whole answer within the time allowed
	Aborted                 // given up by the replayer because the run ended
)

// A Result is one exchange. Instants are offsets from the start of the run on
// the monotonic clock.
type Result struct {
	Endpoint  string        // name of the endpoint, as in the model
	Scheduled time.Duration // when the model wanted it sent
	Sent      time.Duration // just before the first byte was handed to the kernel
	FirstByte time.Duration // first byte of the response; 0: none came
	Done      time.Duration // last byte, or the instant of the error
	Status    int           // 0: no response
	Outcome   Outcome
	Error     string // short stable name when Outcome is not OK: "status", "shape", "redirect", "reset", "timeout", …
	Detail    string // one line for people, free of secrets; kept for a few samples only
	BytesOut  int64
	BytesIn   int64
	Write     bool     // it changes something at the target
	Fields    []string // features of the body ("$.items[].id:string"), see content.Shape; shared, not owned
}

// A SessionResult is how a session ended.
type SessionResult struct {
	Matched bool          // every act was made and had its recorded outcome
	Cut     bool          // the run ended it before its own end, or it had no way on; Matched says nothing then
	Stuck   string        // where it had no way on; "": it was not so
	Work    faithful.Work // what the session did
}

// Sessions counts sessions that ended. Like Counts it is additive.
type Sessions struct {
	Ended   uint64 `json:"ended"`   // came to their own end
	Matched uint64 `json:"matched"` // of these: every act was made and had its recorded outcome
	Cut     uint64 `json:"cut"`     // ended by the run, or without a way on, and therefore not judged

	Stuck uint64 `json:"stuck,omitempty"` // of the cut ones: had no way on
}

// count adds one session.
func (s *Sessions) count(r SessionResult) {
	switch {
	case r.Stuck != "":
		s.Stuck++
		s.Cut++
	case r.Cut:
		s.Cut++
	case r.Matched:
		s.Matched++
		s.Ended++
	default:
		s.Ended++
	}
}

// add sums o into s.
func (s *Sessions) add(o Sessions) {
	s.Ended += o.Ended
	s.Matched += o.Matched
	s.Cut += o.Cut
	s.Stuck += o.Stuck
}

// match is the share of the ended sessions that matched.
func (s Sessions) match() Ratio { return Ratio(float64(s.Matched) / float64(s.Ended)) }

// ResponseTime is what an arriving user waits: done − scheduled.
func (r *Result) ResponseTime() time.Duration { return r.Done - r.Scheduled }

// ServiceTime is what the target took: done − sent.
func (r *Result) ServiceTime() time.Duration { return r.Done - r.Sent }

// Lateness is how far behind its schedule the replayer was: sent − scheduled.
func (r *Result) Lateness() time.Duration { return r.Sent - r.Scheduled }
