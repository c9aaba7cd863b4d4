package correlate

import (
	"fmt"
	"strings"
	"testing"

	"github.com/starling-load/starling/model"
)

// A desk shows tickets that everybody sees. A script of its page closes one, answers
// another, and moves it to a shelf.
func desk(t *testing.T, session func(p *tape, i int, ticket func(k int) int)) *Result {
	t.Helper()
	return record(4, nil, func(p *tape, i int) {
		page := "200" + asHTML + `<input type=hidden name=nonce value=0><select name=shelf><option value=11>top</option><option value=12>low</option></select>`
		for k := range 4 {
			page += fmt.Sprintf(`<input type=checkbox name="tickets[]" value=%d><a href="/ticket?show=%[1]d&_nonce=%s">x</a>`, 31+4*k, noncesOf(i)[k])
		}
		p.do("GET /desk", page)
		session(p, i, func(k int) int { return 31 + 4*k })
	})
}

// People choose by what they read. A list on the target may have further choices before that.
func TestAChoiceIsKnownByItsLabel(t *testing.T) {
	for _, tt := range []struct{ name, page, field, value, want string }{
		{"an option", `<select name=shelf><option value=11>top<option value=12>low</select>`, "shelf", "12", "labelled:shelf=low"},
		{"a box within its label", `<label><input type=checkbox name=shelf value=11> top</label><label><input type=checkbox name=shelf value=12> lo&amp;w
 </label>`, "shelf", "12", "labelled:shelf=lo&w"},
		{"a box beside its label", `<label for=b>low | 2</label><input type=checkbox name=shelf value=12 id=b><input type=checkbox name=shelf value=11>`, "shelf", "12", `labelled:shelf=low \| 2`},
		{"one box of many", `<label><input type=checkbox name="shelf[]" value=11> top</label><label><input type=checkbox name="shelf[]" value=12> low</label>`, "shelf[]", "12", "labelled:shelf[]=low"},
		{"one label for all", `<select name=shelf><option value=11>this<option value=12>this</select>`, "shelf", "12", "option:shelf"},
		{"a label that is the value", `<select name=shelf><option>11<option>12</select>`, "shelf", "12", "option:shelf"},
		{"a field of a form", `<form method=post action=/do><label><input type=checkbox name=shelf value=11>top</label><label><input type=checkbox name=shelf value=12>low</label><input name=a></form>`, "shelf", "11", "labelled:shelf@/do=top"},
	} {
		r := record(4, nil, func(p *tape, i int) {
			p.do("GET /desk", "200"+asHTML+tt.page)
			p.do(fmt.Sprintf("POST /do%s%s=%s&a=x", fromDesk, tt.field, tt.value), "200"+asJSON+"{}")
		})
		got := ""
		for _, b := range r.Bindings {
			for _, s := range b.Sources {
				if s.Endpoint == "GET /desk" && !strings.HasPrefix(s.Selector, "entries:") {
					got = s.Selector
				}
			}
		}
		want(t, tt.name, got, tt.want)
	}
}

// A script adds a box to the form that the page shows.
func TestAChoiceThatAScriptAddedIsThatOfItsAnswer(t *testing.T) {
	r := record(2, nil, func(p *tape, i int) {
		p.do("GET /new", "200"+asHTML+`<form method=post action=/do><input type=checkbox name="shelf[]" value=11><input name=a><input name=b></form>`)
		p.do("POST /shelves"+asForm+"name=new", "200\nContent-Type: text/xml\n\n"+fmt.Sprintf(`<answer><part><![CDATA[<li><input type=checkbox name="shelf[]" value=%d checked></li>]]></part></answer>`, 21+i))
		p.do(fmt.Sprintf("POST /do%sshelf[]=%d&a=&b=x", asForm, 21+i), "302\nLocation: /")
	})
	want(t, "the shelf", from(r, "shelf[]"), "POST /shelves xml:answer/part|form:shelf[]")
}

func noncesOf(i int) []string {
	var out []string
	for k := range 4 {
		out = append(out, fmt.Sprintf("%010x", (uint64(7919+i*31+k)*2654435761)&0xffffffffff))
	}
	return out
}

