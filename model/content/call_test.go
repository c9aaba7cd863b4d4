package content

import (
	"slices"
	"strings"
	"testing"
)

func TestCallsOfAScriptAreRows(t *testing.T) {
	script := `this.title("a (b");\nthis.add(17,{"t":"Tide \"x\"","n":[1]},false);\nif(ok(3)) list.add( 18 , {"t":"W(i)nd"} , null ); add(x,{"t":"no"}); add(19,{bad:1}); other(1,{"k":5}); add({"t":"y"})`
	answer := `{"exec":"` + strings.ReplaceAll(strings.ReplaceAll(script, `\"`, `\\\"`), `"`, `\"`) + `"}`
	answer = strings.ReplaceAll(answer, `\\\\"`, `\\\"`)
	d := doc("application/json", answer)
	for _, tt := range []struct{ selector, want string }{
		{"json:exec|call:add|json:[].id", "17 18"},
		{"json:exec|call:add|json:[].a2.t", `Tide "x" W(i)nd`},
		{"json:exec|call:other|json:[].a2.k", "5"},
		{"json:exec|call:title|json:[].id", ""},
	} {
		s, err := ParseSelector(tt.selector)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(s.Values(d), " "); got != tt.want {
			t.Errorf("%s of %s: %q, want %q", tt.selector, answer, got, tt.want)
		}
	}
	for _, want := range []Leaf{{"json:exec|call:add|json:[].id", "18"}, {"json:exec|call:other|json:[].a2.k", "5"}} {
		if !slices.Contains(d.Leaves(), want) {
			t.Errorf("leaves lack %v: %v", want, d.Leaves())
		}
	}
	if got, want := besideOf(t, "json:exec|call:add|json:[].id", d), `17: t=Tide "x", n=1, a3=false; 18: t=W(i)nd`; got != want {
		t.Errorf("elements %s, want %s", got, want)
	}
	for _, s := range []string{"(", "f(", `f(1,{"a":`, `f(1,{"a":1}`, `f("`, "f(1,{)", strings.Repeat("f(1,{", 1000)} {
		if list := calls(s); len(list) > 0 {
			t.Errorf("%.20q has calls: %v", s, list)
		}
	}
}
