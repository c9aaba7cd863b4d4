package exchange

import (
	"fmt"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/capture/tcp"
)

func TestHoles(t *testing.T) {
	post := "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"
	sized := "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
	chunked := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	tell(t, []story{
		{name: "inside of an answer of known length", steps: []step{client(getting("a")), server(sized + "abc"), serverGap(3), server("ghi"), client(getting("b")), server(answering("2"))},
			want: "GET /a > 200 [abc… of 9] ! gap in response\nGET /b > 200 [2]\nlost: gap flows=0 bytes=3 gaps=1\n"},
		{name: "up to the end of an answer of known length", steps: []step{client(getting("a")), server(sized + "abc"), serverGap(6), client(getting("b")), server(answering("2"))},
			want: "GET /a > 200 [abc… of 9] ! gap in response\nGET /b > 200 [2]\nlost: gap flows=0 bytes=6 gaps=1\n"},
		{name: "inside of a request of known length", steps: []step{client(post + "abc"), clientGap(3), client("ghi"), server(answering("1")), client(getting("b")), server(answering("2"))},
			want: "POST /p [abc… of 9] > 200 [1] ! gap in request\nGET /b > 200 [2]\nlost: gap flows=0 bytes=3 gaps=1\n"},
		{name: "inside of a chunk", steps: []step{client(getting("a")), server(chunked + "9\r\nabc"), serverGap(3), server("ghi\r\n0\r\n\r\n"), client(getting("b")), server(answering("2"))},
			want: "GET /a > 200 [abc… of 9] ! gap in response\nGET /b > 200 [2]\nlost: gap flows=0 bytes=3 gaps=1\n"},
		{name: "over the ends of chunks", steps: []step{client(getting("a")), server(chunked + "3\r\nabc"), serverGap(30), server("xyz\r\n0\r\n\r\n"), client(getting("b")), server(answering("2"))},
			want: "GET /a > 200 [abc] ! gap in response\nGET /b > 200 [2]\nlost: gap flows=0 bytes=30 gaps=1\nlost: unparsed flows=0 bytes=10 gaps=0\n"},
		{name: "of unknown length", steps: []step{client(getting("a")), server(sized + "abc"), serverGap(-1), server("tail"), client(getting("b")), server(answering("2"))},
			want: "GET /a > 200 [abc] ! gap in response\nGET /b > 200 [2]\nlost: gap flows=0 bytes=0 gaps=1\nlost: unparsed flows=0 bytes=4 gaps=0\n"},
		{name: "inside of content that ends with the connection", steps: []step{client(getting("a")), server("HTTP/1.1 200 OK\r\n\r\nabc"), serverGap(5), server("end"), serverFIN, clientFIN},
			want: "GET /a > 200 [abc… of 11] ! gap in response\nlost: gap flows=0 bytes=5 gaps=1\n"},
		{name: "over the end of one answer and the head of the next, which two requests await",
			steps: []step{client(getting("a")), server(sized + "abc"), serverGap(60), client(getting("b")), client(getting("c")), server("tail"), client(getting("d")), server(answering("4"))},
			want:  "GET /a > 200 [abc… of 9] ! gap in response\nGET /b ! gap in response\nGET /c ! gap in response\nGET /d > 200 [4]\nlost: gap flows=0 bytes=60 gaps=1\nlost: unparsed flows=0 bytes=4 gaps=0\n"},
		{name: "in a request head", steps: []step{client("GET /a HTTP/1.1\r\nHost: a\r\nCoo"), clientGap(20), client("kie\r\n\r\n"), server(answering("1")), client(getting("b")), server(answering("2"))},
			want: "GET /a > 200 [1] ! gap in request\nGET /b > 200 [2]\nlost: gap flows=0 bytes=20 gaps=1\nlost: unparsed flows=0 bytes=10 gaps=0\n"},
		{name: "in an answer's head", steps: []step{client(getting("a")), server("HTTP/1.1 404 No\r\nA: b\r\nCo"), serverGap(20), server("\r\n\r\nabc"), client(getting("b")), server(answering("2"))},
			want: "GET /a > 404 ! gap in response\nGET /b > 200 [2]\nlost: gap flows=0 bytes=20 gaps=1\nlost: unparsed flows=0 bytes=9 gaps=0\n"},
		{name: "a hidden request", steps: []step{client(getting("a")), server(answering("1")), clientGap(40), server(answering("?")), client(getting("b")), server(answering("2"))},
			want: "GET /a > 200 [1]\nGET /b > 200 [2]\nlost: gap flows=1 bytes=40 gaps=1\n"},
		{name: "a hidden exchange", steps: []step{client(getting("a")), server(answering("1")), clientGap(40), serverGap(50), client(getting("b")), server(answering("2"))},
			want: "GET /a > 200 [1]\nGET /b > 200 [2]\nlost: gap flows=1 bytes=90 gaps=2\n"},
		{name: "a hidden answer and the next request, which make the answer to that look like the hidden one", steps: []step{
			client(getting("a")), serverGap(50), clientGap(40), server(answering("?")), client(getting("b")), server(answering("2"))},
			want: "GET /a > 200 [?]\nGET /b > 200 [2]\nlost: gap flows=1 bytes=90 gaps=2\n"},
		{name: "over the end of a request and the whole next exchange", steps: []step{
			client(post + "abc"), clientGap(46), server(answering("1")), serverGap(50), client(getting("b")), server(answering("2"))},
			want: "POST /p [abc… of 9] > 200 [1] ! gap in request\nGET /b > 200 [2]\nlost: gap flows=1 bytes=96 gaps=2\n"},
		{name: "the first bytes of a request, of which the rest is none", steps: []step{client(getting("a")), server(answering("1")),
			clientGap(1), client(getting("b")[1:]), server(answering("?")), client(getting("c")), server(answering("3"))},
			want: "GET /a > 200 [1]\nGET /c > 200 [3]\nlost: gap flows=1 bytes=1 gaps=1\nlost: unparsed flows=0 bytes=35 gaps=0\n"},
		{name: "and nothing afterwards", steps: []step{client(getting("a")), serverGap(40), serverFIN, clientFIN},
			want: "GET /a ! gap in response\nlost: gap flows=0 bytes=40 gaps=1\n"},
		{name: "in content that looks like an answer", steps: []step{client(getting("a")), server(chunked + "3\r\nabc"), serverGap(100), server(answering("no")), server("\r\n0\r\n\r\n"), client(getting("b")), server(answering("2"))},
			want: "GET /a > 200 [abc] ! gap in response\nGET /b > 200 [2]\nlost: gap flows=0 bytes=100 gaps=1\nlost: unparsed flows=0 bytes=47 gaps=0\n"},
		{name: "pipelined answers with one hidden are paired with nothing until the client speaks again", steps: []step{
			client(getting("a") + getting("b")), server(answering("1") + answering("2")),
			client(getting("c") + getting("d") + getting("e")), serverGap(40), server(answering("?") + answering("?")),
			client(getting("f") + getting("g")), server(answering("6") + answering("7"))},
			want: "GET /a > 200 [1]\nGET /b > 200 [2]\nGET /c ! gap in response\nGET /d ! gap in response\nGET /e ! gap in response\nGET /f > 200 [6]\nGET /g > 200 [7]\nlost: gap flows=0 bytes=40 gaps=1\n"},
	})
}

