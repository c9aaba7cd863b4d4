package stats

import (
	"time"

	"github.com/starling-load/starling/replay/faithful"
)

// An Interval is what one replayer saw between two ticks. Its name is (Replayer,
// Seq). It never changes once made, so it may be shared, sent twice and merged in
// any order. Start and End are offsets from the start of the run.
//
// Drain marks an interval that begins at or after the end of the run's window.
// What ended in it is kept apart from the figures of the run.
//
// Total is the sum of Endpoints, without Fields. InFlight is the number of exchanges
// under way at End. Users is the highest number of virtual users in the interval. Due
// counts the sessions that the schedule wanted started in the interval, Arrived those
// that did start, Sessions those that ended, and Work what these did. Paused is how long the clock of the
// run stood still: Start and End do not include it.
type Interval struct {
	Replayer  string           `json:"replayer"`
	Seq       uint64           `json:"seq"` // from 0, without gaps
	Start     time.Duration    `json:"start_ns"`
	End       time.Duration    `json:"end_ns"`
	Drain     bool             `json:"drain,omitempty"`
	Total     Cell             `json:"total"`
	Endpoints map[string]*Cell `json:"endpoints,omitempty"`
	Errors    []ErrorGroup     `json:"errors,omitempty"` // ordered by endpoint, name, status, value
	InFlight  int64            `json:"open"`
	Users     int              `json:"users"`
	Due       uint64           `json:"due,omitempty"`
	Arrived   uint64           `json:"arrived,omitempty"`
	Sessions  Sessions         `json:"sessions,omitzero"`
	Work      faithful.Work    `json:"work,omitzero"`
	Paused    time.Duration    `json:"paused_ns,omitempty"`
	Machine   Machine          `json:"machine"`
}

// A Machine is how the process that sends load fared during an interval. The zero
// value means that it was not measured.
type Machine struct {
	CPU        float64       `json:"cpu"`         // own use, as a share of one core: 0 to Cores
	Cores      int           `json:"cores"`       // cores that the process may use
	GCPause    time.Duration `json:"gc_pause_ns"` // time the whole process stood still, summed
	Goroutines int           `json:"goroutines"`
	OpenFiles  int           `json:"open_files"`
	HeapBytes  int64         `json:"heap_bytes"`
}

// An ErrorGroup counts exchanges that ended alike, or acts of one endpoint that
// were skipped because the same value was missing. Samples are up to three different
// lines for people; a merge keeps the first three in alphabetical order, so that
// it does not matter who merged first.
type ErrorGroup struct {
	Endpoint string   `json:"endpoint"`
	Name     string   `json:"name"`
	Status   int      `json:"status,omitempty"`
	Value    string   `json:"value,omitempty"` // the missing value, when Name is ErrorSkipped
	Count    uint64   `json:"count"`
	Drained  uint64   `json:"drained,omitempty"` // how many of Count came after the window; set by merging
	Samples  []string `json:"samples,omitempty"`
}

// ErrorSkipped is the name of the groups of skipped acts.
const ErrorSkipped = "skipped"

// ErrorStuck is the name of the groups of sessions that had no way on. Their Endpoint is
// the place.
const ErrorStuck = "no way on"

// ErrorStopped is the Result.Error of an exchange that was given up because
// the run ended. It is no fault of the target and does not count against the
// outcome match.
const ErrorStopped = "stopped"

// Other is the name for everything beyond the number of names that a Collector or a
// Timeline tells apart.
const Other = "(other)"
