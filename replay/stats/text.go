package stats

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	shownErrors   = 20
	maxNameColumn = 60
)

// Text writes the summary as a page for people: what ran, whether the figures
// can be trusted, the figures, the endpoints, the errors and the thresholds. m
// may be nil. The error is that of w.
func (s *Summary) Text(w io.Writer, m *Manifest) error {
	return s.text(w, m, nil)
}

// Text writes the run as Summary.Text does, with its course over time, and says
// what could not be read.
func (r *Run) Text(w io.Writer) error {
	if err := r.Summary.text(w, &r.Manifest, r.Points); err != nil {
		return err
	}
	if r.Damage == nil {
		return nil
	}
	_, err := fmt.Fprintf(w, "\nDamage\n  %s\n", strings.ReplaceAll(r.Damage.Error(), "\n", "\n  "))
	return err
}

func (s *Summary) text(w io.Writer, m *Manifest, points []Point) error {
	p := &page{}
	s.header(p, m)
	s.totals(p)
	s.latencies(p)
	p.course(points)
	s.endpointTable(p)
	s.errorList(p)
	s.thresholdList(p)
	_, err := w.Write(p.Bytes())
	return err
}

// A page is text being laid out.
type page struct{ bytes.Buffer }

func (p *page) printf(format string, args ...any) { fmt.Fprintf(&p.Buffer, format, args...) }

func (s *Summary) header(p *page, m *Manifest) {
	if m != nil {
		p.printf("Starling %s · %s → %s\n", orUnknown(m.Version), orUnknown(printable(m.Source)), orUnknown(printable(m.Target)))
		if m.Schedule != "" {
			p.printf("%s · seed %d · %s\n", printable(m.Schedule), m.Seed, m.Start.UTC().Format("2006-01-02 15:04:05 UTC"))
		}
		p.printf("\n")
	}
	p.printf("Validity     %s\n", s.Validity.Verdict)
	for _, r := range s.Validity.Reasons {
		p.printf("             · %s\n", printable(r))
	}
}

func orUnknown(s string) string {
	if s == "" {
		return "(unknown)"
	}
	return s
}

func (s *Summary) totals(p *page) {
	p.printf("Requests     %s in %s · %.1f/s · outcome match %s\n", thousands(s.Requests), seconds(s.Duration), s.Rate, percent(s.OutcomeMatch))
	p.printf("Outcomes     %s ok · %s failed · %s timed out · %s aborted · %s in flight (of %s started)\n",
		thousands(s.OK), thousands(s.Failed), thousands(s.TimedOut), thousands(s.Aborted),
		thousands(uint64(max(s.InFlight, 0))), thousands(s.Started))
	if len(s.Status) > 0 {
		var counts []string
		for _, code := range sortedKeys(s.Status) {
			counts = append(counts, fmt.Sprintf("%d: %s", code, thousands(s.Status[code])))
		}
		p.printf("Status       %s\n", strings.Join(counts, " · "))
	}
	p.printf("Load         ")
	if s.Due > 0 {
		p.printf("%s of %s sessions due were started · ", thousands(s.Arrived), thousands(s.Due))
	}
	users := fmt.Sprintf("%d users", s.UsersMax)
	if s.UsersMax == 1 {
		users = "1 user"
	}
	p.printf("up to %s · %s\n", users, replayers(s))
	p.printf("Bytes        %s in · %s out\n", byteSize(s.BytesIn), byteSize(s.BytesOut))
}

func replayers(s *Summary) string {
	text := fmt.Sprintf("%d replayers", len(s.Replayers))
	if len(s.Replayers) == 1 {
		text = "1 replayer"
	}
	if len(s.Lost) > 0 {
		text += fmt.Sprintf(", %d lost", len(s.Lost))
	}
	return text
}

func (s *Summary) latencies(p *page) {
	p.printf("\n")
	t := &table{right: 1}
	t.row("", "p50", "p90", "p95", "p99", "p99.9", "max", "mean")
	for _, l := range []struct {
		name string
		Latency
	}{{"Response time", s.Response}, {"Service time", s.Service}, {"Lateness", s.Lateness}} {
		t.row(l.name, short(l.P50), short(l.P90), short(l.P95), short(l.P99), short(l.P999), short(l.Max), short(l.Mean))
	}
	t.write(p)
}

