package diff_test

import (
	"fmt"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/diff"
)

func Example() {
	week := func(pages ...string) *model.Model {
		m := &model.Model{}
		for range 50 {
			var s model.Session
			for _, p := range pages {
				s.Acts = append(s.Acts, model.Act{Endpoint: p})
			}
			m.Sessions = append(m.Sessions, s)
		}
		return m
	}
	old, now := week("GET /", "GET /list"), week("GET /", "GET /search")
	d := diff.Compare(old, now)
	for _, e := range d.Endpoints {
		fmt.Println(e.Name, e.Was, e.Now)
	}
	// Output:
	// GET /search 0 1
	// GET /list 1 0
}
