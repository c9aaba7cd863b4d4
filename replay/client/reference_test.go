package client

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/http1"
)

// A parsed is an answer as a reader of HTTP/1 understands it.
type parsed struct {
	Status   int
	Protocol string
	Fields   []string // "name: value", sorted, names in lower case, without those of framing
	Body     string
	Trailers []string
	Keep     bool   // another answer may follow
	Rest     string // what follows the answer
}

// ours reads an answer with this package.
func ours(from io.Reader, method string) (p parsed, odd http1.Odd, err error) {
	s := new(scratches).take(from)
	var memory buffers
	memory.left.Store(1 << 30)
	var resp Response
	resp.reset(&memory, 1<<20)
	_, err = new(http1Link).receive(s, &Request{Request: flow.Request{Method: method}}, &resp, nil)
	if err != nil {
		return parsed{}, s.head.Odd, err
	}
	resp.finish()
	rest, _ := io.ReadAll(from)
	return parsed{
		Status: resp.Status, Protocol: resp.Protocol, Body: string(resp.Body.Data),
		Fields: lines(resp.Headers), Trailers: lines(resp.Trailers),
		Keep: s.head.Persistent() && s.frame.Body != http1.ToClose,
		Rest: string(s.in[s.pos:s.end]) + string(rest),
	}, s.head.Odd, nil
}

// theirs reads an answer with net/http.
func theirs(from io.Reader, method string) (p parsed, err error) {
	r := bufio.NewReader(from)
	var resp *http.Response
	for resp == nil || resp.StatusCode/100 == 1 && resp.StatusCode != http.StatusSwitchingProtocols {
		if resp, err = http.ReadResponse(r, &http.Request{Method: method}); err != nil {
			return parsed{}, err
		}
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return parsed{}, errors.New("the protocol changes")
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return parsed{}, err
	}
	rest, _ := io.ReadAll(r)
	return parsed{
		Status: resp.StatusCode, Protocol: resp.Proto, Body: string(body),
		Fields: lines(fields(nil, resp.Header)), Trailers: lines(fields(nil, resp.Trailer)),
		Keep: !resp.Close, Rest: string(rest),
	}, nil
}

// lines returns fields in a form that can be compared. net/http takes out those
// that frame the answer, and adds Cache-Control to a Pragma.
func lines(h flow.Headers) []string {
	var out []string
	for _, f := range h {
		switch name := strings.ToLower(f.Name); name {
		case "connection", "content-length", "transfer-encoding", "trailer", "cache-control", "pragma":
		default:
			out = append(out, name+": "+f.Value)
		}
	}
	slices.Sort(out)
	return out
}

