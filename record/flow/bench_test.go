package flow

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// benchFlows is some 30 MB of pages and JSON of which a third is repeated.
func benchFlows() []*Flow {
	fs := make([]*Flow, 6000)
	for i := range fs {
		f := shopFlow(i)
		if i%3 != 0 {
			var b bytes.Buffer
			for j := range 80 {
				fmt.Fprintf(&b, `{"id":%d,"name":"product %x","price":%d.99,"stock":%d},`, i*100+j, uint64(i*80+j)*0x9E3779B97F4A7C15, (i*7+j)%90, i%13)
			}
			f.Response.Body = NewBody(b.Bytes())
		}
		fs[i] = f
	}
	return fs
}

func rawSize(fs []*Flow) (n int64) {
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

func BenchmarkWrite(b *testing.B) {
	fs := benchFlows()
	b.SetBytes(rawSize(fs))
	b.ReportAllocs()
	for b.Loop() {
		w, err := newWriter("nowhere", nowhere{}, fixed(WriterOptions{}))
		if err != nil {
			b.Fatal(err)
		}
		for _, f := range fs {
			if err := w.Write(f); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(w.Size())/float64(len(fs)), "fileB/flow")
	}
	b.ReportMetric(float64(b.N)*float64(len(fs))/b.Elapsed().Seconds(), "flows/s")
}

func benchFile(b *testing.B, fs []*Flow) []byte {
	var rs []Record
	for _, f := range fs {
		rs = append(rs, f)
	}
	return writeAll(b, WriterOptions{}, rs...)
}

func BenchmarkRead(b *testing.B) {
	fs := benchFlows()
	data := benchFile(b, fs)
	b.SetBytes(rawSize(fs))
	b.ReportAllocs()
	for b.Loop() {
		r, err := newReader("mem", bytes.NewReader(data), int64(len(data)), ReaderOptions{})
		if err != nil {
			b.Fatal(err)
		}
		for {
			if _, err := r.Next(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
		r.Close()
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
	var out []byte
	for b.Loop() {
		for rest := plain; len(rest) > 0; {
			n := min(len(rest), defaultBlockSize)
			out, rest = enc.EncodeAll(rest[:n], out[:0]), rest[n:]
		}
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
