package exchange_test

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/starling-load/starling/record/capture/decrypt"
	"github.com/starling-load/starling/record/capture/exchange"
	"github.com/starling-load/starling/record/capture/tcp"
	"github.com/starling-load/starling/record/flow"
)

// A basket is a sink that keeps everything.
type basket struct {
	mu     sync.Mutex
	conns  []*flow.Conn
	flows  []*flow.Flow
	losses []*flow.Loss
	news   chan struct{} // one for each flow
}

func newBasket() *basket { return &basket{news: make(chan struct{}, 1000)} }

func (b *basket) Conn(c *flow.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.conns = append(b.conns, c)
}

func (b *basket) Flow(f *flow.Flow) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.flows = append(b.flows, f)
	b.news <- struct{}{}
}

func (b *basket) Loss(l *flow.Loss) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.losses = append(b.losses, l)
}

// wait returns the flows once there are n.
func (b *basket) wait(t *testing.T, n int) []*flow.Flow {
	t.Helper()
	for range n {
		select {
		case <-b.news:
		case <-time.After(20 * time.Second):
			b.mu.Lock()
			defer b.mu.Unlock()
			t.Fatalf("%d flows came, want %d", len(b.flows), n)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.flows
}

// A piece is what one call of Read or Write moved over a connection.
type piece struct {
	d    tcp.Dir
	p    []byte
	at   int64
	hole bool // the capture lacks it
}

// A line is what one connection of a client carries.
type line struct {
	mu     sync.Mutex
	client netip.AddrPort
	server netip.AddrPort
	pieces []piece
}

func (l *line) saw(d tcp.Dir, p []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pieces = append(l.pieces, piece{d: d, p: bytes.Clone(p), at: time.Now().UnixNano()})
}

// A tapped connection keeps what it carries. What a client sends is kept before it can be
// answered.
type tapped struct {
	net.Conn
	l *line
}

func (t *tapped) Write(p []byte) (int, error) {
	t.l.saw(tcp.FromClient, p)
	return t.Conn.Write(p)
}

func (t *tapped) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	if n > 0 {
		t.l.saw(tcp.FromServer, p[:n])
	}
	return n, err
}

// A tap opens connections and keeps what they carry.
type tap struct {
	mu    sync.Mutex
	lines []*line
}

func (t *tap) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	l := &line{client: c.LocalAddr().(*net.TCPAddr).AddrPort(), server: c.RemoteAddr().(*net.TCPAddr).AddrPort()}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, l)
	return &tapped{c, l}, nil
}

// parse parses what was kept, in pieces of at most this many bytes.
func (t *tap) parse(keyLog []byte, most int) (*basket, *exchange.Counts) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b, n := newBasket(), new(exchange.Counts)
	keys := new(decrypt.Keys)
	keys.AddLog(keyLog)
	for i, l := range t.lines {
		l.mu.Lock()
		p := exchange.New(&tcp.Conn{Client: l.client, Server: l.server, Opened: l.pieces[0].at}, uint64(i+1),
			exchange.Options{Sink: b, Counts: n, Keys: keys})
		for _, x := range l.pieces {
			if x.hole {
				p.Gap(x.d, int64(len(x.p)), x.at)
				continue
			}
			for rest := x.p; len(rest) > 0; {
				k := min(most, len(rest))
				p.Data(x.d, rest[:k], x.at)
				rest = rest[k:]
			}
		}
		p.End(tcp.FromClient, time.Now().UnixNano(), false)
		p.End(tcp.FromServer, time.Now().UnixNano(), false)
		p.Close(time.Now().UnixNano())
		l.mu.Unlock()
	}
	return b, n
}
