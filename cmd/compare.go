package cmd

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/starling-load/starling/replay/compare"
)

// compareOptions are the flags of compare.
type compareOptions struct {
	replay    replayOptions // what both sides share
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
	f.IntVar(&o.pairs, "pairs", 10, "`NUMBER` of pairs of blocks; response times are judged from 4 on")
	f.DurationVar(&o.block, "block", 10*time.Second, "`LENGTH` of a block")
	f.IntVar(&o.replay.users, "users", 0, "`NUMBER` of users at all times")
	f.StringVar(&o.replay.rate, "rate", "", "`RATE` of sessions, as 50/s")
	f.StringVar(&o.replay.scale, "scale", "", "`FACTOR` on the recorded users, as 3x (default: 1x)")
	f.StringVar(&o.replay.speed, "speed", "", "`FACTOR` on the recorded speed, as 2x")
	f.Uint64Var(&o.replay.seed, "seed", 1, "`NUMBER` that seeds every random draw")
	f.StringArrayVar(&o.replay.data, "data", nil, dataUsage)
	f.StringArrayVar(&o.replay.allowHosts, "allow-host", nil, allowHostUsage)
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
		return compareRuns(env, args[0], args[1])
	case o.baseline == "" || o.candidate == "":
		return nil, usagef("a model needs --baseline URL and --candidate URL; two run files need neither")
	case o.pairs < 2:
		return nil, usagef("--pairs %d: at least 2 are needed to see what varies by itself", o.pairs)
	case o.block < time.Second:
		return nil, usagef("--block %s: give each block a second or more", o.block)
	}
	o.replay.duration = o.block
	o.replay.target = o.baseline
	base, err := o.replay.input(env, args)
	if err != nil {
		return nil, err
	}
	o.replay.target = o.candidate
	cand, err := o.replay.input(env, args)
	if err != nil {
		return nil, err
	}
	for _, in := range []*input{base, cand} {
		if err := in.guard(o.replay.allowHosts); err != nil {
			return nil, err
		}
	}
	for _, in := range []*input{base, cand} {
		if err := checkTarget(ctx, in.job.Plan.Target); err != nil {
			return nil, err
		}
	}
	p := pairing{env: env, baseline: base, candidate: cand, pairs: o.pairs, seed: o.replay.seed}
	return p.run(ctx)
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

// A pairing plays the same users to two targets in alternating blocks.
type pairing struct {
	env       environment
	baseline  *input
	candidate *input
	pairs     int
	seed      uint64
	options   compare.Options
}

// run plays a short block on each side that does not count, then the pairs:
// baseline first in even ones, candidate first in odd ones.
func (p *pairing) run(ctx context.Context) (*compare.Report, error) {
	block := p.baseline.job.Plan.Duration
	p.env.say("compare: %d pairs of %s, baseline %s, candidate %s",
		p.pairs, block, p.baseline.job.Plan.Target, p.candidate.job.Plan.Target)
	bar := newProgress(p.env.stderr, "compare", time.Duration(2*p.pairs)*block)
	defer bar.end()
	for _, in := range []*input{p.baseline, p.candidate} {
		if _, err := p.block(ctx, in, p.seed, min(block, 2*time.Second)); err != nil {
			return nil, err
		}
	}
	var base, cand []*compare.Block
	for i := range p.pairs {
		sides := []*input{p.baseline, p.candidate}
		if i%2 == 1 {
			sides[0], sides[1] = sides[1], sides[0]
		}
		for j, in := range sides {
			bar.update(time.Duration(2*i+j)*block, fmt.Sprintf("pair %d of %d, %s", i+1, p.pairs, in.job.Plan.Target))
			b, err := p.block(ctx, in, p.seed+uint64(i), block)
			if err != nil {
				return nil, err
			}
			if in == p.baseline {
				base = append(base, b)
			} else {
				cand = append(cand, b)
			}
		}
	}
	return compare.Compare(base, cand, p.options), nil
}

// block plays one block to one side.
func (p *pairing) block(ctx context.Context, in *input, seed uint64, length time.Duration) (*compare.Block, error) {
	side := *in
	side.job.Plan.Seed = seed
	side.job.Plan.Duration = length
	r := &runner{env: p.env, in: &side, quiet: true}
	summary, err := r.run(ctx)
	if err != nil {
		return nil, err
	}
	if summary.Requests == 0 {
		return nil, fmt.Errorf("no answer from %s within %s; give longer blocks or more users", side.job.Plan.Target, length)
	}
	return compare.FromTimeline(r.timeline), nil
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
