package exchange

import (
	"fmt"
	"testing"
)

const (
	get   = "GET /%s HTTP/1.1\r\nHost: shop.test\r\n\r\n"
	ok200 = "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"
)

func getting(path string) string { return fmt.Sprintf(get, path) }
func answering(s string) string  { return fmt.Sprintf(ok200, len(s), s) }

func TestExchangesAsTheyShouldBe(t *testing.T) {
	tell(t, []story{
		{name: "a request and its answer", steps: []step{client(getting("a")), server(answering("hello"))},
			want: "GET /a > 200 [hello]\n"},
		{name: "an answer without content", steps: []step{client(getting("a")), server(answering(""))},
			want: "GET /a > 200\n"},
		{name: "one after the other on one connection",
			steps: []step{client(getting("a")), server(answering("1")), client(getting("b")), server(answering("22"))},
			want:  "GET /a > 200 [1]\nGET /b > 200 [22]\n"},
		{name: "pipelined, answered in order",
			steps: []step{client(getting("a") + getting("b") + getting("c")), server(answering("1") + answering("2")), server(answering("3"))},
			want:  "GET /a > 200 [1]\nGET /b > 200 [2]\nGET /c > 200 [3]\n"},
		{name: "a request in three segments",
			steps: []step{client("POST /p HTTP/1.1\r\nHost: a\r\nConte"), client("nt-Length: 6\r\n\r\nabc"), client("def"), server(answering("ok"))},
			want:  "POST /p [abcdef] > 200 [ok]\n"},
		{name: "chunks with extensions and trailers", steps: []step{
			client("POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;name=\"v\"\r\nhello\r\n6 ; x\r\n world\r\n0\r\nSum: 1\r\n\r\n"),
			server("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n003\r\nabc\r\n0;last\r\nA: 1\r\nB:  2 \r\n\r\n")},
			want: "POST /c [hello world] +Sum:1 > 200 [abc] +A:1 +B:2\n"},
		{name: "chunked wins over a length", steps: []step{client(getting("a")),
			server("HTTP/1.1 200 OK\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"), client(getting("b")), server(answering("2"))},
			want: "GET /a > 200 [a]\nGET /b > 200 [2]\n"},
		{name: "interim answers", steps: []step{client(getting("a")),
			server("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"), server(answering("x"))},
			want: "GET /a (103) (102) > 200 [x]\n"},
		{name: "100-continue", steps: []step{
			client("PUT /f HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"),
			server("HTTP/1.1 100 Continue\r\n\r\n"), client("data"), server(answering("ok"))},
			want: "PUT /f [data] (100) > 200 [ok]\n"},
		{name: "a body refused before it was sent, and not sent", steps: []step{
			client("PUT /f HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"),
			server("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n"), client(getting("b")), server(answering("ok"))},
			want: "PUT /f > 417\nGET /b > 200 [ok]\n"},
		{name: "a body refused before it was sent, and sent all the same", steps: []step{
			client("PUT /f HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"),
			server("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n"), client("d\nta"), client(getting("b")), server(answering("ok"))},
			want: "PUT /f [d\nta] > 417\nGET /b > 200 [ok]\n"},
		{name: "HEAD, 204 and 304 have no content", steps: []step{
			client("HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n"), server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"),
			client(getting("b")), server("HTTP/1.1 204 No Content\r\n\r\n"),
			client(getting("c")), server("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"), client(getting("d")), server(answering("1"))},
			want: "HEAD /a > 200\nGET /b > 204\nGET /c > 304\nGET /d > 200 [1]\n"},
		{name: "content up to the end of the connection",
			steps: []step{client("GET /a HTTP/1.0\r\n\r\n"), server("HTTP/1.0 200 OK\r\n\r\nall of"), server(" it"), serverFIN, clientFIN},
			want:  "GET /a > 200 [all of it]\n"},
		{name: "a client that half closes and is answered",
			steps: []step{client(getting("a")), clientFIN, server(answering("1")), serverFIN}, want: "GET /a > 200 [1]\n"},
		{name: "an early answer and the rest of the request",
			steps: []step{client("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc"), server(answering("no")), client("def"), client(getting("b")), server(answering("1"))},
			want:  "POST /a [abcdef] > 200 [no]\nGET /b > 200 [1]\n"},
		{name: "a body refused before it was sent, sent all the same, and the end", steps: []step{
			client("PUT /f HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n"),
			server("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n"), client("small body"), serverFIN, clientFIN},
			want: "PUT /f [small body] > 417\n"},
		{name: "methods of any token", steps: []step{
			client("PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n"), server(answering("1")), client("M-SEARCH * HTTP/1.1\r\nHost: a\r\n\r\n"), server(answering("2")),
			client("x!y /z HTTP/1.1\r\nHost: a\r\n\r\n"), server(answering("3"))},
			want: "PROPFIND / > 200 [1]\nM-SEARCH * > 200 [2]\nx!y /z > 200 [3]\n"},
		{name: "absolute targets, OPTIONS *, none", steps: []step{
			client("GET http://u:p@Shop.test:81?q=1 HTTP/1.1\r\nHost: other\r\n\r\n"), server(answering("1")),
			client("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), server(answering("2")), client("GET HTTP/1.1\r\nHost: a\r\n\r\n"), server(answering("3"))},
			want: "GET /?q=1 > 200 [1]\nOPTIONS * > 200 [2]\nGET  > 200 [3]\n"},
		{name: "line ends of every kind, and some between messages", steps: []step{
			client("\r\n\nGET /a HTTP/1.1\nHost: a\n\n"), server("\r\nHTTP/1.1 200 OK\nContent-Length: 1\n\n1"), client("\r\n" + getting("b")), server(answering("2"))},
			want: "GET /a > 200 [1]\nGET /b > 200 [2]\n"},
		{name: "a target with spaces and control bytes", steps: []step{client("GET /a b\x07\xff HTTP/1.1\r\nHost: a\r\n\r\n"), server(answering("1"))},
			want: "GET /a b\x07\xff > 200 [1]\n"},
		{name: "lengths that repeat", steps: []step{client(getting("a")), server("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\nContent-length: 2\r\n\r\nok")},
			want: "GET /a > 200 [ok]\n"},
		{name: "server-sent events", steps: []step{client(getting("e")),
			server("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n"), server("9\r\ndata: 2\n\n\r\n0\r\n\r\n")},
			want: "GET /e > 200 [data: 1\n\ndata: 2\n\n] server:\"data: 1\" server:\"data: 2\"\n"},
	})
}

func TestWhatBreaksOff(t *testing.T) {
	post := "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n"
	tell(t, []story{
		{name: "the server closes without an answer", steps: []step{client(getting("a")), serverFIN, clientFIN}, want: "GET /a ! target closed\n"},
		{name: "the server resets without an answer", steps: []step{client(getting("a")), serverRST}, want: "GET /a ! target reset\n"},
		{name: "the client goes before the answer", steps: []step{client(getting("a")), clientRST}, want: "GET /a ! client closed\n"},
		{name: "the client goes in mid-request", steps: []step{client(post + "abc"), clientFIN, serverFIN}, want: "POST /a [abc] ! client closed\n"},
		{name: "the server closes in mid-answer", steps: []step{client(getting("a")), server("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), serverFIN, clientFIN},
			want: "GET /a > 200 [abc] ! response cut\n"},
		{name: "the server resets content that ends with the connection",
			steps: []step{client(getting("a")), server("HTTP/1.1 200 OK\r\n\r\nabc"), serverRST}, want: "GET /a > 200 [abc] ! response cut\n"},
		{name: "the capture ends before the answer", steps: []step{client(getting("a"))}, want: "GET /a ! no response\n"},
		{name: "the capture ends in mid-request", steps: []step{client(post + "abc")}, want: "POST /a [abc] ! request cut\n"},
		{name: "the capture ends in mid-answer", steps: []step{client(getting("a")), server("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc")},
			want: "GET /a > 200 [abc] ! response cut\n"},
		{name: "the server closes in mid-head", steps: []step{client(getting("a")), server("HTTP/1.1 200 OK\r\nCont"), serverFIN, clientFIN},
			want: "GET /a ! target closed\nlost: unparsed flows=0 bytes=21 gaps=0\n"},
		{name: "an answer before the whole request, and then the end",
			steps: []step{client(post + "abc"), server(answering("no")), serverFIN, clientFIN}, want: "POST /a [abc] > 200 [no] ! client closed\n"},
		{name: "two lengths", steps: []step{client(getting("a")), server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!")},
			want: "GET /a > 200 ! response invalid\nlost: unparsed flows=0 bytes=3 gaps=0\n"},
		{name: "a chunk that is none", steps: []step{client(getting("a")), server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n"), client(getting("b")), server(answering("2"))},
			want: "GET /a > 200 [ok] ! response invalid\nGET /b > 200 [2]\nlost: unparsed flows=0 bytes=4 gaps=0\n"},
	})
}

func TestWhatIsNoHTTP(t *testing.T) {
	tell(t, []story{
		{name: "HTTP/0.9", steps: []step{client("GET /zeek.html\r\n"), server("<html>\n</html>\n"), serverFIN},
			want: "lost: unparsed flows=0 bytes=31 gaps=0\n"},
		{name: "a request answered by a banner", steps: []step{client(getting("a")), server("SSH-2.0-OpenSSH_8.7\r\n"), serverFIN, clientFIN},
			want: "GET /a ! response invalid\nlost: unparsed flows=0 bytes=21 gaps=0\n"},
		{name: "a server that speaks first", steps: []step{server("220 mail.test ESMTP\r\n"), client("EHLO a\r\n"), server("250 ok\r\n")},
			want: "lost: unparsed flows=0 bytes=37 gaps=0\n"},
		{name: "garbage after a good exchange", steps: []step{client(getting("a")), server(answering("1")), client("T / HTTP\n\n"),
			server("HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nbad"), client("T / HTTP\n\nT / HTTP\n\n")},
			want: "GET /a > 200 [1]\nlost: unparsed flows=1 bytes=30 gaps=0\n"},
		{name: "garbage, and a good exchange after its answer", steps: []step{client("\x03\x01\x02 GET /txt HTTP/1.1\r\n\r\n"), server(answering("1")), client(getting("b")), server(answering("2"))},
			want: "GET /b > 200 [2]\nlost: unparsed flows=1 bytes=25 gaps=0\n"},
		{name: "more content than was declared", steps: []step{client(getting("a")), server(answering("1") + "more"), client(getting("b")), server(answering("2"))},
			want: "GET /a > 200 [1]\nGET /b > 200 [2]\nlost: unparsed flows=0 bytes=4 gaps=0\n"},
	})
}
