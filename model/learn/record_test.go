package learn_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/learn"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
)

// pageApp is one session of a page whose parts load side by side: the second
// script when the first is over.
func pageApp(p *tape, i int) {
	const ms = time.Millisecond
	agent := "\nUser-Agent: Fox/" + fmt.Sprint(i%2+1) + "\nAccept-Language: de\nSec-CH-UA-Mobile: ?0"
	start := p.now
	at := func(from, to time.Duration, conn uint64, request, answer string) {
		f := p.do(0, request+agent, answer)
		f.Start, f.Done, f.FirstByte, f.Conn = start.Add(from), to-from, (to-from)/2, conn
	}
	at(0, 40*ms, 7, "GET /page", "200"+asHTML+"<title>Page</title>")
	at(45*ms, 90*ms, 7, "GET /logo", "200\nContent-Type: image/png\n\nx")
	at(46*ms, 60*ms, 9, "GET /first?v="+fmt.Sprint(i), "200\nContent-Type: text/javascript\n\nx")
	at(70*ms, 80*ms, 9, "GET /second", "404\nContent-Type: text/plain\n\nx")
	at(2*time.Second, 2*time.Second+50*ms, 9, "GET /next", "200"+asHTML+"<title>Next</title>")
}

func TestRecordedSessionsAreKept(t *testing.T) {
	m, _ := mustLearn(t, visits(4, pageApp))
	const ms = time.Millisecond
	want := model.Session{User: "u3", Behavior: m.Behaviors[0].Name, Browser: "fox", Start: 2 * time.Minute, Acts: []model.Act{
		{Endpoint: "GET /page", Step: "GET /page", Conn: 1, Status: 200},
		{Endpoint: "GET /logo", After: []int{0}, Delay: 5 * ms, Conn: 1, Status: 200},
		{Endpoint: "GET /first?v", After: []int{0}, Delay: 6 * ms, Conn: 2, Row: 3, Status: 200},
		{Endpoint: "GET /second", After: []int{2}, Delay: 10 * ms, Conn: 2, Status: 404},
		{Endpoint: "GET /next", Step: "GET /next", After: []int{1, 3}, Delay: 1910 * ms, Conn: 2, Status: 200},
	}}
	if len(m.Sessions) != 4 {
		t.Fatalf("%d sessions, want 4", len(m.Sessions))
	}
	got := m.Sessions[2]
	for i := range got.Acts { // the name of the endpoint does not matter
		if strings.HasPrefix(got.Acts[i].Endpoint, "GET /first") {
			got.Acts[i].Endpoint = "GET /first?v"
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("third session (-want +got)\n%s", diff)
	}
	if got := fmt.Sprint(m.Starts()); got != "[0s 1m0s 2m0s 3m0s]" {
		t.Errorf("starts %s", got)
	}
}

func TestABrowserBelongsToTheUser(t *testing.T) {
	m, _ := mustLearn(t, visits(3, pageApp))
	fox := func(name string, weight float64, version string) model.Browser {
		return model.Browser{Name: name, Weight: weight, Headers: []model.Header{
			{Name: "Accept-Language", Value: "de"}, {Name: "Sec-CH-UA-Mobile", Value: "?0"}, {Name: "User-Agent", Value: "Fox/" + version}}}
	}
	if diff := cmp.Diff([]model.Browser{fox("fox", 0.6667, "1"), fox("fox-2", 0.3333, "2")}, m.Browsers); diff != "" {
		t.Errorf("browsers (-want +got)\n%s", diff)
	}
	for _, e := range m.Endpoints {
		for _, h := range e.Variants[0].Request.Headers {
			t.Errorf("%s has the header %s: %s, which belongs to the browser", e.Name, h.Name, h.Value)
		}
	}
	if got := []string{m.Sessions[0].Browser, m.Sessions[1].Browser, m.Sessions[2].Browser}; !cmp.Equal(got, []string{"fox", "fox-2", "fox"}) {
		t.Errorf("browsers of the sessions %q", got)
	}
}

func TestAProtocolThatIsNeededIsKept(t *testing.T) {
	sessions := func(scheme, protocol, media string) []session.Session {
		return visits(2, func(p *tape, _ int) {
			f := p.do(0, "POST /api\nContent-Type: "+media+"\n\n{}", "200")
			f.Scheme, f.Protocol = scheme, protocol
			f.Request.Trailers = flow.Headers{{Name: "Sum", Value: "$1"}}
		})
	}
	for _, tt := range []struct {
		name, scheme, protocol, media string
		want                          model.Protocol
	}{
		{"HTTP/1.1", "http", "HTTP/1.1", "application/json", model.AnyProtocol},
		{"HTTP/2 over TLS", "https", "HTTP/2.0", "application/json", model.AnyProtocol},
		{"HTTP/2 without TLS", "http", "HTTP/2.0", "application/json", model.HTTP2},
		{"gRPC", "https", "HTTP/2.0", "application/grpc+proto", model.HTTP2},
	} {
		m, _ := mustLearn(t, sessions(tt.scheme, tt.protocol, tt.media))
		r := m.Endpoints[0].Variants[0].Request
		if r.Protocol != tt.want || !cmp.Equal(r.Trailers, []model.Header{{Name: "Sum", Value: "$$1"}}) {
			t.Errorf("%s: protocol %q, trailers %v; want %q and Sum: $$1", tt.name, r.Protocol, r.Trailers, tt.want)
		}
	}
}

// A browser goes where a redirection leads while its body still comes.
func TestWhoFollowsARedirectionWaitsForItsHead(t *testing.T) {
	ms := time.Millisecond
	exchange := func(at, head, done time.Duration, target string, status int, location string) *flow.Flow {
		f := &flow.Flow{Scheme: "http", Start: begin.Add(at), FirstByte: head, Done: done, Request: flow.Request{Method: "GET", Target: target, Authority: "a.test"},
			Response: &flow.Response{Status: status}}
		if location != "" {
			f.Response.Headers = flow.Headers{{Name: "Location", Value: location}}
		}
		return f
	}
	for name, tt := range map[string]struct {
		location string
		status   int
		after    []int
	}{
		"a redirection":           {"/in", 302, []int{0}},
		"an answer that is slow":  {"", 200, nil},
		"not one that leads away": {"", 304, nil},
	} {
		m, _, err := learn.Learn([]session.Session{{User: "u", Flows: []*flow.Flow{
			exchange(0, 5*ms, 20*ms, "/out", tt.status, tt.location), exchange(10*ms, ms, 2*ms, "/in", 200, ""),
		}}}, learn.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Sessions[0].Acts[1].After; !slices.Equal(got, tt.after) {
			t.Errorf("%s: the next act waits for %v, want %v", name, got, tt.after)
		}
	}
}

// An error that was an exception is no licence for the step that had it, and is told.
func TestExceptionsAreTold(t *testing.T) {
	var sessions []session.Session
	for i := range 10 {
		p := &tape{now: begin.Add(time.Duration(i) * time.Minute)}
		for k := range 3 {
			answer := "200"
			if i == 4 && k == 1 {
				answer = "500"
			}
			p.do(time.Second, "GET /list", answer)
		}
		sessions = append(sessions, session.Session{User: fmt.Sprint("u", i), Flows: p.flows})
	}
	m, _, err := learn.Learn(sessions, learn.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if a := m.Sessions[4].Acts[1]; a.Status != 0 || a.Outcome != "" {
		t.Errorf("the act expects status %d, outcome %q, want what the check says", a.Status, a.Outcome)
	}
	if c := m.Endpoints[0].Check; !slices.Equal(c.Status, []int{2}) {
		t.Errorf("accepted are %v, want 2xx alone", c.Status)
	}
	want := "1 answer told of an error of the service, which was an exception: what other requests were answered is expected there"
	if !slices.Contains(m.Notes, want) {
		t.Errorf("notes %q, want %q", m.Notes, want)
	}
}
