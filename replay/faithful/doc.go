// Package faithful says whether a run was like the recording: whether users did in
// it what they did there. A run may be valid, and nearly all of its answers may be
// right, while nobody's work was done: because what was asked is not what was
// recorded.
//
// A [Recorded] is what a run is compared with. A [Builder] makes it of sessions. It
// travels in the manifest of the run. A [Work] counts what sessions did; works of
// replayers and of seconds add up. [Judge] compares both:
//
//	var b faithful.Builder
//	b.Session([]faithful.Step{{Endpoint: "GET /cart"}, {Endpoint: "POST /cart", Write: true}})
//	v := faithful.Judge(b.Recorded(), faithful.Replayed{Started: 1, Ended: 1, Work: work})
//	fmt.Println(v.Verdict, v.Reasons)
//
// A write is a request that changes something: one with a method that is not safe
// (see model/content.Writes). It counts when it had its recorded outcome.
//
// The package is pure: it has no clock and sends nothing.
package faithful
