package diff

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/starling-load/starling/model"
)

// Text writes the report for people. The error is that of w.
func (r *Report) Text(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "sessions recorded: %d, now %d\n", r.Sessions.Was, r.Sessions.Now)
	if r.Same() {
		b.WriteString("users do nothing differently, beyond what chance makes of so many sessions\n")
	}
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	section(t, "types (share of the sessions)", r.Types, func(c Change) (string, string) {
		name := c.Name
		if c.Renamed != "" {
			name += ", once " + c.Renamed
		}
		return name, figures(c, "%.1f %%", 100)
	})
	section(t, "endpoints (requests a session)", r.Endpoints, func(c Change) (string, string) { return c.Name, figures(c, "%.2f", 1) })
	section(t, "think times (median pause before)", r.Thinks, func(x Think) (string, string) {
		was, now := model.Think{Fixed: x.Was}, model.Think{Fixed: x.Now}
		return x.Endpoint, was.String() + " → " + now.String()
	})
	section(t, "bindings", r.Bindings, func(x Binding) (string, string) {
		switch x.Kind {
		case New:
			return x.Name, "new, from " + strings.Join(x.Now, ", ")
		case Gone:
			return x.Name, "gone, was from " + strings.Join(x.Was, ", ")
		}
		return x.Name, "from " + strings.Join(x.Was, ", ") + " → " + strings.Join(x.Now, ", ")
	})
	section(t, "values that nothing explains", r.Unresolved, func(x Unsolved) (string, string) {
		return x.Endpoint + ", " + x.Place, map[Kind]string{New: "new", Gone: "explained now"}[x.Kind]
	})
	section(t, "edits by people", r.Edits, func(x Edit) (string, string) { return x.Text, string(x.Kind) })
	t.Flush()
	_, err := w.Write(b.Bytes())
	return err
}

// section writes a list with its title, if it holds anything.
func section[T any](w io.Writer, title string, list []T, cells func(T) (name, what string)) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", title)
	for _, x := range list {
		name, what := cells(x)
		fmt.Fprintf(w, "  %s\t%s\n", name, what)
	}
}

// figures renders a change.
func figures(c Change, format string, factor float64) string {
	was, now := fmt.Sprintf(format, factor*c.Was), fmt.Sprintf(format, factor*c.Now)
	switch c.Kind {
	case New:
		return "new, " + now
	case Gone:
		return "gone, was " + was
	}
	return was + " → " + now
}
