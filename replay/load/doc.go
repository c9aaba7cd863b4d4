// Package load says when sessions start. Its central type is Arrivals: a schedule.
// It is a pure function from the number of a session to the instant at which that is
// due, as an offset from the start of the run. The instant of the millionth arrival
// does not depend on how late the others were.
//
//	arrivals, err := load.Constant(2, 3*time.Second)
//	mine := load.Segment{Index: 1, Count: 3} // the second of three replayers
//	for k := uint64(0); ; k++ {
//		session := mine.Session(k)
//		due, ok := arrivals.At(session)
//		if !ok {
//			break
//		}
//		fmt.Println(session, due)
//	}
//
// A Segment is the share of the sessions that one replayer owns. The union of
// all segments is the schedule of a single replayer, to the nanosecond.
//
// The package has no clock and no goroutine: waiting is the engine's work.
package load
