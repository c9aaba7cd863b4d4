package correlate

import (
	"fmt"
	"strings"
	"testing"
)

// quoting records visitors of a desk who quote a note: the script of the page puts its
// number into a field of the kind. note gives the attribute that holds it.
func quoting(kind string, note func(i int) string) *Result {
	return record(6, nil, func(p *tape, i int) {
		page := "200" + asHTML
		for n := range 4 {
			page += fmt.Sprintf(`<button type=button %s=%d data-page=5>quote</button>`, note(i), 31+4*n)
		}
		p.do("GET /desk", page+`<form method=post action=/answer><input type=`+kind+` name=quotes value=0><input name=text></form>`)
		p.do(fmt.Sprintf("POST /answer%squotes=%d&text=thanks+%d", asForm, 31+4*(i%3), i), "302\nLocation: /desk\n")
	})
}

func TestAHiddenFieldThatAScriptSetsIsTakenFromBesideTheForm(t *testing.T) {
	r := quoting("hidden", func(int) string { return "data-note" })
	for i := range 6 {
		takes := r.Acts[i][1].Takes
		want(t, fmt.Sprint("session ", i), fmt.Sprint(takes[0].Act, " ", takes[0].Match), fmt.Sprint("0 ", i%3))
	}
	want(t, "its place", from(r, "note"), "GET /desk attr:data-note")
	if len(r.Unresolved) > 0 {
		t.Errorf("%+v is named, although it is bound", r.Unresolved)
	}
}

// What people typed may equal a number of the page by chance.
func TestAFieldThatUsersTypeIsNotTakenFromBesideTheForm(t *testing.T) {
	r := quoting("text", func(int) string { return "data-note" })
	if got := from(r, "note"); got != "no binding" || len(r.Unresolved) > 0 {
		t.Errorf("a number that was typed is taken from %s, and %+v is named", got, r.Unresolved)
	}
}

func TestAHiddenFieldWithoutOnePlaceOfIdentifiersIsNamed(t *testing.T) {
	for name, note := range map[string]func(i int) string{
		"places that change": func(i int) string { return [...]string{"data-note", "data-note", "data-mail"}[i%3] },
		"words beside it":    func(int) string { return "data-note=help></button><button type=button data-note" },
	} {
		r := quoting("hidden", note)
		if len(r.Unresolved) != 1 || r.Unresolved[0].Place != "body quotes" || r.Unresolved[0].Requests != 6 || !strings.Contains(r.Unresolved[0].Reason, "earlier answer of GET /desk") {
			t.Errorf("%s: %+v, want that quotes was in an answer of GET /desk", name, r.Unresolved)
		}
	}
}

// A number in the text of an element that only its own session saw is taken from there.
func TestAnIdentifierOfATextIsTakenFromThere(t *testing.T) {
	for _, c := range []struct {
		name, want string
		id         func(i int) int
		shown      func(id int) string
	}{
		{"of the session", `GET /order text:ss=number>…<`, func(i int) int { return 4711 + 13*i }, func(id int) string { return fmt.Sprintf("<p class=number>%d</p>", id) }},
		{"that all sessions see", "no binding", func(i int) int { return 4711 + i%2 }, func(int) string { return "<p class=number>4711</p><p class=number>4712</p>" }},
	} {
		r := record(6, nil, func(p *tape, i int) {
			p.do("GET /order", "200"+asHTML+"<h1>Your order</h1>"+c.shown(c.id(i)))
			p.do(fmt.Sprintf("POST /pay%sorder=%d", asForm, c.id(i)), "200")
		})
		want(t, "a number "+c.name, from(r, "token"), c.want)
	}
}
