package way_test

import (
	"fmt"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/way"
	"github.com/starling-load/starling/record/flow"
)

// ask is an exchange of a service that knows its users by a cookie.
func ask(method, target, cookie, body, sets string) *flow.Flow {
	f := &flow.Flow{Scheme: "http", Request: flow.Request{Method: method, Target: target, Authority: "desk.test"}, Response: &flow.Response{Status: 200}}
	if cookie != "" {
		f.Request.Headers = flow.Headers{{Name: "Cookie", Value: "sid=" + cookie}}
	}
	if body != "" {
		f.Request.Headers = append(f.Request.Headers, flow.Header{Name: "Content-Type", Value: "application/x-www-form-urlencoded"})
		f.Request.Body = flow.NewBody([]byte(body))
	}
	if sets != "" {
		f.Response.Headers = flow.Headers{{Name: "Set-Cookie", Value: "sid=" + sets}}
	}
	return f
}

func Example() {
	m := &model.Model{
		Endpoints: []model.Endpoint{
			{Name: "POST /login", Variants: []model.Variant{{Request: model.Request{Method: "POST", Target: "/login"}}}},
			{Name: "GET /inbox", Variants: []model.Variant{{Request: model.Request{Method: "GET", Target: "/inbox"}}}},
		},
		Sessions: []model.Session{
			{User: "ann", Acts: []model.Act{{Endpoint: "POST /login", Status: 200}, {Endpoint: "GET /inbox", Status: 200}}},
			{User: "bob", Acts: []model.Act{{Endpoint: "GET /inbox", Status: 200}}},
		},
	}
	sessions := [][]*flow.Flow{
		{ask("POST", "/login", "", "user=ann&password=secret", "8f2c61d09ab34e57"), ask("GET", "/inbox", "8f2c61d09ab34e57", "", "")},
		{ask("GET", "/inbox", "77aa03d1e5c24b90", "", "")},
	}
	w := way.New()
	for _, flows := range sessions {
		w.Look(flows)
	}
	var traces []way.Trace
	for _, flows := range sessions {
		traces = append(traces, w.Trace(flows))
	}
	found := way.Lend(m, traces)
	fmt.Println(found.Entered, m.Sessions[1].Entry[0].Endpoint)
	// Output: 1 POST /login
}
