package correlate

import (
	"fmt"
	"testing"

	"github.com/starling-load/starling/model"
)

// pages returns sessions that read a token and send it, and a language that is the same in
// all of them.
func pages(from, n int, language func(i int) string) [][]Exchange {
	var sessions [][]Exchange
	for i := from; i < from+n; i++ {
		p := newTape(i)
		p.do("GET /form", "200"+asHTML+fmt.Sprintf(`<form action="/send" method="post"><input type="hidden" name="csrf" value="%016x"></form>`, 0x9E3779B97F4A7C15*uint64(i+1)))
		p.do("GET /list?lang="+language(i), "200"+asJSON+fmt.Sprintf(`{"items":[{"id":"%08x"}]}`, 0x85EBCA6B*uint32(i+1)))
		p.do("POST /send"+asForm+fmt.Sprintf("csrf=%016x&text=hello+%d", 0x9E3779B97F4A7C15*uint64(i+1), i), "302\nLocation: /done\n\n")
		sessions = append(sessions, p.exchanges)
	}
	return sessions
}

func TestAPlaceThatWasTheSameAndVariesLaterBecomesAnotherVariant(t *testing.T) {
	l := New(Options{})
	l.Add(pages(0, 5, func(int) string { return "en" }))
	l.Add(pages(5, 5, func(i int) string { return []string{"en", "de", "fr", "it", "en"}[i%5] }))
	l.Add(pages(10, 5, func(i int) string { return []string{"en", "de", "fr", "pl", "da"}[i%5] }))
	r := l.Result()
	e := r.Endpoints["GET /list"]
	if len(e.Variants) != 2 {
		t.Fatalf("%d variants, want one with the language and one with a hole: %+v", len(e.Variants), e.Variants)
	}
	want(t, "variant 1", e.Variants[0].Request.Target, "/list?lang=en")
	want(t, "variant 2", e.Variants[1].Request.Target, "/list?lang=${lang}")
	sent := ""
	for i := range r.Acts {
		if a := r.Acts[i][1]; a.Variant == "2" {
			sent += e.Variants[1].Rows[a.Row-1][0] + " "
		} else {
			sent += "- "
		}
	}
	want(t, "languages", sent, "- - - - - - de fr it - - de fr pl da ")
}

func TestAnEndpointThatComesLaterIsExplainedThen(t *testing.T) {
	l := New(Options{})
	all := pages(0, 8, func(int) string { return "en" })
	var before [][]Exchange
	for _, s := range all[:4] {
		before = append(before, s[:2])
	}
	l.Add(before)
	l.Add(all[4:6])
	l.Add(all[6:])
	r := l.Result()
	for i := 4; i < 8; i++ {
		a := r.Acts[i][2]
		take := fmt.Sprint(a.Takes)
		want(t, fmt.Sprint("takes of session ", i), take, "[{0 0 0 0} {0 0 0 0}]")
	}
}

func TestAValueBesideTheNameOfTheUserIsFoundAgain(t *testing.T) {
	names := []string{"ada", "bob", "cleo", "dan"}
	users := model.Source{Name: "users", Columns: []string{"name"}}
	for _, n := range names {
		users.Rows = append(users.Rows, []string{n})
	}
	r := record(len(names), []model.Source{users}, func(p *tape, i int) {
		p.do("POST /login"+asJSON+fmt.Sprintf(`{"name":%q,"as":%q}`, names[i], names[i]), "200"+asJSON+`{}`)
		p.do(fmt.Sprintf("GET /files?for=%d to %s now", 100+17*i*i, names[i]), "200"+asJSON+`{}`)
	})
	want(t, "target", r.Endpoints["GET /files"].Variants[0].Request.Target, "/files?for=${for} to ${name} now")
}
