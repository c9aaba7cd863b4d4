package stats

import "time"

// An Outcome is how an exchange ended. Every exchange that was started has
// exactly one, or is still in flight.
type Outcome uint8

// The outcomes.
const (
	OK       Outcome = iota // answered, and the answer passed its check
	Failed                  // transport error, or the answer failed its check
	TimedOut                // no whole answer within the time allowed
	Aborted                 // given up by the replayer: stop, or a value that could not be bound
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
	Error     string // short stable name when Outcome is not OK: "status", "shape", "redirect", "reset", "timeout", "unbound", …
	Detail    string // one line for people, free of secrets; kept for a few samples only
	BytesOut  int64
	BytesIn   int64
	Fields    []string // features of the body ("$.items[].id:string"), see content.Shape; shared, not owned
}

// ResponseTime is what an arriving user waits: done − scheduled.
func (r *Result) ResponseTime() time.Duration { return r.Done - r.Scheduled }

// ServiceTime is what the target took: done − sent.
func (r *Result) ServiceTime() time.Duration { return r.Done - r.Sent }

// Lateness is how far behind its schedule the replayer was: sent − scheduled.
func (r *Result) Lateness() time.Duration { return r.Sent - r.Scheduled }
