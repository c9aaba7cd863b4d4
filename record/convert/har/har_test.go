package har_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/converttest"
	"github.com/starling-load/starling/record/flow"
)

// oneHAR imports a HAR with one entry.
func oneHAR(t *testing.T, entry string) *flow.Flow {
	t.Helper()
	r := converttest.ReadAll(t, "har", []byte(`{"log":{"entries":[`+entry+`]}}`), converttest.Options{})
	if len(r.Flows) != 1 {
		t.Fatalf("%d flows of one entry", len(r.Flows))
	}
	return r.Flows[0]
}

func TestADialectOfHARBecomesWhatWasOnTheWire(t *testing.T) {
	for _, c := range []struct {
		name, entry string
		want        func(*flow.Flow) (got, want any)
	}{
		{"pseudo-header fields are not header lines", `{"request":{"url":"https://a/","httpVersion":"h2","headers":[{"name":":method","value":"GET"},{"name":"accept","value":"*/*"}]}}`,
			func(f *flow.Flow) (any, any) { return f.Request.Headers, flow.Headers{{Name: "accept", Value: "*/*"}} }},
		{"Chrome joins lines of one name by line feeds", `{"request":{"url":"http://a/"},"response":{"status":200,"headers":[{"name":"Set-Cookie","value":"a=1\nb=2"}]}}`,
			func(f *flow.Flow) (any, any) {
				return f.Response.Headers, flow.Headers{{Name: "Set-Cookie", Value: "a=1"}, {Name: "Set-Cookie", Value: "b=2"}}
			}},
		{"cookies stand in for a missing line", `{"request":{"url":"http://a/","cookies":[{"name":"a","value":"1"},{"name":"b","value":"2"}]}}`,
			func(f *flow.Flow) (any, any) { return f.Request.Headers.Value("Cookie"), "a=1; b=2" }},
		{"a query that stands in its list alone", `{"request":{"url":"http://a/x","queryString":[{"name":"q","value":"a b"},{"name":"q","value":"&"}]}}`,
			func(f *flow.Flow) (any, any) { return f.Request.Target, "/x?q=a+b&q=%26" }},
		{"a fragment and spaces are not sent", `{"request":{"url":"http://a/x y?ü#part"}}`,
			func(f *flow.Flow) (any, any) { return f.Request.Target, "/x%20y?%C3%BC" }},
		{"a URL without a path", `{"request":{"url":"http://a:81?x=1"}}`,
			func(f *flow.Flow) (any, any) { return f.URL(), "http://a:81/?x=1" }},
		{"credentials in a URL are not its host", `{"request":{"url":"http://u:p@a/"}}`,
			func(f *flow.Flow) (any, any) { return f.Request.Authority, "a" }},
		{"params become a form", `{"request":{"method":"POST","url":"http://a/","postData":{"mimeType":"application/x-www-form-urlencoded","params":[{"name":"a","value":"1 2"},{"name":"b","value":"ü"}]}}}`,
			func(f *flow.Flow) (any, any) {
				return string(f.Request.Body.Data) + " " + f.Request.Headers.Value("Content-Type"), "a=1+2&b=%C3%BC application/x-www-form-urlencoded"
			}},
		{"files become a multipart form with the boundary of the header", `{"request":{"method":"POST","url":"http://a/","headers":[{"name":"Content-Type","value":"multipart/form-data; boundary=XX"},{"name":"Content-Length","value":"9"}],"postData":{"mimeType":"multipart/form-data","params":[{"name":"f","fileName":"a.txt","contentType":"text/plain","value":"data:text/plain;base64,aGk="}]}}}`,
			func(f *flow.Flow) (any, any) {
				body := "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nhi\r\n--XX--\r\n"
				return string(f.Request.Body.Data) + f.Request.Headers.Value("Content-Length"), body + strconv.Itoa(len(body))
			}},
		{"an aborted request has an error", `{"request":{"url":"http://a/"},"response":{"status":0,"_error":"net::ERR_CONNECTION_REFUSED"},"time":4}`,
			func(f *flow.Flow) (any, any) {
				return []any{f.Response == nil, f.Error, f.Done}, []any{true, "connect refused", 4 * time.Millisecond}
			}},
		{"what came before the request is not part of it", `{"startedDateTime":"2026-05-04T12:00:00+02:00","time":31,"timings":{"blocked":1,"dns":2,"connect":7,"ssl":3,"send":1,"wait":15,"receive":5},"request":{"url":"http://a/"},"response":{"status":200}}`,
			func(f *flow.Flow) (any, any) {
				return []any{f.Start.Format(time.RFC3339Nano), f.RequestDone, f.FirstByte, f.Done},
					[]any{"2026-05-04T10:00:00.01Z", time.Millisecond, 16 * time.Millisecond, 21 * time.Millisecond}
			}},
		{"a body that is missing has its length", `{"request":{"method":"POST","url":"http://a/","bodySize":7},"response":{"status":200,"content":{"size":100},"bodySize":40}}`,
			func(f *flow.Flow) (any, any) {
				return []flow.Body{f.Request.Body, f.Response.Body}, []flow.Body{{Size: 7}, {Size: 40}}
			}},
		{"HEAD has no body whatever the length says", `{"request":{"method":"HEAD","url":"http://a/"},"response":{"status":200,"headers":[{"name":"content-length","value":"99"}],"content":{"size":99}}}`,
			func(f *flow.Flow) (any, any) {
				return []any{f.Response.Body, f.Response.Headers.Value("content-length")}, []any{flow.Body{}, "99"}
			}},
		{"text that is decoded is not called gzip", `{"request":{"url":"http://a/"},"response":{"status":200,"headers":[{"name":"Content-Encoding","value":"gzip"},{"name":"Content-Length","value":"3"}],"content":{"text":"hello"}}}`,
			func(f *flow.Flow) (any, any) {
				return f.Response.Headers, flow.Headers{{Name: "Content-Length", Value: "5"}}
			}},
		{"a body that is still gzip stays so", `{"request":{"url":"http://a/"},"response":{"status":200,"headers":[{"name":"Content-Encoding","value":"gzip"}],"content":{"encoding":"base64","text":"H4sIAAAAAAAA/w=="}}}`,
			func(f *flow.Flow) (any, any) { return f.Response.Headers.Value("Content-Encoding"), "gzip" }},
		{"numbers and null where text belongs", `{"startedDateTime":null,"connection":443,"request":{"method":null,"url":"http://a/","headers":[{"name":"X","value":7},null,"x"],"headersSize":null},"response":{"status":"200","headers":"","cookies":null,"content":{"text":null,"size":null}}}`,
			func(f *flow.Flow) (any, any) {
				return []any{f.Request.Method, f.Request.Headers, f.Response.Status}, []any{"GET", flow.Headers{{Name: "X", Value: "7"}}, 200}
			}},
		{"messages of a WebSocket", `{"startedDateTime":"2023-11-14T22:13:20Z","request":{"url":"wss://a/"},"response":{"status":101},"_webSocketMessages":[{"type":"send","time":1700000000.000000250,"opcode":1,"data":"hi"},{"type":"receive","time":1700000001,"opcode":2,"data":"/wA="}]}`,
			func(f *flow.Flow) (any, any) {
				return append([]flow.Message{{Data: []byte(f.Scheme)}}, f.Messages...), []flow.Message{{Data: []byte("https")},
					{At: 250, FromClient: true, Kind: flow.MessageText, Data: []byte("hi"), Size: 2}, {At: time.Second, Kind: flow.MessageBinary, Data: []byte{255, 0}, Size: 2}}
			}},
		{"lists where objects belong, and numbers as text", `{"cache":[],"timings":[],"request":{"url":"http://a/","postData":[]},"response":{"status":200,"content":{"size":"2","compression":"1.5","text":"hi"}}}`,
			func(f *flow.Flow) (any, any) { return string(f.Response.Body.Data), "hi" }},
		{"a path without a host", `{"request":{"url":"/x?a=1","headers":[{"name":"Host","value":"a:81"}]}}`,
			func(f *flow.Flow) (any, any) { return f.URL(), "http://a:81/x?a=1" }},
		{"events by another clock", `{"startedDateTime":"2023-11-14T22:13:20Z","timings":{"send":1,"wait":4,"receive":0},"request":{"url":"http://a/"},"response":{"status":200},"_eventSourceMessages":[{"time":77.5,"eventName":"message","eventId":"","data":"a\nb"},{"time":78,"eventName":"add","eventId":"7","data":"c"}]}`,
			func(f *flow.Flow) (any, any) {
				return f.Messages, []flow.Message{{At: 5 * time.Millisecond, Kind: flow.MessageEvent, Data: []byte("data: a\ndata: b"), Size: 15},
					{At: 505 * time.Millisecond, Kind: flow.MessageEvent, Data: []byte("event: add\nid: 7\ndata: c"), Size: 24}}
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, want := c.want(oneHAR(t, c.entry))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s\n(want -, got +):\n%s", c.entry, diff)
			}
		})
	}
}

