package content

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/starling-load/starling/model/content/codec"
	"github.com/starling-load/starling/record/flow"
)

func reply(media, body string, headers ...string) *flow.Response {
	r := &flow.Response{Status: 200, Body: flow.NewBody([]byte(body))}
	if media != "" {
		r.Headers = append(r.Headers, flow.Header{Name: "Content-Type", Value: media})
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Headers = append(r.Headers, flow.Header{Name: headers[i], Value: headers[i+1]})
	}
	return r
}

const token = "9f8e7d6c5b4a39281706f5e4"

func TestLeavesWithinValues(t *testing.T) {
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	quoted := func(s string) string { return strings.ReplaceAll(s, `"`, `\"`) }
	for _, c := range []struct {
		name     string
		answer   *flow.Response
		selector string
		value    string
	}{
		{"a state of JSON in Base64", reply("application/json", `{"state":"`+b64(`{"user":{"id":"u-4711-x"}}`)+`"}`), "json:state|base64|json:user.id", "u-4711-x"},
		{"JSON in a string", reply("application/json", `{"payload":"`+quoted(`{"items":[{"k":1},{"k":"two"}]}`)+`"}`), "json:payload|json:items[].k", "1"},
		{"a key that is an identifier", reply("application/json", `{"objects":{"`+token+`":{"n":1}}}`), "json:objects.{}~", token},
		{"an address in JSON", reply("application/json", `{"next":{"href":"https://h.test/list?page=2&t=a%2Bb"}}`), "json:next.href|link:/list?t", "a+b"},
		{"an id of Relay", reply("application/json", `{"id":"`+b64("Order:order_4711")+`"}`), "json:id|base64|part:Order", "order_4711"},
		{"an id with a prefix", reply("application/json", `{"key":"order-42"}`), "json:key|part:order", "42"},
		{"claims of a token", reply("application/json", `{"t":"eyJhbGciOiJIUzI1NiJ9.`+base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"user-17"}`))+`.c2lnbmF0dXJlMQ"}`), "json:t|jwt|json:sub", "user-17"},
		{"a page in JSON", reply("application/json", `{"html":"`+quoted(`<form action="/save"><input type="hidden" name="tk" value="a&#43;b"></form>`)+`"}`), "json:html|form:tk", "a+b"},
		{"a link in a page in JSON", reply("application/json", `{"html":"`+quoted(`<a href="/item/`+token+`">x</a>`)+`"}`), "json:html|link:/item/{}#0", token},
		{"a string in a script", reply("text/html", `<script>var cfg = {"tk":"x\u002by\/z"};</script>`), "script:tk", "x+y/z"},
		{"a variable of a script", reply("text/html", "<script>// it's\nwindow.csrf = '"+token+"'; var b = 2;</script>"), "script:csrf", token},
		{"arguments in a script", reply("text/html", `<script>start("abc", '`+token+`')</script>`), "script:start(", token},
		{"a list in a script", reply("text/html", `<script>x({ids: ["a1", "b2"], n: 3})</script>`), "script:ids", "b2"},
		{"data for a script", reply("text/html", `<script id="__DATA__" type="application/json">{"props":{"id":"`+token+`"}}</script>`), "script:#__DATA__|json:props.id", token},
		{"a script file", reply("application/javascript", `const build = "`+token+`";`), "script:build", token},
		{"an entity in an attribute", reply("text/html", `<div data-cfg="{&quot;id&quot;:&quot;`+token+`&quot;}"></div>`), "attr:data-cfg|json:id", token},
		{"the id of an element", reply("text/html", `<tr id="row42"><td>x`), "attr:id|part:row", "42"},
		{"the id of an element with a longer number", reply("text/html", `<i to="#row-1042">`), "attr:to|part:row", "1042"},
		{"an attribute of its own", reply("text/html", `<x-row :of='{"id":42}'></x-row>`), "attr::of|json:id", "42"},
		{"a call in an attribute", reply("text/html", `<b on:x="edit(42, 'a7')">x</b>`), "attr:on:x|script:edit(", "42"},
		{"a text of SOAP", reply("text/xml; charset=utf-8", `<?xml version="1.0"?><s:Envelope xmlns:s="u"><s:Body><id>a&amp;b</id></s:Body></s:Envelope>`), "xml:Envelope/Body/id", "a&b"},
		{"an attribute of XML", reply("application/xml", `<list><item key='k1'/><item key="k2"><![CDATA[<x>]]></item></list>`), "xml:list/item@key", "k2"},
		{"CDATA", reply("application/xml", `<list><item key="k2"><![CDATA[<x>]]></item></list>`), "xml:list/item", "<x>"},
		{"a partial page", reply("text/plain", "1|#||4|6|updatePanel|p1|<b>é|x|"+"5|hiddenField|__VIEWSTATE|a|b=c|"), "delta:hiddenField/__VIEWSTATE", "a|b=c"},
		{"a form as the answer", reply("text/plain", "oauth_token=t1&oauth_token_secret=s%2B1"), "text:…|query:oauth_token_secret", "s+1"},
		{"a token as the answer", reply("text/plain", token+"\n"), "text:…", token},
		{"a number as the page", reply("text/html; charset=utf-8", " 8123\n"), "text:…", "8123"},
		{"JSON as the page", reply("text/html", `{"file":{"id":8123}}`), "text:…|json:file.id", "8123"},
		{"text with delimiters", reply("text/plain", "OK|"+token+"|17"), "text:…|part:", token},
		{"a list in a value", reply("application/json", `{"ids":"11,12,13"}`), "json:ids|part:", "13"},
		{"the next page in Link", reply("", "", "Link", `</a?c=1>; rel="prev", </a?c=2>; rel=next`), "header:Link|rel:next|link:/a?c", "2"},
		{"the address in Refresh", reply("", "", "Refresh", "5; url=/wait/"+token), "header:Refresh|url|link:/wait/{}#0", token},
		{"Content-Location", reply("", "", "Content-Location", "/doc/"+token+"/v"), "header:Content-Location|link:/doc/{}/v#0", token},
		{"a fragment with items", reply("", "", "Location", "/app#access_token="+token+"&x=1"), "header:Location|fragment|query:access_token", token},
		{"a route in a fragment", reply("", "", "Location", "/app#/orders/"+token), "header:Location|fragment|link:/orders/{}#0", token},
		{"a redirect upwards", reply("", "", "Location", "../orders/"+token), "redirect:orders/{}#0", token},
		{"a part of a redirect", reply("", "", "Location", "/m/list.do;jsessionid="+token+"?cat=1"), "redirect:/m/list.do;jsessionid={}#0", token},
		{"an entity tag", reply("", "", "Etag", `W/"v17"`), "header:Etag|quotes", "v17"},
		{"JSON in a cookie", reply("", "", "Set-Cookie", "c=%7B%22id%22%3A%22u1%22%7D; Path=/"), "cookie:c|percent|json:id", "u1"},
		{"lines of a text area", reply("application/json", `{"text":"a\r\nb"}`), "json:text|crlf", "a\nb"},
		{"entities in JSON", reply("application/json", `{"title":"a &lt;b&gt;"}`), "json:title|html", "a <b>"},
		{"hexadecimal", reply("application/json", `{"h":"`+codec.Chain{codec.New(codec.Hex)}.Encode("order:4711")+`"}`), "json:h|hex", "order:4711"},
		{"a field of protobuf", reply("application/x-protobuf", "\x0a\x05hello\x10\x96\x01\x1a\x06\x0a\x04\x00abc"), "proto:2", "150"},
		{"a field of a field in a frame", reply("application/grpc", "\x00\x00\x00\x00\x0b\x08\x01\x1a\x07\x12\x02ab\x18\xac\x02"), "proto:3.2", "ab"},
		{"a bar in a key", reply("application/json", `{"a|b.c":{"d":"x1"}}`), `json:a\|b\.c.d`, "x1"},
		{"a bar in a field", reply("text/html", `<form><input name="a|b" value="x1"></form>`), `form:a\|b`, "x1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := New(c.answer)
			leaves := d.Leaves()
			if !slices.Contains(leaves, Leaf{c.selector, c.value}) {
				t.Errorf("no leaf %s = %q in\n%s", c.selector, c.value, printLeaves(leaves))
			}
			checkSelectors(t, d, leaves)
		})
	}
}

