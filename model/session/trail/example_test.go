package trail_test

import (
	"fmt"

	"github.com/starling-load/starling/model/session/identity"
	"github.com/starling-load/starling/model/session/trail"
)

func Example() {
	home, style := identity.Mark(1), identity.Mark(2)
	trails := []*trail.Trail{
		{First: 0, Last: 1, Fetched: trail.Set{style}},
		{First: 9, Last: 10, Doubtful: true, Had: trail.Set{style}},      // it had the style
		{First: 11, Last: 12, Doubtful: true, Fetched: trail.Set{style}}, // it fetches the style
	}
	for _, t := range trails {
		t.Pages.Add(home, t.First)
	}
	site := trail.Site{Pace: func(int64, bool) float64 { return 1 }, Idle: 100}
	before := trail.Join(trails, site)
	fmt.Println(before)
	// Output: [-1 0 -1]
}
