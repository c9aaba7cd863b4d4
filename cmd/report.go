package cmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/starling-load/starling/replay/report"
	"github.com/starling-load/starling/replay/stats"
	"github.com/starling-load/starling/replay/stats/runfile"
)

func reportCommand(env environment) *cobra.Command {
	var asJSON bool
	var format string
	var requireFaithful, assets bool
	cmd := &cobra.Command{
		Use:   "report RUN",
		Short: "Show the result of a run",
		Long: `Show the result of a run file. It works while the run goes on, and after a crash
with everything up to the last interval. The exit code is that of the run: 3 when
a threshold was not met, 4 when the run is invalid.`,
		Example: "  starling report new.run.zst\n  starling report --json new.run.zst | jq .response_time_us.p99\n  starling report --format markdown new.run.zst",
		Args:    oneArg("the run file, NAME.run.zst"),
		RunE: leaving(func(args []string) error {
			asJSON = asJSON || format == "json"
			if forms := append([]string{"text", "json"}, report.Formats()...); !slices.Contains(forms, format) {
				return usagef("--format %q: choose one of %s", format, strings.Join(forms, ", "))
			}
			run, err := readRun(env, args[0])
			if err != nil {
				return err
			}
			switch {
			case asJSON:
				err = writeJSON(env.stdout, run.Summary)
			case format == "text":
				if assets {
					run.Summary.Unfold()
				}
				err = run.Text(env.stdout)
			default:
				err = report.Write(env.stdout, format, run)
			}
			if err != nil {
				return fmt.Errorf("print the report: %w", err)
			}
			return verdict(run.Summary, requireFaithful)
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "same as --format json")
	cmd.Flags().BoolVar(&assets, "assets", false, "show each part of pages (styles, scripts, images, fonts) on a line of its own")
	cmd.Flags().BoolVar(&requireFaithful, "require-faithful", false, "exit code 3 unless users did what they did in the recording")
	cmd.Flags().StringVar(&format, "format", "text", "`FORMAT` of the report: text, json, html (a page of its own), markdown (for a pull request), junit (for a CI server) or csv")
	return cmd
}

// readRun reads a run file. Damage is told on stderr and skipped.
func readRun(env environment, path string) (*stats.Run, error) {
	run, err := runfile.Read(path)
	if err == nil && run.Damage != nil {
		env.say("warning: %s; going on with the rest", explain(run.Damage))
	}
	return run, err
}

// printSummary writes a result for people or machines.
func printSummary(env environment, s *stats.Summary, m *stats.Manifest, asJSON bool) error {
	if asJSON {
		return writeJSON(env.stdout, s)
	}
	if err := s.Text(env.stdout, m); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	return nil
}
