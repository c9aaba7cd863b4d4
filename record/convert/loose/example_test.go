package loose_test

import (
	"fmt"
	"time"

	"github.com/starling-load/starling/record/convert/loose"
)

func ExampleTime() {
	for _, text := range []string{"2026-05-04T10:00:00Z", "2026-05-04T12:00:00+0200", "soon"} {
		at, ok := loose.Time(text)
		fmt.Println(at.UTC().Format(time.RFC3339), ok)
	}
	// Output:
	// 2026-05-04T10:00:00Z true
	// 2026-05-04T10:00:00Z true
	// 0001-01-01T00:00:00Z false
}
