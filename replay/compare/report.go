package compare

import "time"

// A Verdict is the answer to one question, or to all.
type Verdict string

// The verdicts.
const (
	Regression   Verdict = "regression"
	Improvement  Verdict = "improvement"
	Equivalent   Verdict = "equivalent"
	Inconclusive Verdict = "inconclusive"
)

// A Report is the outcome of a comparison. Its JSON keys are stable: it is what
// `starling compare --json` prints. Ratios are relative changes: 0.3 is 30 %
// more than the baseline.
type Report struct {
	Verdict   Verdict    `json:"verdict"` // the worst of all that is below
	Pairs     int        `json:"pairs"`   // that counted
	Sliced    bool       `json:"sliced"`  // the pairs are slices of one run each
	Changes   []string   `json:"changes"` // what changed, for people, worst first
	Notes     []string   `json:"notes"`   // what limits the report
	Global    []Latency  `json:"global"`  // shifts that all endpoints share, by figure; empty below 8 endpoints
	Endpoints []Endpoint `json:"endpoints"`
}

// An Endpoint is one endpoint on both sides.
type Endpoint struct {
	Name      string    `json:"name"`
	Verdict   Verdict   `json:"verdict"`
	Baseline  Side      `json:"baseline"`
	Candidate Side      `json:"candidate"`
	Latency   []Latency `json:"latency"` // by figure; only those with enough requests
	Errors    []Error   `json:"errors"`  // classes seen on either side
	Content   []Content `json:"content"` // changes only
}

// A Side is what was counted of one endpoint on one side.
type Side struct {
	Requests uint64 `json:"requests"`
	Failures uint64 `json:"failures"`
	P50      int64  `json:"p50_us"` // response time
	P95      int64  `json:"p95_us"`
	P99      int64  `json:"p99_us"`
}

// A Latency is the change of one quantile of the response time.
type Latency struct {
	Figure    string  `json:"figure"` // "p50", "p90", "p95", "p99"
	Verdict   Verdict `json:"verdict"`
	Baseline  float64 `json:"baseline_us"`  // median over blocks; 0 in Report.Global
	Candidate float64 `json:"candidate_us"` //
	Change    float64 `json:"change_ratio"` // Hodges-Lehmann estimate
	Low       float64 `json:"low_ratio"`    // 95 % interval
	High      float64 `json:"high_ratio"`
	Limit     float64 `json:"limit_ratio"` // the least change that matters
	P         float64 `json:"p"`
	Pairs     int     `json:"pairs"`
	MDE       float64 `json:"mde_ratio"`  // the least change that these pairs would find in 9 of 10 cases, tested alone
	MorePairs int     `json:"more_pairs"` // that an inconclusive verdict asks for
	Shared    bool    `json:"shared"`     // the change is that of all endpoints
}

// An Error is the change in how often exchanges had one kind of bad end.
type Error struct {
	Class     string  `json:"class"` // "status 5xx", "timeout", "redirect", …
	Verdict   Verdict `json:"verdict"`
	Baseline  uint64  `json:"baseline"`
	Candidate uint64  `json:"candidate"`
	BaseOf    uint64  `json:"baseline_of"` // exchanges
	CandOf    uint64  `json:"candidate_of"`
	P         float64 `json:"p"`
	New       bool    `json:"new"` // never seen in the baseline
}

// A ContentKind tells how the content changed.
type ContentKind string

// The kinds of changes of the content.
const (
	Retyped     ContentKind = "type changed"
	Disappeared ContentKind = "disappeared"
	Appeared    ContentKind = "appeared"
	Shifted     ContentKind = "share changed"
)

// A Content is a change in what answers hold.
type Content struct {
	Kind      ContentKind `json:"kind"`
	Feature   string      `json:"feature"` // "$.items[].id", "form POST /cart[id]", …
	Was       string      `json:"was,omitempty"`
	Now       string      `json:"now,omitempty"`
	Baseline  uint64      `json:"baseline"` // answers that have Was, or the feature
	Candidate uint64      `json:"candidate"`
	BaseOf    uint64      `json:"baseline_of"` // answers looked at
	CandOf    uint64      `json:"candidate_of"`
	Failed    uint64      `json:"failed"`   // answers of the candidate, beyond the baseline's, that did not pass their check because the body changed
	Breaking  bool        `json:"breaking"` // a client may depend on what is gone
	P         float64     `json:"p"`
}

// Options say what matters. The zero value takes the defaults.
type Options struct {
	P50, P90, P95, P99 float64       // least change that matters, as a ratio; 0: 2 %, 3 %, 4 %, 5 %
	Absolute           time.Duration // and at least this much; 0: 0.3 ms
	FalseRate          float64       // rate of false discoveries; 0: 1 %
	Sliced             bool          // the blocks are slices of one run each
}

func (o Options) withDefaults() Options {
	set := func(v *float64, d float64) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&o.P50, 0.02)
	set(&o.P90, 0.03)
	set(&o.P95, 0.04)
	set(&o.P99, 0.05)
	set(&o.FalseRate, 0.01)
	if o.Absolute <= 0 {
		o.Absolute = 300 * time.Microsecond
	}
	return o
}
