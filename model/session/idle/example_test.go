package idle_test

import (
	"fmt"
	"time"

	"github.com/starling-load/starling/model/session/idle"
)

func Example() {
	var g idle.Gaps
	for range 100 {
		g.Add(20 * time.Second)
		g.Add(30 * time.Second)
		g.Add(9 * time.Hour)
		g.Add(11 * time.Hour)
	}
	pause, found := g.Pause()
	fmt.Println(found, pause > time.Minute, pause < 9*time.Hour)
	// Output: true true true
}
