package exchange

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/capture/tcp"
)

func TestHostileHeadsAreBounded(t *testing.T) {
	const maxLine, maxFields = 64 << 10, 65_536 // as in http1
	long := strings.Repeat("x", maxLine)
	many := strings.Repeat("a:\r\n", maxFields+1)
	for name, c := range map[string]struct {
		data string
		want uint64 // requests
	}{
		"a field line at the limit":          {"GET / HTTP/1.1\r\nA: " + long[:maxLine-3] + "\r\n\r\n", 1},
		"a field line above the limit":       {"GET / HTTP/1.1\r\nA: " + long[:maxLine-2] + "\r\n\r\n", 0},
		"a request line above the limit":     {"GET /" + long + " HTTP/1.1\r\n\r\n", 0},
		"a request line without end":         {"GET /" + strings.Repeat(long, 8), 0},
		"a head above the limit":             {"GET / HTTP/1.1\r\n" + strings.Repeat("A: "+long[:50000]+"\r\n", 6) + "\r\n", 0},
		"a head below the limit":             {"GET / HTTP/1.1\r\n" + strings.Repeat("A: "+long[:50000]+"\r\n", 5) + "\r\n", 1},
		"too many fields":                    {"GET / HTTP/1.1\r\n" + many + "\r\n", 0},
		"continuation lines without end":     {"GET / HTTP/1.1\r\nA: b\r\n" + strings.Repeat(" c\r\n", 50000) + "\r\n", 0},
		"line ends only":                     {strings.Repeat("\r\n", 100000), 0},
		"a method without end":               {strings.Repeat("A", 100000), 0},
		"a length that is too long":          {"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\nabc", 1},
		"a chunk-size line without end":      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;" + strings.Repeat(long, 3), 1},
		"a chunk that is too long":           {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\nabc", 1},
		"a negative chunk":                   {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nabc", 1},
		"trailers without end":               {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + strings.Repeat("a:b\r\n", 100000), 1},
		"a trailer line without end":         {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\na:" + strings.Repeat(long, 3), 1},
		"a declared length is not a promise": {"POST / HTTP/1.1\r\nContent-Length: 999999999999\r\n\r\nabc", 1},
	} {
		t.Run(name, func(t *testing.T) {
			g := play([]step{client(c.data)}, false, Options{Budget: NewBudget(8 << 20)}, whole)
			if n := g.counts.Requests.Load(); n != c.want {
				t.Errorf("%d requests, want %d: %.200s", n, c.want, g)
			}
			for _, f := range g.flows {
				checkFlow(t, f)
			}
			if got, want := play([]step{client(c.data)}, false, Options{Budget: NewBudget(8 << 20)}, randomly(1)).String(), g.String(); got != want {
				t.Errorf("cut: %.200s\nwant %.200s", got, want)
			}
		})
	}
}

func TestBodiesKeepABeginningWithSizeAndHash(t *testing.T) {
	for _, n := range []int{9, 10, 11, 5000} {
		data := strings.Repeat("0123456789", n/10+1)[:n]
		whole1 := play([]step{client(getting("a")), server(answering(data))}, false, Options{}, whole).flows[0].Response.Body
		for _, cut := range []func(string) []string{whole, bytewise, randomly(3)} {
			g := play([]step{client(getting("a")), server(answering(data))}, false, Options{MaxBody: 10}, cut)
			b := g.flows[0].Response.Body
			if string(b.Data) != data[:min(n, 10)] || b.Size != int64(n) || b.Sum() != whole1.Sum() {
				t.Errorf("%d bytes came as %q, size %d, hash %x", n, b.Data, b.Size, b.Sum())
			}
			if cutCount := g.counts.BodiesCut.Load(); (cutCount == 1) != (n > 10) {
				t.Errorf("%d bytes: %d bodies cut", n, cutCount)
			}
		}
	}
}

func TestWithoutMemoryExchangesAreCountedAndKeepTheirPlace(t *testing.T) {
	var ask, reply strings.Builder
	for i := range 20 {
		ask.WriteString(getting(fmt.Sprint(i)))
		reply.WriteString(answering(fmt.Sprint(i)))
	}
	g := play([]step{client(ask.String()), server(reply.String())}, false, Options{Budget: NewBudget(8 << 10)}, whole)
	shed := int(g.counts.FlowsShed.Load())
	if shed == 0 || len(g.flows) == 0 || shed+len(g.flows) != 20 {
		t.Fatalf("%d flows, %d shed", len(g.flows), shed)
	}
	for i, f := range g.flows {
		if f.Request.Target != fmt.Sprint("/", i) || string(f.Response.Body.Data) != fmt.Sprint(i) && !f.Response.Body.Truncated() {
			t.Errorf("flow %d: %s", i, g)
		}
	}
	var lost uint64
	for _, l := range g.losses {
		lost += l.Flows
	}
	if lost != uint64(shed) {
		t.Errorf("%d flows declared lost, want %d", lost, shed)
	}
}

func TestAClientThatOnlyAsks(t *testing.T) {
	g := play([]step{client(strings.Repeat(getting("a"), 5000))}, false, Options{}, whole)
	if len(g.flows) != 5000 || g.counts.Requests.Load() != 5000 {
		t.Errorf("%d flows", len(g.flows))
	}
}

func TestAWaitingConnectionCostsLittle(t *testing.T) {
	const n = 2000
	parsers := make([]*Parser, n)
	budget := NewBudget(64 << 20)
	sink := &nothing{}
	c := &tcp.Conn{}
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	ask, reply := []byte(getting("a")), []byte(answering("hello"))
	before := heap()
	for i := range parsers {
		parsers[i] = New(c, uint64(i+1), Options{Sink: sink, Budget: budget})
		parsers[i].Data(tcp.FromClient, ask, 1)
		parsers[i].Data(tcp.FromServer, reply, 2)
	}
	each := (int64(heap()) - int64(before)) / n
	t.Logf("%d bytes each", each)
	if each > 1100 {
		t.Errorf("an idle connection takes %d bytes", each)
	}
	runtime.KeepAlive(parsers)
}
