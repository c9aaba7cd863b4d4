package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/starling-load/starling/replay/faithful"
	"github.com/starling-load/starling/replay/stats"
)

// Formats are the names of the forms, sorted.
func Formats() []string { return []string{"csv", "html", "junit", "markdown"} }

// Write writes run in a form of Formats. The error is that of w, or says that there is
// no such form.
func Write(w io.Writer, format string, run *stats.Run) error {
	write, known := map[string]func(io.Writer, *stats.Run) error{
		"csv": writeCSV, "html": writeHTML, "junit": writeJUnit, "markdown": writeMarkdown,
	}[format]
	if !known {
		return fmt.Errorf("no report in the form %q: choose one of %s", format, strings.Join(Formats(), ", "))
	}
	return write(w, run)
}

// A judgement is a verdict with its reasons, for people.
type judgement struct {
	Name    string
	Verdict string
	Good    bool
	Reasons []string
}

// judgements are the verdicts on a run: on its validity, on its likeness to the
// recording, and on each threshold.
func judgements(s *stats.Summary) []judgement {
	list := []judgement{{"validity", s.Validity.Verdict, s.Validity.Verdict != stats.Invalid, s.Validity.Reasons}}
	if f := s.Faithful; f != nil {
		list = append(list, judgement{"faithful", f.Verdict, f.Verdict != faithful.Not, f.Reasons})
	}
	for _, t := range s.Thresholds {
		list = append(list, judgement{t.Threshold, "is " + t.Value, t.OK, nil})
	}
	return list
}

// A figure is a line of the summary.
type figure struct{ Name, Value string }

func figures(s *stats.Summary) []figure {
	list := []figure{
		{"requests", fmt.Sprintf("%d in %s, %.1f/s", s.Requests, seconds(s.Duration), s.Rate)},
		{"failures", fmt.Sprint(s.Failures)},
		{"outcome match", percent(s.OutcomeMatch, s.Requests+s.Skipped > 0)},
		{"session match", percent(float64(s.SessionMatch), s.SessionMatch.Known())},
		{"response time p50 / p95 / p99", micros(s.Response.P50) + " / " + micros(s.Response.P95) + " / " + micros(s.Response.P99)},
		{"lateness p99", micros(s.Lateness.P99)},
	}
	if f := s.Faithful; f != nil {
		list = append(list,
			figure{"steps per session, recorded and replayed", fmt.Sprintf("%.2f and %.2f", f.Steps.Recorded, f.Steps.Replayed)},
			figure{"writes per session, recorded and replayed", fmt.Sprintf("%.2f and %.2f", f.Writes.Recorded, f.Writes.Replayed)},
			figure{"requests under way together, recorded and replayed", fmt.Sprintf("%.2f and %.2f", f.Overlap.Recorded, f.Overlap.Replayed)},
			figure{"requests a page, recorded and replayed", fmt.Sprintf("%.2f and %.2f", f.PageRequests.Recorded, f.PageRequests.Replayed)},
			figure{"most requests of a session at once, recorded and replayed", fmt.Sprintf("%.1f and %.1f", f.Peak.Recorded, f.Peak.Replayed)},
			figure{"distance of the mix", fmt.Sprintf("%.2f", f.MixDistance)},
			figure{"endpoints never reached", named(f.Unreached)})
		for _, s := range f.Supplies {
			list = append(list, figure{"data", s.String()})
		}
		for _, v := range f.Varieties {
			list = append(list, figure{"variety", v.String()})
		}
	}
	return list
}

// unresolved are the values that nothing explains, a line each.
func unresolved(s *stats.Summary) []string {
	var list []string
	for _, u := range s.Unresolved {
		line := u.Endpoint + ", " + u.Place
		if u.Example != "" {
			line += " (" + u.Example + ")"
		}
		line += ": " + u.Reason
		if u.Edit != "" {
			line += "; " + u.Edit
		}
		list = append(list, line)
	}
	return list
}

// named lists names, the first few of many.
func named(names []string) string {
	const most = 10
	switch n := len(names); {
	case n == 0:
		return "none"
	case n > most:
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", n-most)
	}
	return strings.Join(slices.Clone(names), ", ")
}

func micros(us int64) string {
	d := time.Duration(us) * time.Microsecond
	step := time.Duration(1)
	for d/step >= 1000 {
		step *= 10
	}
	return d.Round(step).String()
}

func seconds(s float64) string {
	return time.Duration(s * float64(time.Second)).Round(100 * time.Millisecond).String()
}

// percent renders a ratio, or a dash if there was nothing to take it of.
func percent(ratio float64, known bool) string {
	if !known {
		return "–"
	}
	return fmt.Sprintf("%.2f %%", 100*ratio)
}
