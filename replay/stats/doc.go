// Package stats turns exchanges into numbers that can be merged without loss:
// per-second intervals and their histograms, and the judged summary of a run.
//
// The central type is Interval: what one replayer saw between two ticks. It is
// an immutable value named by (Replayer, Seq); adding intervals to a Timeline
// is associative, commutative and idempotent, so the percentiles of a hundred
// replayers are exactly those of one.
//
//	c := stats.NewCollector("replayer-1", 0)
//	timeline := stats.NewTimeline()
//	c.Started("GET /cart")                             // when the exchange begins
//	c.Record(&result)                                  // when it has ended, from any goroutine
//	timeline.Add(c.Tick(time.Second, stats.Machine{})) // each second
//	s := timeline.Summary(limit)
//
// Every count obeys one identity, in every interval and every merge:
//
//	started = ok + failed + timed_out + aborted + in_flight
//
// Rates, percentiles and thresholds cover the window of a run: its planned
// duration. What ends later is drained, and counted apart.
//
// The package sends nothing, schedules nothing, reads no clock and touches no
// file: runfile keeps a run on disk, and its FORMAT.md says what each number
// means. Histograms use the HdrHistogram V2 encoding.
//
// It is one package because counting, merging, judging and printing share the same
// few nouns, and none of them can change without the others.
package stats
