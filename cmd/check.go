package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"github.com/starling-load/starling/model/folder"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/run"
	"github.com/starling-load/starling/replay/trial"
)

// checkOptions are the flags of model check.
type checkOptions struct {
	job       jobFlags
	target    string
	output    string
	overwrite bool
	json      bool
}

func modelCheckCommand(env environment) *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check NAME.model --target URL",
		Short: "Play each type of user once, and tell which steps match the recording",
		Long: `Play a recorded session of each type of user against a target, with one user,
and tell which steps have their recorded outcome.

A value that never changed in the recording is a constant of the model. Where
this target issues another one, such as the version of a form or the key of an
installation, the constant is taken from its answer, and the sessions are played
again, up to five times. What makes more steps match is kept and named; -o
writes the model with it.

For each step that does not match in the end there is the reason, and what a
person can do about it. The command then ends with exit code 3. Pauses of users
are cut to two seconds.`,
		Example: `  starling model check shop.model --target http://127.0.0.1:9000
  starling model check shop.model --target http://127.0.0.1:9000 -o new.model`,
		Args: oneArg("the model folder"),
		RunE: func(cmd *cobra.Command, args []string) error { return checkModel(cmd.Context(), env, args[0], o) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.target, "target", "", "`URL` of the origin to send to, http://HOST:PORT (required)")
	f.StringArrayVar(&o.job.data, "data", nil, "CSV `FILE` with the rows of a data source of the model, as accounts.csv or accounts=FILE.csv; may be repeated")
	f.StringVar(&o.job.speed, "speed", "", "`FACTOR` on the recorded speed, as 2x")
	f.Uint64Var(&o.job.seed, "seed", 1, "`NUMBER` that seeds every random draw")
	f.Var(newSpan(&o.job.timeout, replay.DefaultTimeout), "timeout", "`TIME` allowed for one answer")
	o.job.addDestination(f)
	f.StringVarP(&o.output, "output", "o", "", "model `FOLDER` to write with what was taken from answers, NAME.model")
	f.BoolVar(&o.overwrite, "overwrite", false, "replace the model folder if it exists")
	f.BoolVar(&o.json, "json", false, "print the report as JSON")
	return cmd
}

func checkModel(ctx context.Context, env environment, path string, o checkOptions) error {
	if o.target == "" {
		return usagef("say where to send it: --target http://HOST:PORT")
	}
	if _, err := os.Lstat(o.output); o.output != "" && err == nil && !o.overwrite {
		return modelExists(o.output)
	}
	job, err := o.job.job(run.Source{Model: path})
	if err != nil {
		return err
	}
	job.Plan.Target = o.target
	runOptions, err := env.runOptions()
	if err != nil {
		return err
	}
	started := time.Now()
	report, better, err := run.Try(ctx, job, runOptions, func(r *trial.Report) {
		env.say("round %d: %d of %s match (%s)", r.Rounds, r.Matched, english.Plural(r.Steps, "step", ""), time.Since(started).Round(time.Second))
	})
	if err != nil {
		return err
	}
	if o.output != "" {
		var options []folder.WriteOption
		if o.overwrite {
			options = append(options, folder.Overwrite)
		}
		if err := folder.Write(o.output, better, options...); errors.Is(err, fs.ErrExist) && !o.overwrite {
			return modelExists(o.output)
		} else if err != nil {
			return err
		}
	}
	if o.json {
		err = writeJSON(env.stdout, report)
	} else {
		err = printTrial(env, report)
	}
	if err == nil && report.Matched < report.Steps {
		return verdictError{exitThreshold, fmt.Sprintf("%d of %d steps match", report.Matched, report.Steps)}
	}
	return err
}

// printTrial prints a report for people.
func printTrial(env environment, r *trial.Report) error {
	w := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	for _, t := range r.Types {
		fmt.Fprintf(w, "%s\t%d of %s\n", t.Name, t.Matched, english.Plural(t.Steps, "step", ""))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, p := range r.Promoted {
		fmt.Fprintf(env.stdout, "\ntaken from answers: %s of %s\n  from %s of %s, as binding %s\n", p.Place, p.Endpoint, p.Selector, p.From, p.Binding)
	}
	for _, f := range r.Rest {
		fmt.Fprintf(env.stdout, "\n%s, step %d: %s\n  %s: %s\n  %s\n", f.Type, f.Act, f.Endpoint, f.Reason, f.Detail, f.Edit)
	}
	_, err := fmt.Fprintf(env.stdout, "\n%d of %s match\n", r.Matched, english.Plural(r.Steps, "step", ""))
	return err
}
