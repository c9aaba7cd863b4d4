package compare

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf8"
)

// Text writes the report as a page for people: the changes first, then every
// endpoint as a table, what limits the report, and one line with the verdict.
// The error is that of w.
func (r *Report) Text(w io.Writer) error {
	var p bytes.Buffer
	pairs := "pairs"
	if r.Pairs == 1 {
		pairs = "pair"
	}
	how := "alternating " + pairs
	if r.Sliced {
		how = pairs + " of slices of one run each"
	}
	fmt.Fprintf(&p, "Candidate against baseline: %d %s, %d endpoints\n", r.Pairs, how, len(r.Endpoints))
	if len(r.Changes) > 0 {
		fmt.Fprintf(&p, "\nChanged\n")
		for _, c := range r.Changes {
			fmt.Fprintf(&p, "  · %s\n", printable(c))
		}
	}
	r.table(&p)
	if len(r.Notes) > 0 {
		fmt.Fprintf(&p, "\nNotes\n")
		for _, n := range r.Notes {
			fmt.Fprintf(&p, "  · %s\n", printable(n))
		}
	}
	fmt.Fprintf(&p, "\nVerdict: %s\n", r.Line())
	_, err := w.Write(p.Bytes())
	return err
}

// Line is the verdict in one line, with the endpoints that it is about.
func (r *Report) Line() string {
	switch r.Verdict {
	case Regression, Improvement:
		var names []string
		for _, e := range r.Endpoints {
			if e.Verdict == r.Verdict && !e.onlyShared() {
				names = append(names, e.Name)
			}
		}
		for _, g := range r.Global {
			if g.Verdict == r.Verdict {
				names = append([]string{"all endpoints"}, names...)
				break
			}
		}
		return printable(fmt.Sprintf("%s: %s", r.Verdict, strings.Join(names, ", ")))
	case Equivalent:
		return "equivalent: no endpoint differs by more than the limits"
	}
	unknown, more := 0, 0
	for _, e := range r.Endpoints {
		if e.Verdict == Inconclusive {
			unknown++
		}
		for _, l := range e.Latency {
			more = max(more, l.MorePairs)
		}
	}
	line := fmt.Sprintf("inconclusive: no regression found, but %d of %d endpoints cannot be told apart from one", unknown, len(r.Endpoints))
	if more > 0 {
		line += fmt.Sprintf("; %d more pairs would tell", more)
	}
	return line
}

// onlyShared reports whether the only change is the shift that all endpoints share.
func (e *Endpoint) onlyShared() bool {
	shared := false
	for _, l := range e.Latency {
		if l.Verdict == e.Verdict {
			if !l.Shared {
				return false
			}
			shared = true
		}
	}
	for _, x := range e.Errors {
		if x.Verdict == e.Verdict {
			return false
		}
	}
	return shared && len(e.Content) == 0
}

// table writes one row per endpoint, the changed ones first.
func (r *Report) table(p *bytes.Buffer) {
	if len(r.Endpoints) == 0 {
		return
	}
	rows := [][]string{{"Endpoint", "verdict", "requests", "p50", "change", "95% interval", "tail", "change", "failures"}}
	for _, first := range []bool{true, false} {
		for i := range r.Endpoints {
			e := &r.Endpoints[i]
			changed := e.Verdict == Regression || e.Verdict == Improvement || len(e.Content) > 0
			if changed == first {
				rows = append(rows, e.row())
			}
		}
	}
	var name, verdict int // widths of the first two columns
	for _, row := range rows {
		name = max(name, utf8.RuneCountInString(row[0]))
		verdict = max(verdict, utf8.RuneCountInString(row[1]))
	}
	p.WriteByte('\n')
	w := tabwriter.NewWriter(p, 0, 0, 0, ' ', tabwriter.AlignRight)
	for _, row := range rows {
		// The writer aligns all columns to one side, so texts are filled up here.
		fmt.Fprintf(w, "%-*s  %-*s\t  %s\t\n", name, row[0], verdict, row[1], strings.Join(row[2:], "\t  "))
	}
	w.Flush()
}

