// Package load says when sessions start. Its central type is Arrivals: a
// schedule as a pure function from the number of a session to the instant at
// which it is due, an offset from the start of the run. Nothing accumulates: the
// millionth arrival does not depend on how late the others were.
//
//	a, err := load.Constant(50, time.Minute) // 50 sessions per second
//	for i := uint64(0); ; i++ {
//		due, ok := a.At(i)
//		if !ok {
//			break // the schedule has ended
//		}
//		…
//	}
//
// A Segment is the share of the sessions that one replayer owns. The union of
// all segments is the schedule of a single replayer, to the nanosecond.
//
// The package has no clock and no goroutine: waiting is the engine's work.
package load