func TestAConnectionMetInItsMiddle(t *testing.T) {
	tell(t, []story{
		{name: "between two exchanges", mid: true, steps: []step{client(getting("a")), server(answering("1"))},
			want: "GET /a > 200 [1]\nlost: no start flows=0 bytes=0 gaps=0\n"},
		{name: "before an answer", mid: true, steps: []step{server(answering("?")), client(getting("a")), server(answering("1"))},
			want: "GET /a > 200 [1]\nlost: no start flows=1 bytes=0 gaps=0\n"},
		{name: "in the content of an answer", mid: true, steps: []step{server("lo\r\nworld"), client(getting("a")), server(answering("1"))},
			want: "GET /a > 200 [1]\nlost: no start flows=0 bytes=9 gaps=0\n"},
		{name: "in the content of a request", mid: true, steps: []step{client("=1&b=2"), server(answering("?")), client(getting("a")), server(answering("1"))},
			want: "GET /a > 200 [1]\nlost: no start flows=1 bytes=6 gaps=0\n"},
		{name: "of something else", mid: true, steps: []step{client("\x01\x02\x03"), server("\x04\x05"), client("\x01")},
			want: "lost: no start flows=0 bytes=6 gaps=0\n"},
	})
}

// TestOneOfAThousandAnswersHidden drops each of the answers in turn.
func TestOneOfAThousandAnswersHidden(t *testing.T) {
	const n = 200
	for lost := range n {
		var steps []step
		for i := range n {
			steps = append(steps, client(getting(fmt.Sprint(i))))
			if i == lost {
				steps = append(steps, serverGap(40))
			} else {
				steps = append(steps, server(answering(fmt.Sprint(i))))
			}
		}
		g := play(steps, false, Options{}, whole)
		if len(g.flows) != n || g.counts.Requests.Load() != n || g.counts.Responses.Load()+g.counts.ResponsesLost.Load() != n {
			t.Fatalf("answer %d hidden: %d flows", lost, len(g.flows))
		}
		for i, f := range g.flows {
			if i == lost {
				if f.Error != failResponseGap || f.Response != nil {
					t.Fatalf("answer %d hidden: %+v", lost, f)
				}
			} else if f.Response == nil || "/"+string(f.Response.Body.Data) != f.Request.Target || f.Error != "" {
				t.Fatalf("answer %d hidden: flow %d is %s", lost, i, g)
			}
		}
	}
}

