package capture

import (
	"bytes"
	"context"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
)

// nothing is a sink that keeps nothing.
type nothing struct{}

func (nothing) Conn(*flow.Conn) {}
func (nothing) Flow(*flow.Flow) {}
func (nothing) Loss(*flow.Loss) {}

// writing is a sink that writes at once.
type writing struct {
	b *testing.B
	w *flowfile.Writer
}

func (s writing) write(r flow.Record) {
	if err := s.w.Write(r); err != nil {
		s.b.Fatal(err)
	}
}

func (s writing) Conn(c *flow.Conn) { s.write(c) }
func (s writing) Flow(f *flow.Flow) { s.write(f) }
func (s writing) Loss(l *flow.Loss) { s.write(l) }

// BenchmarkRead reads keep-alive exchanges of 1 KiB on average from a capture file in
// memory. An operation is a whole capture. The time of one exchange is reported too.
func BenchmarkRead(b *testing.B) {
	p := plan{conns: 50, exchanges: 200, segment: 1460, body: 2048}
	file := pcap(p.frames(rand.New(rand.NewPCG(1, 2))))
	b.Run("into nothing", func(b *testing.B) {
		for b.Loop() {
			read(b, p, file, Options{Sink: nothing{}})
		}
		report(b, p, file)
	})
	b.Run("into a flow file", func(b *testing.B) {
		path := filepath.Join(b.TempDir(), "shop.flow.zst")
		w, err := flowfile.Create(path, flowfile.WriterOptions{})
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			read(b, p, file, Options{Sink: writing{b, w}})
		}
		report(b, p, file)
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	})
}

func read(b *testing.B, p plan, file []byte, o Options) {
	c := New(o)
	if err := c.Read(context.Background(), bytes.NewReader(file)); err != nil {
		b.Fatal(err)
	}
	if n := c.Counts().Flows; n != uint64(p.conns*p.exchanges) {
		b.Fatalf("%d flows", n)
	}
}

func report(b *testing.B, p plan, file []byte) {
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*p.conns*p.exchanges), "ns/exchange")
}
