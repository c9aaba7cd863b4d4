package content

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/starling-load/starling/model/content/codec"
	"github.com/starling-load/starling/record/flow"
)

// request makes a request from lines "POST /target", "Name: value", "", body.
func request(line, media, body string, headers ...string) *flow.Request {
	r := &flow.Request{Method: "POST", Target: line, Body: flow.NewBody([]byte(body))}
	if media != "" {
		r.Headers = append(r.Headers, flow.Header{Name: "Content-Type", Value: media})
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Headers = append(r.Headers, flow.Header{Name: headers[i], Value: headers[i+1]})
	}
	return r
}

// partText returns the part of a request that a span stands in, or the value of the
// span that holds it.
func partText(r *flow.Request, spans []Span, sp *Span) string {
	if sp.Within > 0 {
		return spans[sp.Within-1].Value
	}
	switch sp.Place {
	case InPath, InQuery:
		return r.Target
	case InHeader, InCookie:
		return r.Headers[sp.Header].Value
	}
	return string(r.Body.Data)
}

// checkSpans checks that each span lies in its part, that its value written again is
// what was there, and that spans which hold others enclose them.
func checkSpans(t *testing.T, r *flow.Request) []Span {
	t.Helper()
	spans := Spans(r)
	seen := map[string]bool{}
	for i := range spans {
		sp := &spans[i]
		part := partText(r, spans, sp)
		if sp.Start < 0 || sp.Start > sp.End || sp.End > len(part) || sp.Parent > i || sp.Within > i {
			t.Fatalf("span %+v in a part of %d bytes", sp, len(part))
		}
		raw := part[sp.Start:sp.End]
		chain, values, ok := codec.Fit(sp.Kinds, []string{raw})
		if ok && (values[0] != sp.Value || !sp.Whole() && chain.Encode(sp.Value) != raw) {
			t.Errorf("%s = %q is read as %q through %s, which writes %q for %q", sp.Selector, sp.Value, values[0], chain, chain.Encode(sp.Value), raw)
		}
		if boundary := strings.HasSuffix(sp.Selector, " boundary"); seen[sp.Selector] && !boundary {
			t.Errorf("two spans %s", sp.Selector)
		}
		seen[sp.Selector] = true
		if p := sp.Parent - 1; p >= 0 && spans[p].Within == sp.Within && (spans[p].Start > sp.Start || spans[p].End < sp.End) {
			t.Errorf("%s at %d:%d is not within %s at %d:%d", sp.Selector, sp.Start, sp.End, spans[p].Selector, spans[p].Start, spans[p].End)
		}
	}
	return spans
}

