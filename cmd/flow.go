package cmd

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

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"github.com/starling-load/starling/model/content/display"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
)

func flowCommand(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "flow",
		Short: "Look at, check and change recordings",
		Long: `Look at, check and change recordings. In place of a FILE that is read, - is stdin;
a copy goes to stdout with -o -.`,
		Example: `  ssh web1 cat shop.flow.zst | starling flow stat -
  starling flow filter 'status >= 500' shop.flow.zst -o - | starling flow cat - | less`,
	}
	cmd.AddCommand(
		flowStatCommand(env), flowCatCommand(env), flowVerifyCommand(env),
		flowRepairCommand(env), flowMergeCommand(env), flowFilterCommand(env),
		flowRedactCommand(env), flowImportCommand(env), flowExportCommand(env),
	)
	return cmd
}

func flowStatCommand(env environment) *cobra.Command {
	var asJSON, users bool
	cmd := &cobra.Command{
		Use:   "stat FILE...",
		Short: "Count what a recording holds",
		Long: `Count what a recording holds. A damaged file is counted as far as it can be read;
the damage is told on stderr, and the exit code is 1. The same holds while the
recording goes on: all but its last second can be read.

A finished recording has its counts at its end, and only they are read, so that
it takes no time however long the recording is. "starling flow verify" checks
that they are true.

The number of sessions is a guess from single requests. --users finds the users of
all hosts, as learning does for the one that it learns, and says what they rest on:
cookies, tokens, addresses, connections. It reads the whole recording twice.`,
		Example: "  starling flow stat shop.flow.zst\n  starling flow stat --users shop.flow.zst\n  starling flow stat --json shop.flow.zst | jq .flows",
		Args:    atLeastOne("one or more recordings, NAME.flow.zst"),
		RunE: leaving(func(paths []string) error {
			damaged := false
			o, err := env.reading()
			if err != nil {
				return err
			}
			for _, path := range paths {
				totals, err := o.Stat(path)
				var corrupt *flowfile.CorruptError
				if errors.As(err, &corrupt) {
					damaged = true
					env.say("starling: %s", explain(err))
				} else if err != nil {
					return err
				}
				var found *usersFound
				if users {
					if found, err = findUsers(o, path); err != nil {
						return err
					}
				}
				if asJSON {
					err = writeJSON(env.stdout, struct {
						flowfile.Totals
						Users *usersFound `json:"users,omitempty"`
					}{totals, found})
				} else {
					err = printTotals(env.stdout, path, totals, found)
				}
				if err != nil {
					return err
				}
			}
			if damaged {
				return verdictError{exitFailed, "damaged"}
			}
			return nil
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object per file")
	cmd.Flags().BoolVar(&users, "users", false, "find the users, and say what they rest on")
	return cmd
}

func printTotals(w io.Writer, path string, t flowfile.Totals, users *usersFound) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(tw, "%s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	row("file", "%s (%s, %s of content)", path, humanize.IBytes(uint64(t.BytesFile)), humanize.IBytes(uint64(t.BytesRaw+t.BytesLong)))
	row("flows", "%d (%d complete, %d partial)", t.Flows, t.Complete, t.Partial)
	row("connections", "%d", t.Connections)
	if users == nil {
		row("sessions", "about %d", t.SessionsHint)
	} else {
		row("sessions", "%d of %s", users.Sessions, english.Plural(users.Users, "user", ""))
		for _, line := range users.lines {
			row("", "%s", line)
		}
	}
	if t.Flows > 0 {
		row("time", "%s, %s long", t.Start.Format(time.DateTime), t.End.Sub(t.Start).Round(time.Millisecond))
		row("status", "%s", countsText(t.Status))
		row("protocols", "%s", countsText(t.Protocols))
	}
	if l := t.Loss; l != (flowfile.LossTotals{}) {
		row("lost", "%s", lossText(l))
	}
	if t.LeftOut > 0 {
		row("left out", "%s, on purpose", english.Plural(int(t.LeftOut), "flow", ""))
	}
	for _, i := range t.Infos {
		row("recorded", "%s", infoText(i))
	}
	return tw.Flush()
}

// lossText says what is missing, without what is not.
func lossText(l flowfile.LossTotals) string {
	var parts []string
	for _, part := range []struct {
		n    uint64
		text string
	}{
		{l.Flows, english.Plural(int(l.Flows), "flow", "")},
		{l.Sessions, english.Plural(int(l.Sessions), "session", "")},
		{l.Messages, english.Plural(int(l.Messages), "message", "")},
		{l.PacketsDropped, english.Plural(int(l.PacketsDropped), "packet", "") + " dropped"},
		{l.Gaps, english.Plural(int(l.Gaps), "gap", "")},
		{l.BytesMissing, humanize.IBytes(uint64(l.BytesMissing)) + " missing"},
		{l.UnparsedBytes, humanize.IBytes(uint64(l.UnparsedBytes)) + " not understood"},
	} {
		if part.n > 0 {
			parts = append(parts, part.text)
		}
	}
	return strings.Join(parts, ", ")
}

// infoText says how flows came about.
func infoText(i flow.Info) string {
	parts := []string{cmp.Or(i.Source, "by an unknown source")}
	if i.Part > 0 {
		parts = append(parts, fmt.Sprintf("part %d", i.Part))
	}
	switch i.Redaction {
	case "":
	case "none":
		parts = append(parts, "secrets included")
	default:
		parts = append(parts, "secrets replaced by rules "+i.Redaction)
	}
	if i.Sample != "" {
		parts = append(parts, "sample of "+i.Sample)
	}
	return strings.Join(parts, ", ")
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
	var asJSON, decode bool
	var filter string
	cmd := &cobra.Command{
		Use:   "cat FILE...",
		Short: "Print a recording as text, or one JSON object per flow",
		Long: `Print a recording in its text form, which can be read back without loss, or with
--json one object per flow. Damage is told on stderr and reading goes on behind
it; the exit code is then 1.

With --decode bodies and messages are shown as what they hold: compressed ones are
opened, JSON is indented, forms and multipart bodies are taken apart, messages of
protocol buffers are shown by the numbers of their fields, also in gRPC and gRPC-Web,
and MessagePack as JSON. What a terminal would obey is escaped. That text is for
reading: it cannot be read back. With --json it stands beside the content as
decoded {as, text}.

With --filter the flows that match are printed and nothing else. A condition on
the time, the connection, the session, or on method and path together lets
starling pass over the parts of a recording that hold no such flow; see
"starling flow filter --help" for the expression.`,
		Example: `  starling flow cat shop.flow.zst | less
  starling flow cat --json shop.flow.zst | jq -r .request.target
  starling flow cat --decode shop.flow.zst | less
  starling flow cat --filter 'status >= 500' monday.flow.zst tuesday.flow.zst`,
		Args: atLeastOne("one or more recordings, NAME.flow.zst"),
		RunE: leaving(func(paths []string) error {
			o, err := env.reading()
			if err != nil {
				return err
			}
			if filter != "" {
				if o.Filter, err = parseFilter(filter); err != nil {
					return err
				}
			}
			out := bufio.NewWriter(env.stdout)
			defer out.Flush()
			damaged := 0
			for _, path := range paths {
				n, err := catFile(out, env, path, o, asJSON, decode)
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
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object per flow")
	cmd.Flags().BoolVar(&decode, "decode", false, "show what bodies and messages hold")
	cmd.Flags().StringVar(&filter, "filter", "", "print the flows that match this `EXPR` alone")
	return cmd
}

// readable goes over the flows of recordings. Damage is told on stderr and
// skipped; what cannot be read at all is an error.
func readable(env environment, conns *session.Conns, paths ...string) iter.Seq2[*flow.Flow, error] {
	warned := map[string]bool{} // it may be read several times
	return func(yield func(*flow.Flow, error) bool) {
		o, err := env.reading()
		if err != nil {
			yield(nil, err)
			return
		}
		for i, path := range paths {
			apart := uint64(i) << 48 // recordings count their connections from 1
			o.Conn = func(c *flow.Conn) {
				c.ID ^= apart
				conns.Add(c)
			}
			for f, err := range o.Flows(path) {
				var corrupt *flowfile.CorruptError
				if errors.As(err, &corrupt) {
					if !warned[err.Error()] {
						warned[err.Error()] = true
						env.say("warning: %s; going on with the rest", err)
					}
					continue
				}
				if err == nil && f.Conn != 0 {
					f.Conn ^= apart
				}
				if !yield(f, err) {
					return
				}
			}
		}
	}
}

// catFile prints what can be read of one file and returns how many damages it
// met on the way.
func catFile(w io.Writer, env environment, path string, o flowfile.ReaderOptions, asJSON, decode bool) (damaged int, err error) {
	o.ReuseBodies = true
	var decoder flow.Decoder
	if decode {
		decoder = display.Decode
	}
	r, err := flowfile.OpenWith(path, o)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	for {
		rec, err := r.Next()
		var corrupt *flowfile.CorruptError
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
			err = flow.PrintDecoded(w, rec, decoder)
		} else if f, ok := rec.(*flow.Flow); ok {
			err = flow.JSONDecoded(w, f, decoder)
		}
		if err != nil {
			return damaged, fmt.Errorf("print %s: %w", path, err)
		}
	}
}

// writeJSON prints v indented.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