// answers are good answers, and what may follow them.
var answers = []struct{ name, method, text string }{
	{"a length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello"},
	{"a length, and another answer", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n\r\n"},
	{"no body", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
	{"the same length twice", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok"},
	{"chunks", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\nHTTP/1.1"},
	{"trailers", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 7\r\n\r\n"},
	{"trailers that were not announced", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 7\r\nX-Sum: 8\r\n\r\n"},
	{"a length beside chunks", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n5\r\nhello\r\n0\r\n\r\n"},
	{"until the end", "GET", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>all of it"},
	{"HTTP/1.0", "GET", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"},
	{"HTTP/1.0 that goes on", "GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"},
	{"close", "GET", "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nok"},
	{"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nHTTP/1.1"},
	{"HEAD of chunks", "HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
	{"204", "POST", "HTTP/1.1 204 No Content\r\nX: y\r\n\r\nHTTP/1.1"},
	{"204 with a length", "POST", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello"},
	{"304 with a length", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\nETag: \"a\"\r\n\r\n"},
	{"interim answers", "GET", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"},
	{"no reason", "GET", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok"},
	{"an empty reason", "GET", "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok"},
	{"fields of all kinds", "GET", "HTTP/1.1 200 OK\r\nset-cookie: a=1\r\nSet-Cookie: b=2\r\nX-Empty:\r\nX-Blank: \t \r\nX_Under: \xc3\xa9\r\nContent-Length: 2\r\n\r\nok"},
	{"line feeds alone", "GET", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"},
	{"a folded field", "GET", "HTTP/1.1 200 OK\r\nX-Long: a\r\n  b\r\n\tc\r\nContent-Length: 2\r\n\r\nok"},
	{"a status beyond the classes", "GET", "HTTP/1.1 799 Odd\r\nContent-Length: 2\r\n\r\nok"},
	{"a redirection", "GET", "HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n"},
	{"a long body", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("0123456789", 10_000) + "more"},
	{"a long head", "GET", "HTTP/1.1 200 OK\r\nX-Long: " + strings.Repeat("y", 100_000) + "\r\nContent-Length: 2\r\n\r\nok"},
	{"a long body in chunks", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("a\r\n0123456789\r\n", 10_000) + "0\r\n\r\nmore"},
}

func TestAnswersAreReadAsNetHTTPReadsThem(t *testing.T) {
	for _, tt := range answers {
		t.Run(tt.name, func(t *testing.T) {
			want, err := theirs(strings.NewReader(tt.text), tt.method)
			if err != nil {
				t.Fatalf("net/http: %v", err)
			}
			for how, from := range map[string]io.Reader{
				"whole":                 strings.NewReader(tt.text),
				"byte by byte":          iotest.OneByteReader(strings.NewReader(tt.text)),
				"the end with the data": iotest.DataErrReader(strings.NewReader(tt.text)),
			} {
				got, _, err := ours(from, tt.method)
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("%s: %v\n%+v\nwant\n%+v", how, err, got, want)
				}
			}
		})
	}
}

func TestOddAnswersAreReadAsBrowsersDo(t *testing.T) {
	for name, text := range map[string]string{
		"a line without a colon": "HTTP/1.1 200 OK\r\nno field\r\nContent-Length: 2\r\n\r\nok",
		"a blank before a colon": "HTTP/1.1 200 OK\r\nX-Odd : a\r\nContent-Length: 2\r\n\r\nok",
		"a list of lengths":      "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
	} {
		got, _, err := ours(strings.NewReader(text), "GET")
		if err != nil || got.Status != 200 || got.Body != "ok" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if want, err := theirs(strings.NewReader(text), "GET"); err == nil && reflect.DeepEqual(got, want) {
			t.Errorf("%s: net/http reads it so too: it belongs to the answers", name)
		}
	}
}

func TestAnAnswerCutAnywhereIsNoAnswer(t *testing.T) {
	for _, tt := range answers {
		whole, _, err := ours(strings.NewReader(tt.text), tt.method)
		if err != nil {
			t.Fatal(err)
		}
		end := len(tt.text) - len(whole.Rest)
		toClose := tt.name == "until the end"
		for n := 0; n < end; n = n + 1 + n/50 {
			got, _, err := ours(strings.NewReader(tt.text[:n]), tt.method)
			if err == nil && !toClose {
				t.Errorf("%s, %d bytes of %d: taken for %.200v", tt.name, n, end, got)
			}
			if err != nil && ErrorName(err) != "closed" {
				t.Errorf("%s, %d bytes of %d: %q", tt.name, n, end, ErrorName(err))
			}
		}
	}
}

// FuzzAnswer reads arbitrary answers with this package and with net/http. What
// both take without any liberty they understand alike, however it is cut.
func FuzzAnswer(f *testing.F) {
	for _, tt := range answers {
		if len(tt.text) < 1000 {
			f.Add([]byte(tt.text), tt.method == "HEAD")
		}
	}
	for _, h := range []string{"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n"} {
		f.Add([]byte(h), false)
	}
	f.Fuzz(func(t *testing.T, answer []byte, head bool) {
		method := "GET"
		if head {
			method = "HEAD"
		}
		got, odd, err := ours(bytes.NewReader(answer), method)
		again, _, err2 := ours(iotest.OneByteReader(bytes.NewReader(answer)), method)
		if !reflect.DeepEqual(got, again) || ErrorName(err) != ErrorName(err2) {
			t.Errorf("%q\nwhole: %+v, %v\nbyte by byte: %+v, %v", answer, got, err, again, err2)
		}
		want, refused := theirs(bytes.NewReader(answer), method)
		if err != nil || refused != nil || odd != 0 || len(got.Trailers) > 0 {
			return
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q\nours:   %+v\ntheirs: %+v", answer, got, want)
		}
	})
}
