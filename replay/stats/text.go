package stats

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/dustin/go-humanize"
)

const (
	shownErrors     = 20
	shownUnresolved = 10
	maxNameColumn   = 60
)

// Text writes the summary as a page for people: what ran, whether the figures
// can be trusted, the figures, the endpoints, the errors and the thresholds. m
// may be nil. The error is that of w.
func (s *Summary) Text(w io.Writer, m *Manifest) error {
	return s.text(w, m, nil)
}

// Text writes the run as Summary.Text does. It adds the course over time, and says what
// could not be read.
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
	s.sessionLines(p)
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
		if len(m.Labels) > 0 {
			p.printf("%s\n", printable(strings.Join(m.Labels, " · ")))
		}
		p.printf("\n")
	}
	s.unresolvedList(p)
	p.printf("Validity     %s\n", s.Validity.Verdict)
	p.reasons(s.Validity.Reasons)
	s.likeness(p)
}

// reasons writes why a verdict is as it is.
func (p *page) reasons(list []string) {
	for _, r := range list {
		p.printf("             · %s\n", printable(r))
	}
}

// unresolvedList names the values that were sent as recorded because nothing explains
// them.
func (s *Summary) unresolvedList(p *page) {
	if len(s.Unresolved) == 0 {
		return
	}
	p.printf("Unresolved   %s sent as recorded, and the target may expect others\n", counted(uint64(len(s.Unresolved)), "varying value"))
	for _, u := range s.Unresolved[:min(shownUnresolved, len(s.Unresolved))] {
		line := u.Endpoint + ", " + u.Place
		if u.Example != "" {
			line += " (" + u.Example + ")"
		}
		line += ": " + u.Reason
		if u.Edit != "" {
			line += "; " + u.Edit
		}
		p.printf("             · %s\n", printable(line))
	}
	if more := len(s.Unresolved) - shownUnresolved; more > 0 {
		p.printf("             · … and %d more\n", more)
	}
	p.printf("\n")
}

// likeness writes whether the run was like the recording.
func (s *Summary) likeness(p *page) {
	f := s.Faithful
	if f == nil {
		return
	}
	p.printf("Faithful     %s\n", f.Verdict)
	p.reasons(f.Reasons)
	p.printf("Recording    %.2f of %.2f steps a session · %.2f of %.2f writes · mix distance %.2f · overlap %.2f of %.2f",
		f.Steps.Replayed, f.Steps.Recorded, f.Writes.Replayed, f.Writes.Recorded, f.MixDistance, f.Overlap.Replayed, f.Overlap.Recorded)
	if f.PageRequests.Recorded > 0 {
		p.printf(" · %.2f of %.2f requests a page, %.1f of %.1f at once at most",
			f.PageRequests.Replayed, f.PageRequests.Recorded, f.Peak.Replayed, f.Peak.Recorded)
	}
	if n := len(f.Unreached); n > 0 {
		p.printf(" · %s never reached", counted(uint64(n), "endpoint"))
	}
	p.printf("\n")
	for _, s := range f.Supplies {
		if s.Short() {
			p.printf("Data         %s\n", printable(s.String()))
		}
	}
	for _, v := range f.Varieties {
		p.printf("Variety      %s\n", printable(v.String()))
	}
}

func orUnknown(s string) string {
	if s == "" {
		return "(unknown)"
	}
	return s
}

// totals writes the figures of the window, and what came after it.
func (s *Summary) totals(p *page) {
	p.printf("Requests     %s in %s · %.1f/s · outcome match %s · session match %s\n",
		count(s.Requests), seconds(s.Duration), s.Rate,
		percentOf(s.OutcomeMatch, s.Requests+s.Skipped), s.sessionMatch())
	p.printf("Outcomes     %s ok · %s failed · %s timed out · %s aborted · %s in flight (of %s started)\n",
		count(s.OK), count(s.Failed), count(s.TimedOut), count(s.Aborted), count(uint64(max(s.InFlight, 0))), count(s.Started))
	if d := s.Drained; d.Requests+d.Aborted > 0 {
		p.printf("Drained      %s after the run's time was over, of which %s failed · %s aborted · p50 %s · max %s\n",
			counted(d.Requests, "request"), count(d.Failures), count(d.Aborted), short(d.Response.P50), short(d.Response.Max))
	}
	if len(s.Status) > 0 {
		var counts []string
		for _, code := range sortedKeys(s.Status) {
			counts = append(counts, fmt.Sprintf("%d: %s", code, count(s.Status[code])))
		}
		p.printf("Status       %s\n", strings.Join(counts, " · "))
	}
	p.printf("Bytes        %s in · %s out\n", humanize.IBytes(uint64(max(s.BytesIn, 0))), humanize.IBytes(uint64(max(s.BytesOut, 0))))
}