// TestTheOrderOfTellingDoesNotMatter tells one direction late. A reassembler does that
// while it waits for a hole in that direction to fill.
func TestTheOrderOfTellingDoesNotMatter(t *testing.T) {
	g := &gathering{}
	p := New(&tcp.Conn{}, 1, Options{Sink: g})
	for i := range 4 {
		p.Data(tcp.FromClient, []byte(getting(fmt.Sprint(i))), int64(100*i+10))
	}
	p.Gap(tcp.FromServer, 40, 120) // the answer to 0
	for i := 1; i < 4; i++ {
		p.Data(tcp.FromServer, []byte(answering(fmt.Sprint(i))), int64(100*i+20))
	}
	p.Close(1000)
	const want = "GET /0 ! gap in response\nGET /1 > 200 [1]\nGET /2 > 200 [2]\nGET /3 > 200 [3]\nlost: gap flows=0 bytes=40 gaps=1\n"
	if got := g.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestWhatAFlowHolds(t *testing.T) {
	g := play([]step{
		client("POST http://Shop.test:81/a?b=c HTTP/1.1\r\nhOsT: Shop.test:81\r\nX-Dup: 1\r\nx-dup:  2 \r\nFold: a\r\n  b\r\n\tc\r\nProxy-Authorization: Basic eA==\r\nContent-Length: 3\r\n\r\nab"),
		client("c"), server("HTTP/1.1 103 Early\r\nLink: x\r\n\r\n"), server("HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\ncontent-length: 2\r\n\r\n\x1f"), server("\x8b")}, false, Options{}, whole)
	got := g.detailed()
	for _, want := range []string{
		"Scheme:http Protocol:HTTP/1.1 Request:{Method:POST Target:/a?b=c Authority:Shop.test:81 " +
			"Headers:[{Name:hOsT Value:Shop.test:81} {Name:X-Dup Value:1} {Name:x-dup Value:2} {Name:Fold Value:a b c} {Name:Content-Length Value:3}]",
		"Interim:[{Status:103 Headers:[{Name:Link Value:x}]",
		"Start:2023-11-14 22:13:20.001 +0000 UTC RequestDone:1ms FirstByte:3ms Done:4ms Error:}",
		"&{Status:201 Headers:[{Name:Content-Encoding Value:gzip} {Name:content-length Value:2}] Body:{Data:[31 139] Size:2",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if c := g.conns[0]; len(g.conns) != 1 || c.ID != 7 || c.Client != "10.0.0.1:1000" || c.Server != "10.0.0.2:80" {
		t.Errorf("connections %+v", g.conns)
	}
}
