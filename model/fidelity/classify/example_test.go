package classify_test

import (
	"fmt"

	"github.com/starling-load/starling/model/fidelity/classify"
)

func Example() {
	var rows [][]float64
	var theirs []bool
	for i := range 200 { // theirs are greater by a half of what they spread over
		their := i%2 == 1
		x := float64(i*7%20) / 20
		if their {
			x += 0.5
		}
		rows, theirs = append(rows, []float64{1, x}), append(theirs, their)
	}
	auc, spread, most := classify.Apart(rows, theirs)
	fmt.Printf("%.2f ± %.2f, by column %d\n", auc, spread, most)
	// Output:
	// 0.90 ± 0.04, by column 1
}
