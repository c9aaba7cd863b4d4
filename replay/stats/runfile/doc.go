// Package runfile writes and reads the run file, NAME.run.zst: what a run
// measured, readable at any time while the run goes on and after a crash.
//
//	w, err := runfile.Create(path, &stats.Manifest{Source: "shop.model", Target: "http://127.0.0.1:9000"})
//	err = w.Interval(iv) // each interval that a Timeline reports as new
//	run, err := runfile.Read(path)
//
// FORMAT.md describes the file. It says what the numbers mean, and so does package
// stats, which holds the types.
package runfile