func printLeaves(list []Leaf) string {
	var b strings.Builder
	for _, l := range list {
		fmt.Fprintf(&b, "  %s = %q\n", l.Selector, l.Value)
	}
	return b.String()
}

// checkSelectors checks that each leaf is what its selector finds.
func checkSelectors(t *testing.T, d *Doc, leaves []Leaf) {
	t.Helper()
	for _, l := range leaves {
		s, err := ParseSelector(l.Selector)
		if err != nil {
			t.Errorf("leaf %s = %q: %v", l.Selector, l.Value, err)
			continue
		}
		if got := s.Values(d); !slices.Contains(got, l.Value) {
			t.Errorf("%s finds %q, not the leaf %q", l.Selector, got, l.Value)
		}
	}
}

func TestPartsOfTexts(t *testing.T) {
	const id = "550e8400-e29b-41d4-a716-446655440000"
	for _, c := range []struct{ text, want string }{
		{"order-42", "order=42"},
		{"12.pdf", "=12"},
		{"Orders(" + id + ")", "Orders=" + id},
		{"Docs('" + id + "')", "Docs=" + id},
		{"lists(guid'" + id + "')", "guid=" + id},
		{"order-" + id, "order=" + id},
		{token + ":export", "=" + token},
		{"list;id=" + id + ";v=1", "id=" + id + " v=1"},
		{`id="` + token + `", v=1`, "id=" + token + " v=1"},
		{"list.do;jsessionid=" + token, "jsessionid=" + token},
		{"11,12,13", "=11 =12 =13"},
		{token + ",mc672254322925735", "=" + token + " =mc672254322925735"},
		{"room12,desk7,lamp9", ""},
		{"Bearer " + token, "=" + token},
		{token, ""},
		{"my-order-42", "order=42"},
		{"l3WcFJXKjQQgyDYy-" + token, "=l3WcFJXKjQQgyDYy =" + token},
		{"q8/Zm3xUe5LbV0+YtRk2Q==", ""},
		{"/Zm3xUe5LbV0YtRk2Q8w1==", ""},
		{"2026-03-01T10:00:00Z", ""},
		{"10:30", ""},
		{"jquery-3.6.0.min.js", ""},
		{"Bought 3 items for 12.50", ""},
		{"plain words", ""},
	} {
		var got []string
		for _, p := range Parts(c.text) {
			got = append(got, p.Name+"="+c.text[p.Start:p.End])
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("Parts(%q) = %q, want %q", c.text, s, c.want)
		}
	}
}

