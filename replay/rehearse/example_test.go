package rehearse_test

import (
	"fmt"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay/rehearse"
)

func Example() {
	get := func(target string) *flow.Flow {
		return &flow.Flow{Scheme: "http", Request: flow.Request{Method: "GET", Target: target, Authority: "shop.test"}, Response: &flow.Response{Status: 200}}
	}
	flows := [][]*flow.Flow{{get("/"), get("/cart")}}
	page := func(target string) model.Endpoint {
		return model.Endpoint{Name: "GET " + target, Check: model.Check{Content: []string{"text/html"}},
			Variants: []model.Variant{{Request: model.Request{Method: "GET", Target: target}}}}
	}
	m := &model.Model{
		Version: model.Version, Origins: []model.Origin{{Name: "main", URL: "http://shop.test"}},
		Endpoints: []model.Endpoint{page("/"), page("/cart")},
		Behaviors: []model.Behavior{{Name: "visitor", Weight: 1, Start: []model.Edge{{To: "home", Odds: 1}},
			Steps: []model.Step{{ID: "home", Page: &model.Page{Endpoint: "GET /"}, Next: []model.Edge{{To: model.End, Odds: 1}}}}}},
		Sessions: []model.Session{{User: "u1", Acts: []model.Act{{Endpoint: "GET /"}, {Endpoint: "GET /cart", After: []int{0}}}}},
	}
	v, err := rehearse.Play(m, func(session int) []*flow.Flow { return flows[session] })
	fmt.Println(v.Verdict, v.Reasons, err)
	// Output:
	// faithful [] <nil>
}
