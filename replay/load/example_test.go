package load_test

import (
	"fmt"
	"time"

	"github.com/starling-load/starling/replay/load"
)

func Example() {
	arrivals, err := load.Constant(2, 3*time.Second)
	if err != nil {
		fmt.Println(err)
		return
	}
	mine := load.Segment{Index: 1, Count: 3} // the second of three replayers
	for k := uint64(0); ; k++ {
		session := mine.Session(k)
		due, ok := arrivals.At(session)
		if !ok {
			break
		}
		fmt.Println(session, due)
	}
	// Output:
	// 1 500ms
	// 4 2s
}
