package mixture_test

import (
	"fmt"

	"github.com/starling-load/starling/model/mixture"
)

func Example() {
	var sessions [][]int
	for range 20 {
		sessions = append(sessions, []int{0, 1, 2}, []int{0, 1}, []int{7, 8, 9})
	}
	for _, group := range mixture.Divide(sessions, 8) {
		fmt.Println(len(group))
	}
	// Output:
	// 40
	// 20
}
