package stats

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Threshold is a limit that a run must keep, such as "p99 < 300ms".
type Threshold struct {
	text     string
	endpoint string // "": the whole run
	figure   string // "p99", "failures", …
	service  bool   // of the service time
	op       string // "<", "<=", ">", ">="
	limit    float64
}

// A ThresholdResult is a threshold judged.
type ThresholdResult struct {
	Threshold string `json:"threshold"`
	Value     string `json:"value"` // "212ms", "0.4%", "51.2/s"; "none" when nothing was measured
	OK        bool   `json:"ok"`
}

const thresholdHelp = `write FIGURE < LIMIT, where FIGURE is p50, p90, p95, p99, p99.9, max or mean (of the response time, or "service p95" of the service time; LIMIT like 300ms), failures, match or "session match" (LIMIT like 1%), or rps (LIMIT a number), and {ENDPOINT} may follow FIGURE: 'p95{GET /cart} < 200ms'`

// ParseThreshold reads a threshold. Examples: "p99 < 300ms",
// "service p95 < 200ms", "failures < 1%", "rps > 50", "match >= 99%",
// "session match >= 95%", "p95{GET /cart} < 200ms". The error says what is
// allowed.
func ParseThreshold(s string) (Threshold, error) {
	t := Threshold{text: strings.TrimSpace(s)}
	fail := func(what string) (Threshold, error) {
		return Threshold{}, fmt.Errorf("threshold %q: %s; %s", s, what, thresholdHelp)
	}
	left := t.text
	if open := strings.IndexByte(left, '{'); open >= 0 {
		end := strings.LastIndexByte(left, '}')
		if end < open {
			return fail("the brace is not closed")
		}
		t.endpoint = strings.TrimSpace(left[open+1 : end])
		if t.endpoint == "" {
			return fail("no endpoint between the braces")
		}
		left = left[:open] + " " + left[end+1:]
	}
	at := strings.IndexAny(left, "<>")
	if at < 0 {
		return fail("no < or >")
	}
	t.op = left[at : at+1]
	right := left[at+1:]
	if strings.HasPrefix(right, "=") {
		t.op, right = t.op+"=", right[1:]
	}
	words := strings.Fields(left[:at])
	if strings.Join(words, " ") == sessionMatch {
		words = []string{sessionMatch}
	}
	if len(words) == 2 && (words[0] == "service" || words[0] == "response") {
		t.service = words[0] == "service"
		words = words[1:]
		if !isTime(words[0]) {
			return fail(fmt.Sprintf("%q is no time", words[0]))
		}
	}
	if len(words) != 1 {
		return fail("no single figure before the sign")
	}
	t.figure = words[0]
	if t.figure == sessionMatch && t.endpoint != "" {
		return fail("sessions have no endpoint")
	}
	var err error
	if t.limit, err = parseLimit(t.figure, strings.TrimSpace(right)); err != nil {
		return fail(err.Error())
	}
	return t, nil
}

// sessionMatch is a figure of two words.
const sessionMatch = "session match"

// WithDefault returns the thresholds with "failures < 50%" before them, unless one of
// them judges the failures of the whole run itself. The default does not hold in a run
// without any answer, or in which half of the acts failed or could not be made.
func WithDefault(thresholds []Threshold) []Threshold {
	for _, t := range thresholds {
		if t.figure == "failures" && t.endpoint == "" {
			return thresholds
		}
	}
	return append([]Threshold{{text: "failures < 50%", figure: "failures", op: "<", limit: 0.5}}, thresholds...)
}

func isTime(figure string) bool {
	_, ok := Latency{}.figure(figure)
	return ok
}

// parseLimit reads the limit in the unit of the figure: microseconds, a ratio,
// or requests per second.
func parseLimit(figure, s string) (float64, error) {
	switch {
	case isTime(figure):
		d, err := time.ParseDuration(s)
		if err != nil || d < 0 {
			return 0, fmt.Errorf("%q is no duration with a unit", s)
		}
		return float64(d) / float64(time.Microsecond), nil
	case figure == "failures" || figure == "match" || figure == sessionMatch:
		number, percent := strings.CutSuffix(s, "%")
		v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || !percent || !(v >= 0 && v <= 100) {
			return 0, fmt.Errorf("%q is no percentage", s)
		}
		return v / 100, nil
	case figure == "rps":
		v, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(s, "/s")), 64)
		if err != nil || !(v >= 0) {
			return 0, fmt.Errorf("%q is no number of requests per second", s)
		}
		return v, nil
	}
	return 0, fmt.Errorf("the figure %q is not known", figure)
}

// figure returns one of the seven by its name in thresholds.
func (l Latency) figure(name string) (int64, bool) {
	switch name {
	case "p50":
		return l.P50, true
	case "p90":
		return l.P90, true
	case "p95":
		return l.P95, true
	case "p99":
		return l.P99, true
	case "p99.9", "p999":
		return l.P999, true
	case "max":
		return l.Max, true
	case "mean":
		return l.Mean, true
	}
	return 0, false
}

// String returns the threshold as it was written.
func (t Threshold) String() string { return t.text }

// Check compares a run with the threshold. It returns the value for people and whether
// the threshold holds. An act that could not be made is a failure. Without a value the
// threshold does not hold.
func (t Threshold) Check(s *Summary) (value string, ok bool) {
	requests, failures, skipped, rate, match := s.Requests, s.Failures, s.Skipped, s.Rate, s.OutcomeMatch
	response, service := s.Response, s.Service
	if t.endpoint != "" {
		e := s.endpoint(t.endpoint)
		if e == nil {
			return "none", false
		}
		requests, failures, skipped, rate, match = e.Requests, e.Failures, e.Skipped, e.Rate, e.OutcomeMatch
		response, service = e.Response, e.Service
	}
	if t.figure == "rps" {
		return fmt.Sprintf("%.1f/s", rate), t.holds(rate)
	}
	if t.figure == sessionMatch {
		if !s.SessionMatch.Known() {
			return "none", false
		}
		match := float64(s.SessionMatch)
		return percent(match), t.holds(match)
	}
	if t.figure == "failures" && requests+skipped > 0 {
		share := float64(failures+skipped) / float64(requests+skipped)
		return percent(share), t.holds(share)
	}
	if requests == 0 {
		return "none", false
	}
	if t.figure == "match" {
		return percent(match), t.holds(match)
	}
	if t.service {
		response = service
	}
	us, _ := response.figure(t.figure)
	return short(us), t.holds(float64(us))
}

func (t Threshold) holds(v float64) bool {
	switch t.op {
	case "<":
		return v < t.limit
	case "<=":
		return v <= t.limit
	case ">":
		return v > t.limit
	}
	return v >= t.limit
}

// percent renders a ratio with enough digits to tell it from 0 and from 100 %.
func percent(ratio float64) string {
	return trimZeros(fmt.Sprintf("%.3f", 100*ratio)) + "%"
}

func trimZeros(s string) string {
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// Check judges the thresholds into s.Thresholds and reports whether all hold.
func (s *Summary) Check(thresholds []Threshold) bool {
	s.Thresholds = make([]ThresholdResult, 0, len(thresholds))
	all := true
	for _, t := range thresholds {
		value, ok := t.Check(s)
		s.Thresholds = append(s.Thresholds, ThresholdResult{t.text, value, ok})
		all = all && ok
	}
	return all
}

// endpoint returns the endpoint of that name, or nil.
func (s *Summary) endpoint(name string) *EndpointSummary {
	for i := range s.Endpoints {
		if s.Endpoints[i].Name == name {
			return &s.Endpoints[i]
		}
	}
	return nil
}
