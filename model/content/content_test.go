package content

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/starling-load/starling/record/flow"
)

const samplePage = `<!doctype html><html><head><title> Order 1042 -
 Shop</title><meta name="csrf-token" content="m&amp;1"></head><body>
<form action="/search"><input name="q"></form>
<form method="post" action="/orders/1042/cancel"><input type=hidden name="csrf" value="tok-a&quot;b"/>
<textarea name="note">
hello &lt;you&gt;</textarea><select name="size"><option value="S"><option value="M" selected></select>
<button name="go" value="1">Go</button></form>
<a href="/product/7?ref=home&amp;page=2">x</a> <a href="/product/9">y</a> <a href="javascript:void(0)">z</a>
<a href="?do=diff&amp;rev=99">r</a>
<div class="message error"> <p></p> </div><div class="alert-box" role="alert">Bad!</div>
<img src="/lib/exe/taskrunner.php?id=start&amp;1732400000"><span data-id="d1"></span>
<script>var TOKEN = {"sectok":"abc123"};</script></body></html>`

const sampleJSON = `{"items":[{"id":"a\u0031","n":1,"tags":[]},{"id":"b","n":2.5,"gone":null}],"by.key":{"x":true},
 "map":{"65f0c0ffee65f0c0ffee1234":{"qty":3}},"next":"/items?page=2"}`

func doc(media, body string, headers ...flow.Header) *Doc {
	h := append(flow.Headers{{Name: "content-type", Value: media}}, headers...)
	return New(&flow.Response{Status: 200, Headers: h, Body: flow.Body{Data: []byte(body), Size: int64(len(body))}})
}

func TestSelectorFindsTheValueInTheAnswer(t *testing.T) {
	page := doc("text/html; charset=utf-8", samplePage, flow.Header{Name: "set-cookie", Value: `sid="v%201"; Path=/; HttpOnly`},
		flow.Header{Name: "Location", Value: "http://shop.test/orders/ORD-2026-0042?ok=a%20b"}, flow.Header{Name: "ETag", Value: `"e1"`})
	json := doc("application/json", sampleJSON)
	for _, c := range []struct {
		name, selector string
		d              *Doc
		want           []string
	}{
		{"a header compared without case", "header:etag", page, []string{`"e1"`}},
		{"a cookie without quotes and attributes", "cookie:sid", page, []string{"v%201"}},
		{"a cookie with percent-encoding removed", "cookie:sid|percent", page, []string{"v 1"}},
		{"a hidden field with entities decoded", "form:csrf", page, []string{`tok-a"b`}},
		{"a field of forms with one action", "form:csrf@/orders/{}/cancel", page, []string{`tok-a"b`}},
		{"no field of forms with another action", "form:csrf@/cart", page, nil},
		{"a textarea without its first line end", "form:note", page, []string{"hello <you>"}},
		{"a textarea under another name", "form:note|as:text", page, []string{"text=hello+%3Cyou%3E"}},
		{"the selected option", "form:size", page, []string{"M"}},
		{"a named button", "form:go", page, []string{"1"}},
		{"a meta element", "meta:csrf-token", page, []string{"m&1"}},
		{"a data attribute", "attr:data-id", page, []string{"d1"}},
		{"a path segment of all links of one shape", "link:/product/{}#0", page, []string{"7", "9"}},
		{"a query value of a link", "link:/product/{}?page", page, []string{"2"}},
		{"a query value of a link without a path", "link:/doku.php?do=diff&rev", page, []string{"99"}},
		{"a query value where the fixed item has any text", "link:/doku.php?do=d{}f&rev", page, []string{"99"}},
		{"nothing where the fixed item differs", "link:/doku.php?do=edit&rev", page, nil},
		{"a query item without a key", "link:/lib/exe/taskrunner.php?{}", page, []string{"1732400000"}},
		{"a segment of the redirect target", "redirect:/orders/{}#0", page, []string{"ORD-2026-0042"}},
		{"a query value of the redirect target", "redirect:/orders/{}?ok", page, []string{"a b"}},
		{"text between two contexts", `text:"sectok":"…"`, page, []string{"abc123"}},
		{"a member of every array element, unescaped", "json:items[].id", json, []string{"a1", "b"}},
		{"numbers as written", "json:items[].n", json, []string{"1", "2.5"}},
		{"a key with a dot", `json:by\.key.x`, json, []string{"true"}},
		{"any key that is an identifier", "json:map.{}.qty", json, []string{"3"}},
		{"nothing for an object", "json:map", json, nil},
		{"nothing of a form in JSON", "form:csrf", json, nil},
	} {
		s, err := ParseSelector(c.selector)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if s.String() != c.selector {
			t.Errorf("%s: String() = %q, want %q", c.name, s, c.selector)
		}
		if diff := cmp.Diff(c.want, s.Values(c.d)); diff != "" {
			t.Errorf("%s: %s (-want +got)\n%s", c.name, c.selector, diff)
		}
	}
}

