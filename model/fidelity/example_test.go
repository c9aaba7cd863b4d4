package fidelity_test

import (
	"fmt"
	"time"

	"github.com/starling-load/starling/model/fidelity"
)

func Example() {
	// Users look at a page and its details, some more slowly than others.
	traffic := func(details string) *fidelity.Traffic {
		t := &fidelity.Traffic{}
		for i := range 200 {
			at, think := time.Duration(i)*time.Second, time.Duration(1+i*i%7)*time.Second
			t.Add(&fidelity.Session{User: fmt.Sprint(i), Requests: []fidelity.Request{
				{Endpoint: "GET /", Start: at, End: at + time.Millisecond, Status: 200},
				{Endpoint: details, Start: at + think, End: at + think + time.Millisecond, Status: 200},
			}})
		}
		return t
	}
	recorded, generated := traffic("GET /details"), traffic("GET /help")
	report, err := fidelity.Compare(recorded, generated, fidelity.Options{})
	fmt.Printf("%.0f, worst: %s\n", report.Fidelity, report.Worst[0])
	fmt.Println(err)
	// Output:
	// 7, worst: transitions
	// <nil>
}
