package content

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// besideOf returns the values that a selector finds with what stands beside them.
func besideOf(t *testing.T, selector string, d *Doc) string {
	t.Helper()
	s, err := ParseSelector(selector)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range s.Elements(d) {
		out = append(out, e.Value+": "+strings.Join(append(e.Row, e.Beside...), ", "))
	}
	return strings.Join(out, "; ")
}

func TestElementsHaveWhatStandsBesideThem(t *testing.T) {
	tests := []struct{ media, body, selector, want string }{
		// The row is the largest element around one value alone, closed or not.
		{"text/html", `<table><tr><th>Name<th>Size<tr><td>a.txt<td>12 kB<td><a href=/f/1>get</a><a href="/f/1?x=1">del</a><tr><td>b.txt<td>9 kB<td><a href=/f/2>get</a></table><p>2 files`,
			"link:/f/{}#0", "1: a.txt, 12 kB, get, del, ^Size; 1: a.txt, 12 kB, get, del, ^Size; 2: b.txt, 9 kB, get"},
		{"text/html", `<ul><li>One <a href=/f/1>x</a><li>Two <a href=/f/2>x</a><ul><li>deep</ul></ul>`, "link:/f/{}#0", "1: One, x; 2: Two, x, deep"},
		{"text/html", `<dl><dt>One<dd><a href=/f/1>x</a><dt>Two<dd><a href=/f/2>x</a></dl>`, "link:/f/{}#0", "1: x, ^One; 2: x, ^Two"},
		{"text/html", `<div><img alt="A cat"><a href=/f/1></a></div><div><img alt="A dog"><a title="see it" href=/f/2></a></div>`, "link:/f/{}#0", "1: A cat; 2: A dog, see it"},
		// The only value of its kind has the texts nearest to it.
		{"text/html", `<h1>Top</h1><div><p>Near <a href=/f/1><i></i></a></p></div><p>far`, "link:/f/{}#0", "1: Near"},
		{"text/html", `<p>Ann <button data-id=5>x</button><p>Bob <button data-id=6>x</button>`, "attr:data-id", "5: Ann, x; 6: Bob, x"},
		{"text/html", `<li>Ann <form action=/del><input type=hidden name=who value=5></form><li>Bob <form action=/del><input type=hidden name=who value=6></form>`, "form:who", "5: Ann; 6: Bob"},
		{"text/html", `<form><p>Ann <input type=checkbox name=who value=5><p>Bob <input type=checkbox name=who value=6></form>`, "option:who", "5: Ann; 6: Bob"},
		{"text/html", `<li>Ann <form method=post action=/x><input name=n value=1></form><li>Bob <form method=post action=/x><input name=n value=2></form>`, "entries:POST /x", "n=1: Ann, 1; n=2: Bob, 2"},
		{"text/html", `<p onclick="open(5)">Ann<p onclick="open(6)">Bob`, `text:"open(…)`, "5: Ann; 6: Bob"},
		{"text/html", `<script>var a = "<p>no"</script><style>p{}</style><p>Ann<a href=/f/1>y</a><p>Bob<a href=/f/2>y</a>`, "link:/f/{}#0", "1: Ann, y; 2: Bob, y"},
		{"text/html", `<script>var all=[{nr:31,who:'Ann'},{nr:32,who:'Bob'}];</script><p>Eve<a href=/f/1>y</a>`, "script:nr", "31: who=Ann; 32: who=Bob"},
		{"text/csv", "nr,who\r\n31,Ann\r\n32,Bob\r\n", `text:\n…,`, "31: Ann; 32: Bob"},
		// Texts with the value itself say nothing new.
		{"text/html", `<p>#17 Ann<a href=/f/17>17</a><p>#18 Bob<a href=/f/18>18</a>`, "link:/f/{}#0", "17: ; 18: "},
		{"application/json", `{"all":[{"id":1,"name":"Ann","tags":["x"],"at":{"city":"Rome"},"no":null},{"id":2,"name":"Bob"}],"total":2}`, "json:all[].id", "1: name=Ann, tags=x, city=Rome; 2: name=Bob"},
		{"application/json", `{"all":[{"of":{"id":1},"name":"Ann"},{"of":{"id":2},"name":"Bob"}]}`, "json:all[].of.id", "1: name=Ann; 2: name=Bob"},
		{"application/json", `[{"id":1,"who":"Ann"},{"id":2,"who":"Bob"}]`, "document:[]", `{"id":1,"who":"Ann"}: id=1, who=Ann; {"id":2,"who":"Bob"}: id=2, who=Bob`},
		{"application/json", `[{"self":"/f/31","who":"Ann"},{"self":"/f/32","who":"Bob"}]`, "link:/f/{}#0", "31: who=Ann; 32: who=Bob"},
		{"application/json", `[1,2,3]`, "json:[]", "1: ; 2: ; 3: "},
		{"text/xml", `<l><e k="1"><n>Ann</n><e2 t="x"/></e><e k="2"><n>Bob</n></e></l>`, "xml:l/e@k", "1: n=Ann, t=x; 2: n=Bob"},
		{"text/xml", `<d:l xmlns:d="http://x.test/ns"><d:r><d:href>/f/31</d:href><d:n>Ann</d:n></d:r><d:r><d:href>/f/32</d:href><d:n>Bob</d:n></d:r></d:l>`, "link:/f/{}#0", "31: n=Ann, ^d=http://x.test/ns; 32: n=Bob"},
		// Lines of a text are apart: one has the value itself.
		{"text/xml", "<l><e><h>/f/31</h><c>BEGIN:VCARD\r\nUID:31\r\nFN:Ann\r\n</c></e><e><h>/f/32</h><c>BEGIN:VCARD\r\nUID:32\r\nFN:Bob\r\n</c></e></l>", "link:/f/{}#0", "31: c=BEGIN:VCARD, c=FN:Ann; 32: c=BEGIN:VCARD, c=FN:Bob"},
		{"application/json", `[{"id":31,"text":"of 31\n\nname: Ann"},{"id":32,"text":"name: Bob"}]`, "json:[].id", "31: text=name: Ann; 32: text=name: Bob"},
		{"text/html", `<script type="application/json" id="state">{"all":[{"id":31,"who":"Ann"},{"id":32,"who":"Bob"}]}</script>`, "script:#state|json:all[].id", "31: who=Ann; 32: who=Bob"},
		{"text/html", `<p>Ann<a href="/x?of=eyJpZCI6MzF9">y</a><p>Bob<a href="/x?of=eyJpZCI6MzJ9">y</a>`, "link:/x?of|base64url|json:id", "31: Ann, y; 32: Bob, y"},
		{"application/json", `{"state":"{\"all\":[{\"id\":31,\"who\":\"Ann\"},{\"id\":32,\"who\":\"Bob\"}]}"}`, "json:state|json:all[].id", "31: who=Ann; 32: who=Bob"},
		{"application/json", `{"all":{"31":{"who":"Ann"},"32":{"who":"Bob"}}}`, "json:all.{}~", "31: who=Ann; 32: who=Bob"},
		{"application/x-ndjson", "{\"id\":31,\"who\":\"Ann\"}\n{\"id\":32,\"who\":\"Bob\"}\n", "json:[].id", "31: who=Ann; 32: who=Bob"},
		{"application/protobuf", "\n\x0b\b\x1f\x12\x03Ann\x1a\x02\b\x07\n\x07\b\x20\x12\x03Bob\x10\x02", "proto:1.1", "31: 2=Ann, 1=7; 32: 2=Bob"},
		// A row that has several values, and the texts of the row and of each.
		{"text/html", `<table><tr><td>Ann<td><a href=/f/a1>keep</a><a href=/f/d1>drop</a><tr><td>Bob<td><a href=/f/a2>keep</a><a href=/f/d2>drop</a></table>`, "link:/f/{}#0", "a1: Ann, keep, #1; d1: Ann, drop, #2; a2: Bob, keep, #1; d2: Bob, drop, #2"},
		{"text/plain", `/f/1 Ann /f/2 Bob`, "link:/f/{}#0", ""},
	}
	for _, tt := range tests {
		if got := besideOf(t, tt.selector, doc(tt.media, tt.body)); got != tt.want {
			t.Errorf("%s of %s:\n got %s\nwant %s", tt.selector, tt.body, got, tt.want)
		}
	}
}

