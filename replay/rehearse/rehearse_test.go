package rehearse_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/learn"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay/faithful"
	"github.com/starling-load/starling/replay/rehearse"
)

// issues learns from three users of a tracker, each of whom opens a form with a token
// of its own and sends it.
func issues(t *testing.T) (*model.Model, [][]*flow.Flow) {
	t.Helper()
	start := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	var sessions []session.Session
	for i := range 3 {
		exchange := func(n int, method, target, body string, status int, answer string, headers ...flow.Header) *flow.Flow {
			f := &flow.Flow{
				Number: uint64(10*i + n), Conn: uint64(i + 1), Scheme: "http", Protocol: "HTTP/1.1", FirstByte: time.Millisecond, Done: 2 * time.Millisecond,
				Start:    start.Add(time.Duration(i)*time.Second + time.Duration(n)*50*time.Millisecond),
				Request:  flow.Request{Method: method, Target: target, Authority: "tracker.test", Body: flow.NewBody([]byte(body))},
				Response: &flow.Response{Status: status, Headers: headers, Body: flow.NewBody([]byte(answer))},
			}
			if body != "" {
				f.Request.Headers = flow.Headers{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}}
			}
			return f
		}
		html := flow.Header{Name: "Content-Type", Value: "text/html"}
		token := fmt.Sprintf("k%dq%08x", i, 3735928559-i*7919)
		sessions = append(sessions, session.Session{User: fmt.Sprint("u", i+1), Flows: []*flow.Flow{
			exchange(0, "GET", "/issues/new", "", 200, `<html><title>New</title><form method="post" action="/issues"><input type="hidden" name="token" value="`+token+`"><input name="title"></form></html>`, html),
			exchange(1, "POST", "/issues", "token="+token+"&title=bug", 302, "", flow.Header{Name: "Location", Value: "/issues"}),
			exchange(2, "GET", "/issues", "", 200, `<html><title>Issues</title></html>`, html),
		}})
	}
	var flows [][]*flow.Flow
	m, _, err := learn.Learn(sessions, learn.Options{Keep: func(f []*flow.Flow) { flows = append(flows, f) }})
	if err != nil {
		t.Fatal(err)
	}
	return m, flows
}

func TestARehearsalShowsWhatAModelCannotDo(t *testing.T) {
	for _, tt := range []struct {
		name    string
		spoil   func(*model.Model)
		verdict string
		reason  string
	}{
		{"as learned", func(*model.Model) {}, faithful.Faithful, ""},
		{"a binding finds nothing", func(m *model.Model) { m.Bindings[0].Sources[0].Selector = "form:other" }, faithful.Not, "POST /issues never succeeded (no token)"},
		{"a text is another", func(m *model.Model) {
			for i := range m.Endpoints {
				q := &m.Endpoints[i].Variants[0].Request
				q.Body = strings.Replace(q.Body, "bug", "feature", 1)
			}
		}, faithful.Not, "POST /issues never succeeded (another body)"},
		{"a target is another", func(m *model.Model) {
			for i := range m.Endpoints {
				q := &m.Endpoints[i].Variants[0].Request
				q.Target = strings.Replace(q.Target, "/new", "/old", 1)
			}
		}, faithful.Not, "GET /issues/new never succeeded (another target)"},
		{"a value is not explained", func(m *model.Model) {
			m.Unresolved = []model.Unresolved{{Endpoint: "POST /issues", Place: "header X-Mark", Reason: "no answer held it before"}}
		}, faithful.Partly, "varying values that nothing explains: 1"},
		{"sockets are left out", func(m *model.Model) {
			m.Recorded.LeftOut = []model.LeftOut{{What: "sockets", Flows: 1, Whole: true}}
		}, faithful.Partly, "left out: sockets (1 recorded)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, flows := issues(t)
			tt.spoil(m)
			v, err := rehearse.Play(m, func(session int) []*flow.Flow { return flows[session] })
			if err != nil {
				t.Fatal(err)
			}
			if v.Verdict != tt.verdict || !strings.Contains(strings.Join(v.Reasons, "; "), tt.reason) {
				t.Errorf("got %s %q, want %s %q", v.Verdict, v.Reasons, tt.verdict, tt.reason)
			}
		})
	}
}

