package precedence_test

import (
	"fmt"
	"time"

	"github.com/starling-load/starling/model/precedence"
)

func ExampleOrder_Add() {
	const ms = time.Millisecond
	var order precedence.Order
	for id, act := range []struct{ start, done time.Duration }{
		{0, 40 * ms}, {45 * ms, 90 * ms}, {50 * ms, 60 * ms}, {70 * ms, 99 * ms},
	} {
		after, delay := order.Add(id, act.start, act.done)
		fmt.Println(id, "waits for", after, "and then", delay)
	}
	// Output:
	// 0 waits for [] and then 0s
	// 1 waits for [0] and then 5ms
	// 2 waits for [0] and then 10ms
	// 3 waits for [2] and then 10ms
}
