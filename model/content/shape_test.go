package content

import (
	"slices"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

// A script that gets a row of a table from the target gets a sentence when it is refused.
func TestAPartOfAPageHasElements(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		want       bool
	}{
		{"a row", `<tr><td>Soil</td></tr>`, true},
		{"a sentence", `Somebody else is writing here.`, false},
		{"nothing", ``, false},
		{"a page", `<title>Desk</title><p>Soil</p>`, false},
		{"a form", `<form method=post action=/do><input name=a></form>`, false},
	} {
		d := New(&flow.Response{Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: "text/html"}}, Body: flow.NewBody([]byte(tt.body))})
		if got := slices.Contains(d.Shape().Features, "elements"); got != tt.want {
			t.Errorf("%s: %v, features %q", tt.name, got, d.Shape().Features)
		}
	}
}
