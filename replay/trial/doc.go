// Package trial plays a recorded session of each type of user against a target, with
// one user, and tells which steps match the recording.
//
//	report, better, err := trial.Run(ctx, trial.Options{Model: m, Plan: plan})
//	fmt.Printf("%d of %d steps match\n", report.Matched, report.Steps)
//
// A model learned from one recording cannot know which of its constants are values that
// the service issues: they never changed. At another target they do. When a step fails,
// Run looks for parts of its request that stand under the same name in an earlier answer,
// with another content, such as a field of a form. It takes them from there and plays
// again. What makes more steps match stays; the rest is undone.
//
// The package changes no file. What it found comes as a report and as a model.
package trial
