package correlate

import (
	"fmt"
	"strings"
	"testing"
)

// All see the same numbers, and no name says what they are of.
func TestWhatTheAnswerShowsIsTheElementThatWasPicked(t *testing.T) {
	const list = `{"result":[{"key":"7","title":"Oak","size":"big"},{"key":"8","title":"Elm","size":"big"},{"key":"9","title":"Ash","size":"big"}]}`
	titles := []string{"Oak", "Elm", "Ash"}
	r := record(6, nil, func(p *tape, i int) {
		k := i % 3
		p.do("POST /rpc # trees"+asJSON+`{"method":"trees","params":{}}`, "200"+asJSON+list)
		p.do("POST /rpc # open"+asJSON+fmt.Sprintf(`{"method":"open","params":{"key":"%d"}}`, 7+k), "200"+asJSON+fmt.Sprintf(`{"result":{"key":"%d","title":"%s","size":"big"}}`, 7+k, titles[k]))
		p.do("POST /rpc # floor"+asJSON+fmt.Sprintf(`{"method":"floor","params":{"key":"%d"}}`, 7+(k+1)%3), "200"+asJSON+fmt.Sprintf(`{"result":{"key":"%d","title":"Floor","size":"big"}}`, 7+(k+1)%3))
	})
	for i := range 6 {
		want(t, fmt.Sprint("the tree of session ", i), where(r, "POST /rpc open", i, 1), fmt.Sprint("0 json:result[].key ", i%3))
	}
	want(t, "what shows no tree", values(r, "POST /rpc floor"), "params.key=row")
}

// How many there are is the number of the last one, too.
func TestANumberWithinTheElementsOfAListIsNotTheirs(t *testing.T) {
	r := record(6, nil, func(p *tape, i int) {
		p.do("GET /notes?count", "200"+asJSON+`{"data":[{"count":{"id":3}}]}`)
		p.do("GET /notes", "200"+asJSON+`{"data":[{"id":1},{"id":2},{"id":3}]}`)
		p.do(fmt.Sprintf("GET /notes/%d", 1+i%3), "200"+asJSON+`{}`)
	})
	for i := range 6 {
		want(t, fmt.Sprint("the note of session ", i), where(r, "GET /notes/{}", i, 2), fmt.Sprint("1 json:data[].id ", i%3))
	}
}

// The address of a page is noted: it holds what was picked, or it is another page.
func TestAnAddressWithinAValueHoldsWhatWasPicked(t *testing.T) {
	r := record(8, nil, func(p *tape, i int) {
		note := func(place string) { p.do("PATCH /me"+asJSON+`{"last":"`+place+`"}`, "204") }
		p.do("GET /trees", "200"+asJSON+`{"data":[{"id":1},{"id":2},{"id":3},{"id":4}]}`)
		note("/content/trees")
		p.do(fmt.Sprintf("GET /trees/%d", 1+i%4), "200"+asJSON+`{}`)
		note(fmt.Sprintf("/content/trees/%d", 1+i%4))
		p.do(fmt.Sprintf("GET /trees/%d", 1+(i+1)%4), "200"+asJSON+`{}`)
		note(fmt.Sprintf("/content/trees/%d", 1+(i+1)%4))
	})
	for i := range 8 {
		want(t, fmt.Sprint("the page of session ", i), where(r, "PATCH /me", i, 3), fmt.Sprint("0 json:data[].id ", i%4))
		want(t, fmt.Sprint("the second page of session ", i), where(r, "PATCH /me", i, 5), fmt.Sprint("0 json:data[].id ", (i+1)%4))
	}
}

// One click opens a topic: its posts, its author and its votes are asked for side by side,
// by names that say nothing. Topics that users wrote come from their creation.
func TestAllRequestsOfAClickHaveItsElement(t *testing.T) {
	const list = `{"data":[{"id":3,"name":"a"},{"id":4,"name":"b"},{"id":5,"name":"c"},{"id":6,"name":"d"}]}`
	r := record(8, nil, func(p *tape, i int) {
		open := func(id int) {
			at := p.now
			for _, target := range []string{"/votes?f[about][_eq]=%d", "/topics/%d", "/posts?f[about][_eq]=%d&page=1"} {
				p.now = at
				p.do(fmt.Sprintf("GET "+target, id), "200"+asJSON+`{}`)
			}
			p.do(fmt.Sprintf("POST /seen"+asJSON+`{"place":"%d","times":%d}`, id, 3+i%4), "204")
		}
		p.do("GET /topics", "200"+asJSON+list)
		open(3 + i%4)
		if i%2 == 0 {
			p.do("POST /topics"+asJSON+fmt.Sprintf(`{"name":"n%d"}`, i), "201"+asJSON+fmt.Sprintf(`{"data":{"id":%d}}`, 20+i))
			open(20 + i)
		}
		open(3 + (i+1)%4)
	})
	for i := range 8 {
		for k, endpoint := range []string{"GET /votes", "GET /topics/{}", "GET /posts", "POST /seen"} {
			want(t, fmt.Sprint(endpoint, " of session ", i), where(r, endpoint, i, 1+k), fmt.Sprint("0 json:data[].id ", i%4))
			if i%2 == 0 {
				want(t, fmt.Sprint(endpoint, " after the own topic of session ", i), where(r, endpoint, i, 6+k), "5 json:data.id 0")
				want(t, fmt.Sprint(endpoint, " in the end of session ", i), where(r, endpoint, i, 10+k), fmt.Sprint("0 json:data[].id ", (i+1)%4))
			}
		}
	}
	if got := values(r, "POST /seen"); !strings.HasSuffix(got, "times=row") {
		t.Errorf("values %s: a number that is that of a topic by chance is bound", got)
	}
}

