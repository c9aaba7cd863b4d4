package correlate

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A browser sends a field for a file as a file, also if the user chose none.
func TestAFileThatNobodyChoseIsSentAsAFile(t *testing.T) {
	const file = "\r\nContent-Disposition: form-data; name=\"pic\"; filename=\"\"\r\nContent-Type: application/octet-stream\r\n\r\n"
	r := record(3, nil, func(p *tape, i int) {
		p.do("GET /new", "200"+asHTML+`<form method=post action=/save enctype=multipart/form-data><input type=hidden name=t value=`+secretOf(i)+`><input name=title value=old><input type=file name=pic></form>`)
		p.do("POST /save\nContent-Type: multipart/form-data; boundary=b\n\n--b\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\n"+secretOf(i)+
			"\r\n--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nold\r\n--b"+file+"\r\n--b--\r\n", "200")
	})
	if body := r.Endpoints["POST /save"].Variants[0].Request.Body; !strings.Contains(body, file) {
		t.Errorf("body %q", body)
	}
}

// What a user chose has its own name and type, and may be missing.
func TestAFileKeepsItsNameAndItsType(t *testing.T) {
	names, types := []string{"", "sea view.jpg", "note.txt", "hills.png"}, []string{"application/octet-stream", "image/jpeg", "text/plain", "image/png"}
	r := record(4, nil, func(p *tape, i int) {
		p.do("GET /new", "200"+asHTML+`<form method=post action=/save enctype=multipart/form-data><input type=hidden name=t value=`+secretOf(i)+`><input type=file name=pic></form>`)
		p.do("POST /save\nContent-Type: multipart/form-data; boundary=b\n\n--b\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\n"+secretOf(i)+
			"\r\n--b\r\nContent-Disposition: form-data; name=\"pic\"; filename=\""+names[i]+"\"\r\nContent-Type: "+types[i]+"\r\n\r\n"+strings.Repeat("x", i)+"\r\n--b--\r\n", "200")
	})
	vs := r.Endpoints["POST /save"].Variants
	if len(vs) != 1 || !strings.Contains(vs[0].Request.Body, "name=\"pic\"; filename=\"${pic_filename}\"\r\nContent-Type: ${pic_Content-Type}\r\n\r\n") {
		t.Fatalf("variants %+v", vs)
	}
	for i := range names {
		row := vs[0].Rows[r.Acts[i][1].Row-1]
		if !slices.Contains(row, names[i]) || !slices.Contains(row, types[i]) {
			t.Errorf("session %d has the row %q, want %q and %q in it", i, row, names[i], types[i])
		}
	}
}

// A page that is named after its user has a form with another action for each.
func TestAFormIsFoundByItsActionAlsoWhereThatHoldsTheUsersName(t *testing.T) {
	r := record(8, people, func(p *tape, i int) {
		who := people[0].Rows[i%4]
		p.do("POST /login"+asForm+"user="+who[0]+"&password="+who[1], "200")
		path := "/wiki/Diary_" + who[0]
		p.do("GET "+path+" # of a user", "200"+asHTML+`<form method=post action="`+path+`"><input type=hidden name=t value=`+secretOf(i)+`><input name=text value=old></form>`)
		p.exchanges[1].Endpoint = "GET /wiki/Diary_{user}"
		p.do("POST "+path+asForm+"t="+secretOf(i)+"&text=new"+fmt.Sprint(i), "200")
		p.exchanges[2].Endpoint = "POST /wiki/Diary_{user}"
	})
	want(t, "token", from(r, "t"), "GET /wiki/Diary_{user} form:t@/wiki/Diary_{}")
	v := r.Endpoints["POST /wiki/Diary_{user}"].Variants
	if len(v) != 1 || v[0].Request.Body != "t=${t}&text=${text}" || v[0].Request.Changes == "" {
		t.Fatalf("variants %+v, want one that changes the form", v)
	}
	want(t, "form", from(r, v[0].Request.Changes), "GET /wiki/Diary_{user} entries:POST /wiki/Diary_{}")
}

func TestTheFormOfSeveralAlikeIsTheOneThatWasSent(t *testing.T) {
	r := record(3, nil, func(p *tape, i int) {
		page := "200" + asHTML
		for k := range 4 {
			page += fmt.Sprintf(`<form method=post action=/vote><input type=hidden name=of value=%s><select name=n><option>1<option>2</select></form>`, secretOf(i, k))
		}
		p.do("GET /", page)
		p.do("POST /vote"+asForm+"of="+secretOf(i, 1+i%2)+"&n=2", "303\nLocation: /")
	})
	want(t, "body", r.Endpoints["POST /vote"].Variants[0].Request.Body, "of=${of}&n=2")
	for i := range 3 {
		k := fmt.Sprint(1 + i%2)
		want(t, "takes", takesOf(r, i, 1), "0.0."+k+" 0.0."+k)
	}
}

func TestAConstantHiddenFieldIsBoundBecauseTheFormSaysSo(t *testing.T) {
	r := record(3, nil, func(p *tape, i int) {
		p.do("GET /edit", "200"+asHTML+`<form method=post action=/save><input type=hidden name=lock_version value=1><textarea name=text>
first
second</textarea></form>`)
		p.do("POST /save"+asForm+"lock_version=1&text=first%0D%0Asecond%0D%0Athird"+fmt.Sprint(i), "303\nLocation: /")
	})
	want(t, "body", r.Endpoints["POST /save"].Variants[0].Request.Body, "lock_version=${lock_version}&~after.text=${text}")
	want(t, "version", from(r, "lock_version"), "GET /edit form:lock_version@/save")
}

func TestADocumentThatIsWrittenBackIsTheLiveOne(t *testing.T) {
	r := record(3, nil, func(p *tape, i int) {
		doc := fmt.Sprintf(`{"id":"%s","rev":1,"tags":["a","b"],"name":"n%d","size":7}`, secretOf(i), i)
		p.do("GET /docs/"+secretOf(i), "200"+asJSON+doc)
		p.do("PUT /docs/"+secretOf(i)+asJSON+fmt.Sprintf(`{"doc":{"id":"%s","rev":1,"tags":["a","b"],"name":"m%d","size":7}}`, secretOf(i), i), "200")
	})
	for name, e := range r.Endpoints {
		if v := e.Variants[0]; v.Request.Method == "PUT" {
			want(t, name, v.Request.Body, `{"doc":{"~document":[{"at":["name"],"set":"${set}"}]}}`)
			want(t, "document", from(r, v.Request.Changes)[len("GET "):], name[len("PUT "):]+" document:")
		}
	}
}

func TestHiddenFieldsThatAScriptSendsAsJSONAreThoseOfTheForm(t *testing.T) {
	r := record(3, nil, func(p *tape, i int) {
		p.do("GET /edit", "200"+asHTML+`<form><input type=hidden name=lock value=1><input type=hidden name=kind value=note><input name=text></form>`)
		p.do("POST /api/save"+asJSON+fmt.Sprintf(`{"lock":1,"kind":"note","text":"t%d"}`, i), "200"+asJSON+`{}`)
		p.do("POST /api/other"+asJSON+`{"lock":2,"kind":"x","level":1}`, "200"+asJSON+`{}`)
	})
	want(t, "body", r.Endpoints["POST /api/save"].Variants[0].Request.Body, `{"lock":${lock},"kind":"${kind}","text":"${text}"}`)
	want(t, "lock", from(r, "lock"), "GET /edit form:lock")
	want(t, "another", r.Endpoints["POST /api/other"].Variants[0].Request.Body, `{"lock":2,"kind":"x","level":1}`)
}
