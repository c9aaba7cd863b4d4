package made_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/starling-load/starling/model/made"
)

// References that a client made up are recognised, and one more is made.
func Example() {
	random := rand.New(rand.NewPCG(1, 2))
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	form, how := made.Recognise([]made.Value{{Text: "ord_8b0e7153bf7c3706d85c"}, {Text: "ord_524e440066559a6656c9"}, {Text: "ord_0bd5482a90a29b9fa5ff"}})
	fmt.Println(form, how) // ord_{hex 20} random
	value := form.Make(random, now)
	fmt.Println(form.Matches(value), len(value))
	// Output:
	// ord_{hex 20} random
	// true 24
}
