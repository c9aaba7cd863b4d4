package capture

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/capture/packet"
	"github.com/starling-load/starling/record/flow"
)

// A lossySource gives one segment each millisecond. For every tenth segment the kernel
// has dropped a packet.
type lossySource struct{ given, total uint64 }

func (s *lossySource) Next(g *packet.Segment) error {
	if s.given == s.total {
		return io.EOF
	}
	s.given++
	*g = packet.Segment{
		Time: firstTime + int64(s.given)*1e6, Flags: packet.ACK, Seq: uint32(s.given), Payload: []byte{'x'},
		Src: netip.MustParseAddrPort("10.0.0.1:5000"), Dst: netip.MustParseAddrPort("10.0.0.2:80"),
	}
	return nil
}

func (s *lossySource) Counts() packet.Counts {
	return packet.Counts{Packets: s.given, Segments: s.given, KernelDrops: s.given / 10}
}

func (s *lossySource) Close() error { return nil }

func TestKernelDropsAreDeclaredOnceASecond(t *testing.T) {
	b := new(basket)
	c := New(Options{Sink: b})
	a := c.assembler()
	f := c.feed(&lossySource{total: 60_000}, a) // a minute
	if err := f.read(context.Background()); err != nil {
		t.Fatal(err)
	}
	f.end()
	c.end(a)
	records := 0
	for _, l := range b.losses {
		if l.Reason == flow.LossKernel {
			records++
		}
	}
	if sum := b.lost(flow.LossKernel); sum.Packets != 6000 || records < 30 || records > 61 {
		t.Errorf("%d packets in %d records; want 6000 in at most one a second", sum.Packets, records)
	}
	if n := c.Counts(); n.KernelDrops != 6000 || n.Packets != 60_000 {
		t.Errorf("counts %+v", n)
	}
}

func TestReadEndsInOrder(t *testing.T) {
	p := plan{conns: 2, exchanges: 20, segment: 500, body: 100}
	file := pcap(p.frames(rand.New(rand.NewPCG(1, 1))))
	done, end := context.WithCancel(context.Background())
	end()
	for _, c := range []struct {
		name    string
		ctx     context.Context
		file    []byte
		flows   int // at least
		damaged uint64
		err     string // in the error
	}{
		{"at the end of the file", context.Background(), file, 40, 0, ""},
		{"when it is told to", done, file, 0, 0, ""},
		{"when the file is cut in a packet", context.Background(), file[:len(file)-7], 40, 1, ""},
		{"when the file is cut in the middle", context.Background(), file[:len(file)/2], 10, 1, ""},
		{"when the file is empty", context.Background(), nil, 0, 0, "it is empty"},
		{"when the file is something else", context.Background(), []byte("GET / HTTP/1.1\r\n\r\n"), 0, 0, "neither pcap nor pcapng"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := new(basket)
			capture := New(Options{Sink: b})
			err := capture.Read(c.ctx, bytes.NewReader(c.file))
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("error %v; want %q", err, c.err)
			}
			n := capture.Counts()
			if len(b.flows) < c.flows || n.Damaged != c.damaged || n.Open != 0 || n.Flows != uint64(len(b.flows)) {
				t.Errorf("%d flows, counts %+v", len(b.flows), n)
			}
		})
	}
}
