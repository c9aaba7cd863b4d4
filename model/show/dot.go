package show

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/starling-load/starling/model"
)

// Dot prints the behaviors of m as a graph in the language of Graphviz. Each behavior
// is one cluster. Edges show their odds and median think times. The error is that of w.
func Dot(w io.Writer, m *model.Model) error {
	var b bytes.Buffer
	b.WriteString("digraph model {\n  rankdir=LR\n  node [shape=box, style=rounded, fontname=\"sans-serif\"]\n  edge [fontname=\"sans-serif\", fontsize=10]\n")
	for i := range m.Behaviors {
		dotBehavior(&b, &m.Behaviors[i], i)
	}
	b.WriteString("}\n")
	_, err := w.Write(b.Bytes())
	return err
}

func dotBehavior(w io.Writer, b *model.Behavior, n int) {
	id := func(name string) string { return dotQuote(fmt.Sprintf("%d %s", n, name)) }
	fmt.Fprintf(w, "  subgraph cluster_%d {\n    label=%s\n", n, dotQuote(b.Name+" "+weight(b)))
	fmt.Fprintf(w, "    %s [label=\"\", shape=circle, style=filled, fillcolor=black, width=0.15]\n", id(""))
	fmt.Fprintf(w, "    %s [label=\"\", shape=doublecircle, style=filled, fillcolor=black, width=0.1]\n", id(model.End))
	for i := range b.Steps {
		fmt.Fprintf(w, "    %s [label=%s]\n", id(b.Steps[i].ID), dotQuote(label(&b.Steps[i])))
	}
	edges := func(from string, list []model.Edge) {
		for _, e := range list {
			label := percent(e.Odds)
			if e.Think.Fixed != 0 || len(e.Think.Quantiles) > 0 {
				label += " " + e.Think.String()
			}
			fmt.Fprintf(w, "    %s -> %s [label=%s, penwidth=%.2f]\n", id(from), id(e.To), dotQuote(label), 0.5+2.5*e.Odds)
		}
	}
	edges("", b.Start)
	for i := range b.Steps {
		edges(b.Steps[i].ID, b.Steps[i].Next)
	}
	fmt.Fprintln(w, "  }")
}

// dotQuote returns s as a string of Graphviz.
func dotQuote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", " ").Replace(s) + `"`
}
