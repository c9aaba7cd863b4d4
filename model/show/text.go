package show

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/problem"
)

// Options say what [Text] prints. The zero value prints everything,
// and of each step the ways on that most take.
type Options struct {
	Behavior string // only this behavior, without the other sections
	Bindings bool   // only the bindings
	Ways     int    // ways on per step; 0: 5, negative: all
}

// Text prints m for people: the mix, each behavior as a table of its steps with
// odds and median think times, the endpoints, the bindings with their evidence,
// and the notes. An unknown behavior is an error; the others are those of w.
func Text(w io.Writer, m *model.Model, o Options) error {
	var b bytes.Buffer
	switch {
	case o.Bindings:
		textBindings(&b, m)
	case o.Behavior != "":
		i := slices.IndexFunc(m.Behaviors, func(b model.Behavior) bool { return b.Name == o.Behavior })
		if i < 0 {
			var names []string
			for i := range m.Behaviors {
				names = append(names, m.Behaviors[i].Name)
			}
			return fmt.Errorf("print model: there is no behavior %s; known: %s", problem.Quote(o.Behavior), problem.Shorten(strings.Join(names, ", ")))
		}
		textBehavior(&b, &m.Behaviors[i], o)
	default:
		textMix(&b, m)
		for i := range m.Behaviors {
			b.WriteByte('\n')
			textBehavior(&b, &m.Behaviors[i], o)
		}
		b.WriteByte('\n')
		textEndpoints(&b, m)
		if len(m.Bindings) > 0 {
			b.WriteByte('\n')
			textBindings(&b, m)
		}
		textData(&b, m)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// columns prints rows of cells that tabs separate, aligned.
func columns(w io.Writer, rows func(row func(cells ...any))) {
	var b bytes.Buffer
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	rows(func(cells ...any) {
		for i, c := range cells {
			if i > 0 {
				fmt.Fprint(t, "\t")
			}
			fmt.Fprint(t, c)
		}
		fmt.Fprintln(t)
	})
	t.Flush()
	for line := range strings.Lines(b.String()) {
		fmt.Fprintln(w, strings.TrimRight(line, " \n"))
	}
}

func textMix(w io.Writer, m *model.Model) {
	if r := &m.Recorded; r.Flows > 0 {
		fmt.Fprintf(w, "recorded  %d flows, %d sessions, %d users", r.Flows, r.Sessions, r.Users)
		if r.Duration > 0 {
			fmt.Fprintf(w, " in %s", model.FormatDuration(r.Duration.Round(time.Second/10)))
		}
		if r.Origin != "" {
			fmt.Fprintf(w, " from %s", problem.Shorten(r.Origin))
		}
		fmt.Fprint(w, "\n\n")
	}
	fmt.Fprintln(w, "MIX")
	columns(w, func(row func(...any)) {
		for i := range m.Behaviors {
			b := &m.Behaviors[i]
			row("  "+problem.Shorten(b.Name), percent(b.Weight), recorded(b.Sessions, "session"), count(len(b.Steps), "step"))
		}
	})
}

// textBehavior prints the graph of b.
func textBehavior(w io.Writer, b *model.Behavior, o Options) {
	fmt.Fprintf(w, "BEHAVIOR %s  %s\n", problem.Shorten(b.Name), percent(b.Weight))
	columns(w, func(row func(...any)) {
		row("  at", "odds", "think", "goes to")
		ways("start", b.Start, o.Ways, row)
		for i := range b.Steps {
			ways(b.Steps[i].At, b.Steps[i].Next, o.Ways, row)
		}
	})
}

// ways prints edges, the likely ones first.
func ways(at string, edges []model.Edge, most int, row func(...any)) {
	if most == 0 {
		most = 5
	}
	sorted := slices.Clone(edges)
	slices.SortStableFunc(sorted, func(a, b model.Edge) int { return cmp.Compare(b.Odds, a.Odds) })
	at = problem.Shorten(at)
	rest := 0.0
	for i, e := range sorted {
		if most > 0 && i >= most && len(sorted) > most+1 {
			rest += e.Odds
			continue
		}
		row("  "+at, percent(e.Odds), e.Think.String(), problem.Shorten(e.To))
		at = ""
	}
	if rest > 0 {
		row("  ", percent(rest), "", fmt.Sprintf("(%d others)", len(sorted)-most))
	}
}

func textEndpoints(w io.Writer, m *model.Model) {
	fmt.Fprintln(w, "ENDPOINTS")
	columns(w, func(row func(...any)) {
		for i := range m.Endpoints {
			e := &m.Endpoints[i]
			var values []string
			for _, v := range e.Values {
				s := v.Name + ": " + string(v.Kind)
				if v.Ref != "" && v.Kind != model.Fresh { // whose example is a recorded value
					s += " " + v.Ref
				}
				values = append(values, problem.Shorten(s))
			}
			row("  "+problem.Shorten(e.Name), recorded(e.Recorded, "request"), strings.Join(values, ", "))
		}
	})
}

func textBindings(w io.Writer, m *model.Model) {
	fmt.Fprintln(w, "BINDINGS")
	columns(w, func(row func(...any)) {
		row("  value", "uses", "match", "shuffled", "from")
		for i := range m.Bindings {
			b := &m.Bindings[i]
			var from []string
			for _, s := range b.Sources {
				from = append(from, problem.Shorten(s.Endpoint)+" "+problem.Shorten(s.Selector))
			}
			uses, match, shuffled := "-", "-", "-"
			if b.Evidence != (model.Evidence{}) {
				uses, match, shuffled = fmt.Sprint(b.Uses), percent(b.Match), percent(b.Shuffled)
			}
			row("  "+problem.Shorten(b.Name), uses, match, shuffled, strings.Join(from, ", "))
		}
	})
}

// textData prints data files and notes.
func textData(w io.Writer, m *model.Model) {
	if len(m.Data) > 0 {
		fmt.Fprintln(w, "\nDATA")
		columns(w, func(row func(...any)) {
			for _, s := range m.Data {
				row("  "+s.Name, count(len(s.Rows), "row"), problem.Shorten(strings.Join(s.Columns, ", ")))
			}
		})
	}
	if len(m.Notes) > 0 {
		fmt.Fprintln(w, "\nNOTES")
		for _, n := range m.Notes {
			fmt.Fprintf(w, "  %s\n", problem.Visible(strings.Join(strings.Fields(n), " ")))
		}
	}
}

// percent prints a share.
func percent(x float64) string { return fmt.Sprintf("%.1f%%", 100*x) }

// recorded prints how often something was recorded, "-" for what was written by hand.
func recorded(n int, what string) string {
	if n == 0 {
		return "-"
	}
	return count(n, what)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
