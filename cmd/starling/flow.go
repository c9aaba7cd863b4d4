package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/starling-load/starling/record/flow"
)

func flowCommand(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "flow",
		Short: "Look at and check recordings",
	}
	cmd.AddCommand(flowStatCommand(env), flowCatCommand(env), flowVerifyCommand(env))
	return cmd
}

func flowStatCommand(env environment) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "stat FILE...",
		Short: "Count what a recording holds",
		Long: `Count what a recording holds. Of a damaged file, what can be read is counted, the
damage is told on stderr, and the exit code is 1; so it is while the recording
goes on, of which everything but the last second can be read.`,
		Example: "  starling flow stat shop.flow.zst\n  starling flow stat --json shop.flow.zst | jq .flows",
		Args:    atLeastOne("one or more recordings, NAME.flow.zst"),
		RunE: func(_ *cobra.Command, paths []string) error {
			damaged := false
			for _, path := range paths {
				totals, err := flow.Stat(path)
				var corrupt *flow.CorruptError
				if errors.As(err, &corrupt) {
					damaged = true
					env.say("starling: %s", explain(err))
				} else if err != nil {
					return err
				}
				if asJSON {
					err = writeJSON(env.stdout, totals)
				} else {
					err = printTotals(env.stdout, path, totals)
				}
				if err != nil {
					return err
				}
			}
			if damaged {
				return verdictError{exitFailed, "damaged"}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object per file")
	return cmd
}

func printTotals(w io.Writer, path string, t flow.Totals) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(tw, "%s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	row("file", "%s (%s, %s of content)", path, bytesText(t.BytesFile), bytesText(t.BytesRaw))
	row("flows", "%d (%d complete, %d partial)", t.Flows, t.Complete, t.Partial)
	row("connections", "%d", t.Connections)
	row("sessions", "about %d", t.SessionsHint)
	if t.Flows > 0 {
		row("time", "%s, %s long", t.Start.Format(time.DateTime), t.End.Sub(t.Start).Round(time.Millisecond))
		row("status", "%s", countsText(t.Status))
		row("protocols", "%s", countsText(t.Protocols))
	}
	if l := t.Loss; l != (flow.LossTotals{}) {
		row("lost", "%d flows of %d sessions, %d packets, %d gaps, %s", l.Flows, l.Sessions, l.PacketsDropped, l.Gaps, bytesText(int64(l.BytesMissing)))
	}
	return tw.Flush()
}

// countsText writes a map of counts, the highest first.
func countsText[K cmp.Ordered](counts map[K]uint64) string {
	if len(counts) == 0 {
		return "none"
	}
	names := slices.Sorted(maps.Keys(counts))
	slices.SortStableFunc(names, func(a, b K) int { return cmp.Compare(counts[b], counts[a]) })
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = fmt.Sprintf("%v: %d", name, counts[name])
	}
	return strings.Join(parts, ", ")
}

func flowCatCommand(env environment) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "cat FILE...",
		Short: "Print a recording as text, or one JSON object per flow",
		Long: `Print a recording in its text form, which can be read back without loss, or with
--json one object per flow. Damage is told on stderr and reading goes on behind
it; the exit code is then 1.`,
		Example: "  starling flow cat shop.flow.zst | less\n  starling flow cat --json shop.flow.zst | jq -r .request.target",
		Args:    atLeastOne("one or more recordings, NAME.flow.zst"),
		RunE: func(_ *cobra.Command, paths []string) error {
			out := bufio.NewWriter(env.stdout)
			defer out.Flush()
			damaged := 0
			for _, path := range paths {
				n, err := catFile(out, env, path, asJSON)
				if err != nil {
					return err
				}
				damaged += n
			}
			if damaged > 0 {
				out.Flush()
				return verdictError{exitFailed, "damaged"}
			}
			return out.Flush()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object per flow")
	return cmd
}

// readable goes over the flows of recordings. Damage is told on stderr and
// skipped; what cannot be read at all is an error.
func readable(env environment, paths ...string) iter.Seq2[*flow.Flow, error] {
	return func(yield func(*flow.Flow, error) bool) {
		for f, err := range flow.Flows(paths...) {
			var corrupt *flow.CorruptError
			if errors.As(err, &corrupt) {
				env.say("warning: %s; going on with the rest", err)
				continue
			}
			if !yield(f, err) {
				return
			}
		}
	}
}

// catFile prints what can be read of one file and returns how many damages it
// met on the way.
func catFile(w io.Writer, env environment, path string, asJSON bool) (damaged int, err error) {
	r, err := flow.Open(path)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	for {
		rec, err := r.Next()
		var corrupt *flow.CorruptError
		switch {
		case err == io.EOF:
			return damaged, nil
		case errors.As(err, &corrupt):
			damaged++
			env.say("starling: %s", explain(err))
			continue
		case err != nil:
			return damaged, err
		}
		if !asJSON {
			err = flow.Print(w, rec)
		} else if f, ok := rec.(*flow.Flow); ok {
			err = flow.JSON(w, f)
		}
		if err != nil {
			return damaged, fmt.Errorf("print %s: %w", path, err)
		}
	}
}

func flowVerifyCommand(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify FILE...",
		Short: "Read a recording whole and name every damage with its place",
		Long: `Read a recording whole, check every block of it, and name every damage with its
place. Exit code 0 means that it is sound, 1 that it is not.`,
		Example: "  starling flow verify shop.flow.zst",
		Args:    atLeastOne("one or more recordings, NAME.flow.zst"),
		RunE: func(_ *cobra.Command, paths []string) error {
			damaged := false
			for _, path := range paths {
				sound := true
				totals, err := flow.Verify(path, func(damage error) {
					sound = false
					env.say("starling: %s", damage)
				})
				if err != nil {
					return err
				}
				word := "sound"
				if !sound {
					word, damaged = "damaged", true
				}
				fmt.Fprintf(env.stdout, "%s: %s, %d flows readable\n", path, word, totals.Flows)
			}
			if damaged {
				return verdictError{exitFailed, "damaged"}
			}
			return nil
		},
	}
	return cmd
}

// writeJSON prints v indented.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
