package verbatim

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/client"
	"github.com/starling-load/starling/replay/replaytest"
)

func recordedFlow(at time.Duration, method, target, cookie, answer string) *flow.Flow {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	f := &flow.Flow{
		Scheme: "http", Protocol: "HTTP/1.1", Start: start.Add(at), Done: time.Millisecond,
		Request: flow.Request{Method: method, Target: target, Authority: "recorded.example", Headers: flow.Headers{
			{Name: "Host", Value: "recorded.example"}, {Name: "X-Kept", Value: "yes"}, {Name: "Connection", Value: "keep-alive"},
		}},
		Response: &flow.Response{Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: "application/json"}},
			Body: flow.Body{Data: []byte(answer), Size: int64(len(answer))}},
	}
	if cookie != "" {
		f.Request.Headers = append(f.Request.Headers, flow.Header{Name: "Cookie", Value: cookie})
	}
	return f
}

func TestVerbatimRepeatsSessionsAsRecorded(t *testing.T) {
	var seen replaytest.Journal
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Add("%s %s kept=%s cookie=%s", r.Method, r.URL, r.Header.Get("X-Kept"), r.Header.Get("Cookie"))
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: "live"})
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/changed" {
			io.WriteString(w, `{"id":"seven"}`)
			return
		}
		io.WriteString(w, `{"id":7}`)
	}))
	defer s.Close()
	upgrade := recordedFlow(30*time.Millisecond, "GET", "/chat", "", "")
	upgrade.Response.Status = 101
	cut := recordedFlow(40*time.Millisecond, "POST", "/upload", "", "{}")
	cut.Request.Body = flow.Body{Data: []byte("begin"), Size: 1 << 30}
	sessions := Flows{
		{
			recordedFlow(0, "GET", "/a?x=1", "sid=old; theme=dark", `{"id":1}`),
			recordedFlow(20*time.Millisecond, "GET", "/b", "sid=old; theme=dark", `{"id":2}`),
			cut,
		},
		{recordedFlow(10*time.Millisecond, "GET", "/changed", "", `{"id":3}`)},
	}
	if Omitted(upgrade) == "" || Omitted(cut) == "" || Omitted(sessions[0][0]) != "" {
		t.Errorf("omitted are %q, %q, %q; want a reason for the upgrade and one for the cut body", Omitted(upgrade), Omitted(cut), Omitted(sessions[0][0]))
	}
	p := replay.Plan{Target: s.URL, Scale: 1, Speed: 2}
	src := verbatimOn(t, sessions, p)
	arrivals, err := p.Arrivals(replay.Starts{At: []time.Duration{0, 10 * time.Millisecond}, Span: 30 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: src, Arrivals: arrivals}))
	want := []string{
		"GET /a?x=1 kept=yes cookie=sid=old; theme=dark",
		"GET /b kept=yes cookie=sid=live; theme=dark",
		"GET /changed kept=yes cookie=",
	}
	if got := seen.Sorted(); !slices.Equal(got, want) {
		t.Errorf("the target saw\n%q, want\n%q", got, want)
	}
	if sum.Skipped != 1 || sum.OK != 2 || sum.Failed != 1 || sum.Errors[0].Name != "shape" || sum.Errors[0].Endpoint != "GET /changed" {
		t.Errorf("%d ok, %d failed, %d skipped, errors %+v; want the changed field to fail and the cut body to be skipped", sum.OK, sum.Failed, sum.Skipped, sum.Errors)
	}
}

func TestCookiesThatBreakTheStandardAreSentAsBrowsersDo(t *testing.T) {
	var seen replaytest.Journal
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Add("%s %s", r.URL, r.Header.Get("Cookie"))
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/1" {
			for _, line := range []string{
				`json={"cart":[1]}; Path=/`, `quoted="a b"; HttpOnly`, `flash=a\054b; Secure; Path=/`, `a[b]=é; Path=/`,
				`elsewhere=x; Path=/admin`, `gone=; Max-Age=0; Path=/`,
			} {
				w.Header().Add("Set-Cookie", line)
			}
		}
		io.WriteString(w, `{}`)
	}))
	defer s.Close()
	sessions := Flows{{
		recordedFlow(0, "GET", "/1", `track={"id":"7"}; sid=old; gone=stale`, "{}"),
		recordedFlow(time.Millisecond, "GET", "/2", `track={"id":"7"}; sid=old; gone=stale`, "{}"),
	}}
	p := replay.Plan{Target: s.URL, Users: 1, Sessions: 1}
	src := verbatimOn(t, sessions, p)
	replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: src}))
	want := []string{
		`/1 track={"id":"7"}; sid=old; gone=stale`,
		`/2 json={"cart":[1]}; quoted="a b"; flash=a\054b; a[b]=é; track={"id":"7"}; sid=old`,
	}
	if got := seen.Sorted(); !slices.Equal(got, want) {
		t.Errorf("the target saw\n%s, want\n%s", got, want)
	}
}