// A client writes a document back with its members in an order of its own.
func TestADocumentIsTheSameInAnotherOrder(t *testing.T) {
	start := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	var sessions []session.Session
	for i := range 4 {
		exchange := func(n int, method, body, answer string) *flow.Flow {
			asJSON := flow.Headers{{Name: "Content-Type", Value: "application/json"}}
			return &flow.Flow{
				Number: uint64(10*i + n), Conn: uint64(i + 1), Scheme: "http", Protocol: "HTTP/1.1", FirstByte: time.Millisecond, Done: 2 * time.Millisecond,
				Start:    start.Add(time.Duration(i)*time.Second + time.Duration(n)*50*time.Millisecond),
				Request:  flow.Request{Method: method, Target: "/profile", Authority: "desk.test", Headers: asJSON, Body: flow.NewBody([]byte(body))},
				Response: &flow.Response{Status: 200, Headers: asJSON, Body: flow.NewBody([]byte(answer))},
			}
		}
		state := fmt.Sprintf("%d", 100+17*i)
		sessions = append(sessions, session.Session{User: fmt.Sprint("u", i+1), Flows: []*flow.Flow{
			exchange(0, "GET", "", `{"revision":`+state+`,"city":"Lund","motto":"none","seen":[1,2]}`),
			exchange(1, "PUT", `{"motto":"onward","seen":[1,2],"city":"Lund","revision":`+state+`}`, `{}`),
		}})
	}
	for _, tt := range []struct{ from, to, verdict string }{{"", "", faithful.Faithful}, {"onward", "back", faithful.Not}} {
		var flows [][]*flow.Flow
		m, _, err := learn.Learn(sessions, learn.Options{Keep: func(f []*flow.Flow) { flows = append(flows, f) }})
		if err != nil {
			t.Fatal(err)
		}
		for i := range m.Endpoints {
			q := &m.Endpoints[i].Variants[0].Request
			if q.Method == "PUT" && q.Changes == "" {
				t.Fatalf("%s is no changed document: the test shows nothing", q.Body)
			}
			q.Body = strings.Replace(q.Body, tt.from, tt.to, 1)
		}
		v, err := rehearse.Play(m, func(session int) []*flow.Flow { return flows[session] })
		if err != nil || v.Verdict != tt.verdict {
			t.Errorf("with %q for %q: %v %v, want %s", tt.to, tt.from, v, err, tt.verdict)
		}
	}
}

// Of a long recording only some sessions are played, wherever they stand.
func TestTheSessionsThatHaveAnswersArePlayed(t *testing.T) {
	m, flows := issues(t)
	few := len(m.Sessions)
	for len(m.Sessions) < rehearse.Most+few {
		next := m.Sessions[len(m.Sessions)%few]
		next.Start = m.Sessions[len(m.Sessions)-1].Start
		m.Sessions = append(m.Sessions, next)
	}
	played := 0
	v, err := rehearse.Play(m, func(session int) []*flow.Flow {
		if session < rehearse.Most {
			return nil
		}
		played++
		return flows[session%few]
	})
	if err != nil {
		t.Fatal(err)
	}
	if played < few || v.Verdict != faithful.Faithful || v.Steps.Replayed != 3 {
		t.Errorf("%d sessions are played, %s with %.2f steps each, want at least %d, faithful with 3", played, v.Verdict, v.Steps.Replayed, few)
	}
}

// The button that was pressed stands anywhere among the fields.
func TestAFormIsTheSameWithItsButtonInAnotherPlace(t *testing.T) {
	start := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	var sessions []session.Session
	for i := range 4 {
		exchange := func(n int, method, body, answer string) *flow.Flow {
			return &flow.Flow{
				Number: uint64(10*i + n), Conn: uint64(i + 1), Scheme: "http", Protocol: "HTTP/1.1", FirstByte: time.Millisecond, Done: 2 * time.Millisecond,
				Start:    start.Add(time.Duration(i)*time.Second + time.Duration(n)*50*time.Millisecond),
				Request:  flow.Request{Method: method, Target: "/note", Authority: "desk.test", Headers: flow.Headers{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}}, Body: flow.NewBody([]byte(body))},
				Response: &flow.Response{Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: "text/html"}}, Body: flow.NewBody([]byte(answer))},
			}
		}
		token := fmt.Sprintf("k%dq%08x", i, 3735928559-i*7919)
		sessions = append(sessions, session.Session{User: fmt.Sprint("u", i+1), Flows: []*flow.Flow{
			exchange(0, "GET", "", `<form method=post><input type=hidden name=token value=`+token+`><button name=keep value=yes>Keep</button><select name=shelf><option value=low>low</select></form>`),
			exchange(1, "POST", "token="+token+"&keep=yes&shelf=low", `<p>kept</p>`),
		}})
	}
	var flows [][]*flow.Flow
	m, _, err := learn.Learn(sessions, learn.Options{Keep: func(f []*flow.Flow) { flows = append(flows, f) }})
	if err != nil {
		t.Fatal(err)
	}
	v, err := rehearse.Play(m, func(session int) []*flow.Flow { return flows[session] })
	if err != nil || v.Verdict != faithful.Faithful {
		t.Errorf("%+v, %v; want %s", v, err, faithful.Faithful)
	}
}