func TestTemplatesOfPaths(t *testing.T) {
	const id = "550e8400-e29b-41d4-a716-446655440000"
	for path, want := range map[string]string{
		"/orders/42":                   "/orders/{}",
		"/odata/Orders(" + id + ")/x":  "/odata/Orders({})/x",
		"/odata/Docs('" + id + "')":    "/odata/Docs('{}')",
		"/u/order-" + id + "/view":     "/u/{}/view",
		"/d/" + token + ".pdf":         "/d/{}.pdf",
		"/m/list;id=" + id + ";v=long": "/m/list;id={};v=long",
		"/assets/jquery-3.6.0.min.js":  "/assets/jquery-3.6.0.min.js",
		"/api/v2/status":               "/api/v2/status",
		"/a-long-path-of-words/here":   "/a-long-path-of-words/here",
	} {
		if got := Template(path); got != want {
			t.Errorf("Template(%q) = %q, want %q", path, got, want)
		}
	}
}

// TestHostileAnswersAreBounded reads answers that are built to cost much. What it
// checks is that they end, and how much they give.
func TestHostileAnswersAreBounded(t *testing.T) {
	nested := `"x"`
	for range 12 {
		nested = base64.StdEncoding.EncodeToString([]byte(`{"a":"` + nested + `"}`))
	}
	var heads []string
	for i := range 60_000 {
		heads = append(heads, fmt.Sprintf("X-%d", i), "a=1;b-2;c-3,order-"+fmt.Sprint(i))
	}
	for name, r := range map[string]*flow.Response{
		"a long document of JSON":  reply("application/json", "["+strings.Repeat(`{"id":"order-42","u":"https://h/a?b=c%20d"},`, 150_000)+"1]"),
		"one long key":             reply("application/json", `{"`+strings.Repeat("k", 4_000_000)+`":[`+strings.Repeat("1,", 500_000)+"1]}"),
		"60,000 fields":            reply("", "", heads...),
		"Base64 in Base64":         reply("application/json", `{"a":"`+nested+`"}`),
		"strings without end":      reply("text/html", "<script>"+strings.Repeat(`"\`, 2_000_000)),
		"templates without end":    reply("application/javascript", strings.Repeat("`a", 1_000_001)),
		"scripts without end":      reply("text/html", strings.Repeat("<script>", 500_000)),
		"elements without end":     reply("text/xml", strings.Repeat("<a b='1'>", 500_000)),
		"comments without end":     reply("text/xml", strings.Repeat("<!--", 1_000_000)),
		"attributes without end":   reply("text/xml", "<a "+strings.Repeat("b='", 1_000_001)),
		"sections without end":     reply("text/xml", "<a>"+strings.Repeat("<![CDATA[", 500_000)),
		"parts without end":        reply("text/plain", strings.Repeat("1|a|b|c|", 500_000)),
		"a bomb":                   reply("application/json", codec.Chain{codec.New(codec.Gzip)}.Encode(strings.Repeat("\x00", 64<<20)), "Content-Encoding", "gzip"),
		"messages without end":     reply("application/grpc", strings.Repeat("\x00\x00\x00\x00\x02\x08\x01", 500_000)),
		"strings in strings":       reply("application/json", `{"a":`+strings.Repeat(`"[`, 1_000_000)),
		"links without end":        reply("", "", "Link", strings.Repeat("<a>;rel=next,", 300_000)),
		"an address without parts": reply("", "", "Location", "/"+strings.Repeat("a-1/", 100_000)),
	} {
		t.Run(name, func(t *testing.T) {
			if n := len(New(r).Leaves()); n > maxLeaves {
				t.Errorf("%d leaves", n)
			}
			New(r).Shape()
		})
	}
}

func FuzzLeaves(f *testing.F) {
	for _, media := range []string{"application/json", "text/html", "text/xml", "text/plain", "application/grpc", "application/javascript"} {
		f.Add(media, `{"a":"eyJhIjoib3JkZXItNDIifQ==","b":{"12345678":"/x/12?y=z%20"}}`, "</a/12>; rel=next")
		f.Add(media, `<form action="/a/1"><input name="t" value="order-42"></form><script>var a="\u002b"</script>`, `"W/x"`)
		f.Add(media, "3|t|i|abc|", "a=b&c=order-42")
	}
	f.Fuzz(func(t *testing.T, media, body, head string) {
		if strings.ContainsAny(head, "\r\n") {
			return
		}
		d := New(reply(media, body, "Location", head, "Link", head, "X-A", head, "Set-Cookie", "a="+head))
		checkSelectors(t, d, d.Leaves())
	})
}
