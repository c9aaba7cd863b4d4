package dryrun_test

import (
	"fmt"
	"time"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/dryrun"
	"github.com/starling-load/starling/replay/load"
)

// A single source has sessions of one request.
type single struct{}

func (single) Session(i, u uint64) replay.Session { return single{} }
func (single) Origins() []replay.Origin           { return nil }
func (single) Fill(*replay.Act)                   {}

func (single) Next(over *replay.Answer) []replay.Act {
	if over != nil {
		return nil
	}
	return []replay.Act{{Endpoint: "GET /", Delay: time.Second}}
}

func Example() {
	recorded := map[string]*flow.Flow{"GET /": {Response: &flow.Response{Status: 200}, Done: 20 * time.Millisecond}}
	source := single{}
	arrivals, err := load.Constant(1, 2*time.Second)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = dryrun.Play(source, arrivals, dryrun.Options{
		Answer: func(a dryrun.Asked) *flow.Flow { return recorded[a.Act.Endpoint] },
		Give:   func(x dryrun.Exchange) error { fmt.Println(x.Sent, x.Act.Endpoint); return nil },
	})
	fmt.Println(err)
	// Output:
	// 1s GET /
	// 2s GET /
	// <nil>
}
