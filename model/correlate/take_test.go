package correlate

import (
	"fmt"
	"strings"
	"testing"

	"github.com/starling-load/starling/model"
)

// takesOf returns what exchange k of a session takes, as ACT.SOURCE.MATCH from 0.
func takesOf(r *Result, session, k int) string {
	var out []string
	for _, t := range r.Acts[session][k].Takes {
		switch t.Act {
		case model.Own:
			out = append(out, "own")
		case model.Latest:
			out = append(out, "latest")
		default:
			out = append(out, fmt.Sprintf("%d.%d.%d", t.Act, t.Source, t.Match))
		}
	}
	return strings.Join(out, " ")
}

func TestAnOwnRecordIsTakenFromItsCreationAndAListedOneFromItsFirstList(t *testing.T) {
	r := record(6, nil, func(p *tape, i int) {
		other, own := secretOf("other", i), secretOf("own", i)
		list := func(ids ...string) string {
			return `200` + asJSON + `{"items":[{"id":"` + strings.Join(ids, `"},{"id":"`) + `"}]}`
		}
		p.do("GET /posts", list(secretOf(i), other))
		p.do("GET /posts", list(secretOf(i, "x"), secretOf(i), other))
		p.do("POST /posts"+asJSON+`{}`, "201"+asJSON+`{"id":"`+own+`"}`)
		p.do("GET /posts", list(own, secretOf(i), other))
		p.do("DELETE /posts/"+own, "204")
		p.do("DELETE /posts/"+other, "204")
	})
	id := r.Bindings[0]
	if id.Name != "item_id" && id.Name != "post_id" {
		t.Fatalf("bindings %+v, want one for the ids of posts", r.Bindings)
	}
	source := func(take string) string {
		var act, at, match int
		if _, err := fmt.Sscanf(take, "%d.%d.%d", &act, &at, &match); err != nil {
			return take
		}
		for _, v := range r.Endpoints["DELETE /posts/{}"].Variants[0].Values {
			for _, b := range r.Bindings {
				if b.Name == v.Ref {
					return fmt.Sprintf("act %d, %s, match %d", act, b.Sources[at].Selector, match)
				}
			}
		}
		return "no value"
	}
	want(t, "own record", source(takesOf(r, 0, 4)), "act 2, json:id, match 0")
	want(t, "record of a list", source(takesOf(r, 0, 5)), "act 0, json:items[].id, match 1")
}

// What one session alone made is its own, though all others choose from the list: whatever
// names the record has where it is made and where it is chosen.
func TestARecordThatOneSessionMadeIsTakenFromItsCreation(t *testing.T) {
	for name, tt := range map[string]struct {
		id   func(k int) string
		kept string // what the answers call the identifier
		sent string // what the request calls it
	}{
		"opaque, with a name of its own": {func(k int) string { return secretOf("tag", k) }, "recordId", "recordId"},
		"opaque, with two names":         {func(k int) string { return secretOf("tag", k) }, "recordId", "tag"},
		"a number":                       {func(k int) string { return fmt.Sprint(4100 + 17*k) }, "id", "tag_id"},
	} {
		t.Run(name, func(t *testing.T) {
			r := record(6, nil, func(p *tape, i int) {
				list := func(ids ...int) string {
					var rows []string
					for _, k := range ids {
						rows = append(rows, fmt.Sprintf(`{"%s":"%s","name":"tag %c"}`, tt.kept, tt.id(k), 'a'+k))
					}
					return `200` + asJSON + `{"results":[` + strings.Join(rows, ",") + `]}`
				}
				shown, chosen := []int{0, 1, 2, 3}, i%4
				if i == 4 {
					p.do("POST /tags"+asJSON+`{"name":"tag h"}`, "201"+asJSON+`{"data":{"`+tt.kept+`":"`+tt.id(7)+`"}}`)
					shown, chosen = append(shown, 7), 7
				}
				p.do("GET /tags", list(shown...))
				p.do("POST /posts"+asJSON+`{"text":"x","tags":[{"`+tt.sent+`":"`+tt.id(chosen)+`"}]}`, "201"+asJSON+`{"ok":true}`)
			})
			if got := takesOf(r, 4, 2); !strings.HasPrefix(got, "0.") {
				t.Errorf("the record that the session made: takes %q, want it from act 0", got)
			}
			if got := takesOf(r, 3, 1); !strings.HasPrefix(got, "0.") || !strings.HasSuffix(got, ".3") {
				t.Errorf("a record of the list: takes %q, want element 3 of act 0", got)
			}
		})
	}
}

