package flowfile

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flow/flowtest"
)

// memory is a file in memory that can be told to fail.
type memory struct {
	bytes.Buffer
	space int // bytes that still fit; negative: no limit
	fails error
}

func (m *memory) Write(p []byte) (int, error) {
	if m.space >= 0 && len(p) > m.space {
		n, _ := m.Buffer.Write(p[:m.space])
		m.space = 0
		return n, m.fails
	}
	if m.space >= 0 {
		m.space -= len(p)
	}
	return m.Buffer.Write(p)
}

func (m *memory) Truncate(size int64) error { m.Buffer.Truncate(int(size)); return nil }
func (m *memory) Sync() error               { return nil }
func (m *memory) Close() error              { return nil }

func fixed(o WriterOptions) WriterOptions {
	if o.id == 0 {
		o.id = 0x5741524C494E47
	}
	o.created = 1_700_000_000_000_000_000
	return o.withDefaults()
}

func writeAll(t interface{ Fatalf(string, ...any) }, o WriterOptions, records ...flow.Record) []byte {
	m := &memory{space: -1}
	w, err := newWriter("mem", m, fixed(o))
	if err != nil {
		t.Fatalf("new writer: %v", err)
	}
	for i, r := range records {
		if err := w.Write(r); err != nil {
			t.Fatalf("write record %d: %v", i, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	return m.Bytes()
}

// readAll returns what can be read and what was reported. It fails the test
// when reading does not come to an end.
func readAll(t testing.TB, data []byte) (records []flow.Record, errs []error) {
	t.Helper()
	r, err := newReader("mem", bytes.NewReader(data), int64(len(data)), ReaderOptions{})
	if err != nil {
		return nil, []error{err}
	}
	defer r.Close()
	return drain(t, r, len(data))
}

func drain(t testing.TB, r *Reader, size int) (records []flow.Record, errs []error) {
	t.Helper()
	for {
		rec, err := r.Next()
		switch {
		case err == io.EOF:
			return records, errs
		case err != nil:
			errs = append(errs, err)
		default:
			records = append(records, rec)
		}
		if len(records)+len(errs) > size+10 {
			t.Fatalf("reading %d bytes does not end", size)
		}
	}
}

func TestFileRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(flowtest.AnyRecord(), 0, 8).Draw(t, "records")
		o := WriterOptions{BlockSize: rapid.SampledFrom([]int{1, 100, 700, 4000, 1 << 20}).Draw(t, "block size")}
		data := writeAll(t, o, want...)
		r, err := newReader("mem", bytes.NewReader(data), int64(len(data)), ReaderOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			got, err := r.Next()
			if err != nil {
				t.Fatalf("record %d: %v", i, err)
			}
			if d := cmp.Diff(want[i], got, flowtest.Equal()); d != "" {
				t.Fatalf("record %d (-want +got):\n%s", i, d)
			}
		}
		if _, err := r.Next(); err != io.EOF {
			t.Fatalf("at the end: %v, want io.EOF", err)
		}
	})
}

