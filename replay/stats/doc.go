// Package stats turns exchanges into numbers that can be merged without loss:
// per-second intervals, their histograms, the run file that keeps them and the
// summary that people read.
//
// The central type is Interval: what one replayer saw between two ticks. It is
// an immutable value named by (Replayer, Seq); adding intervals to a Timeline
// is associative, commutative and idempotent, so the percentiles of a hundred
// replayers are exactly those of one.
//
//	c := stats.NewCollector("replayer-1", planned)
//	c.Started("GET /cart")        // when the exchange begins
//	c.Record(&result)             // when it has ended, from any goroutine
//	iv := c.Tick(elapsed, machine) // each second
//	timeline.Add(iv)
//	// … and c.Last when the run is over
//	err := timeline.Summary().Text(os.Stdout, &manifest)
//
// Every count obeys one identity, in every interval and every merge:
//
//	started = ok + failed + timed_out + aborted + in_flight
//
// Rates, percentiles and thresholds cover the window of a run: its planned
// duration. What ends later is drained, and counted apart.
//
// The package sends nothing, schedules nothing and reads no clock. The run file
// is described in FORMAT.md; histograms use the HdrHistogram V2 encoding.
package stats