func (e *Endpoint) row() []string {
	name := []rune(printable(e.Name))
	if len(name) > 60 {
		name = append(name[:59], '…')
	}
	row := []string{string(name), string(e.Verdict), fmt.Sprintf("%d → %d", e.Baseline.Requests, e.Candidate.Requests)}
	median, tail := []string{"-", "", ""}, []string{"-", ""}
	for _, l := range e.Latency {
		values := fmt.Sprintf("%s → %s", micros(l.Baseline), micros(l.Candidate))
		if l.Figure == "p50" {
			median = []string{values, points(l.Change), points(l.Low) + " … " + points(l.High)}
		} else {
			tail = []string{l.Figure + " " + values, points(l.Change)}
		}
	}
	row = append(append(row, median...), tail...)
	return append(row, fmt.Sprintf("%d → %d", e.Baseline.Failures, e.Candidate.Failures))
}

// latencyText tells the figures with the verdict v in one line, the first in
// full; "" when there are none.
func (e *Endpoint) latencyText(v Verdict) string {
	var parts []string
	for i := range e.Latency {
		l := &e.Latency[i]
		switch {
		case l.Verdict != v || l.Shared:
		case len(parts) == 0:
			parts = append(parts, l.text())
		default:
			parts = append(parts, l.Figure+" "+points(l.Change))
		}
	}
	return strings.Join(parts, "; ")
}

func (l *Latency) text() string {
	return fmt.Sprintf("%s %s → %s, %s (95%% interval %s … %s, %d pairs)", l.Figure, micros(l.Baseline), micros(l.Candidate),
		points(l.Change), points(l.Low), points(l.High), l.Pairs)
}

func (l *Latency) globalText() string {
	return fmt.Sprintf("all endpoints: %s %s (95%% interval %s … %s, %d pairs)", l.Figure, points(l.Change), points(l.Low), points(l.High), l.Pairs)
}

func (x *Error) text() string {
	a, b := x.shares()
	return fmt.Sprintf("%s %.2f%% → %.2f%% (%d of %d → %d of %d)", x.Class, 100*a, 100*b, x.Baseline, x.BaseOf, x.Candidate, x.CandOf)
}

func (c *Content) text() string {
	var s string
	switch c.Kind {
	case Retyped:
		s = fmt.Sprintf("%s was %s, now %s (%d of %d answers)", c.Feature, c.Was, c.Now, c.Candidate, c.CandOf)
	case Disappeared:
		s = fmt.Sprintf("%s is gone (was in %d of %d answers, now in none of %d)", c.label(c.Was), c.Baseline, c.BaseOf, c.CandOf)
	case Appeared:
		s = fmt.Sprintf("%s is new (%d of %d answers)", c.label(c.Now), c.Candidate, c.CandOf)
	default:
		s = fmt.Sprintf("%s is in %.0f%% of the answers, was in %.0f%%", c.label(c.Was),
			100*float64(c.Candidate)/float64(c.CandOf), 100*float64(c.Baseline)/float64(c.BaseOf))
	}
	if c.Failed > 0 {
		s += fmt.Sprintf("; %d answers failed their check", c.Failed)
	}
	return s
}

func (c *Content) label(kind string) string {
	if kind == "" {
		return c.Feature
	}
	return c.Feature + " (" + kind + ")"
}

// micros renders microseconds as milliseconds or seconds.
func micros(us float64) string {
	switch {
	case us < 10_000:
		return fmt.Sprintf("%.2fms", us/1000)
	case us < 1_000_000:
		return fmt.Sprintf("%.1fms", us/1000)
	}
	return fmt.Sprintf("%.2fs", us/1e6)
}

// points renders a relative change.
func points(ratio float64) string { return fmt.Sprintf("%+.1f%%", 100*ratio) }

// printable replaces control characters, which a target could use to write on
// the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '·'
		}
		return r
	}, s)
}