func TestTotalsOfTheIndexAreThoseOfTheRecords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.flow.zst")
	w, err := Create(path, WriterOptions{BlockSize: 3000})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range flowtest.Shop(100) {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	scanned, err := Verify(path, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	stated, err := Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(stated, scanned); d != "" {
		t.Errorf("stated and scanned totals differ:\n%s", d)
	}
	if s := scanned; s.Flows != 100 || s.Complete != 100 || s.Connections != 17 || s.SessionsHint != 9 || s.Status[200] != 100 || s.Loss.Flows != 3 {
		t.Errorf("totals %+v", s)
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() != stated.BytesFile || info.Mode().Perm() != 0o600 {
		t.Errorf("file has %v %v, totals say %d; %v", info.Size(), info.Mode(), stated.BytesFile, err)
	}
}

func TestFileIsAPlainZstdStream(t *testing.T) {
	data := writeAll(t, WriterOptions{BlockSize: 2000}, flowtest.Shop(50)...)
	dec, err := zstd.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	plain, err := io.ReadAll(dec)
	if err != nil {
		t.Fatalf("a plain zstd reader: %v", err)
	}
	if !bytes.Contains(plain, []byte("/products/3?page=1")) {
		t.Error("the decompressed stream lacks a request target")
	}
}

func TestEqualBodiesAreStoredOnce(t *testing.T) {
	plain, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	for _, blockSize := range []int{1, 3000, 1 << 20} {
		data := writeAll(t, WriterOptions{BlockSize: blockSize}, flowtest.Shop(200)...)
		raw, err := plain.DecodeAll(data, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 4 {
			if n := bytes.Count(raw, flowtest.ShopFlow(i).Response.Body.Data); n != 1 {
				t.Errorf("blocks of %d bytes: body %d is stored %d times", blockSize, i, n)
			}
		}
		records, errs := readAll(t, data)
		if len(errs) > 0 || len(records) != len(flowtest.Shop(200)) {
			t.Fatalf("%d records, errors %v", len(records), errs)
		}
		first, again := records[1].(*flow.Flow), records[5].(*flow.Flow)
		if &first.Response.Body.Data[0] != &again.Response.Body.Data[0] {
			t.Error("flows with equal bodies do not share their bytes")
		}
	}
}

func TestBodiesOutsideTheCacheAreFound(t *testing.T) {
	data := writeAll(t, WriterOptions{BlockSize: 3000}, flowtest.Shop(200)...)
	r, err := newReader("mem", bytes.NewReader(data), int64(len(data)), ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r.bodies.limit = 0
	records, errs := drain(t, r, len(data))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if d := cmp.Diff(flowtest.Shop(200), stripNumbers(records), flowtest.Equal()); d != "" {
		t.Error(d)
	}
}

func stripNumbers(rs []flow.Record) []flow.Record {
	for _, r := range rs {
		if f, ok := r.(*flow.Flow); ok {
			f.Number = 0
		}
	}
	return rs
}

func TestSizesAroundTheLimits(t *testing.T) {
	for _, n := range []int{0, 1, inlineMax - 1, inlineMax, inlineMax + 1, 4095, 4096, 4097, 100_000} {
		f := flowtest.ShopFlow(1)
		f.Response.Body = flow.NewBody(bytes.Repeat([]byte{7}, n))
		data := writeAll(t, WriterOptions{BlockSize: 4096, MaxBody: 50_000}, f, flowtest.ShopFlow(2))
		records, errs := readAll(t, data)
		if len(errs) > 0 || len(records) != 2 {
			t.Fatalf("body of %d bytes: %d records, %v", n, len(records), errs)
		}
		got, want := records[0].(*flow.Flow).Response.Body, f.Response.Body
		if got.Size != want.Size || got.Sum() != want.Sum() || len(got.Data) != min(n, 50_000) || got.Truncated() != (n > 50_000) {
			t.Errorf("body of %d bytes: size %d, hash %x, %d bytes of data", n, got.Size, got.Sum(), len(got.Data))
		}
	}
}

func TestTooLongRecordsAreRefusedOrCut(t *testing.T) {
	w, err := newWriter("mem", &memory{space: -1}, fixed(WriterOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	f := flowtest.ShopFlow(0)
	f.Request.Headers = make(flow.Headers, maxHeaders+1)
	if err := w.Write(f); !errors.Is(err, ErrTooLong) {
		t.Errorf("too many headers: %v", err)
	}
	f = flowtest.ShopFlow(0)
	f.Request.Target = string(make([]byte, MaxRecord))
	if err := w.Write(f); !errors.Is(err, ErrTooLong) {
		t.Errorf("a target of 64 MiB: %v", err)
	}
	ms := make([]flow.Message, 40)
	for i := range ms {
		ms[i] = flow.Message{Kind: flow.MessageBinary, Data: make([]byte, 1<<20)}
	}
	kept, loss := limitMessages(ms, 1<<20)
	if len(kept) != 31 || loss == nil || loss.Messages != 9 || loss.Bytes != 9<<20 {
		t.Errorf("%d messages kept, loss %+v", len(kept), loss)
	}
}