func TestSpansWithinValues(t *testing.T) {
	const json = `{"id":"a\/b é","list":[{"n":17}]}`
	form := url.QueryEscape(json)
	b64 := base64.StdEncoding.EncodeToString([]byte(json))
	for _, c := range []struct {
		name     string
		r        *flow.Request
		selector string
		value    string
		raw      string // as it stands in the request
		kinds    string
	}{
		{"JSON in a form field", request("/", formMedia, "v=1&data="+form), "body:data|json:$.id", "a/b é", "a%5C%2Fb+%C3%A9", "[json plus]"},
		{"JSON in a query", request("/q?variables="+strings.ToLower(form), "", ""), "query:variables|json:$.list[0].n", "17", "17", "[plus]"},
		{"JSON in a string", request("/", "application/json", `{"p":"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(json)+`"}`), "body:$.p|json:$.id", "a/b é", `a\\/b é`, "[json json]"},
		{"JSON in Base64", request("/", formMedia, "state="+url.QueryEscape(b64)), "body:state|base64|json:$.id", "a/b é", `a\/b é`, "[json]"},
		{"what Base64 holds", request("/", formMedia, "state="+url.QueryEscape(b64)), "body:state|base64", json, url.QueryEscape(b64), "[base64 plus]"},
		{"Basic", request("/", "", "", "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("x:"+token))), "header:Authorization Basic|base64|part:x", token, token, "[]"},
		{"a key", request("/", "application/json", `{"changes":{"`+token+`":{"v":1}}}`), "body:$.changes.{}~", token, token, "[json]"},
		{"below a key", request("/", "application/json", `{"changes":{"`+token+`":{"v":1}}}`), "body:$.changes.{}.v", "1", "1", "[]"},
		{"an address in a form", request("/", formMedia, "next=%2Fitems%2F"+token+"%3Fq%3Da%252Bb"), "body:next|query:q", "a+b", "a%252Bb", "[plus plus]"},
		{"a segment of an address", request("/", formMedia, "next=%2fitems%2f"+token), "body:next|path:1", token, token, "[percent plus]"},
		{"a form in JSON", request("/", "application/json", `{"q":"a=1&t=x%20y"}`), "body:$.q|query:t", "x y", "x%20y", "[plus json]"},
		{"a part of a segment", request("/odata/Orders("+token+")/Items", "", ""), "path:1|part:Orders", token, token, "[percent]"},
		{"a matrix parameter", request("/list.do;jsessionid="+token+"?cat=1", "", ""), "path:0|part:jsessionid", token, token, "[percent]"},
		{"a file name", request("/d/12.pdf", "", ""), "path:1|part:", "12", "12", "[percent]"},
		{"a list of ids", request("/q?ids=11,12,13", "", ""), "query:ids|part:#2", "13", "13", "[plus]"},
		{"a part of a header", request("/", "", "", "X-Session", `id="`+token+`", v=1`), "header:X-Session|part:id", token, token, "[]"},
		{"an entity tag", request("/", "", "", "If-Match", `W/"17"`), "header:If-Match|quotes", "17", "17", "[]"},
		{"a lock", request("/", "", "", "If", "(<opaquelocktoken:550e8400-e29b-41d4-a716-446655440000>)"), "header:If|part:opaquelocktoken", "550e8400-e29b-41d4-a716-446655440000", "550e8400-e29b-41d4-a716-446655440000", "[]"},
		{"a header of JSON", request("/", "", "", "X-Arg", `{"path":"\u00e9/x"}`), "header:X-Arg|json:$.path", "é/x", `\u00e9/x`, "[json]"},
		{"SOAP", request("/", "text/xml", `<e:Env><e:Body a="1"><id>a&amp;b</id></e:Body></e:Env>`), "body:*|xml:Env/Body/id", "a&b", "a&amp;b", "[xml]"},
		{"an attribute", request("/", "text/xml", `<e:Env><e:Body a="1"><id>a&amp;b</id></e:Body></e:Env>`), "body:*|xml:Env/Body@a", "1", "1", "[xml]"},
		{"text with delimiters", request("/", "text/plain", "7|0|"+token+"|q|"), "body:*|part:", token, token, "[]"},
		{"a text area", request("/", formMedia, "text=a%0D%0Ab"), "body:text", "a\nb", "a%0D%0Ab", "[crlf plus]"},
		{"lines in multipart", request("/", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\na\r\nb\r\n--x--"), "body:t", "a\nb", "a\r\nb", "[crlf]"},
		{"JSON in multipart", request("/", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\n{\"id\":\"v\"}\r\n--x--"), "body:t|json:$.id", "v", "v", "[json]"},
		{"a message of protobuf", request("/", "application/x-protobuf", "\x0a\x03k\"y\x10\x07\x1a\x04\x0a\x02ab"), "body:*|proto:1", `k"y`, `k\"y`, "[json]"},
		{"a message in a frame", request("/", "application/grpc", "\x00\x00\x00\x00\x06\x1a\x04\x0a\x02ab"), "body:*|proto:3.1", "ab", "ab", "[json]"},
		{"a number in a frame", request("/", "application/grpc+proto", "\x00\x00\x00\x00\x02\x10\x07"), "body:*|proto:2", "7", "7", "[]"},
		{"the message as text", request("/", "application/grpc", "\x00\x00\x00\x00\x06\x1a\x04\x0a\x02ab"), "body:*", `3:{1:"ab"}`, "\x00\x00\x00\x00\x06\x1a\x04\x0a\x02ab", "[protobuf grpc]"},
		{"JSON in a message", request("/", "application/grpc", "\x00\x00\x00\x00\x0b\x0a\x09{\"a\":\"b\"}"), "body:*|proto:1|json:$.a", "b", "b", "[json json]"},
		{"hexadecimal", request("/h/6f726465723a34373131", "", ""), "path:1|hex|part:order", "4711", "34373131", "[hex percent]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			spans := checkSpans(t, c.r)
			i := slices.IndexFunc(spans, func(s Span) bool { return s.Selector == c.selector })
			if i < 0 {
				t.Fatalf("no span %s in\n%s", c.selector, printSpans(spans))
			}
			sp := &spans[i]
			if raw := partText(c.r, spans, sp)[sp.Start:sp.End]; sp.Value != c.value || raw != c.raw || fmt.Sprint(sp.Kinds) != c.kinds {
				t.Errorf("%s is %q, written %q through %v; want %q, %q, %s", sp.Selector, sp.Value, raw, sp.Kinds, c.value, c.raw, c.kinds)
			}
		})
	}
}

func printSpans(spans []Span) string {
	var b strings.Builder
	for _, s := range spans {
		fmt.Fprintf(&b, "  %s = %q %v\n", s.Selector, s.Value, s.Kinds)
	}
	return b.String()
}

func TestCookiesHoldValues(t *testing.T) {
	r := request("/?a=b-1", "", "", "Cookie", "sid=secret; prefs=%7b%22id%22%3a%22a%20b%22%7d; sid=2; x")
	spans := AppendCookies(Spans(r), r, func(name, value string) bool { return name != "x" && value != "secret" })
	var got []string
	for i := range spans {
		if sp := &spans[i]; sp.Place == InCookie {
			got = append(got, sp.Selector+"="+partText(r, spans, sp)[sp.Start:sp.End])
			if sp.Parent > 0 && spans[sp.Parent-1].Place != InCookie {
				t.Errorf("%s is within %s", sp.Selector, spans[sp.Parent-1].Selector)
			}
		}
	}
	want := []string{"cookie:prefs=%7b%22id%22%3a%22a%20b%22%7d", "cookie:prefs|percent=%7b%22id%22%3a%22a%20b%22%7d", "cookie:prefs|percent|json:$.id=a%20b", "cookie:sid=2"}
	if !slices.Equal(got, want) {
		t.Errorf("cookies %q, want %q", got, want)
	}
}

func TestCompressedBodiesAreRead(t *testing.T) {
	const body = `{"upload_id":"` + token + `","events":[{"n":1}]}`
	for _, k := range []codec.Kind{codec.Gzip, codec.Deflate, codec.Brotli, codec.Zstd} {
		r := request("/events", "application/json", codec.Chain{codec.New(k)}.Encode(body), "Content-Encoding", string(k))
		spans := checkSpans(t, r)
		i := slices.IndexFunc(spans, func(s Span) bool { return s.Selector == "body:*|json:$.upload_id" })
		if i < 0 || spans[i].Value != token || spans[spans[i].Within-1].Value != body || !spans[spans[i].Within-1].Whole() {
			t.Errorf("%s: spans\n%s", k, printSpans(spans))
		}
		if leaves := RequestLeaves(r); leaves[len(leaves)-1].Selector != "body:*" {
			t.Errorf("%s: leaves %v", k, leaves)
		}
	}
}

func TestHostileRequestsAreBounded(t *testing.T) {
	for name, r := range map[string]*flow.Request{
		"a long form":           request("/", formMedia, strings.Repeat("a=order-42&", 700_000)),
		"a long document":       request("/", "application/json", "["+strings.Repeat(`"{\"a\":\"order-42\"}",`, 300_000)+"1]"),
		"one value of escapes":  request("/", formMedia, "a="+strings.Repeat("%25", 2_000_000)),
		"a long path":           request(strings.Repeat("/order-42", 400_000), "", ""),
		"a long query":          request("/?"+strings.Repeat("a=%2Fb%2F12&", 400_000), "", ""),
		"elements without end":  request("/", "text/xml", strings.Repeat("<a b='order-1'>", 400_000)),
		"a bomb":                request("/", "application/json", codec.Chain{codec.New(codec.Gzip)}.Encode(strings.Repeat(" ", 64<<20)), "Content-Encoding", "gzip"),
		"parts without content": request("/", "multipart/form-data; boundary=x", strings.Repeat("--x\r\n", 1_000_000)),
		"lines":                 request("/", formMedia, strings.Repeat("a=%0D%0A&", 500_000)),
	} {
		t.Run(name, func(t *testing.T) {
			if n := len(Spans(r)); n > maxLeaves {
				t.Errorf("%d spans", n)
			}
		})
	}
}

// FuzzSpans checks on any request that every value, written again, is what was there.
func FuzzSpans(f *testing.F) {
	f.Add("/a/order-12?b=%7b%22c%22%3A1%7D&d=%2Fx%3Fy%3Dz", formMedia, "data=%7B%22id%22%3A%22eyJhIjoib3JkZXItNDIifQ%3D%3D%22%7D", `id="order-42"`)
	f.Add("/", "application/json", `{"a":{"12345678":"{\"b\":\"x\\ny\"}"},"c":"a=1&b=%20"}`, "Basic eDpvcmRlci00Mg==")
	f.Add("/", "text/xml", `<a><b c="&quot;1">x&amp;y</b><![CDATA[order-1]]></a>`, `{"a":"\u00e9"}`)
	f.Add("/", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=t\r\n\r\na\r\nb\r\n--x--", "a=b&c=d")
	f.Add("/", "application/grpc", "\x00\x00\x00\x00\x0b\x0a\x09{\"a\":\"b\"}", "")
	f.Add("/6f726465723a34373131", "text/plain", "1|a|order-42|", "")
	f.Add("/", "text/plain", "", "to YW5uYS5sZWU=, draft,file cmVwb3J0LnBkZg==,to YQ==")
	f.Fuzz(func(t *testing.T, target, media, body, head string) {
		checkSpans(t, request(target, media, body, "X-A", head, "Authorization", head))
		checkSpans(t, request(target, media, codec.Chain{codec.New(codec.Gzip)}.Encode(body), "Content-Encoding", "gzip"))
	})
}

func TestAListOfWordsWithBase64IsOpened(t *testing.T) {
	for text, want := range map[string]string{
		"to YW5uYS5sZWU=, draft,file cmVwb3J0LnBkZg==": "pair:to|base64=anna.lee pair:file|base64=report.pdf",
		"to YQ==,cc":                     "",
		"keep cmVwb3J0LnBkZg== and more": "",
		"size 1234567890":                "",
		"file cmVwb3J0LnBkZh==":          "",
	} {
		got := ""
		for _, sp := range Spans(request("/", "text/plain", "", "X-About", text)) {
			if selector, ok := strings.CutPrefix(sp.Selector, "header:X-About|"); ok && strings.Contains(selector, "pair:") && sp.Whole() {
				got += selector + "=" + sp.Value + " "
			}
		}
		if got = strings.TrimSpace(got); got != want {
			t.Errorf("%q holds %q, want %q", text, got, want)
		}
		checkSpans(t, request("/", "text/plain", "", "X-About", text))
	}
}

// A request may carry megabytes of JSON. Of these only the values are copied, and no more of
// them are read than are kept.
func TestALargeBodyIsNotCopiedAsAWhole(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(`{"items":[`)
	for i := 0; b.Len() < 8<<20; i++ {
		fmt.Fprintf(&b, `{"id":%d,"text":"%0200d"},`, i, i)
	}
	b.WriteString(`{}]}`)
	r := &flow.Request{Method: "POST", Target: "/", Headers: flow.Headers{{Name: "Content-Type", Value: "application/json"}}, Body: flow.NewBody(b.Bytes())}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	spans := Spans(r)
	runtime.ReadMemStats(&after)
	if got, want := spans[2], fmt.Sprintf("%0200d", 0); got.Selector != "body:$.items[0].text" || got.Value != want || string(r.Body.Data[got.Start:got.End]) != want {
		t.Errorf("the second value is %+v, want %s", got, want)
	}
	held := 0
	for _, s := range spans {
		held += len(s.Value) + len(s.Selector)
	}
	if n := int(after.TotalAlloc - before.TotalAlloc); held > 5<<20 || n > 36<<20 {
		t.Errorf("%d bytes are allocated for %d values of %d bytes, want at most 36 MB", n, len(spans), held)
	}
}

// Every value of a document is found where it stands, whatever is around it.

func TestSpansOfJSONStandWhereTheirSelectorsSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var value func(depth int) any
		value = func(depth int) any {
			kind := rapid.IntRange(0, 5).Draw(t, "kind")
			switch {
			case kind == 0 && depth < 5:
				list := make([]any, rapid.IntRange(0, 4).Draw(t, "elements"))
				for i := range list {
					list[i] = value(depth + 1)
				}
				return list
			case kind == 1 && depth < 5:
				object := map[string]any{}
				for range rapid.IntRange(0, 4).Draw(t, "members") {
					object[rapid.SampledFrom([]string{"a", "b.c", "d[", "e\"", "f g", ""}).Draw(t, "name")] = value(depth + 1)
				}
				return object
			case kind == 2:
				return rapid.SampledFrom([]any{nil, true, false}).Draw(t, "word")
			case kind == 3:
				return rapid.IntRange(-5, 5).Draw(t, "number")
			}
			return rapid.SampledFrom([]string{"", "x", "}", "]", `"`, `\`, "é", ","}).Draw(t, "text")
		}
		want := map[string]any{}
		var note func(at string, v any)
		escape := strings.NewReplacer(".", `\.`, "[", `\[`, "]", `\]`, `\`, `\\`)
		note = func(at string, v any) {
			switch v := v.(type) {
			case []any:
				for i, x := range v {
					note(fmt.Sprintf("%s[%d]", at, i), x)
				}
			case map[string]any:
				for name, x := range v {
					written, _ := json.Marshal(name)
					note(at+"."+escape.Replace(string(written[1:len(written)-1])), x)
				}
			default:
				want[at] = v
			}
		}
		document := value(0)
		note("body:$", document)
		write := json.Marshal
		if rapid.Bool().Draw(t, "indented") {
			write = func(v any) ([]byte, error) { return json.MarshalIndent(v, " ", "\t") }
		}
		text, err := write(document)
		if err != nil {
			t.Fatal(err)
		}
		r := &flow.Request{Method: "POST", Headers: flow.Headers{{Name: "Content-Type", Value: "application/json"}}, Body: flow.NewBody(text)}
		got := map[string]any{}
		for _, s := range Spans(r) {
			if s.Inner() || !strings.HasPrefix(s.Selector, "body:") {
				continue
			}
			var v any
			if raw := string(text[s.Start:s.End]); s.Place == InString {
				err = json.Unmarshal([]byte(`"`+raw+`"`), &v)
			} else {
				err = json.Unmarshal([]byte(raw), &v)
			}
			if n, is := v.(float64); is {
				v = int(n)
			}
			if got[s.Selector] = v; err != nil {
				t.Fatal(err)
			}
		}
		if !maps.Equal(got, want) {
			t.Fatalf("%s\ngot  %v\nwant %v", text, got, want)
		}
	})
}
