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
	if len(l.shared.found) > 0 {
		t.Errorf("%d selectors are kept behind the sessions, want none", len(l.shared.found))
	}
}
