package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/starling-load/starling/replay/stats"
)

// writeMarkdown writes a run in GitHub's Markdown.
func writeMarkdown(w io.Writer, run *stats.Run) error {
	s, m := run.Summary, run.Manifest
	var b bytes.Buffer
	fmt.Fprintf(&b, "## %s → %s\n\n", cell(m.Source), cell(m.Target))
	if lines := unresolved(s); len(lines) > 0 {
		fmt.Fprintf(&b, "> **Sent as recorded, though nothing explains them; the target may expect others:**\n")
		for _, line := range lines {
			fmt.Fprintf(&b, "> - %s\n", cell(line))
		}
		b.WriteByte('\n')
	}
	b.WriteString("| verdict | | why |\n|---|---|---|\n")
	for _, j := range judgements(s) {
		mark := "✗"
		if j.Good {
			mark = "✓"
		}
		fmt.Fprintf(&b, "| %s %s | %s | %s |\n", mark, cell(j.Name), cell(j.Verdict), cell(strings.Join(j.Reasons, "; ")))
	}
	b.WriteString("\n| figure | |\n|---|---:|\n")
	for _, f := range figures(s) {
		fmt.Fprintf(&b, "| %s | %s |\n", f.Name, cell(f.Value))
	}
	b.WriteString("\n| endpoint | requests | failed | skipped | match | p50 | p95 | p99 |\n|---|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, e := range s.Endpoints {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %s | %s | %s | %s |\n", cell(e.Name), e.Requests, e.Failures, e.Skipped,
			percent(e.OutcomeMatch, e.Requests+e.Skipped > 0), micros(e.Response.P50), micros(e.Response.P95), micros(e.Response.P99))
	}
	if len(s.Errors) > 0 {
		b.WriteString("\n| errors | endpoint | count |\n|---|---|---:|\n")
		for _, g := range s.Errors {
			fmt.Fprintf(&b, "| %s | %s | %d |\n", cell(errorName(g)), cell(g.Endpoint), g.Count)
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// errorName is a group of errors in a few words.
func errorName(g stats.ErrorGroup) string {
	switch {
	case g.Value != "":
		return g.Name + ": no " + g.Value
	case g.Status > 0:
		return fmt.Sprintf("%s %d", g.Name, g.Status)
	}
	return g.Name
}

// cell is text that stays within its cell and shows as it is.
func cell(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, text)
	return strings.NewReplacer(`\`, `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "`", "\\`", "<", "&lt;", "[", `\[`).Replace(text)
}