// sessionLines writes who sent the load, and how their sessions went.
func (s *Summary) sessionLines(p *page) {
	p.printf("Load         ")
	if s.Due > 0 {
		p.printf("%s of %s sessions due were started · ", count(s.Arrived), count(s.Due))
	}
	p.printf("up to %s · %s", counted(uint64(s.UsersMax), "user"), counted(uint64(len(s.Replayers)), "replayer"))
	if len(s.Lost) > 0 {
		p.printf(", %d lost", len(s.Lost))
	}
	p.printf("\n")
	if n := s.Sessions; n.Ended+n.Cut > 0 {
		p.printf("Sessions     %s ended, of which %s matched · %s cut by the end of the run", count(n.Ended), count(n.Matched), count(n.Cut-n.Stuck))
		if n.Stuck > 0 {
			p.printf(" · %s had no way on", count(n.Stuck))
		}
		if len(s.Lost) > 0 && s.Open > 0 {
			p.printf(" · %s of lost replayers: nobody knows how they ended", count(s.Open))
		}
		p.printf("\n")
	}
	if s.Expected > 0 {
		p.printf("Expected     %s of status 400 or more, the rule at those steps of the recording\n", counted(s.Expected, "answer"))
	}
	if s.Skipped > 0 {
		p.printf("Skipped      %s that could not be made\n", counted(s.Skipped, "act"))
	}
}

func (s *Summary) latencies(p *page) {
	rows := [][]string{{"", "p50", "p90", "p95", "p99", "p99.9", "max", "mean"}}
	for _, l := range []struct {
		name string
		Latency
	}{{"Response time", s.Response}, {"Service time", s.Service}, {"Lateness", s.Lateness}} {
		rows = append(rows, []string{l.name, short(l.P50), short(l.P90), short(l.P95), short(l.P99), short(l.P999), short(l.Max), short(l.Mean)})
	}
	p.table(rows)
}

func (s *Summary) endpointTable(p *page) {
	if len(s.Endpoints) == 0 {
		return
	}
	rows := [][]string{{"Endpoint", "requests", "/s", "failed", "skipped", "match", "p50", "p95", "p99", "max"}}
	folded, n := s.Assets()
	for _, e := range s.Endpoints {
		if n > 0 && e.Asset {
			continue
		}
		rows = append(rows, []string{
			printable(e.Name), count(e.Requests), fmt.Sprintf("%.1f", e.Rate), count(e.Failures), count(e.Skipped),
			percentOf(e.OutcomeMatch, e.Requests+e.Skipped),
			short(e.Response.P50), short(e.Response.P95), short(e.Response.P99), short(e.Response.Max),
		})
	}
	if n > 0 {
		rows = append(rows, []string{
			folded.Name, count(folded.Requests), fmt.Sprintf("%.1f", folded.Rate), count(folded.Failures), count(folded.Skipped),
			percentOf(folded.OutcomeMatch, folded.Requests+folded.Skipped), "", "", "", short(folded.Response.Max),
		})
	}
	p.table(rows)
}

// table writes rows in columns, after an empty line: names on the left, figures
// on the right of their columns.
func (p *page) table(rows [][]string) {
	widest := 0
	for _, row := range rows {
		row[0] = ellipsis(row[0], maxNameColumn)
		widest = max(widest, utf8.RuneCountInString(row[0]))
	}
	p.printf("\n")
	w := tabwriter.NewWriter(&p.Buffer, 0, 0, 0, ' ', tabwriter.AlignRight)
	for _, row := range rows {
		// The writer aligns all columns to one side, so names are filled up here.
		fmt.Fprintf(w, "%-*s\t  %s\t\n", widest, row[0], strings.Join(row[1:], "\t  "))
	}
	w.Flush()
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
		p.printf("  %s × %s", count(g.Count), printable(g.Name))
		if g.Status > 0 {
			p.printf(" (status %d)", g.Status)
		}
		if g.Value != "" {
			p.printf(" (%s is missing)", printable(g.Value))
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

// count renders n with a comma between groups of three digits.
func count(n uint64) string { return humanize.Comma(int64(n)) }

// counted is n with the word for one of them or for several.
func counted(n uint64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + one + "s"
}

// sessionMatch renders the session match.
func (s *Summary) sessionMatch() string {
	if !s.SessionMatch.Known() {
		return "–"
	}
	return percent(float64(s.SessionMatch))
}

// percentOf renders the ratio of something of which there were n.
func percentOf(ratio float64, n uint64) string {
	if n == 0 {
		return "–"
	}
	return percent(ratio)
}

// seconds renders a length of time to a tenth of a second.
func seconds(s float64) string {
	return time.Duration(s * float64(time.Second)).Round(100 * time.Millisecond).String()
}

// short renders microseconds with three digits and a unit.
func short(us int64) string {
	d := time.Duration(us) * time.Microsecond
	step := time.Duration(1)
	for d/step >= 1000 {
		step *= 10
	}
	return d.Round(step).String()
}
