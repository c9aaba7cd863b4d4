package flowfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/zstd"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flow/flowtest"
)

// lengthen puts its length before a payload.
func lengthen(payload []byte) []byte {
	return append(binary.AppendUvarint(nil, uint64(len(payload))), payload...)
}

// flowHead is a flow record up to the number of its request headers.
func flowHead() []byte {
	var e encoder
	f := flowtest.ShopFlow(0)
	f.Request.Headers = nil
	e.flow(f, make([]*bodyPlace, 2), nil)
	at := bytes.Index(e.b, []byte("shop.test")) + len("shop.test")
	return e.b[:at:at]
}

// TestHostileBlocksTakeBoundedMemory reads blocks with sound checksums that ask
// for as much memory as they can, and measures all that is allocated on the way.
func TestHostileBlocksTakeBoundedMemory(t *testing.T) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	huge := binary.AppendUvarint(nil, 1<<62)
	fill := func(n int) []byte { return make([]byte, n) }
	headers := append(flowHead(), binary.AppendUvarint(nil, maxHeaders)...)
	headers = append(headers, fill(2*maxHeaders)...)
	interim := append(flowHead(), 0, 0, 0) // no headers, body and trailers
	interim = append(interim, binary.AppendUvarint(nil, maxInterim)...)
	for range maxInterim / 4 {
		interim = append(interim, 200, 1)
		interim = append(binary.AppendUvarint(interim, maxHeaders), fill(2*maxHeaders)...)
		interim = append(interim, 0, 0)
	}
	messages := append(flowHead(), 0, 0, 0, 0, 0)
	messages = append(binary.AppendUvarint(messages, maxMessages), fill(5*maxMessages)...)
	tests := []struct {
		name  string
		raw   []byte
		limit uint64 // bytes allocated
	}{
		{"record longer than its block", append(huge, 1), 8 << 20},
		{"string longer than its record", lengthen(append([]byte{kindFlow, 0, 0, 0}, huge...)), 8 << 20},
		{"more headers than bytes", lengthen(append(flowHead(), huge...)), 8 << 20},
		{"most headers that one list may have", lengthen(headers), 12 << 20},
		{"most headers that a flow may have", lengthen(interim), 120 << 20},
		{"most messages", lengthen(messages), 160 << 20},
		{"a body of 60 MiB", lengthen(append([]byte{kindBody}, fill(60<<20)...)), 80 << 20},
		{"a body referred to that is longer than any", lengthen(append(flowHead(), 0, bodyRef, 0, 0, 255, 255, 255, 255, 15)), 8 << 20},
		{"records of nothing", bytes.Repeat([]byte{1, 99}, 8<<20), 40 << 20},
		{"bodies of nothing", bytes.Repeat([]byte{1, kindBody}, 8<<20), 120 << 20},
		{"connections with a long name", lengthen(append([]byte{kindConn, 1}, append(binary.AppendUvarint(nil, 60<<20), fill(60<<20)...)...)), 200 << 20},
		{"an Info of nothing", lengthen([]byte{kindInfo}), 8 << 20},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			data := bomb(enc.EncodeAll(test.raw, nil), uint32(len(test.raw)))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r, err := newReader("mem", bytes.NewReader(data), int64(len(data)), ReaderOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for range 1 << 24 {
				if _, err = r.Next(); err != nil && errors.Is(err, ErrTruncated) {
					break
				}
			}
			r.Close()
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > test.limit {
				t.Errorf("%d MiB were allocated for %d bytes of a file, at most %d may be", used>>20, len(data), test.limit>>20)
			}
			if !errors.Is(err, ErrTruncated) {
				t.Errorf("reading ended with %v", err)
			}
		})
	}
}

func TestAFlowWithTooManyHeaderLinesIsRefused(t *testing.T) {
	w, err := newWriter("mem", &memory{space: -1}, fixed(WriterOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	f := flowtest.ShopFlow(0)
	f.Interim = make([]flow.Response, 5)
	for i := range f.Interim {
		f.Interim[i].Headers = make(flow.Headers, maxHeaders)
	}
	if err := w.Write(f); !errors.Is(err, ErrTooLong) {
		t.Errorf("%d header lines: %v, want ErrTooLong", 5*maxHeaders, err)
	}
	f.Interim = f.Interim[:3]
	if err := w.Write(f); err != nil {
		t.Errorf("%d header lines: %v", 3*maxHeaders, err)
	}
}

func TestABlockThatDecompressesShortIsDamageAndReadingGoesOn(t *testing.T) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	frame := enc.EncodeAll(make([]byte, 1000), nil)
	for cut := range len(frame) {
		data := bomb(frame[:cut], 1000)
		next := blockHead{id: 1, number: 1, raw: 0, hash: xxhash.Sum64(enc.EncodeAll(nil, nil)), stored: uint32(len(enc.EncodeAll(nil, nil)))}
		data = append(next.append(data), enc.EncodeAll(nil, nil)...)
		_, errs := readAll(t, data)
		var damage *CorruptError
		if len(errs) != 2 || !errors.As(errs[0], &damage) || damage.Block != 0 || errors.Is(errs[0], ErrTruncated) {
			t.Errorf("a frame cut at %d: %v, want damage of block 0 and then the end", cut, errs)
		}
	}
}
