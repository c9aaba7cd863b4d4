// Package run plays a job, in this process or on replayers, and tells what comes of
// it. Commands, the web UI and programs all start a run with it.
//
// A [Job] is plain data: what to play, against which target, how many users and
// how long. [New] reads and checks it and returns a [Run], which is the handle
// of one execution. [Run.Play] sends the load and returns its summary; any
// goroutine may look at the run, wait for a change, or stop it meanwhile:
//
//	r, err := run.New(ctx, run.Job{
//		Source: run.Source{URL: target.URL + "/cart"},
//		Plan:   replay.Plan{Users: 3, Duration: time.Hour},
//		Labels: []string{"release=1.4"},
//	}, run.Options{})
//	summary, err := r.Play(ctx)
//
// With Options.Replayers other processes send the load; [Join] is their side.
// [Compare] plays one job to two targets in turn and judges the difference.
//
// The package prints nothing. What a person should know comes by the callbacks
// of [Options], and a mistake in a job as a [*JobError].
package run
