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

// mostEdges is how many edges of a step are printed; the others are summed up.
const mostEdges = 5

// Text prints m for people: the mix, each behavior as a table of its steps with
// odds and median think times, the endpoints, the bindings with their evidence,
// the values that nothing explains, and the notes. The error is that of w.
//
// The endpoints that are parts of pages stand on one line, unless assets is set.
func Text(w io.Writer, m *model.Model, assets bool) error {
	var b bytes.Buffer
	textMix(&b, m)
	textOrigins(&b, m)
	for i := range m.Behaviors {
		b.WriteByte('\n')
		textBehavior(&b, &m.Behaviors[i])
	}
	b.WriteByte('\n')
	textEndpoints(&b, m, assets)
	if len(m.Bindings) > 0 {
		b.WriteByte('\n')
		textBindings(&b, m)
	}
	textData(&b, m)
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
		if origin := m.MainOrigin(); origin != "" {
			fmt.Fprintf(w, " from %s", problem.Shorten(origin))
		}
		fmt.Fprint(w, "\n\n")
	}
	fmt.Fprintln(w, "MIX")
	columns(w, func(row func(...any)) {
		for i := range m.Behaviors {
			b := &m.Behaviors[i]
			row("  "+problem.Shorten(b.Name), weight(b), recorded(b.Sessions, "session"), count(len(b.Steps), "step"))
		}
	})
}

// textBehavior prints the graph of b.
func textBehavior(w io.Writer, b *model.Behavior) {
	fmt.Fprintf(w, "BEHAVIOR %s  %s\n", problem.Shorten(b.Name), weight(b))
	columns(w, func(row func(...any)) {
		row("  at", "odds", "think", "goes to")
		edges("start", b.Start, row)
		for i := range b.Steps {
			edges(label(&b.Steps[i]), b.Steps[i].Next, row)
		}
	})
}

// edges prints where users go next, the likely steps first.
func edges(at string, list []model.Edge, row func(...any)) {
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b model.Edge) int { return cmp.Compare(b.Odds, a.Odds) })
	rest := 0.0
	for i, e := range sorted {
		if i >= mostEdges && len(sorted) > mostEdges+1 {
			rest += e.Odds
			continue
		}
		row("  "+at, percent(e.Odds), e.Think.String(), problem.Shorten(e.To))
		at = ""
	}
	if rest > 0 {
		row("  ", percent(rest), "", fmt.Sprintf("(%d others)", len(sorted)-mostEdges))
	}
}

// label says what a step is: its name, and what it does if the name does not say that.
func label(s *model.Step) string {
	name := problem.Shorten(s.ID)
	switch {
	case s.Page != nil && s.Page.Endpoint == s.ID && len(s.Page.Loads) == 0:
		return name
	case s.Page != nil:
		return name + ": " + page(s.Page)
	case s.Open != nil:
		name += ": opens " + problem.Shorten(s.Open.Name) + ", " + problem.Shorten(s.Open.Endpoint)
		if !s.Open.Every.None() {
			name += " every " + s.Open.Every.String()
		}
		return name
	case s.Close != "":
		return name + ": closes " + problem.Shorten(s.Close)
	case s.Pause != nil:
		return name + ": pause " + s.Pause.String()
	}
	var members []string
	for i := range s.Group {
		members = append(members, page(&s.Group[i]))
	}
	return name + ": " + strings.Join(members, " | ")
}

// page says what a page requests.
func page(p *model.Page) string {
	s := problem.Shorten(p.Endpoint)
	if len(p.Loads) > 0 {
		s += " + " + count(len(p.Loads), "load")
	}
	return s
}

// textOrigins prints origins and browsers.
func textOrigins(w io.Writer, m *model.Model) {
	if len(m.Origins) > 1 {
		fmt.Fprintln(w, "\nORIGINS")
		columns(w, func(row func(...any)) {
			for _, o := range m.Origins {
				row("  "+problem.Shorten(o.Name), problem.Shorten(o.URL))
			}
		})
	}
	if len(m.Browsers) > 0 {
		fmt.Fprintln(w, "\nBROWSERS")
		columns(w, func(row func(...any)) {
			for _, b := range m.Browsers {
				var headers []string
				for _, h := range b.Headers {
					headers = append(headers, problem.Shorten(h.Name+": "+h.Value))
				}
				row("  "+problem.Shorten(b.Name), percent(b.Weight), strings.Join(headers, ", "))
			}
		})
	}
}

