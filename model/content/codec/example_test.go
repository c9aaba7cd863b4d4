package codec_test

import (
	"fmt"

	"github.com/starling-load/starling/model/content/codec"
)

func Example() {
	c, err := codec.Parse("json|plus-lower")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Encode(`say "é"`))
	fit, values, ok := codec.Fit([]codec.Kind{codec.JSON, codec.Plus}, []string{"say+%5c%22%c3%a9%5c%22"})
	fmt.Println(fit, values[0], ok)
	// Output:
	// say+%5c%22%c3%a9%5c%22
	// json|plus-lower say "é" true
}
