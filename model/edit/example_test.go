package edit_test

import (
	"fmt"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/edit"
)

func Example() {
	m := &model.Model{
		Version:   model.Version,
		Behaviors: []model.Behavior{{Name: "reader", Weight: 1, Start: []model.Edge{{To: "GET /", Odds: 1}}}},
		Endpoints: []model.Endpoint{
			{Name: "GET /", Variants: []model.Variant{{Request: model.Request{Method: "GET", Target: "/"}}}},
			{Name: "GET /ads", Variants: []model.Variant{{Request: model.Request{Method: "GET", Target: "/ads"}}}},
			{Name: "GET /news", Variants: []model.Variant{{Request: model.Request{Method: "GET", Target: "/news"}}}},
		},
		Sessions: []model.Session{{User: "u1", Behavior: "reader", Acts: []model.Act{
			{Endpoint: "GET /", Step: "GET /"},
			{Endpoint: "GET /ads", After: []int{0}, Delay: time.Second},
			{Endpoint: "GET /news", Step: "GET /news", After: []int{0, 1}, Delay: 8 * time.Second},
		}}},
	}
	b := &m.Behaviors[0]
	for _, x := range []struct{ id, to string }{{"GET /", "GET /news"}, {"GET /news", model.End}} {
		b.Steps = append(b.Steps, model.Step{ID: x.id, Page: &model.Page{Endpoint: x.id}, Next: []model.Edge{{To: x.to, Odds: 1}}})
	}
	err := edit.Apply(m, []edit.Edit{
		edit.Skip{Endpoints: []string{"GET /ads"}},
		edit.Pace{Factor: 0.5},
	})
	fmt.Println(err)
	for _, a := range m.Sessions[0].Acts {
		fmt.Println(a.Endpoint, a.Delay)
	}
	// Output:
	// <nil>
	// GET / 0s
	// GET /news 4.5s
}