func TestWhereARedirectLeadsIsNotTakenFromTheFormBefore(t *testing.T) {
	r := record(3, nil, func(p *tape, i int) {
		at, next := 40+i*7, 30+i*5
		p.do(fmt.Sprintf("GET /tickets/%d", at), "200"+asHTML+fmt.Sprintf(`<form method=post action=/tickets/%d><input type=hidden name=of value=%d><input type=hidden name=following value=%d><input name=note></form>`, at, 100+i, next))
		p.do(fmt.Sprintf("POST /tickets/%d"+asForm+"of=%d&following=%d&note=n%d", at, 100+i, next, i), fmt.Sprintf("302\nLocation: /done?of=%d&following=%d", 100+i, next))
		p.do(fmt.Sprintf("GET /done?of=%d&following=%d", 100+i, next), "200"+asHTML)
	})
	target := r.Endpoints["GET /done"].Variants[0].Request.Target
	for i, v := range r.Endpoints["GET /done"].Variants[0].Values {
		if got := from(r, v.Ref); !strings.HasPrefix(got, "POST /tickets/{} redirect:/done?") {
			t.Errorf("value %d of %s is from %s, want the redirect", i, target, got)
		}
	}
}

// A script asks what a form would look like with another choice: it sends the fields of
// the largest form to an address of its own.
func TestAScriptSendsTheFieldsOfAFormToAnotherAddress(t *testing.T) {
	r := record(4, people, func(p *tape, i int) {
		who := people[0].Rows[i%4]
		p.do("POST /login"+asForm+"user="+who[0]+"&password="+who[1], "200")
		p.do("GET /orders/edit", "200"+asHTML+`<form method=post action=/out><input type=hidden name=_m value=put></form>
			<form method=post action=/orders><input type=hidden name=_m value=put><input type=hidden name=rev value=0>
			<input name=title value="Order of `+who[0]+`"><select name=state><option value=1 selected>new<option value=2>done</select></form>`)
		p.do("POST /orders/preview"+asForm+"_m=put&rev=0&title=Order+of+"+who[0]+"&state=2", "200"+asHTML)
	})
	want(t, "body", r.Endpoints["POST /orders/preview"].Variants[0].Request.Body, "_m=${_m}&rev=${rev}&title=${title}&state=2")
	for _, name := range []string{"rev", "title"} {
		want(t, name, from(r, name), "GET /orders/edit form:"+name+"@/orders")
	}
}

// A link has the address of a form and the names of its fields, with other values.
func TestALinkThatLooksLikeAFormIsNone(t *testing.T) {
	r := record(3, nil, func(p *tape, i int) {
		p.do("GET /w?id=start", "200"+asHTML+`<form action=/w><input type=hidden name=id value=start><input type=hidden name=do value=index></form>`)
		p.do(fmt.Sprintf("GET /w?id=page%d&do=edit", i), "200"+asHTML)
		p.do("GET /w?id=start&do=index # as it stands", "200"+asHTML)
	})
	for _, v := range r.Endpoints["GET /w"].Variants {
		want(t, "a link is sent as the change of a form", v.Request.Changes, "")
	}
	if r.Endpoints["GET /w as it stands"].Variants[0].Request.Changes == "" {
		t.Error("a form that was sent as it stands is not known")
	}
}

func TestAFileWithAHashInItsNameIsThatOfItsRelease(t *testing.T) {
	r := record(2, nil, func(p *tape, i int) {
		p.do("GET /", "200"+asHTML+`<link rel=stylesheet href=/print.css><link rel=stylesheet href=/s/site-dKfQbRzW.css><script src=/s/jQueryForms.js></script>`)
		p.do("GET /s/site-dKfQbRzW.css\nReferer: http://shop.test/", "200")
		p.do("GET /s/jQueryForms.js\nReferer: http://shop.test/", "200")
		for k, path := range []string{"/s/site-dKfQbRzW.css", "/s/jQueryForms.js"} {
			p.exchanges[1+k].Path, p.exchanges[1+k].Endpoint = path, "GET "+path
		}
	})
	want(t, "where the style is from", where(r, "GET /s/site-dKfQbRzW.css", 1, 1), "0 link:/s/{}.css#0 0")
	want(t, "a script without a hash", r.Endpoints["GET /s/jQueryForms.js"].Variants[0].Request.Target, "/s/jQueryForms.js")
}

func TestTheEndOfARangeOfKeysHoldsTheUsersName(t *testing.T) {
	r := record(4, people, func(p *tape, i int) {
		who := people[0].Rows[i%4]
		p.do("POST /login"+asForm+"user="+who[0]+"&password="+who[1], "200")
		p.do("GET /keys?from=box/"+who[0]+"/&to=box/"+who[0]+"0&not="+who[0]+"9", "200")
	})
	want(t, "target", r.Endpoints["GET /keys"].Variants[0].Request.Target, "/keys?from=box/${user}/&to=box/${user}0&not=${not}")
	want(t, "values", values(r, "GET /keys"), "user=data accounts.user, not=row")
}