const fromDesk = "\nReferer: http://shop.test/desk" + asForm

func TestWhatAScriptSaysOfAPageIsTakenFromIt(t *testing.T) {
	r := desk(t, func(p *tape, i int, ticket func(int) int) {
		k := i % 3
		p.do(fmt.Sprintf("POST /do # [op=answer-ticket]%sop=answer-ticket&ticket_ID=%d&text=hello&shelf=%d&level=%d", fromDesk, ticket(k), 11+i%2, ticket(k)), "200"+asJSON+"{}")
		if i == 1 { // once in the recording
			p.do(fmt.Sprintf("POST /do # [op=close-ticket]%sop=close-ticket&id=%d&_ajax_nonce=%s", fromDesk, ticket(2), noncesOf(i)[2]), "200"+asJSON+"{}")
		}
	})
	want(t, "values of the answer", values(r, "POST /do [op=answer-ticket]"), "tickets[]=bound tickets[], shelf=bound shelf, level=row")
	want(t, "the ticket", from(r, "tickets[]"), "GET /desk option:tickets[]")
	want(t, "the shelf", from(r, "shelf"), "GET /desk labelled:shelf=low; GET /desk labelled:shelf=top")
	for i := range 4 {
		want(t, fmt.Sprint("what session ", i, " answered"), takesOf(r, i, 1), fmt.Sprintf("0.0.%d 0.%d.0", i%3, 1-i%2))
	}
	want(t, "what one session closed", takesOf(r, 1, 2), "0.0.2 0.0.2")
}

// A record that the session made is that record, wherever it stands in the list.
func TestWhatAnAnswerGaveAloneComesBeforeTheList(t *testing.T) {
	r := record(4, nil, func(p *tape, i int) {
		id := 50 + 7*i
		p.do("POST /upload # [op=add-file]"+asForm+"name=a", "200\nX-File-Id: "+fmt.Sprint(id)+"\nContent-Type: text/plain\n\nstored")
		p.do("GET /desk", "200"+asHTML+fmt.Sprintf(`<input type=checkbox name="files[]" value=%d><input type=checkbox name="files[]" value=9>`, id))
		if i == 2 {
			p.do(fmt.Sprintf("POST /do # [op=show]%sop=show&file_id=%d", fromDesk, id), "200"+asJSON+"{}")
		}
	})
	want(t, "the file", takesOf(r, 2, 2), "0.0.0")
}

// A document repeats the identifier of the address that it is sent to; a script names its
// operation in a field.
func TestAnIdentifierWithoutNameIsThatOfTheRequest(t *testing.T) {
	r := record(4, nil, func(p *tape, i int) {
		id := 50 + 7*(i/2)
		p.do("GET /new", "200"+asHTML+fmt.Sprintf(`<input type=hidden name=note_ID value=%d><input type=hidden name=file_ID value=6%d>`, id, i/2))
		p.do(fmt.Sprintf("PUT /notes/%d%s", id, asJSON)+fmt.Sprintf(`{"id":%d,"text":"a"}`, id), "200"+asJSON+"{}")
		p.do(fmt.Sprintf("POST /do%saction=save-file&id=6%d&name=b", asForm, i/2), "200"+asJSON+"{}")
	})
	for i := range 4 {
		want(t, fmt.Sprint("the note of session ", i), takesOf(r, i, 1), "0.0.0")
		want(t, fmt.Sprint("the file of session ", i), takesOf(r, i, 2), "0.0.0")
	}
	put := r.Endpoints["PUT /notes/{}"].Variants[0].Request
	want(t, "the document and its address", put.Target+" "+put.Body, `/notes/${note_ID} {"id":${note_ID},"text":"a"}`)
}

// An identifier of another thing has the same number by chance, as has what users type.
func TestANumberOfAnotherThingIsNotTakenFromAPage(t *testing.T) {
	r := desk(t, func(p *tape, i int, ticket func(int) int) {
		p.do(fmt.Sprintf("POST /do # [op=rate]%sop=rate&room_id=%d&id=%d&mark=%d", fromDesk, ticket(i%3), ticket(1+i%3), ticket(i%2)), "200"+asJSON+"{}")
	})
	want(t, "values", values(r, "POST /do [op=rate]"), "room_id=row, id=row, mark=row")
}

