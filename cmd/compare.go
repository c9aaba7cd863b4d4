package cmd

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/starling-load/starling/replay/compare"
	"github.com/starling-load/starling/replay/run"
)

// compareOptions are the flags of compare.
type compareOptions struct {
	job       jobFlags
	baseline  string
	candidate string
	pairs     int
	block     time.Duration
	json      bool
}

func compareCommand(env environment) *cobra.Command {
	var o compareOptions
	cmd := &cobra.Command{
		Use:   "compare BASE.run.zst CAND.run.zst | MODEL --baseline URL --candidate URL",
		Short: "Say with evidence whether a release got worse",
		Long: `Compare two releases. With a model, its users are replayed to both targets in
alternating blocks with the same seeds, pair by pair; that is the comparison to
trust. With two run files, what was recorded of each run is compared; what
changes from run to run without any release is then not covered, and the report
says so.

The verdict of each endpoint is regression, improvement, equivalent or
inconclusive. Exit code 3 means that something regressed.`,
		Example: `  starling compare shop.model --baseline http://127.0.0.1:9000 --candidate http://127.0.0.1:9001 --pairs 10
  starling compare old.run.zst new.run.zst
  starling compare --json old.run.zst new.run.zst | jq -r .verdict`,
		Args: atMost(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			report, err := o.compare(cmd.Context(), env, args)
			if err != nil {
				return err
			}
			return printComparison(env, report, o.json)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.baseline, "baseline", "", "`URL` of the old release, http://HOST:PORT")
	f.StringVar(&o.candidate, "candidate", "", "`URL` of the new release, http://HOST:PORT")
	f.Var(newPositive(&o.pairs, 10), "pairs", "`NUMBER` of pairs of blocks; response times are judged from 4 on")
	f.Var(newSpan(&o.block, 10*time.Second), "block", "`LENGTH` of a block")
	o.job.addLoad(f)
	o.job.addDestination(f)
	f.BoolVar(&o.json, "json", false, "print the report as JSON")
	return cmd
}

func (o compareOptions) compare(ctx context.Context, env environment, args []string) (*compare.Report, error) {
	switch {
	case len(args) == 0:
		return nil, usagef("name two run files, or a model with --baseline and --candidate; see starling compare --help")
	case len(args) == 2 && (o.baseline != "" || o.candidate != ""):
		return nil, usagef("two run files need no --baseline and --candidate")
	case len(args) == 2:
		var report *compare.Report
		err := leave(ctx, func() (err error) {
			report, err = compareRuns(env, args[0], args[1])
			return err
		})
		if err != nil {
			return nil, err
		}
		return report, nil
	case o.baseline == "" || o.candidate == "":
		return nil, usagef("a model needs --baseline URL and --candidate URL; two run files need neither")
	}
	job, err := o.job.job(run.FileSource(args[0]))
	if err != nil {
		return nil, err
	}
	options, err := o.job.options(env)
	if err != nil {
		return nil, err
	}
	return compareTargets(ctx, env, run.Comparison{
		Job: job, Baseline: o.baseline, Candidate: o.candidate, Pairs: o.pairs, Block: o.block,
	}, options)
}

// compareTargets plays a comparison and tells how far it is.
func compareTargets(ctx context.Context, env environment, c run.Comparison, options run.Options) (*compare.Report, error) {
	var bar *progress
	blocks := 0
	c.OnBlock = func(pair int, target string) {
		if bar == nil {
			env.say("compare: %d pairs of %s, baseline %s, candidate %s", c.Pairs, c.Block, c.Baseline, c.Candidate)
			bar = newProgress(env.stderr, "compare", time.Duration(2*c.Pairs)*c.Block)
		}
		bar.update(time.Duration(blocks)*c.Block, fmt.Sprintf("pair %d of %d, %s", pair+1, c.Pairs, target))
		blocks++
	}
	report, err := run.Compare(ctx, c, options)
	if bar != nil {
		bar.end()
	}
	return report, err
}

// compareRuns compares two run files.
func compareRuns(env environment, basePath, candPath string) (*compare.Report, error) {
	base, err := readRun(env, basePath)
	if err != nil {
		return nil, err
	}
	cand, err := readRun(env, candPath)
	if err != nil {
		return nil, err
	}
	if base.Manifest.ModelHash != cand.Manifest.ModelHash {
		env.say("warning: the runs did not play the same model, so a difference need not be the release's")
	}
	const slices = 10
	return compare.Compare(compare.Slices(base, slices), compare.Slices(cand, slices), compare.Options{Sliced: true}), nil
}

// printComparison prints the report; a regression is exit code 3.
func printComparison(env environment, report *compare.Report, asJSON bool) error {
	var err error
	if asJSON {
		err = writeJSON(env.stdout, report)
	} else {
		err = report.Text(env.stdout)
	}
	if err != nil {
		return err
	}
	if report.Verdict == compare.Regression {
		return verdictError{exitThreshold, "regression"}
	}
	return nil
}
