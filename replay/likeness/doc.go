// Package likeness makes what package fidelity compares: the traffic of a recording,
// and that of a model of it, which is played dry against the recorded answers, or of a
// replay that was recorded too.
//
//	r, err := likeness.Read(ctx, m, []string{path}, likeness.Options{Flows: read})
//	defer r.Close()
//	played, _, err := r.Play(ctx, replay.RecordedPaths, 1)
//	report, err := fidelity.Compare(r.Traffic(), played, fidelity.Options{Seed: 1})
//
// A session of the model that the recording holds gets the answers that it had. Others
// get those of users who asked the same.
package likeness
