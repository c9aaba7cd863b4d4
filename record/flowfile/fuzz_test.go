package flowfile

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flow/flowtest"
)

func FuzzReader(f *testing.F) {
	f.Add(writeAll(f, WriterOptions{BlockSize: 1500}, flowtest.Shop(4)...))
	f.Add(writeAll(f, WriterOptions{BlockSize: 1}, flowtest.Shop(1)...))
	f.Add(bomb([]byte("x"), 10))
	same := func(b []byte) ([]byte, error) { return bytes.Clone(b), nil }
	f.Add(writeAll(f, WriterOptions{BlockSize: 1500, Encrypt: same}, append([]flow.Record{&flow.Info{Recording: 1}}, flowtest.Shop(4)...)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		readAll(t, data)
		r, err := newReader("mem", bytes.NewReader(data), int64(len(data)), ReaderOptions{Decrypt: same})
		if err != nil {
			return
		}
		defer r.Close()
		if r.SeekFlow(2) == nil {
			drain(t, r, len(data))
		}
		if r.SeekTime(time.Unix(1_700_000_000, 0)) == nil {
			drain(t, r, len(data))
		}
	})
}

// FuzzBlock reaches the reading of records, and of bodies that they share,
// behind the checksums: the input is what a sound block decompresses to.
func FuzzBlock(f *testing.F) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("\x03\x04ab"))
	m := &memory{space: -1}
	w, err := newWriter("mem", m, fixed(WriterOptions{}))
	if err != nil {
		f.Fatal(err)
	}
	for _, r := range flowtest.Shop(6) {
		if err := w.Write(r); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(bytes.Clone(w.block.raw))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 1<<20 {
			return
		}
		data := bomb(enc.EncodeAll(raw, nil), uint32(len(raw)))
		r, err := newReader("mem", bytes.NewReader(data), int64(len(data)), ReaderOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		drain(t, r, len(raw)) // a record takes two bytes or more
	})
}

// FuzzRecord reaches the decoder of records behind the checksums.
func FuzzRecord(f *testing.F) {
	for _, r := range append(flowtest.Shop(1), &flow.Info{Recording: 1, Part: 2, Source: "proxy", Redaction: "none", Sample: "5%"}) {
		var e encoder
		switch r := r.(type) {
		case *flow.Info:
			e.info(r)
		case *flow.Flow:
			e.flow(r, make([]*bodyPlace, 2), nil)
		case *flow.Conn:
			e.conn(r)
		case *flow.Loss:
			e.loss(r)
		}
		f.Add(e.b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var wanted []wantedBody
		r, err := decodeRecord(data, &wanted)
		if fl, ok := r.(*flow.Flow); ok && err == nil && len(wanted) == 0 {
			var e encoder
			e.flow(fl, make([]*bodyPlace, len(bodies(fl))), nil)
			again, err := decodeRecord(e.b, &wanted)
			if d := cmp.Diff(r, again, flowtest.Equal()); err != nil || d != "" {
				t.Fatalf("%v\n%s", err, d)
			}
		}
	})
}
