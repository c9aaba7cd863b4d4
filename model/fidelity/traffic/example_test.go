package traffic_test

import (
	"fmt"
	"time"

	"github.com/starling-load/starling/model/fidelity/traffic"
	"github.com/starling-load/starling/record/flow"
)

func Example() {
	start := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	flows := func(yield func(*flow.Flow, error) bool) {
		for i, target := range []string{"/", "/items/17", "/items/18", "/items/19"} {
			f := &flow.Flow{
				Conn: 1, Scheme: "http", Start: start.Add(time.Duration(i) * time.Second), Done: time.Millisecond,
				Request:  flow.Request{Method: "GET", Target: target, Authority: "shop.test"},
				Response: &flow.Response{Status: 200},
			}
			if !yield(f, nil) {
				return
			}
		}
	}
	names, err := traffic.Learn(flows, traffic.NameOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	read, err := traffic.Read(flows, names, traffic.Options{})
	fmt.Println(read.Sessions(), read.Requests(), err)
	// Output:
	// 1 4 <nil>
}
