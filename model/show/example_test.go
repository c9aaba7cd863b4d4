package show_test

import (
	"fmt"
	"os"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/show"
)

// Every visitor looks at the start page and leaves after a second.
func ExampleDot() {
	leave := []model.Edge{{To: model.End, Odds: 1, Think: model.Think{Fixed: time.Second}}}
	m := &model.Model{
		Version:   model.Version,
		Endpoints: []model.Endpoint{{Name: "GET /", Variants: []model.Variant{{Request: model.Request{Method: "GET", Target: "/"}}}}},
		Behaviors: []model.Behavior{{
			Name: "visitor", Weight: 1,
			Start: []model.Edge{{To: "GET /", Odds: 1}},
			Steps: []model.Step{{ID: "GET /", Page: &model.Page{Endpoint: "GET /"}, Next: leave}},
		}},
	}
	if err := show.Dot(os.Stdout, m); err != nil {
		fmt.Println(err)
	}
	// Output:
	// digraph model {
	//   rankdir=LR
	//   node [shape=box, style=rounded, fontname="sans-serif"]
	//   edge [fontname="sans-serif", fontsize=10]
	//   subgraph cluster_0 {
	//     label="visitor 100.0%"
	//     "0 " [label="", shape=circle, style=filled, fillcolor=black, width=0.15]
	//     "0 end" [label="", shape=doublecircle, style=filled, fillcolor=black, width=0.1]
	//     "0 GET /" [label="GET /"]
	//     "0 " -> "0 GET /" [label="100.0%", penwidth=3.00]
	//     "0 GET /" -> "0 end" [label="100.0% 1s", penwidth=3.00]
	//   }
	// }
}