// What writers of HAR other than Chrome and Firefox do.
func TestTheHARsOfSafariAndFiddlerAreRead(t *testing.T) {
	safari := `{"log":{"version":"1.2","creator":{"name":"WebKit Web Inspector","version":"1.0"},"pages":[{"id":"page_0","startedDateTime":"2026-05-04T10:00:00.000Z","title":"http://shop.test/","pageTimings":{"onContentLoad":1,"onLoad":-1}}],"entries":[
{"pageref":"page_0","startedDateTime":"2026-05-04T10:00:00.500Z","time":12.5,"request":{"method":"GET","url":"https://shop.test/","httpVersion":"h2","cookies":[{"name":"a","value":"1"}],"headers":[{"name":"Accept","value":"*/*"}],"queryString":[],"headersSize":-1,"bodySize":0},
"response":{"status":200,"statusText":"OK","httpVersion":"h2","cookies":[],"headers":[{"name":"Set-Cookie","value":"sid=1; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT; HttpOnly, theme=dark; Path=/,lang=de"},{"name":"Content-Type","value":"image/png"}],"content":{"size":4,"compression":0,"mimeType":"image/png","text":"iVBORw==","encoding":"base64"},"redirectURL":"","headersSize":-1,"bodySize":-1,"_transferSize":-1},"cache":{},"timings":{"blocked":-1,"dns":-1,"connect":-1,"ssl":-1,"send":-1,"wait":-1,"receive":-1},"serverIPAddress":"192.0.2.1","_fetchType":"Network Load","_priority":"low"},
{"pageref":"page_0","startedDateTime":"2026-05-04T10:00:01.000Z","time":0,"request":{"method":"GET","url":"data:image/png;base64,AA==","httpVersion":"","cookies":[],"headers":[],"queryString":[],"headersSize":-1,"bodySize":-1},"response":{"status":200,"statusText":"","httpVersion":"","cookies":[],"headers":[],"content":{"size":1,"mimeType":"x-unknown"},"redirectURL":"","headersSize":-1,"bodySize":-1},"cache":{},"timings":{}}]}}`
	r := converttest.Read(t, "", []byte(safari), converttest.Options{})
	if len(r.Flows) != 1 || len(r.Skipped) != 1 || r.Err != nil {
		t.Fatalf("%d flows, left out %v, error %v", len(r.Flows), r.Skipped, r.Err)
	}
	f := r.Flows[0]
	want := []string{"sid=1; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT; HttpOnly", "theme=dark; Path=/", "lang=de"}
	if diff := cmp.Diff(want, f.Response.Headers.Values("Set-Cookie")); diff != "" {
		t.Errorf("the cookies of Safari (want -, got +):\n%s", diff)
	}
	if f.Protocol != "HTTP/2.0" || f.Request.Headers.Value("Cookie") != "a=1" || string(f.Response.Body.Data) != "\x89PNG" || f.Done != 12500*time.Microsecond {
		t.Errorf("Safari's entry is read as %+v", f)
	}

	fiddler := "\xef\xbb\xbf" + `{"log":{"pages":[],"comment":"exported @ 04/05/2026 10:00:00","entries":[
{"time":31,"request":{"method":"CONNECT","url":"http://shop.test:443","httpVersion":"HTTP/1.1","headers":[{"name":"Host","value":"shop.test:443"}],"queryString":[],"cookies":[],"headersSize":90,"bodySize":0},"response":{"status":200,"statusText":"Connection Established","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"content":{"size":0,"compression":0,"mimeType":""},"redirectURL":"","headersSize":90,"bodySize":0},"cache":{},"timings":{"blocked":-1,"dns":0,"connect":5,"send":0,"wait":1,"receive":0,"ssl":20},"connection":"ClientPort:60515;EgressPort:60516","startedDateTime":"2026-05-04T12:00:00.1234567+02:00"},
{"comment":"[#2]","startedDateTime":"2026-05-04T12:00:00.1234567+02:00","time":31,"request":{"method":"POST","url":"https://shop.test/save","httpVersion":"HTTP/1.1","headers":[{"name":"Host","value":"shop.test"},{"name":"Content-Type","value":"application/x-www-form-urlencoded"},{"name":"Content-Length","value":"7"}],"queryString":[],"cookies":[],"headersSize":90,"bodySize":7,"postData":{"mimeType":"application/x-www-form-urlencoded","text":"a=1&b=2","params":[{"name":"a","value":"1"},{"name":"b","value":"2"}]}},
"response":{"status":200,"statusText":"OK","httpVersion":"HTTP/1.1","cookies":[{"name":"sid","value":"1","expires":"0001-01-01T00:00:00"}],"headers":[{"name":"Set-Cookie","value":"sid=1"}],"content":{"size":4,"compression":0,"mimeType":"image/png","text":"iVBORw=="},"redirectURL":"","headersSize":90,"bodySize":-1},"cache":{},"timings":{"blocked":-1,"dns":-1,"connect":-1,"send":0,"wait":30,"receive":1,"ssl":-1},"connection":"ClientPort:60515;EgressPort:60516","serverIPAddress":"192.0.2.1"}],"creator":{"name":"Fiddler","version":"5.0"},"version":"1.2"}}`
	utf16 := []byte{0xff, 0xfe}
	for _, c := range fiddler[3:] {
		utf16 = append(utf16, byte(c), 0)
	}
	for _, data := range [][]byte{[]byte(fiddler), utf16} {
		r = converttest.Read(t, "", data, converttest.Options{})
		if len(r.Flows) != 1 || len(r.Skipped) != 1 || !strings.Contains(r.Skipped[0].Error(), "left out: a tunnel") || r.Err != nil {
			t.Fatalf("%d flows, left out %v, error %v", len(r.Flows), r.Skipped, r.Err)
		}
		f = r.Flows[0]
		if f.Start.Format(time.RFC3339Nano) != "2026-05-04T10:00:00.1234567Z" || string(f.Request.Body.Data) != "a=1&b=2" || string(f.Response.Body.Data) != "\x89PNG" || f.Done != 31*time.Millisecond {
			t.Errorf("Fiddler's entry is read as %+v", f)
		}
	}
}