func TestAWordThatManyRowsHaveIsNoPartOfAnAddress(t *testing.T) {
	accounts := model.Source{Name: "accounts", Columns: []string{"user", "password", "role"}}
	for n, role := range []string{"staff", "staff", "guest", "guest"} {
		accounts.Rows = append(accounts.Rows, []string{fmt.Sprint("member", n+1), fmt.Sprint("secret-of-", n+1), role})
	}
	r := record(3, []model.Source{accounts}, func(p *tape, i int) {
		p.do(fmt.Sprintf("POST /login%suser=member%d&password=secret-of-%[2]d", asForm, i+1), "302\nLocation: /")
		if i == 0 {
			p.do("GET /app-staff/staff-rota", "200"+asHTML)
		}
	})
	want(t, "target", r.Endpoints["GET /app-staff/staff-rota"].Variants[0].Request.Target, "/app-staff/staff-rota")
}

// A script copies the texts of a row into its request, which no form says.
func TestWhatAScriptCopiesFromARow(t *testing.T) {
	people := []string{"ann@mail.test", "bob@mail.test", "cleo@mail.test", "dora@mail.test"}
	moods := []string{"calm", "loud"}
	for _, tt := range []struct{ name, row, sent, want, named string }{
		{"one place", `<div class="mail x">%[3]s</div>`, "post=%s", "GET /desk option:notes[]|cell:div.mail", ""},
		{"a place with the name of the field, once", `<div class=new_mail>%[3]s</div>`, "mail=%s", "GET /desk option:notes[]|cell:div.new_mail", ""},
		{"another place in each row", `<div class="mail%[2]d">%[3]s</div>`, "post=%s", "", "post"},
		{"what stands there in many rows", `<p class=mood>%[4]s</p>`, "state=calm", "", ""},
	} {
		page := "200" + asHTML
		for k, mail := range people {
			page += fmt.Sprintf(`<tr><td>Note %[1]c<input type=checkbox name="notes[]" value=%[2]d>`+tt.row+`</tr>`, 'A'+k, 31+4*k, mail, moods[k%2])
		}
		r := record(6, nil, func(p *tape, i int) {
			p.do("GET /desk", page)
			if k := i % 4; !strings.HasSuffix(tt.name, "once") || i == 2 {
				sent := strings.ReplaceAll(tt.sent, "%s", people[k])
				p.do(fmt.Sprintf("POST /do # [op=edit-note]%sop=edit-note&note_id=%d&%s&text=word%d", fromDesk, 31+4*k, sent, i), "200"+asJSON+"{}")
			}
		})
		got, named := "", ""
		for _, b := range r.Bindings {
			for _, s := range b.Sources {
				if strings.Contains(s.Selector, "cell:") {
					got += s.Endpoint + " " + s.Selector
				}
			}
		}
		for _, u := range r.Unresolved {
			if strings.Contains(u.Reason, "beside what the user chose") {
				named += strings.TrimPrefix(u.Place, "body ")
			}
		}
		want(t, tt.name, got, tt.want)
		want(t, tt.name+", named", named, tt.named)
	}
}

// A segment of an address within a value identifies what the segment before it says.
func TestAnIdentifierInAnAddressWithinAValue(t *testing.T) {
	r := record(6, nil, func(p *tape, i int) {
		p.do("GET /notes", "200"+asJSON+`{"notes":[{"id":31,"title":"tide"},{"id":35,"title":"wind"},{"id":39,"title":"rain"}]}`)
		p.do(fmt.Sprintf("POST /do?route=/v2/notes/%d%s", 31+4*(i%3), asJSON)+`{"text":"a"}`, "200"+asJSON+"{}")
	})
	for i := range 3 {
		want(t, fmt.Sprint("the note of session ", i), takesOf(r, i, 1), fmt.Sprint("0.0.", i))
	}
	if len(r.Unresolved) > 0 {
		t.Errorf("unresolved %+v", r.Unresolved)
	}
}

