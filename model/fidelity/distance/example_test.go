package distance_test

import (
	"fmt"

	"github.com/starling-load/starling/model/fidelity/distance"
)

func Example() {
	d := distance.Kolmogorov([]float64{1, 1, 2}, []float64{2, 1, 1})
	fmt.Println(d)
	// Output:
	// 0.25
}
