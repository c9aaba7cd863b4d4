package run

import (
	"context"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/replay/trial"
)

// Try plays a recorded session of each type of user of a job's model, with one user,
// and tells which steps match. It returns the model with what was mended, see
// [trial.Run]. Of the plan, users, rate, scale and duration are not used. onRound is
// told after each round what the best one so far brought.
func Try(ctx context.Context, j Job, o Options, onRound func(*trial.Report)) (*trial.Report, *model.Model, error) {
	o = o.withDefaults()
	j.Plan.Users, j.Plan.Sessions = 1, 1
	j, _, err := j.complete()
	if err != nil {
		return nil, nil, err
	}
	in, err := openInput(ctx, j, o)
	if err != nil {
		return nil, nil, err
	}
	if in.model == nil {
		return nil, nil, jobErrorf("%s is no model; learn one from it", j.name())
	}
	if err := j.reach(ctx); err != nil {
		return nil, nil, err
	}
	return trial.Run(ctx, trial.Options{Model: in.model, Plan: in.job.Plan, Client: in.job.Client, OnRound: onRound})
}
