// Package runfile writes and reads the run file, NAME.run.zst: what a run
// measured, readable at any time while the run goes on and after a crash.
//
//	w, err := runfile.Create("peak.run.zst", &manifest)
//	err = w.Interval(iv) // each interval that a Timeline reports as new
//	err = w.Close(timeline.Summary())
//
//	run, err := runfile.Read("peak.run.zst")
//
// The file is described in FORMAT.md. What its numbers mean is said there and in
// package stats, which holds the types.
package runfile