func TestVerbatimSendsLongBodiesWhole(t *testing.T) {
	const size = 1 << 20
	var seen replaytest.Journal
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		seen.Add("%d of %d bytes, %v, %.6s", len(body), r.ContentLength, err, body)
	}))
	defer s.Close()
	f := recordedFlow(0, "PUT", "/upload", "", "")
	f.Request.Body = flow.Body{Data: []byte("begin"), Size: size, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader("begins"), strings.NewReader(strings.Repeat("x", size-6)))), nil
	}}
	f.Response = &flow.Response{Status: 200}
	p := replay.Plan{Target: s.URL, Users: 1, Sessions: 2}
	sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: verbatimOn(t, Flows{{f}}, p)}))
	if got, want := seen.Sorted(), "1048576 of 1048576 bytes, <nil>, begins"; sum.OK != 2 || !slices.Equal(got, []string{want, want}) {
		t.Errorf("%d ok; the target saw %q, want twice %q", sum.OK, got, want)
	}
}

func TestVerbatimRefusesARecordingWithNothingToSend(t *testing.T) {
	if _, err := New(Flows{}, nil, nil, 1); err == nil {
		t.Error("an empty recording was accepted")
	}
}

func TestAnAnswerThatLeadsElsewhereOrSaysNothingDoesNotPass(t *testing.T) {
	live := ""
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if live == "" {
			w.Header().Set("Content-Type", "text/event-stream")
			return
		}
		w.Header().Set("Location", live)
		w.WriteHeader(http.StatusFound)
	}))
	defer s.Close()
	events := recordedFlow(0, "GET", "/feed", "", "")
	events.Response.Headers = flow.Headers{{Name: "Content-Type", Value: "text/event-stream"}}
	events.Messages = []flow.Message{{Kind: flow.MessageEvent, Data: []byte("1")}}
	script := recordedFlow(0, "GET", "/app.js", "", "let a")
	script.Response.Headers = events.Response.Headers
	led := func(to string) *flow.Flow {
		f := recordedFlow(0, "POST", "/login", "", "")
		f.Response = &flow.Response{Status: 303, Headers: flow.Headers{{Name: "Location", Value: to}}}
		return f
	}
	for _, c := range []struct {
		name string
		f    *flow.Flow
		live string
		want string // error
	}{
		{"a stream without events", events, "", model.FailBody},
		{"a script without a line", script, "", model.FailBody},
		{"back to the login", led("/account"), "/login?again=1", model.FailRedirect},
		{"to the same page", led("http://shop.test/account"), "/account?welcome=1", ""},
		{"to a thing with another id", led("/orders/17/edit"), s.URL + "/orders/65f0c0ffee21/edit", ""},
		{"to another thing", led("/orders/17"), "/carts/17", model.FailRedirect},
		{"a relative reference says too little", led("next"), "/login", ""},
	} {
		live = c.live
		p := replay.Plan{Target: s.URL, Users: 1, Sessions: 1}
		sum := replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: verbatimOn(t, Flows{{c.f}}, p)}))
		got := ""
		if len(sum.Errors) > 0 {
			got = sum.Errors[0].Name
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestABodyIsFramedAsRecorded(t *testing.T) {
	framed := make(chan string, 2)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		framed <- fmt.Sprintf("%v %d %s", r.TransferEncoding, r.ContentLength, b)
	}))
	defer s.Close()
	sized := recordedFlow(0, "POST", "/", "", "")
	sized.Request.Body = flow.NewBody([]byte("body"))
	sized.Request.Headers = flow.Headers{{Name: "Content-Length", Value: "4"}}
	chunked := recordedFlow(time.Millisecond, "POST", "/", "", "")
	chunked.Request.Body = flow.NewBody([]byte("body"))
	chunked.Request.Headers = flow.Headers{{Name: "Transfer-Encoding", Value: "chunked"}}
	p := replay.Plan{Target: s.URL, Users: 1, Sessions: 1}
	replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: verbatimOn(t, Flows{{sized, chunked}}, p)}))
	for _, want := range []string{"[] 4 body", "[chunked] -1 body"} {
		if got := <-framed; got != want {
			t.Errorf("the target saw %s, want %s", got, want)
		}
	}
}

func TestARunThatAsksForHTTP2WithoutTLSSpeaksIt(t *testing.T) {
	spoken := make(chan string, 1)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { spoken <- r.Proto }))
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetHTTP1(true)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	defer s.Close()
	p := replay.Plan{Target: s.URL, Users: 1, Sessions: 1}
	src := verbatimOn(t, Flows{{recordedFlow(0, "GET", "/", "", "")}}, p)
	replaytest.Total(t, replaytest.Play(t, t.Context(), replay.Options{Plan: p, Source: src, Client: client.Options{H2C: true}}))
	if got := <-spoken; got != "HTTP/2.0" {
		t.Errorf("a request recorded over HTTP/1.1 is sent over %s", got)
	}
}