func (s *Summary) endpointTable(p *page) {
	if len(s.Endpoints) == 0 {
		return
	}
	p.printf("\n")
	t := &table{right: 1}
	t.row("Endpoint", "requests", "/s", "failed", "match", "p50", "p95", "p99", "max")
	for _, e := range s.Endpoints {
		t.row(printable(e.Name), thousands(e.Requests), fmt.Sprintf("%.1f", e.Rate), thousands(e.Failures), percent(e.OutcomeMatch),
			short(e.Response.P50), short(e.Response.P95), short(e.Response.P99), short(e.Response.Max))
	}
	t.write(p)
}

func (s *Summary) errorList(p *page) {
	if len(s.Errors) == 0 {
		return
	}
	p.printf("\nErrors\n")
	for i, g := range s.Errors {
		if i == shownErrors {
			p.printf("  … and %d more kinds\n", len(s.Errors)-shownErrors)
			break
		}
		p.printf("  %s × %s", thousands(g.Count), printable(g.Name))
		if g.Status > 0 {
			p.printf(" (status %d)", g.Status)
		}
		p.printf("  %s\n", printable(g.Endpoint))
		for _, sample := range g.Samples {
			p.printf("      %s\n", printable(sample))
		}
	}
}

func (s *Summary) thresholdList(p *page) {
	if len(s.Thresholds) == 0 {
		return
	}
	p.printf("\nThresholds\n")
	for _, t := range s.Thresholds {
		mark := "pass"
		if !t.OK {
			mark = "FAIL"
		}
		p.printf("  %s  %s  (is %s)\n", mark, printable(t.Threshold), t.Value)
	}
}

// course draws requests per second and the p95 of the response time as one line
// each.
func (p *page) course(points []Point) {
	if len(points) < 2 {
		return
	}
	rates, tails := make([]float64, len(points)), make([]float64, len(points))
	for i, pt := range points {
		rates[i], tails[i] = pt.Rate, float64(pt.Response.P95)
	}
	rates, tails = thin(rates), thin(tails)
	p.printf("\nOver time    %s  requests, up to %.0f/s\n", spark(rates), highest(rates))
	p.printf("             %s  response time p95, up to %s\n", spark(tails), short(int64(highest(tails))))
}

const sparkWidth = 50

// thin reduces values to at most sparkWidth, each the highest of its neighbours.
func thin(values []float64) []float64 {
	if len(values) <= sparkWidth {
		return values
	}
	out := make([]float64, sparkWidth)
	for i, v := range values {
		k := i * sparkWidth / len(values)
		out[k] = max(out[k], v)
	}
	return out
}

func highest(values []float64) float64 {
	high := 0.0
	for _, v := range values {
		high = max(high, v)
	}
	return high
}

// spark draws values as bars of eight heights, the highest full.
func spark(values []float64) string {
	bars := []rune("▁▂▃▄▅▆▇█")
	high := highest(values)
	var b strings.Builder
	for _, v := range values {
		i := 0
		if high > 0 {
			i = min(int(v/high*float64(len(bars))), len(bars)-1)
		}
		b.WriteRune(bars[i])
	}
	return b.String()
}

// A table aligns cells in columns: those from column right on to the right.
type table struct {
	right int
	rows  [][]string
}

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) write(p *page) {
	var widths []int
	for _, row := range t.rows {
		for i := range row {
			if i < t.right {
				row[i] = ellipsis(row[i], maxNameColumn)
			}
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	for _, row := range t.rows {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i < t.right {
				line.WriteString(cell + pad)
			} else {
				line.WriteString("  " + pad + cell)
			}
		}
		p.printf("%s\n", strings.TrimRight(line.String(), " "))
	}
}

// ellipsis shortens s to n characters.
func ellipsis(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

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

// thousands renders n with a comma between groups of three digits.
func thousands(n uint64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func seconds(s float64) string {
	if s < 120 {
		return fmt.Sprintf("%.1fs", s)
	}
	return time.Duration(s * float64(time.Second)).Round(time.Second).String()
}

func byteSize(n int64) string {
	const units = "KMGTPE"
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	v, i := float64(n)/1024, 0
	for v >= 1024 && i < len(units)-1 {
		v, i = v/1024, i+1
	}
	return fmt.Sprintf("%.1f %ciB", v, units[i])
}