func TestATokenIsTakenFromTheLatestAnswerThatHeldIt(t *testing.T) {
	r := record(3, nil, func(p *tape, i int) {
		page := func(k int) string { return `200` + asHTML + `<meta name=csrf content=` + secretOf(i, k) + `>` }
		p.do("GET /a", page(1))
		p.do("GET /b", page(1))
		p.do("POST /x"+asForm+"csrf="+secretOf(i, 1), "200")
		p.do("GET /a", page(2))
		p.do("POST /x"+asForm+"csrf="+secretOf(i, 2), "200")
	})
	for k, act := range map[int]string{2: "1.", 4: "3."} {
		if got := takesOf(r, 0, k); !strings.HasPrefix(got, act) {
			t.Errorf("exchange %d takes %q, want it from act %s", k, got, act)
		}
	}
}

func TestAValueThatNoAnswerHeldIsTheActsOwn(t *testing.T) {
	r := record(12, people, func(p *tape, i int) {
		who, id := people[0].Rows[i%4][0], secretOf(i)
		p.do("POST /login"+asForm+"user="+who+"&password="+people[0].Rows[i%4][1], "200"+asJSON+`{"id":"`+id+`"}`)
		if i == 5 {
			id = "me"
		}
		if i == 7 {
			who = "guest"
		}
		p.do("GET /users?id="+id+"&by="+who, "200")
	})
	want(t, "values", values(r, "GET /users"), "login_id=bound login_id, user=data accounts.user")
	for i, takes := range map[int]string{4: "0.0.0 latest", 5: "own latest", 7: "0.0.0 own"} {
		want(t, fmt.Sprint("takes of session ", i), takesOf(r, i, 1), takes)
	}
	v := r.Endpoints["GET /users"].Variants[0]
	if own := v.Rows[r.Acts[5][1].Row-1]; own[0] != "me" || own[1] != "" {
		t.Errorf("recorded values %q of session 5, want me and nothing", own)
	}
	if own := v.Rows[r.Acts[7][1].Row-1]; own[0] != "" || own[1] != "guest" {
		t.Errorf("recorded values %q of session 7, want nothing and guest", own)
	}
}

func TestEachStructureIsAVariant(t *testing.T) {
	r := record(4, nil, func(p *tape, i int) {
		p.do("POST /find"+asForm+"q=a"+fmt.Sprint(i), "200")
		p.do("POST /find"+asForm+"q=b"+fmt.Sprint(i)+"&page=2", "200")
		p.do("POST /find\nX-Requested-With: XMLHttpRequest"+asForm+"q=c"+fmt.Sprint(i), "200")
		p.do("POST /find"+asJSON+`{"q":"d"}`, "200")
	})
	var bodies []string
	for _, v := range r.Endpoints["POST /find"].Variants {
		bodies = append(bodies, fmt.Sprintf("%s: %s %d", v.Name, v.Request.Body, v.Recorded))
	}
	want(t, "variants", strings.Join(bodies, "; "), `1: q=${q} 4; 2: q=${q}&page=2 4; 3: q=${q} 4; 4: {"q":"d"} 4`)
	if a := r.Acts[2][2]; a.Variant != "3" || r.Endpoints["POST /find"].Variants[2].Rows[a.Row-1][0] != "c2" {
		t.Errorf("the third exchange of the third session is %+v, want variant 3 with c2", a)
	}
}

// A file name with the user's name in it and one without have no template in common.
func TestAValueOfOtherPiecesIsAVariantOfItsOwn(t *testing.T) {
	r := record(12, people, func(p *tape, i int) {
		who := people[0].Rows[i%4]
		p.do("POST /login"+asForm+"user="+who[0]+"&password="+who[1], "200")
		page := "notes:" + who[0]
		if i == 3 {
			page = "start"
		}
		p.do("GET /page?id="+page, "200")
	})
	e := r.Endpoints["GET /page"]
	if len(e.Variants) != 2 || e.Variants[0].Request.Target != "/page?id=notes:${user}" || e.Variants[1].Request.Target != "/page?id=${id}" {
		t.Fatalf("variants %+v, want one with the user's name and one as recorded", e.Variants)
	}
	a := r.Acts[3][1]
	if a.Variant != "2" || e.Variants[1].Rows[a.Row-1][0] != "start" {
		t.Errorf("the odd page is %+v %v, want the second variant with start", a, e.Variants[1].Rows)
	}
}
