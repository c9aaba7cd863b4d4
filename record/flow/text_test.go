package flow_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flow/flowtest"
)

func TestParseOfPrintIsTheRecord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(flowtest.AnyRecord(), 1, 3).Draw(t, "records")
		var text bytes.Buffer
		for i, r := range want {
			if f, ok := r.(*flow.Flow); ok {
				f.Number = uint64(i)
			}
			if err := flow.Print(&text, r); err != nil {
				t.Fatal(err)
			}
		}
		i := 0
		for got, err := range flow.Parse(bytes.NewReader(text.Bytes())) {
			if err != nil {
				t.Fatalf("%v in\n%s", err, text.String())
			}
			if d := cmp.Diff(want[i], got, flowtest.Equal()); d != "" {
				t.Fatalf("record %d (-want +got):\n%s\nin\n%s", i, d, text.String())
			}
			i++
		}
		if i != len(want) {
			t.Fatalf("%d records of %d in\n%s", i, len(want), text.String())
		}
	})
}

func TestTextFormReadsAsDocumented(t *testing.T) {
	f := flowtest.ShopFlow(1)
	f.Request.Method, f.Request.Target = "POST", "/login?next=/cart"
	f.Request.Body = flow.NewBody([]byte("user=a&pass=b"))
	f.Response.Body = flow.NewBody([]byte("<p>\r\nwelcome\n"))
	f.Response.Trailers = flow.Headers{{"X-Sum", " padded"}}
	f.Interim = []flow.Response{{Status: 103, Headers: flow.Headers{{"Link", "</a.css>"}}}}
	f.Messages = []flow.Message{{At: 5 * time.Millisecond, FromClient: true, Kind: flow.MessageBinary, Data: []byte{0, 1, 2}, Size: 9}}
	f.Error = "response cut"
	var got bytes.Buffer
	if err := flow.Print(&got, f); err != nil {
		t.Fatal(err)
	}
	const want = `flow 0 conn=1 start=2023-11-14T22:13:20.01Z request-done=100µs first-byte=2ms done=3ms error="response cut"
request POST /login?next=/cart protocol=HTTP/1.1 scheme=https authority=shop.test
    Host: shop.test
    Cookie: theme=dark; session=00000000000000000000000000000000
    Accept: text/html
    |. user=a&pass=b
interim 103
    Link: </a.css>
response 200
    Content-Type: text/html; charset=utf-8
    X-Request-Id: 9e3779b97f4a7c15
    |r <p>
    | welcome
trailers
    X-Sum: " padded"
message 5ms client binary size=9
    = AAEC

`
	if d := cmp.Diff(want, got.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestParseNamesTheLineAndGoesOn(t *testing.T) {
	const good = "\nflow 7\nrequest GET /\n"
	tests := []struct{ name, text, want string }{
		{"no record", "hello", `line 1: "hello": a record begins with flow, conn, loss or info`},
		{"no number", "flow x", "line 1: number expected"},
		{"unknown key", "# note\nflow 1 color=red", `line 2: "color" is not known here, or stands twice`},
		{"key twice", "flow 1 conn=1 conn=2", `line 1: "conn" is not known here, or stands twice`},
		{"open quotes", `flow 1 error="x`, "line 1: word or quotes expected"},
		{"header before request", "flow 1\n    A: b", "line 2: a header line has no place here"},
		{"content before request", "flow 1\n    | b", "line 2: content has no place here"},
		{"header without colon", "flow 1\nrequest GET /\n    Host", `line 3: header line without ": "`},
		{"bad base64", "flow 1\nrequest GET /\n    = *", "line 3: content is not base64"},
		{"two responses", "flow 1\nresponse 200\nresponse 200", "line 3: a second response"},
		{"trailers of nothing", "flow 1\ntrailers", "line 2: trailers without a request or response before them"},
		{"lines behind a loss", "loss at=2023-11-14T22:13:20Z\n    A: b", "line 2: only a flow has further lines"},
		{"wrong time", "conn 1 opened=noon", `line 1: opened: time "noon"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var errs []string
			var flows []uint64
			for r, err := range flow.Parse(strings.NewReader(test.text + good)) {
				if err != nil {
					errs = append(errs, err.Error())
				} else if f, ok := r.(*flow.Flow); ok {
					flows = append(flows, f.Number)
				}
			}
			if len(errs) != 1 || errs[0] != test.want || len(flows) != 1 || flows[0] != 7 {
				t.Errorf("%q: errors %q, want %q; flows %v, want [7]", test.text, errs, test.want, flows)
			}
		})
	}
	broken := errors.New("broken pipe")
	for _, err := range flow.Parse(iotest.ErrReader(broken)) {
		if !errors.Is(err, broken) {
			t.Errorf("error of the reader: %v", err)
		}
	}
}

func TestJSONHasTheDocumentedKeys(t *testing.T) {
	f := flowtest.ShopFlow(0)
	f.Request.Body = flow.NewBody([]byte{0xff, 0})
	f.Response.Body = flow.NewBody([]byte("<p>")).Cut(2)
	f.Messages = []flow.Message{{At: 1, Kind: flow.MessageText, Data: []byte("hi"), Size: 2}}
	var got bytes.Buffer
	if err := flow.JSON(&got, f); err != nil {
		t.Fatal(err)
	}
	const want = `{"number":0,"conn":1,"session":"HASH","scheme":"https","protocol":"HTTP/1.1","start":"2023-11-14T22:13:20Z",` +
		`"request_done_ns":100000,"first_byte_ns":2000000,"done_ns":3000000,"complete":true,` +
		`"request":{"method":"GET","target":"/products/0?page=1","authority":"shop.test","headers":[` +
		`{"name":"Host","value":"shop.test"},{"name":"Cookie","value":"theme=dark; session=00000000000000000000000000000000"},{"name":"Accept","value":"text/html"}],` +
		`"body":{"base64":"/wA=","size":2,"hash":"f08b1ba45c4b60ae"}},` +
		`"response":{"status":200,"headers":[{"name":"Content-Type","value":"text/html; charset=utf-8"},{"name":"X-Request-Id","value":"0000000000000000"}],` +
		`"body":{"text":"<p","size":3,"hash":"HASH","truncated":true}},` +
		`"messages":[{"at_ns":1,"from":"server","kind":"text","text":"hi","size":2}]}` + "\n"
	var g, w any
	if err := json.Unmarshal(got.Bytes(), &g); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	ignore := cmp.FilterPath(func(p cmp.Path) bool {
		return strings.Contains(p.String()+p.GoString(), `"hash"`) || strings.Contains(p.GoString(), `"session"`)
	}, cmp.Ignore())
	if d := cmp.Diff(w, g, ignore); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func FuzzParse(f *testing.F) {
	for _, r := range append(flowtest.Shop(2), &flow.Info{Recording: 1, Part: 2, Source: "proxy", Redaction: "none", Sample: "5% of users"}) {
		var b bytes.Buffer
		if err := flow.Print(&b, r); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Add([]byte("flow 1 error=\"a\\x00\"\nrequest \"\" /\n    \"a b\": c\n    body size=9 hash=1\n    = AAEC\ntrailers\n    A: b\nmessage 1s client 77\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for r, err := range flow.Parse(bytes.NewReader(text)) {
			if err != nil {
				continue
			}
			var b bytes.Buffer
			if err := flow.Print(&b, r); err != nil {
				t.Fatal(err)
			}
			n := 0
			for again, err := range flow.Parse(bytes.NewReader(b.Bytes())) {
				n++
				if d := cmp.Diff(r, again, flowtest.Equal()); err != nil || d != "" {
					t.Fatalf("%v %s\nin\n%s", err, d, b.Bytes())
				}
			}
			if n != 1 {
				t.Fatalf("%d records in\n%s", n, b.Bytes())
			}
		}
	})
}
