package faithful_test

import (
	"fmt"

	"github.com/starling-load/starling/replay/faithful"
)

func Example() {
	work := faithful.Work{Due: 2, Done: 1, WritesDue: 1, Sent: 2, UnderWay: 2, Ready: 2} // of one session
	var b faithful.Builder
	b.Session([]faithful.Step{{Endpoint: "GET /cart"}, {Endpoint: "POST /cart", Write: true}})
	v := faithful.Judge(b.Recorded(), faithful.Replayed{Started: 1, Ended: 1, Work: work})
	fmt.Println(v.Verdict, v.Reasons)
	// Output:
	// not [writes 0.00 of 1.00 a session 1.00 of 2.00 steps a session had their recorded outcome 0 of 1 sessions completed as recorded]
}