// Elements finds what Values does, whatever the answer.
func TestElementsAreTheValues(t *testing.T) {
	pages := []string{
		`<a href=/f/1>a<p><li><td></table><a href=/f/2></a></b></p><form action=/f/3><select name=who><option value=1><option value=2></form>`,
		`<form><input name=who value=1 form=z><textarea name=who>2</textarea></form><form id=z></form><button name=who value=3>`,
		`{"all":[{"id":null,"s":""},{"id":"/f/1","of":[{"id":5}]},[],{}],"who":{"65f0c0ffee65f0c0ffee65f0":{"id":7}}}`,
		`<l><e id="1">x<e id='2'/></e>t</l></l><!-- <e id="3"/> --><e>`,
		strings.Repeat("<div>", 300) + "<a href=/f/9>" + strings.Repeat("</div>", 400), "", "{", "<",
	}
	for _, page := range pages {
		for _, media := range []string{"text/html", "application/json", "text/xml", "text/plain"} {
			for _, selector := range []string{"link:/f/{}#0", "json:all[].id", "json:all[].of[].id", "json:who.{}.id", "json:who.{}~", "document:all[]", "form:who", "option:who", "form:who@/f/{}", "xml:l/e@id", "xml:l/e", "attr:data-x", "text:/f/…>", "text:…", "link:/f/{}#0|base64", "json:all[].id|link:/f/{}#0", "meta:x"} {
				s, err := ParseSelector(selector)
				if err != nil {
					t.Fatal(err)
				}
				d := doc(media, page)
				want := s.Values(d)
				var got []string
				for _, e := range s.Elements(d) {
					got = append(got, e.Value)
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s of %s as %s: %q, want %q", selector, page[:min(len(page), 100)], media, got, want)
				}
			}
		}
	}
}

// A long page costs no more than its length, and what is kept of it is bounded.
func TestElementsOfALongPage(t *testing.T) {
	var b strings.Builder
	for i := range 30_000 {
		fmt.Fprintf(&b, "<div><p>Row %d<a href=/f/%d>%s</a>", i, i, strings.Repeat("x", 20))
	}
	s, _ := ParseSelector("link:/f/{}#0")
	list := s.Elements(doc("text/html", b.String()))
	if len(list) != maxItems {
		t.Errorf("%d elements, want %d", len(list), maxItems)
	}
	for _, e := range list {
		if len(e.Beside) > maxBeside+1 {
			t.Fatalf("%d texts beside one", len(e.Beside))
		}
	}
}