// What an identifier is of, another field says.
func TestAnIdentifierIsOfTheKindThatAnotherFieldSays(t *testing.T) {
	for _, tt := range []struct{ name, sent, want string }{
		{"with one stem", "op=move&target_type=ticket&target_id=39", "GET /desk option:tickets[]"},
		{"without a stem", "op=move&kind=Model.Ticket&id=39", "GET /desk option:tickets[]"},
		{"of a member", "op=move&to[type]=ticket&to[id]=39", "GET /desk option:tickets[]"},
		{"of another member", "op=move&from[type]=ticket&to[id]=39", ""},
		{"of another thing", "op=move&target_type=room&target_id=39", ""},
	} {
		r := desk(t, func(p *tape, i int, ticket func(int) int) {
			if i == 1 {
				p.do("POST /do # [op=move]"+fromDesk+tt.sent, "200"+asJSON+"{}")
			}
		})
		got := ""
		for _, b := range r.Bindings {
			for _, s := range b.Sources {
				got += s.Endpoint + " " + s.Selector
			}
		}
		want(t, tt.name, got, tt.want)
	}
}

// A number is of the list of which the answers show what it stands beside, and then wherever it
// has that name.
func TestAnswersShowWhatANumberIsOf(t *testing.T) {
	titles := []string{"Harbour dues", "Garden plan", "Winter lamps", "Paper order"}
	for _, tt := range []struct {
		name string
		page func(k int) string
		want string
	}{
		{"the one", func(k int) string { return titles[k] }, "0.0.1 0.0.2"},
		{"all of them", func(int) string { return strings.Join(titles, ", ") }, " "},
		{"another one", func(k int) string { return titles[(k+1)%4] }, " "},
	} {
		r := record(6, nil, func(p *tape, i int) {
			script := ""
			for k, s := range titles {
				script += fmt.Sprintf(`add(%d,{\"about\":\"%s\"});`, 2+k, s)
			}
			p.do("GET /list", "200"+asJSON+`{"exec":"`+script+`"}`)
			p.do(fmt.Sprint("GET /letter?nr=", 2+(i+1)%4), "200"+asHTML+tt.page((i+1)%4))
			p.do(fmt.Sprintf("POST /away%snr=%d", asForm, 2+(i+2)%4), "200"+asJSON+"{}")
		})
		takes := func(act int) string {
			if len(r.Acts[0][act].Takes) == 0 || r.Acts[0][act].Takes[0].Act < 0 {
				return ""
			}
			return takesOf(r, 0, act)
		}
		want(t, tt.name, takes(1)+" "+takes(2), tt.want)
	}
}

// What identifies elements of a list in one request does so in others that call it the same.
func TestANameIsOfOneList(t *testing.T) {
	for _, tt := range []struct{ name, field, value, want string }{
		{"the same name", "cid", "0", "0.0.2"},
		{"the same last word", "reply_cid", "0", "0.0.2"},
		{"another name", "iid", "0", ""},
		{"no element of the list", "cid", "77", ""},
		{"a name that each list has", "id", "0", ""},
	} {
		read := "cid"
		if tt.field == "id" {
			read = "id"
		}
		r := record(6, nil, func(p *tape, i int) {
			rows := ""
			for k := range 3 {
				rows += fmt.Sprintf(`,{"id":%d,"who":"P%c"}`, 1013*i+211*k, 'a'+k)
			}
			p.do("GET /people", "200"+asJSON+"["+rows[1:]+"]")
			p.do(fmt.Sprintf("GET /who?%s=%d", read, 1013*i+211*(i%3)), "200"+asJSON+"{}")
			if i == 2 {
				value := fmt.Sprint(1013*i + 211*2)
				if tt.value != "0" {
					value = tt.value
				}
				p.do("POST /drop"+asForm+tt.field+"="+value, "200"+asJSON+"{}")
			}
		})
		got := ""
		if takes := r.Acts[2][2].Takes; len(takes) > 0 && takes[0].Act >= 0 {
			got = takesOf(r, 2, 2)
		}
		want(t, tt.name, got, tt.want)
	}
}
