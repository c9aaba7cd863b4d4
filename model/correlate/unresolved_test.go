package correlate

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// In a redacted recording the passwords of all users and the key of the program are
// pseudonyms. What an answer issued is one too, and is none the worse for it.
func TestPseudonymsThatWouldBeSentAreNamed(t *testing.T) {
	var sessions [][]Exchange
	for i := range 3 {
		p := newTape(i)
		p.do("POST /login\nX-Key: zz-static-key-0000"+asForm+fmt.Sprintf("user=user%d&password=zz-%s", i, secretOf(i)[:8]), "200"+asJSON+`{"t":"zz-`+secretOf("t", i)+`"}`)
		p.do("GET /me\nX-T: zz-"+secretOf("t", i), "200")
		for _, to := range []string{"", "zz-ann@mail.test, ", "zz-ann@mail.test;zz-bob@mail.test"}[i : i+1] {
			p.do("POST /letters"+asForm+"text=hi&to="+to+"&cc=zz-ann,bob", "302\nLocation: /")
		}
		p.do("POST /cards\nContent-Type: text/vcard\n\nBEGIN:VCARD\nFN:Friend "+fmt.Sprint(i)+"\nEMAIL;TYPE=home:zz-dan"+fmt.Sprint(i)+"@mail.test\nEND:VCARD\n", "201")
		p.do("POST /cards/plain\nContent-Type: text/plain\n\nwrite to dan"+fmt.Sprint(i)+"@mail.test\n", "201")
		sessions = append(sessions, p.exchanges)
	}
	r := Learn(sessions, Options{Pseudonym: func(v string) bool { return strings.HasPrefix(v, "zz-") && !strings.ContainsAny(v, ",; ") }})
	var got []string
	for _, u := range r.Unresolved {
		if !strings.Contains(u.Reason, "pseudonym") || !strings.Contains(u.Edit, "--redact-key") {
			t.Errorf("%+v does not say what to do", u)
		}
		got = append(got, u.Endpoint+" "+u.Place)
	}
	want(t, "named", strings.Join(got, "; "), "POST /cards body *; POST /letters body to; POST /login body password; POST /login header X-Key")
	if r := Learn(sessions, Options{}); len(r.Unresolved) > 0 {
		t.Errorf("without pseudonyms %+v is named", r.Unresolved)
	}
}

// What a user typed over a value that the target gives is named, too, if it is a pseudonym.
func TestAPseudonymInPlaceOfALiveValueIsNamed(t *testing.T) {
	var sessions [][]Exchange
	for i := range 6 {
		p := newTape(i)
		page := "200" + asHTML
		for k := range 4 {
			page += fmt.Sprintf(`<tr><td>Note %c<input type=checkbox name="notes[]" value=%d><div class=lock>word-%d</div></tr>`, 'A'+k, 31+4*k, k)
		}
		p.do("GET /desk", page)
		lock := fmt.Sprint("word-", i%4)
		if i == 5 {
			lock = "zz-" + secretOf(i)
		}
		p.do(fmt.Sprintf("POST /do # [op=edit-note]%sop=edit-note&note_id=%d&lock=%s", fromDesk, 31+4*(i%4), lock), "200"+asJSON+"{}")
		sessions = append(sessions, p.exchanges)
	}
	r := Learn(sessions, Options{Pseudonym: func(v string) bool { return strings.HasPrefix(v, "zz-") }})
	if len(r.Unresolved) != 1 || r.Unresolved[0].Place != "body lock" || r.Unresolved[0].Requests != 1 {
		t.Errorf("unresolved %+v, want one lock", r.Unresolved)
	}
	if v := values(r, "POST /do [op=edit-note]"); !strings.Contains(v, "lock=bound") {
		t.Errorf("values %s, want a live lock", v)
	}
}

// A place has one element in most requests, and several in some.
func TestSeveralElementsThatCannotBeBoundAreNamed(t *testing.T) {
	for several, want := range map[string]int{"%d,%d": 1, "%d; %d": 1, "%d,%d,5": 0, "some %d and %d": 0} {
		r := record(6, nil, func(p *tape, i int) {
			p.do("GET /people", "200"+asJSON+fmt.Sprintf(`[{"id":%d},{"id":%d},{"id":%d}]`, 1013*i+11, 1013*i+222, 1013*i+433))
			one := fmt.Sprint(1013*i + 11 + 211*(i%3))
			p.do("GET /open", "200"+asJSON+`{"open":{"id":`+one+`}}`)
			if i == 2 {
				one = fmt.Sprintf(several, 1013*i+11, 1013*i+222)
			}
			p.do("POST /drop"+asForm+"id="+url.QueryEscape(one), "200"+asJSON+"{}")
		})
		named := 0
		for _, u := range r.Unresolved {
			if u.Place == "body id" && strings.Contains(u.Reason, "several elements") && u.Requests == 1 {
				named++
			}
		}
		if named != want {
			t.Errorf("%s is named %d times, want %d: %+v; %s", several, named, want, r.Unresolved, values(r, "POST /drop"))
		}
	}
}
