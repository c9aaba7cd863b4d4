package prose_test

import (
	"fmt"

	"github.com/starling-load/starling/model/content/prose"
)

func Example() {
	c, ok := prose.Between("Bread.\nMilk.\n", "Bread.\nMilk.\nEggs.\n")
	fmt.Println(ok, c.Apply("Bread.\nTea.\n")) // true Bread.\nTea.\nEggs.\n
	// Output:
	// true Bread.
	// Tea.
	// Eggs.
}
