package series_test

import (
	"fmt"

	"github.com/starling-load/starling/model/fidelity/series"
)

func Example() {
	index := series.Dispersion([]float64{4, 0, 0, 4}, 2)
	fmt.Println(index)
	// Output:
	// [2.6666666666666665 0]
}
