package exchange

import (
	"strings"
	"testing"

	"github.com/starling-load/starling/record/capture/tcp"
	"github.com/starling-load/starling/record/flow"
)

// nothing is a Sink that drops what it gets.
type nothing struct{ flows int }

func (n *nothing) Conn(*flow.Conn) {}
func (n *nothing) Flow(*flow.Flow) { n.flows++ }
func (n *nothing) Loss(*flow.Loss) {}

const (
	smallRequest = "GET /items/42?color=red HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n" +
		"Accept: text/html,application/xhtml+xml\r\nAccept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\nCookie: session=0123456789abcdef\r\n\r\n"
	smallAnswer = "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Mon, 04 May 2026 10:00:00 GMT\r\nContent-Type: application/json\r\n" +
		"Content-Length: 500\r\nConnection: keep-alive\r\n\r\n"
)

func BenchmarkSmallExchange(b *testing.B) {
	benchmark(b, smallRequest, smallAnswer+strings.Repeat("x", 500))
}

func BenchmarkLargeAnswer(b *testing.B) {
	benchmark(b, smallRequest, strings.Replace(smallAnswer, "500", "100000", 1)+strings.Repeat("x", 100_000))
}

func benchmark(b *testing.B, ask, reply string) {
	sink := &nothing{}
	p := New(&tcp.Conn{}, 1, Options{Sink: sink, Budget: NewBudget(64 << 20), Counts: new(Counts)})
	request, answer := []byte(ask), []byte(reply)
	b.ReportAllocs()
	b.SetBytes(int64(len(ask) + len(reply)))
	at := int64(1)
	for b.Loop() {
		p.Data(tcp.FromClient, request, at)
		for rest := answer; len(rest) > 0; {
			n := min(len(rest), 1448)
			p.Data(tcp.FromServer, rest[:n], at+1)
			rest = rest[n:]
		}
		at += 2
	}
	if sink.flows == 0 {
		b.Fatal("no flows")
	}
}
