package retry_test

import (
	"fmt"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay/retry"
)

func Example() {
	response := &flow.Response{Status: 429, Headers: flow.Headers{{Name: "Retry-After", Value: "3"}}}
	wait, ok := retry.After(response)
	fmt.Println(wait, ok)
	fmt.Println(retry.AtSpeed(wait, 10)) // of a recording that is played ten times as fast
	// Output:
	// 3s true
	// 30s
}