func TestAMessageThatIsNoneDoesNotLoseTheOthers(t *testing.T) {
	r := converttest.ReadAll(t, "har", []byte(`{"log":{"entries":[{"startedDateTime":"2023-11-14T22:13:20Z","request":{"url":"wss://a/"},"response":{"status":101},"_webSocketMessages":[{"type":"send","time":1700000000,"opcode":1,"data":"hi"},{"type":"error","time":1700000000,"opcode":-1,"data":"net::ERR_FAILED"},{"type":"receive","time":1700000001,"opcode":1,"data":"ho"}]}]}}`), converttest.Options{})
	if len(r.Flows) != 1 || len(r.Flows[0].Messages) != 2 || len(r.Kept) != 1 || !strings.Contains(r.Kept[0].Error(), "without message 1") {
		t.Errorf("%d flows, doubts %v", len(r.Flows), r.Kept)
	}
}

// Old viewers load a HAR as a script.
func TestAHARInAScriptIsRead(t *testing.T) {
	for _, data := range []string{`onInputData({"log":{"entries":[` + converttest.HAREntry + `]}});`, ` a.b$_1 ( {"log":{"entries":[` + converttest.HAREntry + `]}})`} {
		if r := converttest.ReadAll(t, "", []byte(data), converttest.Options{}); len(r.Flows) != 1 {
			t.Errorf("%s: %d flows", data, len(r.Flows))
		}
	}
}