func TestSelectorThatIsWrongIsRefused(t *testing.T) {
	for _, s := range []string{"", "id", "xpath://a", "header:", "json:a]b", "json:.a", "link:/a/{}", "link:/a#0", "link:/a/{}#1", "link:/a?", "link:/{}#", "text:…x", "text:abc", "form:", "as:text"} {
		if got, err := ParseSelector(s); err == nil {
			t.Errorf("ParseSelector(%q) = %v, want an error", s, got)
		} else if s != "" && !strings.Contains(err.Error(), s) {
			t.Errorf("ParseSelector(%q): error %q does not name the selector", s, err)
		}
	}
}

func TestShapeStaysTheSameWhateverTheData(t *testing.T) {
	got := doc("text/HTML;charset=x", samplePage).Shape()
	want := Shape{"text/html", []string{
		"error:alert-box",
		"form:GET /search[q]",
		"form:POST /orders/{}/cancel[csrf,go,note,size]",
		"title:Order # - Shop",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("page (-want +got)\n%s", diff)
	}
	got = doc("application/problem+json", sampleJSON).Shape()
	want = Shape{"application/problem+json", []string{
		`$.by\.key.x:boolean`, `$.by\.key:object`, "$.items:array", "$.items[].gone:null", "$.items[].id:string",
		"$.items[].n:number", "$.items[].tags:array", "$.items[]:object", "$.map.{}.qty:number", "$.map.{}:object",
		"$.map:object", "$.next:string", "$:object",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("JSON (-want +got)\n%s", diff)
	}
	short := doc("application/json", `[{"id":1}]`).Shape()
	long := doc("application/json", `[`+strings.Repeat(`{"id":1},`, 5000)+`{"id":2}]`).Shape()
	if diff := cmp.Diff(short, long); diff != "" {
		t.Errorf("an array's length changes the shape\n%s", diff)
	}
	var wide strings.Builder
	for i := range 3 * MaxFeatures {
		fmt.Fprintf(&wide, `"k%c%c%c%c":1,`, 'a'+i%26, 'a'+i/26%26, 'a'+i/676%26, 'z')
	}
	if n := len(doc("application/json", "{"+wide.String()+`"z":1}`).Shape().Features); n != MaxFeatures {
		t.Errorf("%d features of a very wide object, want %d", n, MaxFeatures)
	}
}

func TestBodiesAreDecodedWithinTheLimit(t *testing.T) {
	plain := []byte(sampleJSON)
	var gz, br, zs bytes.Buffer
	g := gzip.NewWriter(&gz)
	_, _ = g.Write(plain)
	_ = g.Close()
	b := brotli.NewWriter(&br)
	_, _ = b.Write(plain)
	_ = b.Close()
	z, err := zstd.NewWriter(&zs)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = z.Write(plain)
	_ = z.Close()
	for coding, data := range map[string][]byte{"gzip": gz.Bytes(), "br": br.Bytes(), "zstd": zs.Bytes(), "identity": plain} {
		d := doc("application/json", string(data), flow.Header{Name: "Content-Encoding", Value: coding})
		if !bytes.Equal(d.Body(), plain) || d.Cut() {
			t.Errorf("%s: body of %d bytes, cut %v; want the %d bytes encoded", coding, len(d.Body()), d.Cut(), len(plain))
		}
		d = doc("application/json", string(data[:len(data)/2]), flow.Header{Name: "Content-Encoding", Value: coding})
		if d.Shape(); coding != "identity" && !d.Cut() {
			t.Errorf("%s: half a body is not reported as cut", coding)
		}
	}
	var bomb bytes.Buffer
	g = gzip.NewWriter(&bomb)
	for range 20 {
		_, _ = g.Write(make([]byte, 1<<20))
	}
	_ = g.Close()
	d := doc("application/json", bomb.String(), flow.Header{Name: "Content-Encoding", Value: "gzip"})
	if len(d.Body()) != MaxBody || !d.Cut() {
		t.Errorf("a bomb yields %d bytes, cut %v; want %d and cut", len(d.Body()), d.Cut(), MaxBody)
	}
}

func TestHostileBodiesYieldLess(t *testing.T) {
	deep := strings.Repeat("[", 5_000_000)
	for _, body := range []string{"", deep, `{"a":`, "\x00\xff<", "<a href", "<title>", "<form><form><input name=x>", strings.Repeat("<div class=error>", 100000)} {
		for _, media := range []string{"application/json", "text/html", ""} {
			d := doc(media, body)
			d.Shape()
			d.Leaves()
		}
	}
	nested := strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1)
	if got := doc("application/json", nested).Shape().Features; len(got) != 0 {
		t.Errorf("%d features of JSON nested %d deep, want none: its check recurses", len(got), maxDepth+1)
	}
	if got := doc("application/json", nested[1:len(nested)-1]).Shape().Features; len(got) != maxDepth {
		t.Errorf("%d features of JSON nested %d deep, want as many", len(got), maxDepth)
	}
	if got := New(nil).Shape(); len(got.Features) != 0 {
		t.Errorf("no response has the features %v", got.Features)
	}
}

func TestKindsOfSegments(t *testing.T) {
	for s, want := range map[string]string{
		"42": "int", "550e8400-e29b-41d4-a716-446655440000": "uuid", "2026-11-23": "date", "a@b.test": "email",
		"65f0c0ffee65f0c0ffee1234": "hex", "deadbeef": "", "facade12": "hex", "4q1xlclmfloku33": "id", "ORD-2026-0042": "id", "ORD-WDH2ODCOOOXGMTGK": "id", "ORD-MPVNHRJFOLTKOVMY": "id", "README-FIRST": "", "top-100": "", "order_1042": "id",
		"products": "", "v2": "", "blue-shirt": "", "blue-shirt-2024": "", "collections": "", "style.css": "", "doku.php": "", "user12": "",
		"dGhpcyBpcyBhIHRlc3Q1": "token", "cwhmkvdvtctrr6ttzfuqa": "token", "internationalization2": "", "the-quick-brown-fox-jumps-over": "", "internationalization": "",
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcDEF123": "jwt",
	} {
		if got := Kind(s); got != want {
			t.Errorf("Kind(%q) = %q, want %q", s, got, want)
		}
	}
	if got := Template("/api/items/42/parts/550e8400-e29b-41d4-a716-446655440000"); got != "/api/items/{}/parts/{}" {
		t.Errorf("Template = %q", got)
	}
	for s, want := range map[string]bool{"tuesday afternoon walk": false, "c0a01ff2bd2c4f2f9e2d": true, `"5d41402abc4b2a76b9719d911017c592"`: true, "user12": false, "Mozilla/5.0": false} {
		if got := Opaque(s); got != want {
			t.Errorf("Opaque(%q) = %v, want %v", s, got, want)
		}
	}
}

func TestRequestLeavesNameEveryValue(t *testing.T) {
	for _, c := range []struct {
		name string
		r    flow.Request
		want []Leaf
	}{
		{"path, query and a keyless value", flow.Request{Target: "/a%20b/7?id=x+y&id=z&1732400000&flag"},
			[]Leaf{{"path:0", "a b"}, {"path:1", "7"}, {"query:id", "x y"}, {"query:id#1", "z"}, {"query:{}", "1732400000"}, {"query:flag", ""}}},
		{"headers without the connection's, the token apart", flow.Request{Target: "/", Headers: flow.Headers{
			{Name: "host", Value: "h"}, {Name: "cookie", Value: "a=b"}, {Name: "authorization", Value: "Bearer t1"}}},
			[]Leaf{{"header:Authorization", "Bearer t1"}, {"header:Authorization Bearer", "t1"}}},
		{"a form", flow.Request{Target: "/", Headers: flow.Headers{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}},
			Body: flow.Body{Data: []byte("do%5Bsave%5D=Save+it&t=%26")}},
			[]Leaf{{"header:Content-Type", "application/x-www-form-urlencoded"}, {"body:do[save]", "Save it"}, {"body:t", "&"}}},
		{"JSON", flow.Request{Target: "/", Body: flow.Body{Data: []byte(`{"a":{"b":[1,"x\"y"]},"t":true}`)}},
			[]Leaf{{"body:$.a.b[0]", "1"}, {"body:$.a.b[1]", `x"y`}, {"body:$.t", "true"}}},
		{"multipart", flow.Request{Target: "/", Headers: flow.Headers{{Name: "Content-Type", Value: "multipart/form-data; boundary=XX9"}},
			Body: flow.Body{Data: []byte("--XX9\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n\r\nhi\r\n--XX9--\r\n")}},
			[]Leaf{{"header:Content-Type", "multipart/form-data; boundary=XX9"}, {"header:Content-Type boundary", "XX9"},
				{"header:Content-Type boundary", "XX9"}, {"body:f filename", "a.txt"}, {"body:f", "hi"}, {"header:Content-Type boundary", "XX9"}}},
		{"a file of a type, and a field", flow.Request{Target: "/", Headers: flow.Headers{{Name: "Content-Type", Value: "multipart/form-data; boundary=b"}},
			Body: flow.Body{Data: []byte("--b\r\ncontent-type:  image/png\r\nContent-Disposition: form-data; filename=\"my; a.png\"; name=\"f\"\r\n\r\nhi\r\n" +
				"--b\r\nContent-Disposition: form-data; name=g\r\n\r\n5\r\n--b--\r\n")}},
			[]Leaf{{"header:Content-Type", "multipart/form-data; boundary=b"}, {"header:Content-Type boundary", "b"}, {"header:Content-Type boundary", "b"},
				{"body:f filename", "my; a.png"}, {"body:f Content-Type", "image/png"}, {"body:f", "hi"},
				{"header:Content-Type boundary", "b"}, {"body:g", "5"}, {"header:Content-Type boundary", "b"}}},
		{"anything else as a whole", flow.Request{Target: "/", Headers: flow.Headers{{Name: "Content-Type", Value: "text/plain"}}, Body: flow.Body{Data: []byte("x")}},
			[]Leaf{{"header:Content-Type", "text/plain"}, {"body:*", "x"}}},
	} {
		if diff := cmp.Diff(c.want, RequestLeaves(&c.r)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, diff)
		}
	}
}

