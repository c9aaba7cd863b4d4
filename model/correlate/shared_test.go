package correlate

import (
	"fmt"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

// What many answers share is read once, so that its values are in memory once.
func TestValuesOfADocumentThatAnswersShareAreInMemoryOnce(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"items":[{"id":0}`)
	for i := 1; b.Len() < 2*longBody; i++ {
		fmt.Fprintf(&b, `,{"id":%d}`, i)
	}
	body := flow.NewBody([]byte(b.String() + "]}"))
	other := flow.NewBody([]byte(strings.Replace(b.String(), `"id":0`, `"id":9`, 1) + "]}"))
	l := New(Options{})
	var exchanges []Exchange
	for i := range 3 {
		f := &flow.Flow{Request: flow.Request{Method: "GET", Target: "/"}, Response: &flow.Response{Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: "application/json"}}, Body: body}}
		if i == 2 {
			f.Response.Body = other
		}
		exchanges = append(exchanges, Exchange{Endpoint: "GET /", Path: "/", Flow: f})
	}
	l.begin([][]Exchange{exchanges[:1], exchanges[1:]})
	of := func(session, n int) []string { return l.sessions[session].exchanges[n].values("json:items[].id") }
	one, two, three := of(0, 0), of(1, 0), of(1, 1)
	if &one[0] != &two[0] || one[0] != "0" || three[0] != "9" || len(three) != len(one) {
		t.Errorf("two answers with one body have %p and %p, the third begins with %s", one, two, three[0])
	}
	l.end()
	if len(l.shared.values) > 0 {
		t.Errorf("%d selectors are kept behind the sessions, want none", len(l.shared.values))
	}
}

// Where long lists have a value is looked up in their index, and found as in short ones.
func TestALongListIsReadAsAShortOne(t *testing.T) {
	ids := func(from, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,{"id":%d},{"id":%d}`, from+i, from+i)
		}
		return `{"items":[` + b.String()[1:] + `]}`
	}
	l := New(Options{})
	var exchanges []Exchange
	for _, body := range []string{ids(0, 3), ids(2, longValues), ids(1, 2), ids(2, longValues)} {
		f := &flow.Flow{Request: flow.Request{Method: "GET", Target: "/"}, Response: &flow.Response{Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: "application/json"}}, Body: flow.NewBody([]byte(body))}}
		exchanges = append(exchanges, Exchange{Endpoint: "GET /", Path: "/", Flow: f})
	}
	l.begin([][]Exchange{exchanges})
	for value, want := range map[string]string{"0": "0:0 ", "1": "0:2 2:0 ", "2": "0:4 1:0 2:2 3:0 ", "3": "1:2 3:2 ", "900": ""} {
		got := ""
		for _, h := range l.sessions[0].hits(source{"GET /", "json:items[].id"}, value) {
			got += fmt.Sprintf("%d:%d ", h.exchange.index, h.match)
		}
		if got != want {
			t.Errorf("%s is in %q, want %q", value, got, want)
		}
	}
}
