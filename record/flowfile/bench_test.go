package flowfile

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flow/flowtest"
)

// benchFlows is some 30 MB of pages and JSON of which a third is repeated.
func benchFlows() []*flow.Flow {
	fs := make([]*flow.Flow, 6000)
	for i := range fs {
		f := flowtest.ShopFlow(i)
		if i%3 != 0 {
			var b bytes.Buffer
			for j := range 80 {
				fmt.Fprintf(&b, `{"id":%d,"name":"product %x","price":%d.99,"stock":%d},`, i*100+j, uint64(i*80+j)*0x9E3779B97F4A7C15, (i*7+j)%90, i%13)
			}
			f.Response.Body = flow.NewBody(b.Bytes())
		}
		fs[i] = f
	}
	return fs
}

func rawSize(fs []*flow.Flow) (n int64) {
	for _, f := range fs {
		n += rawBytes(f)
	}
	return n
}

// nowhere is a file that costs nothing.
type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) Truncate(int64) error        { return nil }
func (nowhere) Sync() error                 { return nil }
func (nowhere) Close() error                { return nil }

func writeFlows(fs []*flow.Flow) error {
	w, err := newWriter("nowhere", nowhere{}, fixed(WriterOptions{}))
	if err != nil {
		return err
	}
	for _, f := range fs {
		if err := w.Write(f); err != nil {
			return err
		}
	}
	return w.Close()
}

func readFlows(data []byte, o ReaderOptions) error {
	r, err := newReader("mem", bytes.NewReader(data), int64(len(data)), o)
	if err != nil {
		return err
	}
	for {
		if _, err := r.Next(); err == io.EOF {
			return r.Close()
		} else if err != nil {
			return err
		}
	}
}

// zstdBlocks compresses as a Writer does, and nothing else.
func zstdBlocks(enc *zstd.Encoder, plain []byte) {
	var out []byte
	for len(plain) > 0 {
		n := min(len(plain), defaultBlockSize)
		out, plain = enc.EncodeAll(plain[:n], out[:0]), plain[n:]
	}
}

func BenchmarkWrite(b *testing.B) {
	fs := benchFlows()
	b.SetBytes(rawSize(fs))
	b.ReportAllocs()
	for b.Loop() {
		if err := writeFlows(fs); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(benchFile(b, fs)))/float64(len(fs)), "fileB/flow")
	b.ReportMetric(float64(b.N)*float64(len(fs))/b.Elapsed().Seconds(), "flows/s")
}

func benchFile(b *testing.B, fs []*flow.Flow) []byte {
	var rs []flow.Record
	for _, f := range fs {
		rs = append(rs, f)
	}
	return writeAll(b, WriterOptions{}, rs...)
}

func BenchmarkRead(b *testing.B)     { benchmarkRead(b, ReaderOptions{ReuseBodies: true}) }
func BenchmarkReadKeep(b *testing.B) { benchmarkRead(b, ReaderOptions{}) }

func benchmarkRead(b *testing.B, o ReaderOptions) {
	fs := benchFlows()
	data := benchFile(b, fs)
	b.SetBytes(rawSize(fs))
	b.ReportAllocs()
	for b.Loop() {
		if err := readFlows(data, o); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*float64(len(fs))/b.Elapsed().Seconds(), "flows/s")
}

// BenchmarkRawZstd compresses the same bytes that BenchmarkWrite's file holds,
// in the same blocks and with nothing else.
func BenchmarkRawZstd(b *testing.B) {
	fs := benchFlows()
	dec, err := zstd.NewReader(nil)
	if err != nil {
		b.Fatal(err)
	}
	defer dec.Close()
	plain, err := dec.DecodeAll(benchFile(b, fs), nil)
	if err != nil {
		b.Fatal(err)
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(rawSize(fs))
	b.ReportAllocs()
	for b.Loop() {
		zstdBlocks(enc, plain)
	}
}

// BenchmarkRawUnzstd decompresses the blocks of BenchmarkRead's file and does
// nothing else with them.
func BenchmarkRawUnzstd(b *testing.B) {
	fs := benchFlows()
	data := benchFile(b, fs)
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		b.Fatal(err)
	}
	defer dec.Close()
	b.SetBytes(rawSize(fs))
	b.ReportAllocs()
	for b.Loop() {
		if err := unzstdBlocks(dec, data); err != nil {
			b.Fatal(err)
		}
	}
}

func unzstdBlocks(dec *zstd.Decoder, data []byte) error {
	var out []byte
	for off := fileHeadSize; ; {
		n, ok := frameLen(data[off:], sigBlock)
		if !ok {
			return nil
		}
		h, err := parseBlockHead(data[off : off+int(n)])
		if err != nil {
			return err
		}
		off += int(n)
		if out, err = dec.DecodeAll(data[off:off+int(h.stored)], out[:0]); err != nil {
			return err
		}
		off += int(h.stored)
	}
}

// BenchmarkShareOfRawZstd writes and reads in turn with raw zstd, and compares
// the shortest times of each: other load on the machine has little part in that.
func BenchmarkShareOfRawZstd(b *testing.B) {
	fs := benchFlows()
	data := benchFile(b, fs)
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		b.Fatal(err)
	}
	defer dec.Close()
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	if err != nil {
		b.Fatal(err)
	}
	plain, err := dec.DecodeAll(data, nil)
	if err != nil {
		b.Fatal(err)
	}
	works := [...]func() error{
		func() error { return writeFlows(fs) },
		func() error { zstdBlocks(enc, plain); return nil },
		func() error { return readFlows(data, ReaderOptions{ReuseBodies: true}) },
		func() error { return unzstdBlocks(dec, data) },
		func() error { return readFlows(data, ReaderOptions{}) },
	}
	var best [len(works)]time.Duration
	for b.Loop() {
		for i, work := range works {
			begin := time.Now()
			if err := work(); err != nil {
				b.Fatal(err)
			}
			if took := time.Since(begin); best[i] == 0 || took < best[i] {
				best[i] = took
			}
		}
	}
	b.ReportMetric(float64(best[1])/float64(best[0]), "write-share")
	b.ReportMetric(float64(best[3])/float64(best[2]), "read-share")
	b.ReportMetric(float64(best[3])/float64(best[4]), "read-and-keep-share")
	b.ReportMetric(float64(len(fs))/best[0].Seconds(), "written-flows/s")
	b.ReportMetric(float64(len(fs))/best[2].Seconds(), "read-flows/s")
}
