package course_test

import (
	"fmt"

	"github.com/starling-load/starling/model/session/course"
	"github.com/starling-load/starling/model/session/identity"
)

// Users look at a list for about five seconds before they open an item. Of two who did so at
// once, each was taken for the other one.
func Example() {
	const list, item identity.Mark = 2, 3
	var acts []*course.Act
	do := func(second int64, user int32, what identity.Mark) {
		acts = append(acts, &course.Act{At: second * 1e9, Done: second * 1e9, Shape: what, User: user})
	}
	for user := range int32(9) {
		do(20*int64(user), user+10, list)
		do(20*int64(user)+5, user+10, item)
	}
	do(200, 1, list)
	do(203, 2, list)
	do(205, 2, item)
	do(208, 1, item)

	h := course.NewHabits()
	for _, c := range course.Of(acts) {
		h.Learn(c)
	}
	h.Settle(acts)
	for _, a := range acts[18:] {
		fmt.Println(a.At/1e9, a.User)
	}
	// Output:
	// 200 1
	// 203 2
	// 205 1
	// 208 2
}
