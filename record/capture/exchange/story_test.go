package exchange

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/starling-load/starling/record/capture/tcp"
	"github.com/starling-load/starling/record/flow"
)

// A step is an event on a connection, one millisecond after the previous one.
type step struct {
	d     tcp.Dir
	data  string
	gap   int64 // a hole of this many bytes; -1: unknown; 0: none
	end   bool
	reset bool
}

func client(data string) step { return step{d: tcp.FromClient, data: data} }
func server(data string) step { return step{d: tcp.FromServer, data: data} }

func clientGap(n int64) step { return step{d: tcp.FromClient, gap: n} }
func serverGap(n int64) step { return step{d: tcp.FromServer, gap: n} }

var (
	clientFIN = step{d: tcp.FromClient, end: true}
	serverFIN = step{d: tcp.FromServer, end: true}
	clientRST = step{d: tcp.FromClient, end: true, reset: true}
	serverRST = step{d: tcp.FromServer, end: true, reset: true}
)

// A gathering is a Sink that keeps everything.
type gathering struct {
	conns  []*flow.Conn
	flows  []*flow.Flow
	losses []*flow.Loss
	counts Counts
	budget *Budget
}

func (g *gathering) Conn(c *flow.Conn) { g.conns = append(g.conns, c) }
func (g *gathering) Flow(f *flow.Flow) { g.flows = append(g.flows, f) }
func (g *gathering) Loss(l *flow.Loss) { g.losses = append(g.losses, l) }

const storyStart = int64(1_700_000_000_000_000_000)

// play feeds the steps to a Parser, each cut into the pieces that cut returns.
func play(steps []step, mid bool, o Options, cut func(string) []string) *gathering {
	g := &gathering{budget: o.Budget}
	if g.budget == nil {
		g.budget = NewBudget(64 << 20)
	}
	o.Sink, o.Counts, o.Budget = g, &g.counts, g.budget
	free := g.budget.Free()
	p := New(&tcp.Conn{
		Client: netip.MustParseAddrPort("10.0.0.1:1000"), Server: netip.MustParseAddrPort("10.0.0.2:80"),
		Opened: storyStart, MidStream: mid,
	}, 7, o)
	at := storyStart
	for _, s := range steps {
		at += int64(time.Millisecond)
		switch {
		case s.end:
			p.End(s.d, at, s.reset)
		case s.gap != 0:
			p.Gap(s.d, s.gap, at)
		default:
			for _, piece := range cut(s.data) {
				b := []byte(piece)
				p.Data(s.d, b, at)
				clear(b) // valid during the call only
			}
		}
	}
	p.Close(at + int64(time.Millisecond))
	if left := free - g.budget.Free(); left != 0 {
		panic(fmt.Sprintf("%d bytes of the budget were not given back", left))
	}
	return g
}

func whole(s string) []string { return []string{s} }

func bytewise(s string) []string { return strings.Split(s, "") }

func randomly(seed uint64) func(string) []string {
	r := rand.New(rand.NewPCG(seed, 1))
	return func(s string) (pieces []string) {
		for len(s) > 0 {
			n := 1 + r.IntN(min(len(s), 1+r.IntN(40)))
			pieces, s = append(pieces, s[:n]), s[n:]
		}
		return pieces
	}
}

