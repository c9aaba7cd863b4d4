package model_test

import (
	"fmt"
	"log"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/dist"
)

func ExampleNewGraph() {
	m := &model.Model{
		Version:   model.Version,
		Endpoints: []model.Endpoint{{Name: "GET /", Variants: []model.Variant{{Request: model.Request{Method: "GET", Target: "/"}}}}},
		Behaviors: []model.Behavior{{
			Name: "visitor", Weight: 1,
			Start: []model.Edge{{To: "GET /", Odds: 1}},
			Steps: []model.Step{{ID: "GET /", Page: &model.Page{Endpoint: "GET /"}, Next: []model.Edge{{To: model.End, Odds: 1, Think: model.Think{Fixed: time.Second}}}}},
		}},
	}
	g, err := model.NewGraph(m)
	if err != nil {
		log.Fatal(err)
	}
	const seed, session = 42, 0
	s := g.Start(dist.Keyed(seed, session, 0))
	for s.Step() != model.Ended {
		at := m.Behaviors[s.Behavior()].Steps[s.Step()].ID
		next, think := g.Next(s, dist.Keyed(seed, session, uint64(s.Steps())))
		fmt.Println(at, "then", think)
		s = next
	}
	// Output: GET / then 1s
}

func ExampleParseTemplate() {
	parts, err := model.ParseTemplate("/products/${id}?price=$$5")
	fmt.Printf("%+v %v\n", parts, err)
	// Output: [{Literal:/products/ Name:} {Literal: Name:id} {Literal:?price=$5 Name:}] <nil>
}
