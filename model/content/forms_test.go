package content

import (
	"slices"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

// answer is a response with a body of this media type.
func answer(media, body string, headers ...flow.Header) *Doc {
	return New(&flow.Response{Status: 200, Headers: append(headers, flow.Header{Name: "Content-Type", Value: media}), Body: flow.NewBody([]byte(body))})
}

func TestAPageGivesItsFormsAsABrowserReadsThem(t *testing.T) {
	tests := []struct {
		name, page, want string
	}{
		{"what is checked and selected", `<form method=post action=/a><input type=checkbox name=a><input type=checkbox name=b value=2 checked><input type=radio name=c value=x><input type=radio name=c value=y checked></form>`, "b=2&c=y"},
		{"the text of options without value", "<form method=post action=/a><select name=s><option>Big\n  one<option selected>Small<option value=3>x</select></form>", "s=Small"},
		{"options of a list", `<form method=post action=/a><select name=s multiple><option value=1 selected>a</option><optgroup disabled><option selected value=2></optgroup><option selected value=3></select></form>`, "s=1&s=3"},
		{"a textarea with its line ends", "<form method=post action=/a><textarea name=t>\nx\ny</textarea></form>", "t=x%0D%0Ay"},
		{"nothing in a disabled fieldset", `<form method=post action=/a><fieldset disabled><input name=a><fieldset><input name=b></fieldset><input name=c></fieldset><input name=d value=1></form>`, "d=1"},
		{"controls elsewhere in the page", `<input name=z value=0><input form=f name=a value=1><form id=f method=post action=/a><input name=b value=2></form><textarea form=f name=c>x</textarea><input form=g name=no>`, "b=2&a=1&c=x"},
		{"no button and no proposals", `<form method=post action=/a><button name=a value=1>A</button><input type=submit name=b value=1><input type=image name=i><datalist><option value=1></datalist><input name=q></form>`, "q="},
		{"an open form at the end", `<form method=post action=/a><input name=a value=1><textarea name=t>never closed`, "a=1&t="},
	}
	s, err := ParseSelector("entries:POST /a")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := s.Values(answer("text/html", tt.page)); !slices.Equal(got, []string{tt.want}) {
				t.Errorf("%s\nsends %q, want %q", tt.page, got, tt.want)
			}
		})
	}
}

func TestSelectorsTellFormsApart(t *testing.T) {
	d := answer("text/html", `<form method=post action=/items/1/move><input type=hidden name=id value=1><input name=to></form>
<form method=post action=/items/2/move><input type=hidden name=id value=2><input name=to><input name=note value=x></form>
<form method=post action=/items/2/copy><input type=hidden name=id value=2></form>
<form><select name=city><option value=c-1001><option value=c-1002></select></form>`)
	tests := []struct {
		selector string
		want     []Match
	}{
		{"entries:POST /items/{}/move", []Match{{"id=1&to=", 0}, {"id=2&to=&note=x", 1}}},
		{"entries:POST /items/{}/move[id,note]", []Match{{"id=2&to=&note=x", 1}}},
		{"entries:POST /items/{}/copy", []Match{{"id=2", 2}}},
		{"entries:GET /items/{}/copy", nil},
		{"form:id@/items/{}/move", []Match{{"1", 0}, {"2", 1}}},
		{"link:/items/{}/move#0", []Match{{"1", 0}, {"2", 1}}},
		{"entries:POST /{}/2/move", []Match{{"id=2&to=&note=x", 1}}},
		{"form:id@/ite{}/{}/copy", []Match{{"2", 2}}},
		{"form:id@/{}/copy", nil},
		{"option:city", []Match{{"c-1001", 3}, {"c-1002", 3}}},
	}
	for _, tt := range tests {
		s, err := ParseSelector(tt.selector)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Matches(d); !slices.Equal(got, tt.want) {
			t.Errorf("%s matches %v, want %v", tt.selector, got, tt.want)
		}
		var values []string
		for _, m := range tt.want {
			values = append(values, m.Value)
		}
		if got := s.Values(d); !slices.Equal(got, values) {
			t.Errorf("%s has the values %q, want %q", tt.selector, got, values)
		}
	}
}

func TestAnAnswerRefersToOthers(t *testing.T) {
	tests := []struct {
		name, media, body, want string
	}{
		{"a page", "text/html", `<a href=/x>x</a><img src=/i.png srcset="/i1.png 1x, /i2.png 2x,/i3.png"><link rel=modulepreload href=/m.1a2b.js><script src=/s.js></script><video poster=/p.jpg></video><form action=/f><button formaction=/g></form><style>body{background:url("/b.png")}</style><meta http-equiv=refresh content="3; URL='/next'">`,
			"/x /i.png /i1.png /i2.png /i3.png /m.1a2b.js /s.js /p.jpg /f /g /b.png /next"},
		{"a style sheet", "text/css", `@import "a.css"; @import url(b.css); i{background:url( '/c.png' ),url(d.png)} j{background:url(data:image/png;base64,xx)}`, "a.css b.css /c.png d.png"},
		{"a script", "text/javascript", "import x from \"./part-3f2a.js\";const m=['assets/a-9c.css',`/b.wasm`,'not a file','n/a','it''s'];fetch('/api/items')", "./part-3f2a.js assets/a-9c.css /b.wasm"},
		{"a JSON document", "application/json", `{"next":"http://h/b?cursor=x%3D","self":"/b","word":"a/b","text":"/ or not","list":["\/c\/d",null,""]}`, "http://h/b?cursor=x%3D /b /c/d"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := answer(tt.media, tt.body, flow.Header{Name: "Link", Value: `</l1>; rel="next", </l2>; rel=first`})
			want := append([]string{"/l1", "/l2"}, strings.Fields(tt.want)...)
			if got := d.Links(); !slices.Equal(got, want) {
				t.Errorf("%s\nrefers to %q\nwant      %q", tt.body, got, want)
			}
		})
	}
}

func TestALinkHoldsValuesInPartsOfItsSegments(t *testing.T) {
	d := answer("text/html", `<script src=/assets/app.3f2a9c1b.js></script><script src=/assets/vendor.77aa01ff.js></script><link href=/assets/app.99aa.css><a href=/order-17/edit>`)
	for selector, want := range map[string][]string{
		"link:/assets/app.{}.js#0":       {"3f2a9c1b"},
		"link:/assets/{}#0":              {"app.3f2a9c1b.js", "vendor.77aa01ff.js", "app.99aa.css"},
		"link:/order-{}/edit#0":          {"17"},
		"link:/assets/app.3f2a{}9c.js#0": nil,
	} {
		s, err := ParseSelector(selector)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Values(d); !slices.Equal(got, want) {
			t.Errorf("%s has %q, want %q", selector, got, want)
		}
	}
}

func TestNullAndEmptyAreNoValues(t *testing.T) {
	s, _ := ParseSelector("json:page[].next")
	d := answer("application/json", `{"page":[{"next":null},{"next":""},{"next":"c1"},{},{"next":0}]}`)
	if got := s.Values(d); !slices.Equal(got, []string{"c1", "0"}) {
		t.Errorf("got %q", got)
	}
}
