package dist_test

import (
	"fmt"
	"time"

	"github.com/starling-load/starling/model/dist"
)

func ExampleKeyed() {
	const seed, session, step = 42, 7, 1
	r := dist.Keyed(seed, session, step)
	again := dist.Keyed(seed, session, step)
	fmt.Println(r.Uint64() == again.Uint64())
	// Output: true
}

func ExampleQuantiles() {
	pauses := []time.Duration{4 * time.Second, time.Second, 2 * time.Second}
	q := dist.Quantiles(pauses, 5)
	fmt.Println(q)
	fmt.Println(dist.At(q, 0.5))
	// Output:
	// [1s 1.5s 2s 3s 4s]
	// 2s
}
