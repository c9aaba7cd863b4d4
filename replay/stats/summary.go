package stats

import "github.com/starling-load/starling/replay/faithful"

// A Summary is a run in figures. Its JSON keys are stable: it is what
// `starling report --json` prints. Times are in microseconds.
//
// Most figures cover only the window of the run: its planned duration, or all of a run
// without one. What ended after the window is in Drained. Counts, Sessions, Due,
// Arrived, Skipped, Expected, Faithful and the counts of Errors cover both together.
type Summary struct {
	Requests     uint64            `json:"requests"` // ok + failed + timed_out
	Failures     uint64            `json:"failures"` // failed + timed_out
	Duration     float64           `json:"duration_s"`
	Rate         float64           `json:"rps"` // Requests per second
	UsersMax     int               `json:"users_max"`
	Response     Latency           `json:"response_time_us"`
	Service      Latency           `json:"service_time_us"`
	Lateness     Latency           `json:"lateness_us"`
	Status       map[int]uint64    `json:"status"`
	Endpoints    []EndpointSummary `json:"endpoints"` // by name
	Errors       []ErrorGroup      `json:"errors"`    // most frequent first
	Validity     Validity          `json:"validity"`
	Faithful     *faithful.Verdict `json:"faithful"`   // nil when the source has no recording
	Unresolved   []Unresolved      `json:"unresolved"` // values that were sent, and whose origin is not known
	Counts                         // started, ok, failed, timed_out, aborted, in_flight
	Drained      Drained           `json:"drained"`
	OutcomeMatch float64           `json:"outcome_match"` // ratio, 0 to 1
	SessionMatch Ratio             `json:"session_match"` // of Sessions.Matched to Ended
	Sessions     Sessions          `json:"sessions"`
	Skipped      uint64            `json:"skipped"`         // acts that could not be made
	Expected     uint64            `json:"errors_expected"` // answers of 400 or more among OK
	BytesIn      int64             `json:"bytes_in"`
	BytesOut     int64             `json:"bytes_out"`
	Overflow     uint64            `json:"overflow"` // response times above one hour
	Due          uint64            `json:"sessions_due"`
	Arrived      uint64            `json:"sessions_started"`
	Open         uint64            `json:"sessions_open"` // without a known end, such as those under way
	Replayers    []string          `json:"replayers"`
	Lost         []string          `json:"lost"` // replayers that fell silent
	Thresholds   []ThresholdResult `json:"thresholds"`
	Machine      MachineSummary    `json:"machine"`
	Paused       float64           `json:"paused_s"` // the longest of all replayers; not in Duration
	Partial      bool              `json:"partial"`  // the run did not come to its planned end
}

// Complete adds what summaries of earlier versions lack.
func (s *Summary) Complete() {
	s.SessionMatch = s.Sessions.match()
	if s.Unresolved == nil {
		s.Unresolved = []Unresolved{}
	}
}

// Drained is what ended after the window, while the run waited for exchanges
// under way.
type Drained struct {
	Requests uint64  `json:"requests"`
	Failures uint64  `json:"failures"`
	Aborted  uint64  `json:"aborted"`
	Response Latency `json:"response_time_us"`
}

// A Latency is a histogram in seven figures, each in microseconds.
type Latency struct {
	P50  int64 `json:"p50"`
	P90  int64 `json:"p90"`
	P95  int64 `json:"p95"`
	P99  int64 `json:"p99"`
	P999 int64 `json:"p999"`
	Max  int64 `json:"max"`
	Mean int64 `json:"mean"`
}

// An EndpointSummary is one endpoint of a Summary. Counts, Skipped and Expected cover the window
// and what ended after it. Everything else covers only the window.
type EndpointSummary struct {
	Name     string         `json:"name"`
	Asset    bool           `json:"asset,omitempty"` // a part of pages: tables fold these, see Summary.Unfold
	Requests uint64         `json:"requests"`
	Failures uint64         `json:"failures"`
	Rate     float64        `json:"rps"`
	Response Latency        `json:"response_time_us"`
	Service  Latency        `json:"service_time_us"`
	Lateness Latency        `json:"lateness_us"`
	Status   map[int]uint64 `json:"status"`
	Counts
	Drained      Drained `json:"drained"`
	OutcomeMatch float64 `json:"outcome_match"`
	Skipped      uint64  `json:"skipped"`
	Expected     uint64  `json:"errors_expected"`
	BytesIn      int64   `json:"bytes_in"`
	BytesOut     int64   `json:"bytes_out"`
}

// A MachineSummary tells how the replayers fared. Each maximum is over all replayers
// and all their intervals.
type MachineSummary struct {
	CPUMax       float64 `json:"cpu_max_ratio"`    // of all cores of one replayer, 0 to 1
	BusySeconds  float64 `json:"cpu_busy_seconds"` // seconds with CPU at or above the limit of Judge
	Seconds      float64 `json:"seconds"`          // replayer seconds measured
	GCPauseMaxUS int64   `json:"gc_pause_max_us"`  // in one interval
	OpenFilesMax int     `json:"open_files_max"`
	HeapMax      int64   `json:"heap_bytes_max"`
}

// The verdicts of a Validity.
const (
	Valid    = "valid"
	Degraded = "degraded"
	Invalid  = "invalid"
)

// A Validity says whether the figures of a run can be trusted: valid,
// degraded (look at the reasons first) or invalid (the replayer, not the
// target, was the bottleneck).
type Validity struct {
	Verdict string   `json:"verdict"`
	Reasons []string `json:"reasons"`
}
