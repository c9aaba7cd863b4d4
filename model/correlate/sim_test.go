package correlate

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
)

// begin is when the recorded sessions of the tests start.
var begin = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// A tape writes the exchanges of one session, a second apart.
type tape struct {
	exchanges []Exchange
	now       time.Time
}

func newTape(session int) *tape { return &tape{now: begin.Add(time.Duration(session) * time.Minute)} }

// do adds an exchange. request is "METHOD TARGET" and header lines, a blank line
// and a body; answer the same with a status in the first line. The endpoint is
// the method and the path template, followed by what stands behind " # " in the
// first line.
func (p *tape) do(request, answer string) {
	first, headers, body := parts(request)
	first, variant, _ := strings.Cut(first, " # ")
	method, target, _ := strings.Cut(first, " ")
	f := &flow.Flow{Scheme: "http", Start: p.now, FirstByte: 10 * time.Millisecond, Done: 20 * time.Millisecond,
		Request: flow.Request{Method: method, Target: target, Authority: "shop.test", Headers: headers, Body: flow.NewBody([]byte(body))}}
	status, headers, body := parts(answer)
	code := 0
	for _, c := range status {
		code = 10*code + int(c-'0')
	}
	f.Response = &flow.Response{Status: code, Headers: headers, Body: flow.NewBody([]byte(body))}
	path := content.Template(f.Request.Path())
	name := method + " " + path
	if variant != "" {
		name += " " + variant
	}
	p.exchanges = append(p.exchanges, Exchange{Endpoint: name, Path: path, Flow: f})
	p.now = p.now.Add(time.Second)
}

func parts(s string) (first string, headers flow.Headers, body string) {
	head, body, _ := strings.Cut(s, "\n\n")
	lines := strings.Split(head, "\n")
	for _, l := range lines[1:] {
		k, v, _ := strings.Cut(l, ": ")
		headers = append(headers, flow.Header{Name: k, Value: v})
	}
	return lines[0], headers, body
}

const (
	asJSON = "\nContent-Type: application/json\n\n"
	asHTML = "\nContent-Type: text/html\n\n"
	asForm = "\nContent-Type: application/x-www-form-urlencoded\n\n"
)

// values returns the holes of an endpoint as NAME=KIND REF.
func values(r *Result, endpoint string) string {
	var out []string
	for _, v := range r.Endpoints[endpoint].Variants[0].Values {
		out = append(out, strings.TrimSpace(v.Name+"="+string(v.Kind)+" "+v.Ref))
	}
	return strings.Join(out, ", ")
}

// from returns the sources of a binding.
func from(r *Result, name string) string {
	for _, b := range r.Bindings {
		if b.Name == name {
			var out []string
			for _, s := range b.Sources {
				out = append(out, s.Endpoint+" "+s.Selector)
			}
			if b.Pick != "" {
				out = append(out, "pick "+b.Pick)
			}
			return strings.Join(out, "; ")
		}
	}
	return "no binding"
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s\n got %s\nwant %s", what, got, want)
	}
}

// record runs one session per number and learns. It panics if what was found out says
// other things of the same sessions when they come again.
func record(n int, data []model.Source, session func(p *tape, i int)) *Result {
	var sessions [][]Exchange
	for i := range n {
		p := newTape(i)
		session(p, i)
		sessions = append(sessions, p.exchanges)
	}
	l := New(Options{Data: data})
	for _, s := range sessions {
		for _, e := range s {
			l.Look(e.Flow)
		}
	}
	l.Add(sessions)
	l.Add(sessions)
	again := l.Result()
	for i := range sessions {
		for k := range sessions[i] {
			first, second := said(again, sessions[i][k].Endpoint, again.Acts[i][k]), said(again, sessions[i][k].Endpoint, again.Acts[n+i][k])
			if first != second {
				panic(fmt.Sprintf("session %d act %d %s:\n first %s\nsecond %s", i, k, sessions[i][k].Endpoint, first, second))
			}
		}
	}
	return Learn(sessions, Options{Data: data})
}

// said is what a result says of an act.
func said(r *Result, endpoint string, a Act) string {
	out := fmt.Sprint("variant ", a.Variant, " takes ", a.Takes)
	for _, v := range r.Endpoints[endpoint].Variants {
		if v.Name == a.Variant && a.Row > 0 {
			out += fmt.Sprintf(" row %q", v.Rows[a.Row-1])
		}
	}
	return out
}