// String returns what was found, in a form that can be compared with an expectation.
func (g *gathering) String() string {
	var b strings.Builder
	for _, f := range g.flows {
		fmt.Fprintf(&b, "%s %s", f.Request.Method, f.Request.Target)
		if f.Request.Body.Size > 0 {
			fmt.Fprintf(&b, " [%s]", bodyText(f.Request.Body))
		}
		for _, h := range f.Request.Trailers {
			fmt.Fprintf(&b, " +%s:%s", h.Name, h.Value)
		}
		for _, r := range f.Interim {
			fmt.Fprintf(&b, " (%d)", r.Status)
		}
		if r := f.Response; r != nil {
			fmt.Fprintf(&b, " > %d", r.Status)
			if r.Body.Size > 0 {
				fmt.Fprintf(&b, " [%s]", bodyText(r.Body))
			}
			for _, h := range r.Trailers {
				fmt.Fprintf(&b, " +%s:%s", h.Name, h.Value)
			}
		}
		for _, m := range f.Messages {
			who := "server"
			if m.FromClient {
				who = "client"
			}
			fmt.Fprintf(&b, " %s:%q", who, m.Data)
		}
		if f.Error != "" {
			fmt.Fprintf(&b, " ! %s", f.Error)
		}
		b.WriteByte('\n')
	}
	sum := map[string]*flow.Loss{}
	for _, l := range g.losses {
		if sum[l.Reason] == nil {
			sum[l.Reason] = &flow.Loss{}
		}
		sum[l.Reason].Flows += l.Flows
		sum[l.Reason].Bytes += l.Bytes
		sum[l.Reason].Gaps += l.Gaps
	}
	for _, reason := range [...]string{flow.LossStart, flow.LossGap, flow.LossUnparsed, flow.LossMemory} {
		if l := sum[reason]; l != nil {
			fmt.Fprintf(&b, "lost: %s flows=%d bytes=%d gaps=%d\n", reason, l.Flows, l.Bytes, l.Gaps)
		}
	}
	return b.String()
}

func bodyText(b flow.Body) string {
	s := string(b.Data)
	if b.Truncated() {
		s += fmt.Sprintf("… of %d", b.Size)
	}
	return s
}

// detailed is String with times, heads and hashes.
func (g *gathering) detailed() string {
	var b strings.Builder
	b.WriteString(g.String())
	for _, f := range g.flows {
		plain := *f
		plain.Response = nil
		fmt.Fprintf(&b, "%+v %+v\n", plain, f.Response)
	}
	return b.String()
}

// A story is what happens on a connection, and what must be found.
type story struct {
	name  string
	mid   bool
	steps []step
	want  string
}

// tell plays the stories whole, byte by byte, and cut at random. The result must always
// be the same.
func tell(t *testing.T, stories []story) {
	t.Helper()
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			g := play(s.steps, s.mid, Options{}, whole)
			if got := g.String(); got != s.want {
				t.Fatalf("got\n%swant\n%s", got, s.want)
			}
			for _, f := range g.flows {
				checkFlow(t, f)
			}
			cuts := map[string]func(string) []string{"byte by byte": bytewise}
			for seed := range uint64(8) {
				cuts[fmt.Sprint("random cut ", seed)] = randomly(seed)
			}
			want := g.detailed()
			for how, cut := range cuts {
				if got := play(s.steps, s.mid, Options{}, cut).detailed(); got != want {
					t.Errorf("%s: got\n%swant\n%s", how, got, want)
				}
			}
		})
	}
}

// checkFlow checks what holds for every flow.
func checkFlow(t *testing.T, f *flow.Flow) {
	t.Helper()
	switch {
	case f.Request.Method == "", f.Conn == 0, f.Start.IsZero(), f.Scheme == "", f.Request.Authority == "" && f.Request.Method != "CONNECT",
		f.Protocol != "HTTP/1.0" && f.Protocol != "HTTP/1.1" && f.Protocol != "HTTP/2.0" && !strings.HasPrefix(f.Protocol, "HTTP/1."):
		t.Errorf("a flow lacks something: %+v", f)
	case f.RequestDone < 0, f.FirstByte < 0, f.Done <= 0:
		t.Errorf("times of a flow: %+v", f)
	case f.Response == nil && f.Error == "", f.Response != nil && (f.Response.Status < 100 || f.Response.Status > 999 || f.FirstByte == 0):
		t.Errorf("response of a flow: %+v", f)
	}
	bodies := []flow.Body{f.Request.Body}
	if f.Response != nil {
		bodies = append(bodies, f.Response.Body)
	}
	for _, b := range bodies {
		if b.Size < int64(len(b.Data)) {
			t.Errorf("a body of %d bytes says that it has %d", len(b.Data), b.Size)
		}
		if b.Hash != 0 && !b.Truncated() {
			t.Errorf("hash %x of a whole body", b.Hash)
		}
	}
	for _, m := range f.Messages {
		if m.Size < int64(len(m.Data)) || m.At <= 0 {
			t.Errorf("a message: %+v", m)
		}
	}
}
