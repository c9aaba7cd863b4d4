package flowfile

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flow/flowtest"
)

// blocksOf is a file of n flows in blocks of some 4 KiB.
func blocksOf(t *testing.T, n int) []byte {
	t.Helper()
	rs := make([]flow.Record, n)
	for i := range rs {
		rs[i] = flowtest.ShopFlow(i)
	}
	return writeAll(t, WriterOptions{BlockSize: 4 << 10}, rs...)
}

func TestSeeksWhileTheNextBlockIsReadAheadGiveTheRightFlows(t *testing.T) {
	const flows = 400
	data := blocksOf(t, flows)
	r, err := newReader("mem", bytes.NewReader(data), int64(len(data)), ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		from := random.IntN(flows)
		if err := r.SeekFlow(uint64(from)); err != nil {
			t.Fatal(err)
		}
		for i := from; i < min(flows, from+random.IntN(80)); i++ {
			rec, err := r.Next()
			if err != nil {
				t.Fatalf("flow %d after a seek to %d: %v", i, from, err)
			}
			f, want := rec.(*flow.Flow), flowtest.ShopFlow(i)
			if f.Number != uint64(i) || f.Request.Headers.Value("Cookie") != want.Request.Headers.Value("Cookie") || !bytes.Equal(f.Response.Body.Data, want.Response.Body.Data) {
				t.Fatalf("after a seek to %d, flow %d is %+v, want %+v", from, i, f, want)
			}
		}
	}
}

// A closable is a file that counts the reads after it was closed.
type closable struct {
	*bytes.Reader
	closed atomic.Bool
	late   atomic.Int32
}

func (c *closable) ReadAt(p []byte, off int64) (int, error) {
	runtime.Gosched() // gives Close time to come first
	if c.closed.Load() {
		c.late.Add(1)
	}
	return c.Reader.ReadAt(p, off)
}

func (c *closable) Close() error {
	c.closed.Store(true)
	return nil
}

func TestCloseWaitsForTheBlockThatIsReadAhead(t *testing.T) {
	data := blocksOf(t, 60)
	for i := range 60 {
		file := &closable{Reader: bytes.NewReader(data)}
		r, err := newReader("mem", file, int64(len(data)), ReaderOptions{})
		if err != nil {
			t.Fatal(err)
		}
		r.closer = file
		for range i {
			if _, err := r.Next(); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Next(); err != io.EOF {
			t.Errorf("Next of a closed Reader: %v, want io.EOF", err)
		}
		for range 10 {
			runtime.Gosched()
		}
		if n := file.late.Load(); n > 0 {
			t.Fatalf("%d reads of the file after it was closed, %d records in", n, i)
		}
	}
}

func TestABlockDamagedBehindTheOneInUseIsReportedInItsPlace(t *testing.T) {
	data := blocksOf(t, 200)
	r, err := newReader("mem", bytes.NewReader(data), int64(len(data)), ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for r.block.head.number < 3 {
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
	}
	r.ahead.stop() // and read the next block again, which is damaged now
	last := r.block.head.firstFlow + uint64(r.block.head.flows)
	head, n, err := r.blockHead(r.off)
	if err != nil {
		t.Fatal(err)
	}
	data[r.off+n+int64(head.stored)/2] ^= 4
	var damage *CorruptError
	for err == nil {
		var rec flow.Record
		if rec, err = r.Next(); err == nil && rec.(*flow.Flow).Number >= last {
			t.Fatalf("flow %d of the damaged block was given", rec.(*flow.Flow).Number)
		}
	}
	if !errors.As(err, &damage) || damage.Block != int64(head.number) {
		t.Fatalf("%v, want damage of block %d", err, head.number)
	}
	rec, err := r.Next()
	if want := head.firstFlow + uint64(head.flows); err != nil || rec.(*flow.Flow).Number != want {
		t.Errorf("behind the damage: %+v, %v, want flow %d", rec, err, want)
	}
}
