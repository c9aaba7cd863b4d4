package lines_test

import (
	"fmt"

	"github.com/starling-load/starling/model/content/lines"
)

func Example() {
	shown := "BEGIN:VEVENT\nUID:a1\nSEQUENCE:3\nSUMMARY:Lunch\nEND:VEVENT\n"
	sent := "BEGIN:VEVENT\nUID:a1\nSEQUENCE:4\nSUMMARY:Late lunch\nEND:VEVENT\n"
	live := "BEGIN:VEVENT\nUID:b2\nSEQUENCE:17\nSUMMARY:Dinner\nLOCATION:Here\nEND:VEVENT\n"
	ops, kept, ok := lines.Between(shown, sent)
	text, fits := lines.Apply(live, ops)
	fmt.Println(kept, ok, fits)
	fmt.Print(text)
	// Output:
	// 3 true true
	// BEGIN:VEVENT
	// UID:b2
	// SEQUENCE:18
	// SUMMARY:Late lunch
	// LOCATION:Here
	// END:VEVENT
}