// Every span must hold the value that it names. Otherwise a template made from it
// would send something else.
func TestSpansHoldTheirValue(t *testing.T) {
	r := &flow.Request{Target: "/orders/ORD-2026-0001/x?a=1&b=%20",
		Headers: flow.Headers{{Name: "Authorization", Value: "Bearer abc"}, {Name: "Content-Type", Value: "application/json"}},
		Body:    flow.Body{Data: []byte(`{ "k" : "v\n" , "n": 12 , "z":[true ] }`)}}
	raw := map[string]string{}
	for _, s := range Spans(r) {
		part := r.Target
		switch s.Place {
		case InHeader:
			part = r.Headers[s.Header].Value
		case InString, InJSON:
			part = string(r.Body.Data)
		}
		raw[s.Selector] = part[s.Start:s.End]
	}
	want := map[string]string{"path:0": "orders", "path:1": "ORD-2026-0001", "path:1|part:ORD": "2026", "path:2": "x", "query:a": "1", "query:b": "%20",
		"header:Authorization": "Bearer abc", "header:Authorization Bearer": "abc", "header:Content-Type": "application/json",
		"body:$.k": `v\n`, "body:$.n": "12", "body:$.z[0]": "true"}
	if diff := cmp.Diff(want, raw); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// The selector of every leaf must find the value of the leaf.
func checkLeaves(t *testing.T, d *Doc) {
	t.Helper()
	for _, l := range d.Leaves() {
		s, err := ParseSelector(l.Selector)
		if err != nil {
			continue // a name with characters that selectors cannot carry
		}
		found := false
		values := s.Values(d)
		for _, v := range values {
			found = found || v == l.Value
		}
		if !found && strings.HasPrefix(l.Selector, "json:") { // duplicate keys: the first counts
			continue
		}
		if !found && !strings.ContainsAny(l.Selector, "%#@\\|") {
			t.Errorf("leaf %q = %q, but the selector finds %q", l.Selector, l.Value, values)
		}
	}
}

func TestLeavesAreFoundAgainByTheirSelectors(t *testing.T) {
	d := doc("text/html", samplePage, flow.Header{Name: "ETag", Value: `"e1"`}, flow.Header{Name: "Location", Value: "/orders/1042?x=1"})
	checkLeaves(t, d)
	if n := len(d.Leaves()); n < 20 {
		t.Errorf("%d leaves of the page, want at least 20", n)
	}
	checkLeaves(t, doc("application/json", sampleJSON))
}

func FuzzDoc(f *testing.F) {
	f.Add("text/html", []byte(samplePage), "identity")
	f.Add("application/json", []byte(sampleJSON), "")
	f.Add("", []byte("\x1f\x8b"), "gzip, br")
	f.Fuzz(func(t *testing.T, media string, body []byte, coding string) {
		d := New(&flow.Response{Headers: flow.Headers{{Name: "Content-Type", Value: media}, {Name: "Content-Encoding", Value: coding},
			{Name: "Location", Value: media}, {Name: "Set-Cookie", Value: coding}}, Body: flow.Body{Data: body, Size: int64(len(body))}})
		if n := len(d.Shape().Features); n > MaxFeatures {
			t.Errorf("%d features", n)
		}
		for _, l := range d.Leaves() {
			if s, err := ParseSelector(l.Selector); err == nil {
				if values, list := s.Values(d), s.Elements(d); len(values) != len(list) {
					t.Errorf("%s: %d elements of %d values", l.Selector, len(list), len(values))
				}
			}
		}
	})
}

func FuzzRequestLeaves(f *testing.F) {
	f.Add("/a?b=c&1732400000", "application/json", []byte(`{"a":[1]}`))
	f.Add("*", "multipart/form-data; boundary=b", []byte("--b\r\nContent-Disposition: form-data; name=x\r\n\r\ny\r\n--b--"))
	f.Fuzz(func(t *testing.T, target, contentType string, body []byte) {
		r := &flow.Request{Target: target, Headers: flow.Headers{{Name: "Content-Type", Value: contentType}}, Body: flow.Body{Data: body}}
		for _, s := range Spans(r) {
			limit := len(body)
			switch s.Place {
			case InPath, InQuery:
				limit = len(target)
			case InHeader:
				limit = len(contentType)
			}
			if s.Start < 0 || s.Start > s.End || s.End > limit {
				t.Fatalf("span %+v outside of its part of %d bytes", s, limit)
			}
		}
	})
}

func FuzzParseSelector(f *testing.F) {
	for _, s := range []string{"json:a[].b", "link:/a/{}#0", "form:x@/y", "text:a…b", "redirect:/x?y=z&k"} {
		f.Add(s)
	}
	d := doc("text/html", samplePage)
	f.Fuzz(func(t *testing.T, source string) {
		if s, err := ParseSelector(source); err == nil {
			s.Values(d)
		}
	})
}

func BenchmarkShapeJSON(b *testing.B) {
	body := `{"items":[` + strings.Repeat(`{"id":"4q1xlclmfloku33","title":"A good thing","price":12.5,"tags":["a","b"]},`, 40) + `{"id":"x"}],"page":1}`
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		doc("application/json", body).Shape()
	}
}