func textEndpoints(w io.Writer, m *model.Model, assets bool) {
	parts, requests := 0, 0
	for i := range m.Endpoints {
		if m.Endpoints[i].Asset {
			parts++
			requests += m.Endpoints[i].Recorded()
		}
	}
	assets = assets || parts < 2
	fmt.Fprintln(w, "ENDPOINTS")
	columns(w, func(row func(...any)) {
		for i := range m.Endpoints {
			e := &m.Endpoints[i]
			if e.Asset && !assets {
				continue
			}
			name := "  " + problem.Shorten(e.Name)
			if e.Origin != "" {
				name += " at " + problem.Shorten(e.Origin)
			}
			if len(e.Variants) == 1 {
				row(name, recorded(e.Recorded(), "request"), values(&e.Variants[0]))
				continue
			}
			row(name, recorded(e.Recorded(), "request"), count(len(e.Variants), "variant"))
			for k := range e.Variants {
				v := &e.Variants[k]
				row("    "+problem.Shorten(v.Name), recorded(v.Recorded, "request"), values(v))
			}
		}
		if !assets {
			row(fmt.Sprintf("  %d parts of pages (--assets)", parts), recorded(requests, "request"), "")
		}
	})
}

// values says where the content of the holes of v comes from.
func values(v *model.Variant) string {
	var list []string
	for _, v := range v.Values {
		s := v.Name + ": " + string(v.Kind)
		if v.Ref != "" && v.Kind != model.Fresh { // the Ref of a Fresh value is a recorded value
			s += " " + v.Ref
		}
		if v.Codec != "" {
			s += " as " + v.Codec
		}
		list = append(list, problem.Shorten(s))
	}
	return strings.Join(list, ", ")
}

func textBindings(w io.Writer, m *model.Model) {
	fmt.Fprintln(w, "BINDINGS")
	columns(w, func(row func(...any)) {
		row("  value", "uses", "match", "shuffled", "because", "from")
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
			if b.RestsOn != "" && b.Compared == 0 {
				shuffled = "-"
			}
			row("  "+problem.Shorten(b.Name), uses, match, shuffled, cmp.Or(b.RestsOn.Because(), "-"), strings.Join(from, ", "))
		}
	})
}

// textData prints data files, overrides and notes.
func textData(w io.Writer, m *model.Model) {
	if len(m.Data) > 0 {
		fmt.Fprintln(w, "\nDATA")
		columns(w, func(row func(...any)) {
			for _, s := range m.Data {
				row("  "+s.Name, count(len(s.Rows), "row"), problem.Shorten(strings.Join(s.Columns, ", ")))
			}
		})
	}
	if m.Overrides != "" {
		fmt.Fprintln(w, "\nOVERRIDES")
		for line := range strings.Lines(m.Overrides) {
			if line = strings.TrimRight(line, "\n"); line != "overrides:" {
				fmt.Fprintln(w, problem.Visible(line))
			}
		}
	}
	if len(m.Unresolved) > 0 {
		fmt.Fprintln(w, "\nUNRESOLVED")
		for _, u := range m.Unresolved {
			line := u.Endpoint + ": " + u.Place + ": " + u.Reason
			if u.Edit != "" {
				line += "; " + u.Edit
			}
			fmt.Fprintf(w, "  %s\n", problem.Visible(strings.Join(strings.Fields(line), " ")))
		}
	}
	if len(m.Notes) > 0 {
		fmt.Fprintln(w, "\nNOTES")
		for _, n := range m.Notes {
			fmt.Fprintf(w, "  %s\n", problem.Visible(strings.Join(strings.Fields(n), " ")))
		}
	}
}

// percent prints a share.
// weight prints the share of a type of user.
func weight(b *model.Behavior) string {
	if !b.OfUsers() {
		return "apart"
	}
	return percent(b.Weight)
}

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
