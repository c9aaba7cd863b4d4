package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
)

func flowExportCommand(env environment) *cobra.Command {
	var to, output string
	var asJSON bool
	formats := formatNames((&importOptions{}).formats(nil), true)
	cmd := &cobra.Command{
		Use:   "export --to FORMAT FILE... [-o FILE]",
		Short: "Write a recording in the format of another tool",
		Long: `Write a recording in the format of another tool: har (HAR 1.2), gor (GoReplay)
or curl (a command for each flow). Secrets, and their pseudonyms, are written as
they stand in the recording. Damage is told on stderr and passed over.`,
		Example: `  starling flow export --to har shop.flow.zst -o shop.har
  starling flow export --to curl shop.flow.zst | head`,
		Args: atLeastOne("one or more recordings, NAME.flow.zst"),
		RunE: func(cmd *cobra.Command, paths []string) error {
			if !slices.Contains(formats, to) {
				return usagef("--to %q: choose one of %s", to, strings.Join(formats, ", "))
			}
			if asJSON && output == "-" {
				return usagef("--json and the export cannot both go to stdout; name a file: -o FILE")
			}
			return flowExport(cmd.Context(), env, to, output, paths, asJSON)
		},
	}
	f := cmd.Flags()
	f.StringVar(&to, "to", "", "`FORMAT` to write: "+strings.Join(formats, ", ")+" (required)")
	f.StringVarP(&output, "output", "o", "-", "`FILE` to write; - is stdout")
	f.BoolVar(&asJSON, "json", false, "print what was written as JSON: file, format, flows")
	return cmd
}

// flowExport writes the recordings into a file that did not exist, or to stdout.
func flowExport(ctx context.Context, env environment, to, output string, paths []string, asJSON bool) error {
	if output == "-" {
		_, err := exportTo(ctx, env, to, env.stdout, paths)
		return err
	}
	f, err := os.OpenFile(output, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("create the export: %w", err)
	}
	n, err := exportTo(ctx, env, to, f, paths)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(output))
	}
	if asJSON {
		return writeJSON(env.stdout, struct {
			File   string `json:"file"`
			Format string `json:"format"`
			Flows  uint64 `json:"flows"`
		}{output, to, n})
	}
	env.say("%s: %s", output, english.Plural(int(n), "flow", ""))
	return nil
}

func exportTo(ctx context.Context, env environment, to string, out io.Writer, paths []string) (flows uint64, err error) {
	o, err := env.reading()
	if err != nil {
		return 0, err
	}
	o.ReuseBodies = true
	w := bufio.NewWriter(out)
	x := formatNamed((&importOptions{}).formats(nil), to).Out.Export(w)
	for rec, err := range o.Records(paths...) {
		if errors.As(err, new(*flowfile.CorruptError)) {
			env.say("warning: %s; going on with the rest", err)
			continue
		}
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = x.Write(rec)
		}
		if err != nil {
			return flows, err
		}
		if _, ok := rec.(*flow.Flow); ok {
			flows++
		}
	}
	return flows, errors.Join(x.Close(), w.Flush())
}
