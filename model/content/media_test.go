package content

import (
	"testing"

	"github.com/starling-load/starling/record/flow"
)

// Clients name JSON a form when nobody tells them otherwise.
func TestJSONUnderTheTypeOfAFormIsJSON(t *testing.T) {
	const form = "application/x-www-form-urlencoded; charset=UTF-8"
	for _, c := range []struct {
		name, media, body string
		want              string // media type
		leaf              Leaf   // the first of the body
		form              bool
	}{
		{"an object", form, `{"order":{"id":"a b"}}`, "application/json", Leaf{"body:$.order.id", "a b"}, false},
		{"a list behind white space", form, "\n [ {\"id\": 7} ]\n", "application/json", Leaf{"body:$[0].id", "7"}, false},
		{"a form", form, `a=1&b={"c":2}`, formMedia, Leaf{"body:a", "1"}, true},
		{"a form whose name begins like JSON", form, `{a}=1`, formMedia, Leaf{"body:{a}", "1"}, true},
		{"a number", form, `12`, formMedia, Leaf{"body:12", ""}, true},
		{"JSON that is cut", form, `{"a":1`, formMedia, Leaf{`body:{"a":1`, ""}, true},
		{"JSON under its own type", "Application/JSON", `{"a":1}`, "application/json", Leaf{"body:$.a", "1"}, false},
		{"JSON under another type", "text/plain", `{"a":1}`, "text/plain", Leaf{"body:*", `{"a":1}`}, false},
	} {
		r := request("/x", c.media, c.body)
		if got := RequestMedia(r); got != c.want {
			t.Errorf("%s: media type %q, want %q", c.name, got, c.want)
		}
		if leaves := BodyLeaves(r); len(leaves) == 0 || leaves[0] != c.leaf {
			t.Errorf("%s: leaves %v, want %v first", c.name, leaves, c.leaf)
		}
		if _, ok := Entries(r); ok != c.form {
			t.Errorf("%s: is a form: %v", c.name, ok)
		}
		checkSpans(t, r)
	}
	if !Writes(request("/graphql", form, `{"query":"mutation { a }"}`)) || Writes(request("/graphql", form, `{"query":"{ a }"}`)) {
		t.Error("whether a call writes is not told from its JSON")
	}
	if RequestMedia(&flow.Request{}) != "" {
		t.Error("a request without a type has one")
	}
}
