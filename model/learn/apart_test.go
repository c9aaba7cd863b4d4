package learn

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
)

// asked is a request of a session, which may lack its answer.
func asked(n int, method, authority, target string, answer *flow.Response) *flow.Flow {
	return &flow.Flow{
		Number: uint64(n), Conn: 1, Scheme: "http", Protocol: "HTTP/1.1", Start: time.Date(2026, 3, 1, 9, 30, n, 0, time.UTC), Done: time.Millisecond,
		Request: flow.Request{Method: method, Target: target, Authority: authority}, Response: answer,
	}
}

func TestRequestsWhoseAnswerIsNotKnownAreLearnedOnDemand(t *testing.T) {
	page := &flow.Response{Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: "text/html"}}, Body: flow.NewBody([]byte("<title>A</title>"))}
	sessions := func() []session.Session {
		return []session.Session{{User: "u1", Flows: []*flow.Flow{
			asked(1, "GET", "shop.test", "/a", page), asked(2, "GET", "shop.test", "/a", nil), asked(3, "POST", "shop.test", "/b", nil),
		}}}
	}
	m, report, err := Learn(sessions(), Options{Unanswered: true})
	if err != nil {
		t.Fatal(err)
	}
	var statuses []int
	for _, a := range m.Sessions[0].Acts {
		statuses = append(statuses, a.Status)
	}
	if want := []int{200, 0, 0}; !slices.Equal(statuses, want) || len(report.Lost) > 0 {
		t.Errorf("the acts expect %v, lost %v; want %v and nothing", statuses, report.Lost, want)
	}
	// What is not known says nothing about what is.
	if c := m.Endpoints[0].Check; !slices.Equal(c.Status, []int{2}) || !slices.Equal(c.Content, []string{"text/html"}) {
		t.Errorf("the check of GET /a is %+v", c)
	}
	if c := m.Endpoints[1].Check; !c.StatusOnly() || len(c.Status) > 0 {
		t.Errorf("the check of POST /b is %+v, want none", c)
	}
	m, report, err = Learn(sessions(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []model.LeftOut{{What: "no response", Flows: 2}}
	if d := cmp.Diff(want, m.Recorded.LeftOut); d != "" || report.Lost["no response"] != 2 {
		t.Errorf("left out (-want +got): %s", d)
	}
}

func TestSocketsAndLongUploadsAreLeftOutWhole(t *testing.T) {
	page := &flow.Response{Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: "text/html"}}}
	upload := asked(3, "PUT", "shop.test", "/file", &flow.Response{Status: 201})
	upload.Request.Body = flow.Body{Size: 1 << 30, Data: []byte("begin")}
	m, _, err := Learn([]session.Session{{User: "u1", Flows: []*flow.Flow{
		asked(1, "GET", "shop.test", "/a", page), asked(2, "GET", "shop.test", "/chat", &flow.Response{Status: 101}), upload,
	}}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range m.Recorded.LeftOut {
		if !l.Whole || l.Flows != 1 {
			t.Errorf("%+v is not left out whole", l)
		}
	}
	if n := len(m.Recorded.LeftOut); n != 2 || m.Recorded.LeftOut[0].Writes != 1 {
		t.Errorf("left out: %+v; want the upload, a write, and the socket", m.Recorded.LeftOut)
	}
}

func TestFurtherOriginsHaveEndpointsOfTheirOwn(t *testing.T) {
	page := func(location string) *flow.Response {
		r := &flow.Response{Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: "text/html"}}}
		if location != "" {
			r.Status, r.Headers = 302, flow.Headers{{Name: "Location", Value: location}}
		}
		return r
	}
	m, _, err := Learn([]session.Session{{User: "u1", Flows: []*flow.Flow{
		asked(1, "GET", "shop.test", "/login", page("http://id.test/login")), asked(2, "GET", "id.test", "/login", page("")), asked(3, "GET", "shop.test", "/", page("")),
	}}}, Options{Origin: func(f *flow.Flow) string {
		if f.Request.Authority == "id.test" {
			return "http://id.test"
		}
		return ""
	}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, e := range m.Endpoints {
		got[e.Name] = e.Origin
	}
	if d := cmp.Diff(map[string]string{"GET /login": "", "GET id.test/login": "http://id.test", "GET /": ""}, got); d != "" {
		t.Errorf("endpoints (-want +got): %s", d)
	}
	want := []model.Origin{{Name: "main", URL: "http://shop.test"}, {Name: "http://id.test", URL: "http://id.test"}}
	if d := cmp.Diff(want, m.Origins); d != "" {
		t.Errorf("origins (-want +got): %s", d)
	}
}