func TestVersionsOfHTTPInHARHaveManySpellings(t *testing.T) {
	for spelled, want := range map[string]string{
		"HTTP/1.1": "HTTP/1.1", "http/1.1": "HTTP/1.1", "1.1": "HTTP/1.1", "HTTP/1.0": "HTTP/1.0", "h2": "HTTP/2.0", "http/2.0": "HTTP/2.0", "HTTP/2": "HTTP/2.0",
		"h3": "HTTP/3.0", "HTTP/3": "HTTP/3.0", "h3-29": "HTTP/3.0", "http/2+quic/46": "HTTP/3.0", "unknown": "", "": "", "me:": "",
	} {
		if got := oneHAR(t, `{"request":{"url":"https://a/","httpVersion":"`+spelled+`"}}`).Protocol; got != want {
			t.Errorf("%q is %q, want %q", spelled, got, want)
		}
		if want > "HTTP/1.1" {
			want = "HTTP/1.1"
		}
		if got := oneHAR(t, `{"request":{"url":"http://a/","httpVersion":"`+spelled+`"}}`).Protocol; got != want {
			t.Errorf("%q without TLS is %q, want %q", spelled, got, want)
		}
	}
}

// A HAR of any length is read with the memory of one entry; an entry above the
// limit is passed over while at most the limit of it is kept.
func TestALongHARIsReadInLittleMemory(t *testing.T) {
	big := strings.Repeat("x", 70<<20)
	for _, c := range []struct {
		name           string
		pages, entry   string
		flows, skipped int
		memory         uint64
	}{
		{"many entries", `"x"`, converttest.HAREntry + strings.Repeat(","+converttest.HAREntry, 50_000), 50_001, 0, 32 << 20},
		{"long members that do not matter", `"` + big + `"`, converttest.HAREntry, 1, 0, 8 << 20},
		{"an entry of 70 MiB", `"x"`, `{"request":{"url":"http://a/` + big + `"}},` + converttest.HAREntry, 1, 1, 384 << 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := strings.NewReader(`{"log":{"pages":[` + c.pages + `],"entries":[` + c.entry + `]}}`)
			flows, skipped := 0, 0
			peak := converttest.PeakOf(t, func() {
				for rec, err := range convert.Import(t.Context(), converttest.Named(t, "har", converttest.Options{}), in, convert.Options{}) {
					if err != nil {
						skipped++
					}
					if _, ok := rec.(*flow.Flow); ok {
						flows++
					}
				}
			})
			if flows != c.flows || skipped != c.skipped {
				t.Errorf("%d flows, %d left out; want %d and %d", flows, skipped, c.flows, c.skipped)
			}
			if peak > c.memory {
				t.Errorf("%d MiB of memory, want at most %d", peak>>20, c.memory>>20)
			}
		})
	}
}
