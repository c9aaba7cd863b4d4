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

// Titles count what waits for the user, where something does.
func TestCountsInTitles(t *testing.T) {
	for title, want := range map[string]string{
		"Comments (12) - Desk": "title:Comments - Desk",
		"Comments - Desk":      "title:Comments - Desk",
		"[3] Inbox":            "title:Inbox",
		"Order 7 (draft)":      "title:Order # (draft)",
		"(404)":                "title:(#)",
	} {
		d := New(&flow.Response{Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: "text/html"}}, Body: flow.NewBody([]byte("<title>" + title + "</title>"))})
		if got := d.Shape().Features; !slices.Contains(got, want) {
			t.Errorf("%s: features %q, want %s", title, got, want)
		}
	}
}
