package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"github.com/starling-load/starling/replay/stats"
)

// writeCSV writes a line for each endpoint, with times in microseconds, and a first one
// for all together, which also has the verdicts.
func writeCSV(w io.Writer, run *stats.Run) error {
	s := run.Summary
	c := csv.NewWriter(w)
	rows := [][]string{{"endpoint", "requests", "failures", "skipped", "rps", "outcome_match", "p50_us", "p95_us", "p99_us", "max_us", "mean_us",
		"validity", "faithful", "reasons"}}
	row := func(name string, requests, failures, skipped uint64, rate, match float64, l stats.Latency, verdicts ...string) {
		r := []string{name, fmt.Sprint(requests), fmt.Sprint(failures), fmt.Sprint(skipped), fmt.Sprintf("%.3f", rate), fmt.Sprintf("%.6f", match)}
		for _, us := range []int64{l.P50, l.P95, l.P99, l.Max, l.Mean} {
			r = append(r, fmt.Sprint(us))
		}
		rows = append(rows, append(r, append(verdicts, "", "", "")[:3]...))
	}
	like, reasons := "", s.Validity.Reasons
	if s.Faithful != nil {
		like, reasons = s.Faithful.Verdict, append(append([]string{}, reasons...), s.Faithful.Reasons...)
	}
	row("", s.Requests, s.Failures, s.Skipped, s.Rate, s.OutcomeMatch, s.Response, s.Validity.Verdict, like, strings.Join(reasons, "; "))
	for _, e := range s.Endpoints {
		row(e.Name, e.Requests, e.Failures, e.Skipped, e.Rate, e.OutcomeMatch, e.Response)
	}
	if err := c.WriteAll(rows); err != nil {
		return err
	}
	return c.Error()
}
