package dist_test

import (
	"fmt"
	"time"

	"github.com/starling-load/starling/model/dist"
)

func ExampleKeyed() {
	a, b := dist.Keyed(42, 7, 1), dist.Keyed(42, 7, 1)
	fmt.Println(a.Uint64() == b.Uint64())
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
