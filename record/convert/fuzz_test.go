package convert_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/converttest"
	"github.com/starling-load/starling/record/flow"
)

var seeds = map[string][]string{
	"har": {`{"log":{"entries":[` + converttest.HAREntry + `]}}`, `{"log":{"creator":{"name":"Starling"},"entries":[{"startedDateTime":"2026-05-04T10:00:00Z","connection":"1","request":{"url":"ws://a/","postData":{"params":[{"name":"a","fileName":"f"}]}},"response":{"status":"101","content":{"text":"eA==","encoding":"base64"}},"_webSocketMessages":[{"type":"send","time":1.5,"opcode":2,"data":"eA=="}]}]}}`},
	"gor": {converttest.GorRecord("1", converttest.GorID, converttest.GorGet) + converttest.GorRecord("2", converttest.GorID, converttest.GorOK), converttest.GorRecord("1", converttest.GorID, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: 1\r\n\r\n"),
		converttest.GorRecord("1", converttest.GorID, converttest.GorGet+converttest.GorGet+"POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\nabc"), "1 aa 1700000000000000000 0\n" + converttest.GorGet + "1 ab 1700000000000000000 0\nGET / HTTP/1.1\r\nA"},
	"mitm": {mitmEntry("http"), mitmEntry("tcp"), tnetDict("type", tnet(";", "http"), "version", tnet("#", "20"), "request", tnetDict("method", tnet(",", "GET"), "scheme", tnet(",", "http"), "timestamp_start", tnet("#", "1")),
		"response", tnetDict("status_code", tnet("#", "101")), "websocket", tnetDict("close_code", tnet("#", "1000"), "messages", tnet("]", tnet("]", tnet("#", "1")+tnet("!", "true")+tnet(",", "x")+tnet("#", "2")))))},
	"log": {converttest.LogLine, `{"ts":1700000000.5,"request":{"method":"GET","uri":"/","headers":{"User-Agent":["x"]}},"status":200,"duration":0.1}`,
		"#Fields: date time cs-method cs-uri-stem sc-status cs-headers\n2026-05-04 10:00:00 GET / 200 a:b%0A\n", `http 2026-05-04T10:00:01Z lb 192.0.2.1:1 - 0 0 0 200 200 1 1 "GET http://a:80/ HTTP/1.1" "x\"" - -`, `[2026-05-04T10:00:00Z] "GET / HTTP/2" 200 - 0 5 12 11 "-" "-" "-" "a" "-"`, `{"msec":1.5,"request":"GET / HTTP/1.1","status":200,"x":-,"y":"\x22"}`},
	"netlog": {converttest.NetLog(converttest.NetEvent(0, 1, 7, 1, 1, `{"method":"POST","url":"ws://a/"}`), converttest.NetEvent(0, 2, 9, 8, 1, `{"source_dependency":{"id":5}}`), converttest.NetEvent(1, 1, 7, 9, 0, `{"source_dependency":{"id":5}}`),
		converttest.NetEvent(1, 1, 7, 2, 0, `{"line":"GET / HTTP/1.1\r\n","headers":["Host: a","Cookie: [8 bytes were stripped]"]}`), converttest.NetEvent(1, 1, 7, 7, 2, `{"total_size":3}`), converttest.NetEvent(2, 2, 9, 10, 0, `{"byte_count":3,"bytes":"YWJj"}`),
		converttest.NetEvent(3, 1, 7, 3, 0, `{"headers":["HTTP/1.1 101 x","A: b"]}`), converttest.NetEvent(3, 2, 9, 11, 0, `{"byte_count":4,"bytes":"gQJoaQ=="}`), converttest.NetEvent(3, 1, 7, 6, 0, `{"byte_count":2}`), converttest.NetEvent(4, 1, 7, 4, 2, `{"net_error":-101}`), converttest.NetEvent(5, 2, 9, 12, 2, `null`))},
	"curl":    {`curl -X POST 'http://a/' -d $'x\n' -F 'a=b;type=text/plain' -G`, "A=1\ncurl http://$A/ -b a=b -u x:y --json '{}'", "curl ^\"http://a/^\" ^\n  -d ^\"^{^\\^\"a^\\^\"^}\n\n^\""},
	"postman": {`{"item":[{"item":[{"name":"a","request":{"method":"POST","url":{"raw":"http://{{h}}/:id","variable":[{"key":"id","value":"1"}],"query":[{"key":"a","value":"b"}]},"body":{"mode":"graphql","graphql":{"query":"{a}","variables":"{}"}}}}]}],"variable":[{"key":"h","value":"x"}],"auth":{"type":"basic","basic":[{"key":"username","value":"u"}]}}`},
}

// fuzz checks what holds whatever comes: no panic, an end, records that a flow
// file takes, and flows that every exporter writes and its importer reads again.
func fuzz(f *testing.F, format string) {
	for _, s := range seeds[format] {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		r := converttest.Result{Conns: map[uint64]*flow.Conn{}}
		for rec, err := range convert.Import(context.Background(), converttest.Named(t, format, converttest.Options{}), bytes.NewReader(data), convert.Options{}) {
			if err != nil && !errors.As(err, new(*convert.EntryError)) {
				continue // it ends
			}
			switch rec := rec.(type) {
			case *flow.Conn:
				r.Conns[rec.ID] = rec
			case *flow.Flow:
				if rec.Conn != 0 && r.Conns[rec.Conn] == nil {
					t.Fatalf("connection %d is not there", rec.Conn)
				}
				if rec.Request.Method == "" || rec.Request.Target == "" && format != "mitm" || rec.Response == nil && rec.Error == "" {
					t.Fatalf("no method, no target, or neither answer nor error: %+v", rec)
				}
				if rec.Done < 0 || rec.FirstByte < 0 || rec.RequestDone < 0 {
					t.Fatalf("a time below 0: %+v", rec)
				}
				r.Flows = append(r.Flows, rec)
			}
		}
		har := converttest.Read(t, "har", converttest.Export(t, "har", r), converttest.Options{})
		if har.Err != nil {
			t.Fatalf("the exported HAR cannot be read: %v", har.Err)
		}
		converttest.Export(t, "gor", r)
		converttest.Export(t, "curl", r)
	})
}

func FuzzHAR(f *testing.F)     { fuzz(f, "har") }
func FuzzGor(f *testing.F)     { fuzz(f, "gor") }
func FuzzMitm(f *testing.F)    { fuzz(f, "mitm") }
func FuzzLog(f *testing.F)     { fuzz(f, "log") }
func FuzzCurl(f *testing.F)    { fuzz(f, "curl") }
func FuzzNetlog(f *testing.F)  { fuzz(f, "netlog") }
func FuzzPostman(f *testing.F) { fuzz(f, "postman") }

// Every input cut at every byte ends without a panic, and what comes out is what
// came before the cut.
func TestInputsCutAnywhereEnd(t *testing.T) {
	for format, list := range seeds {
		for _, s := range list {
			for n := range len(s) {
				converttest.Read(t, format, []byte(s[:n]), converttest.Options{})
				converttest.Read(t, "", []byte(s[:n]), converttest.Options{})
				flipped := []byte(s)
				flipped[n] ^= 0x20
				converttest.Read(t, format, flipped, converttest.Options{})
			}
		}
	}
}
