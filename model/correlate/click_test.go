package correlate

import (
	"fmt"
	"strings"
	"testing"

	"github.com/starling-load/starling/model"
)

// where says from where exchange k of session s takes its first value.
func where(r *Result, endpoint string, s, k int) string {
	a := r.Acts[s][k]
	for _, v := range r.Endpoints[endpoint].Variants {
		if v.Name != a.Variant || len(v.Values) == 0 {
			continue
		}
		if len(a.Takes) == 0 {
			return fmt.Sprintf("%+v", v)
		}
		t := a.Takes[0]
		if t.Act == model.Own {
			return "own"
		}
		for _, b := range r.Bindings {
			if b.Name == v.Values[0].Ref {
				return fmt.Sprintf("%d %s %d", t.Act, b.Sources[t.Source].Selector, t.Match)
			}
		}
	}
	return "nothing"
}

func TestAClickTakesTheLinkInItsPlaceAlsoWhereAllSeeTheSameList(t *testing.T) {
	const list = "200" + asHTML + `<a href="/help">?</a><a href="/items/11">a</a><a href="/items/12">b</a><a href="/items/13">c</a>`
	const other = "200" + asHTML + `<a href="/items/13">c</a><a href="/items/11?from=top">a</a>`
	r := record(6, nil, func(p *tape, i int) {
		p.do("GET /", list)
		p.do("GET /items/1"+fmt.Sprint(1+i%3)+"\nReferer: http://shop.test/", "200"+asHTML)
		p.do("GET /top", other)
		p.do("GET /items/13\nReferer: http://shop.test/top", "200"+asHTML)
		p.do("GET /items/11?from=top\nReferer: http://shop.test/top", "200"+asHTML)
		p.do("GET /items/77\nReferer: http://shop.test/", "200"+asHTML)
	})
	for i := range 6 {
		want(t, fmt.Sprint("the click of session ", i), where(r, "GET /items/{}", i, 1), fmt.Sprint("0 link:/items/{}#0 ", i%3))
	}
	want(t, "the click on another page", where(r, "GET /items/{}", 0, 3), "2 link:/items/{}#0 0")
	want(t, "the click on the same record", where(r, "GET /items/{}", 2, 3), "0 link:/items/{}#0 2")
	want(t, "a link with a query", where(r, "GET /items/{}", 1, 4), "2 link:/items/{}#0 1")
	want(t, "an address that somebody typed", where(r, "GET /items/{}", 0, 5), "own")
}

// A redirect names the client, and where to come back to, which is elsewhere on another
// target. What a page's link says in all requests stays text, and so does what was typed.
func TestARedirectIsFollowedWithAllOfItsWords(t *testing.T) {
	r := record(3, nil, func(p *tape, i int) {
		p.do("GET /in", "302\nLocation: /grant?app=desk&back=http%3A%2F%2Fshop.test%2Fdone&ask=name%20mail")
		p.do("GET /grant?app=desk&back=http%3A%2F%2Fshop.test%2Fdone&ask=name%20mail", "200"+asHTML+`<a href="/help?lang=en">?</a>`)
		p.do("GET /help?lang=en\nReferer: http://shop.test/grant", "200"+asHTML)
		p.do("GET /typed?lang=en", "200"+asHTML)
	})
	want(t, "the redirect", r.Endpoints["GET /grant"].Variants[0].Request.Target, "/grant?app=${app}&back=${back}&ask=${ask}")
	want(t, "its words", from(r, "back"), "GET /in redirect:/grant?back")
	want(t, "how a space is written", values(r, "GET /grant"), "app=bound app, back=bound back, ask=bound ask")
	want(t, "a link", r.Endpoints["GET /help"].Variants[0].Request.Target, "/help?lang=en")
	want(t, "a typed address", r.Endpoints["GET /typed"].Variants[0].Request.Target, "/typed?lang=en")
}

// A link says what it is about, and the page to come back to, which names that again.
func TestALinkWithThePathOfWhatItIsAboutIsFollowed(t *testing.T) {
	r := record(1, nil, func(p *tape, i int) {
		p.do("GET /papers", "200"+asHTML+`<a href="/papers/5f3c9a07b2">p</a>`)
		p.do("GET /papers/5f3c9a07b2\nReferer: http://shop.test/papers", "200"+asHTML+`<a href="/scans/add?paper=5f3c9a07b2&kind=photo&back=/papers/5f3c9a07b2">+</a>`)
		p.do("GET /scans/add?paper=5f3c9a07b2&kind=photo&back=/papers/5f3c9a07b2\nReferer: http://shop.test/papers/5f3c9a07b2", "200"+asHTML)
	})
	want(t, "the request", r.Endpoints["GET /scans/add"].Variants[0].Request.Target, "/scans/add?paper=${paper}&kind=photo&back=${back}")
	want(t, "what it is about", from(r, "paper"), "GET /papers/{} link:/scans/add?kind=photo&paper")
}