func BenchmarkShapeHTML(b *testing.B) {
	body := strings.Replace(samplePage, "</body>", strings.Repeat(`<li><a class="item" href="/product/12">Good thing</a> <span>12.50</span></li>`, 60)+"</body>", 1)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		doc("text/html", body).Shape()
	}
}

func BenchmarkSelectorJSON(b *testing.B) {
	body := `{"items":[` + strings.Repeat(`{"id":"4q1xlclmfloku33","title":"A good thing","price":12.5,"tags":["a","b"]},`, 40) + `{"id":"x"}],"token":"t"}`
	s, err := ParseSelector("json:token")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		s.Values(doc("application/json", body))
	}
}

func TestCookiesHaveTheirPlacesInTheHeader(t *testing.T) {
	r := &flow.Request{Headers: flow.Headers{{Name: "cookie", Value: ` a=1;b = x=y ; c;=d; a="2"; e=`}, {Name: "X", Value: "z=1"}, {Name: "Cookie", Value: "b=3"}}}
	var got []string
	for _, sp := range AppendCookies(nil, r, func(string, string) bool { return true }) {
		raw := r.Headers[sp.Header].Value[sp.Start:sp.End]
		if raw != sp.Value {
			t.Errorf("%s is %q, but %q stands there", sp.Selector, sp.Value, raw)
		}
		got = append(got, sp.Selector+"="+sp.Value)
	}
	if want := []string{"cookie:a=1", "cookie:b=x=y", "cookie:b|query:x=y", `cookie:a#1="2"`, "cookie:a#1|quotes=2", "cookie:e=", "cookie:b#1=3"}; !slices.Equal(got, want) {
		t.Errorf("cookies %q, want %q", got, want)
	}
}
