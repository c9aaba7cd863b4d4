package body_test

import (
	"fmt"

	"github.com/starling-load/starling/record/body"
)

func ExampleCollector() {
	budget := body.NewBudget(64 << 20)
	var c body.Collector
	c.Start(budget, 8<<20, -1)
	c.Add([]byte("hello, "))
	c.Add([]byte("world"))
	b, taken := c.Body()
	fmt.Printf("%s, %d bytes, %v\n", b.Data, b.Size, budget.Free() < 64<<20)
	budget.Give(taken) // when b is not needed any more
	fmt.Println(budget.Free() == 64<<20)
	// Output:
	// hello, world, 12 bytes, true
	// true
}