func TestTheResourcesOfAPageAreThoseOfItsRelease(t *testing.T) {
	r := record(3, nil, func(p *tape, i int) {
		p.do("GET /", "200"+asHTML+`<link rel=stylesheet href="/static/main.css?v=1a2b3c4d5e6f"><script src="/static/4f5e6d7c8b9a"></script><script src="/static/0a1b2c3d4e5f"></script>`)
		p.do("GET /static/main.css?v=1a2b3c4d5e6f\nReferer: http://shop.test/", "200\nContent-Type: text/css\n\n"+`i{background:url("/static/99887766aabb")}`)
		p.do("GET /static/0a1b2c3d4e5f\nReferer: http://shop.test/", "200\nContent-Type: text/javascript\n\n"+`import("/static/deadbeef0011.js")`)
		p.do("GET /static/99887766aabb\nReferer: http://shop.test/static/main.css?v=1a2b3c4d5e6f", "200")
	})
	want(t, "a query", r.Endpoints["GET /static/main.css"].Variants[0].Request.Target, "/static/main.css?v=${v}")
	want(t, "its origin", where(r, "GET /static/main.css", 0, 1), "0 link:/static/main.css?v 0")
	want(t, "a script", where(r, "GET /static/{}", 1, 2), "0 link:/static/{}#0 2")
	want(t, "a picture of a style", where(r, "GET /static/{}", 1, 3), "1 link:/static/{}#0 0")
}

func TestAPartOfASegmentIsThatOfTheLink(t *testing.T) {
	var sessions [][]Exchange
	for i := range 3 {
		p := newTape(i)
		p.do("GET /", "200"+asHTML+`<script src="/js/app.1f2e3d4c.js"></script><script src="/js/more.99aa88bb.js"></script>`)
		p.do("GET /js/more.99aa88bb.js", "200")
		p.exchanges[1].Path, p.exchanges[1].Endpoint = "/js/more.{}.js", "GET /js/more.{hash}.js"
		sessions = append(sessions, p.exchanges)
	}
	r := Learn(sessions, Options{})
	target := r.Endpoints["GET /js/more.{hash}.js"].Variants[0].Request.Target
	if !strings.HasPrefix(target, "/js/more.${") || !strings.HasSuffix(target, "}.js") {
		t.Errorf("the target is %s, want a hole between /js/more. and .js", target)
	}
	want(t, "its origin", where(r, "GET /js/more.{hash}.js", 2, 1), "0 link:/js/more.{}.js#0 0")
}

// A list may show a record again among others. What counts is the list whose link was
// followed: there the record has the place that the user saw.
func TestARecordIsPickedWhereItsLinkWasFollowed(t *testing.T) {
	row := func(ids ...int) string {
		out := "200" + asHTML
		for _, id := range ids {
			out += fmt.Sprintf("<a href='/notes/%d/drop'>drop</a>", id)
		}
		return out
	}
	r := record(4, nil, func(p *tape, i int) {
		own := 500 + 7*i
		p.do("GET /notes", row(900+i, 300+i, own))
		p.do("GET /notes?mine=1", row(own, 700+i))
		p.do(fmt.Sprintf("GET /notes/%d/drop\nReferer: http://shop.test/notes?mine=1", own), "302\nLocation: /notes\n")
		p.do(fmt.Sprintf("POST /undo%sid=%d", asForm, own), "200")
	})
	for i, acts := range r.Acts {
		for n, act := range acts[2:] {
			if len(act.Takes) != 1 || act.Takes[0].Act != 1 || act.Takes[0].Match != 0 {
				t.Errorf("session %d: request %d takes %+v, want the first of the second list", i, n+2, act.Takes)
			}
		}
	}
}

// Forms have several buttons, each an endpoint of its own. One that was pressed once
// shows nothing of where its fields come from; the other button does.
func TestAFieldThatWasSeenOnceIsBoundAsBesideAnotherButton(t *testing.T) {
	r := record(5, nil, func(p *tape, i int) {
		p.do("GET /shelves", fmt.Sprintf(`200%s{"results":[{"id":%d,"name":"north"},{"id":%d,"name":"south"}]}`, asJSON, 40+3*i, 41+3*i))
		p.do("GET /unlike", fmt.Sprintf(`200%s{"results":[{"id":%d}]}`, asJSON, 10+i))
		button := "save"
		if i == 4 {
			button = "go on"
		}
		p.do(fmt.Sprintf("POST /boxes # %s%sshelf=%d&size=7", button, asForm, 41+3*i), "302\nLocation: /boxes\n")
	})
	for _, name := range []string{"POST /boxes save", "POST /boxes go on"} {
		v := r.Endpoints[name].Variants
		if len(v) != 1 || v[0].Request.Body != "shelf=${result_id}&size=7" {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// A feature that two people used shows little. The number that an answer was the first to
// hold, alone in its place, is the one that they sent back.
func TestAShortNumberOfTwoSessionsIsBoundWhereItWasIssued(t *testing.T) {
	for _, c := range []struct {
		name, place string
		first       func(id, i int) string
		bound       bool
	}{
		{"alone", "json:id", func(id, i int) string { return fmt.Sprintf(`{"id":%d,"size":%d}`, id, 3+i) }, true},
		{"in a list", "", func(id, i int) string { return fmt.Sprintf(`{"ids":[%d,%d,%d]}`, id-40, id-1, id) }, false},
	} {
		r := record(2, nil, func(p *tape, i int) {
			id := 174 + 5*i
			p.do("POST /up"+asForm+"name=picture", "200"+asJSON+c.first(id, i))
			p.do("POST /fetch"+asForm+fmt.Sprintf("part=%d&view=3", id), "200")
		})
		v := r.Endpoints["POST /fetch"].Variants[0].Values
		if bound := len(v) == 1 && v[0].Kind == model.Bound; bound != c.bound {
			t.Errorf("%s: %+v", c.name, v)
		}
		if c.bound && len(r.Bindings) == 1 && r.Bindings[0].Sources[0].Selector != c.place {
			t.Errorf("%s: taken from %s, want %s", c.name, r.Bindings[0].Sources[0].Selector, c.place)
		}
	}
}
