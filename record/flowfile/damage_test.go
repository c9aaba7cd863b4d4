package flowfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flow/flowtest"
)

// blockEnds returns the offset behind each block of a sound file and the number
// of records up to there.
func blockEnds(t *testing.T, data []byte) (ends []int64, records []int) {
	t.Helper()
	return blockEndsOf(t, data, ReaderOptions{})
}

func blockEndsOf(t *testing.T, data []byte, o ReaderOptions) (ends []int64, records []int) {
	t.Helper()
	r, err := newReader("mem", bytes.NewReader(data), int64(len(data)), o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	n := 0
	for {
		if _, err := r.Next(); err != nil {
			break
		}
		n++
		if r.block.pos == len(r.block.raw) {
			ends, records = append(ends, r.off), append(records, n)
		}
	}
	return ends, records
}

// smallFile has a few blocks, none of which refers to another.
func smallFile(t *testing.T) ([]byte, []flow.Record) {
	return smallFileWith(t, WriterOptions{BlockSize: 700})
}

func smallFileWith(t *testing.T, o WriterOptions) ([]byte, []flow.Record) {
	rs := append([]flow.Record{&flow.Info{Recording: 5, Part: 1, Source: "test", Redaction: "none"}}, flowtest.Shop(7)...)
	for i, r := range rs {
		if f, ok := r.(*flow.Flow); ok {
			f.Response.Body = flow.NewBody([]byte{byte(i)})
		}
	}
	data := writeAll(t, o, rs...)
	return data, stripNumbers(rs)
}

// eachSmallFile runs a test with a clear and with an encrypted file.
func eachSmallFile(t *testing.T, test func(t *testing.T, data []byte, want []flow.Record, o ReaderOptions)) {
	t.Run("clear", func(t *testing.T) {
		data, want := smallFile(t)
		test(t, data, want, ReaderOptions{})
	})
	t.Run("encrypted", func(t *testing.T) {
		seal, open := testKey(t, 1)
		data, want := smallFileWith(t, WriterOptions{BlockSize: 700, Encrypt: seal})
		test(t, data, want, ReaderOptions{Decrypt: open})
	})
}

func TestFileCutAtEveryByte(t *testing.T) { eachSmallFile(t, cutAtEveryByte) }

func cutAtEveryByte(t *testing.T, data []byte, want []flow.Record, o ReaderOptions) {
	ends, counts := blockEndsOf(t, data, o)
	if len(ends) < 3 {
		t.Fatalf("only %d blocks", len(ends))
	}
	for n := range len(data) {
		whole := 0
		for i, end := range ends {
			if int64(n) >= end {
				whole = counts[i]
			}
		}
		records, errs := readWith(t, data[:n], o)
		if n < fileHeadSize {
			if len(errs) != 1 || !errors.Is(errs[0], ErrNotFlowFile) {
				t.Fatalf("cut at %d: %v", n, errs)
			}
			continue
		}
		if d := differ(want[:whole], stripNumbers(records)); d != "" {
			t.Fatalf("cut at %d of %d (-want +got):\n%s", n, len(data), d)
		}
		if len(errs) != 1 || !errors.Is(errs[0], ErrTruncated) {
			t.Fatalf("cut at %d of %d: errors %v, want ErrTruncated once", n, len(data), errs)
		}
	}
}

func TestEveryFlippedByteIsReported(t *testing.T) { eachSmallFile(t, flipEveryByte) }

func flipEveryByte(t *testing.T, data []byte, want []flow.Record, o ReaderOptions) {
	ends, counts := blockEndsOf(t, data, o)
	for _, indexed := range []bool{true, false} {
		limit := len(data)
		if !indexed {
			limit = int(ends[len(ends)-1])
		}
		for i := range limit {
			bad := bytes.Clone(data[:limit])
			bad[i] ^= byte(1) << (i % 8)
			records, errs := readWith(t, bad, o)
			records = stripNumbers(records)
			var damage *CorruptError
			if len(errs) == 0 || !errors.As(errs[0], &damage) {
				t.Fatalf("byte %d flipped: errors %v", i, errs)
			}
			from, to, block, at := lostBy(int64(i), ends, counts)
			keep := append(append([]flow.Record(nil), want[:from]...), want[to:]...)
			if d := differ(keep, records); d != "" {
				t.Fatalf("byte %d of %d flipped, indexed %v (-want +got):\n%s\n%v", i, limit, indexed, d, errs)
			}
			if to > from && (damage.Block != block || damage.Offset != at) {
				t.Fatalf("byte %d flipped: block %d at %d reported, want block %d at %d", i, damage.Block, damage.Offset, block, at)
			}
		}
	}
}

// differ is cmp.Diff, sooner where there is none.
func differ(want, got []flow.Record) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return cmp.Diff(want, got, flowtest.Equal())
}

// lostBy tells which records are in the block that holds the byte.
func lostBy(i int64, ends []int64, counts []int) (from, to int, block, at int64) {
	start, before := int64(fileHeadSize), 0
	for b, end := range ends {
		if i >= start && i < end {
			return before, counts[b], int64(b), start
		}
		start, before = end, counts[b]
	}
	return 0, 0, -1, 0
}

func TestDamageOfABlockLeavesFlowsThatShareItsBodies(t *testing.T) {
	data := writeAll(t, WriterOptions{BlockSize: 3000}, flowtest.Shop(40)...)
	seen := false
	for at := fileHeadSize; at < len(data); at += 40 {
		bad := bytes.Clone(data)
		bad[at] ^= 1
		records, errs := readAll(t, bad)
		bare := 0
		for _, r := range records {
			f, ok := r.(*flow.Flow)
			if !ok {
				continue
			}
			want := flowtest.ShopFlow(int(f.Number)).Response.Body
			got := f.Response.Body
			if got.Size != want.Size || !got.Truncated() && !bytes.Equal(got.Data, want.Data) {
				t.Fatalf("byte %d flipped, flow %d: body of %d bytes, want %d", at, f.Number, got.Size, want.Size)
			}
			if got.Truncated() {
				bare++
			}
		}
		reported := len(errs) > 1 && errors.Is(errs[1], errNoBody)
		if reported != (bare > 0) {
			t.Fatalf("byte %d flipped: %d flows lack their body, errors %v", at, bare, errs)
		}
		seen = seen || bare > 0
	}
	if !seen {
		t.Error("no flipped byte took a body from flows of another block")
	}
}

func TestBytesInsertedOrBlocksRemovedAreReportedAndPassedOver(t *testing.T) {
	data, want := smallFile(t)
	ends, counts := blockEnds(t, data)
	tests := []struct {
		name string
		data []byte
		want []flow.Record
	}{
		{"junk between blocks", join(data[:ends[0]], []byte("junk in between"), data[ends[0]:]), want},
		{"second block missing", join(data[:ends[0]], data[ends[1]:]), join(want[:counts[0]], want[counts[1]:])},
		{"second block twice", join(data[:ends[1]], data[ends[0]:]), want},
		{"junk behind the end", join(data, []byte("junk")), want},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			records, errs := readAll(t, test.data)
			if d := cmp.Diff(test.want, stripNumbers(records), flowtest.Equal()); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if len(errs) == 0 {
				t.Error("nothing was reported")
			}
		})
	}
}

func join[T any](parts ...[]T) []T {
	var out []T
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func TestForeignFilesAreRefused(t *testing.T) {
	dir := t.TempDir()
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	newer := (fileHead{id: 1}).append(nil)
	binary.LittleEndian.PutUint16(newer[frameHead+4+len(fileTitle):], 9)
	newer = binary.LittleEndian.AppendUint64(newer[:len(newer)-8], xxhash.Sum64(newer[:len(newer)-8]))
	tests := []struct {
		name string
		data []byte
		want error
	}{
		{"empty", nil, ErrNotFlowFile},
		{"text", []byte("GET / HTTP/1.1\r\n\r\n and a good deal more of such text than a header is long"), ErrNotFlowFile},
		{"other zstd", enc.EncodeAll(bytes.Repeat([]byte("hello"), 1000), nil), ErrNotFlowFile},
		{"newer version", newer, ErrVersion},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(dir, test.name)
			if err := os.WriteFile(path, test.data, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(path); !errors.Is(err, test.want) {
				t.Errorf("Open: %v, want %v", err, test.want)
			}
		})
	}
	if _, err := Open(dir); !errors.Is(err, ErrNotFlowFile) {
		t.Errorf("Open of a folder: %v", err)
	}
	if _, err := Open(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Open of a missing file: %v", err)
	}
}

// bomb makes a block with sound checksums around the given frame.
func bomb(frame []byte, raw uint32) []byte {
	h := blockHead{id: 1, raw: raw, stored: uint32(len(frame)), hash: xxhash.Sum64(frame)}
	return append(h.append((fileHead{id: 1}).append(nil)), frame...)
}

func TestDecompressionBombsStayWithinTheStatedLength(t *testing.T) {
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	huge := enc.EncodeAll(make([]byte, 256<<20), nil)
	for _, raw := range []uint32{1, 1 << 20, maxRaw, maxRaw + 1, 1<<32 - 1} {
		data := bomb(huge, raw)
		r, err := newReader("mem", bytes.NewReader(data), int64(len(data)), ReaderOptions{})
		if err != nil {
			t.Fatal(err)
		}
		records, errs := drain(t, r, len(data))
		if len(records) > 0 || len(errs) == 0 {
			t.Errorf("stated length %d: %d records, errors %v", raw, len(records), errs)
		}
		if got := cap(r.block.raw); got > maxRaw {
			t.Errorf("stated length %d: %d bytes of memory held", raw, got)
		}
		r.Close()
	}
}

func TestSeekFindsWhatReadingFinds(t *testing.T) {
	var rs []flow.Record
	random := rand.New(rand.NewPCG(1, 2))
	for i, r := range flowtest.Shop(120) {
		if f, ok := r.(*flow.Flow); ok && i%7 == 0 {
			f.Start = f.Start.Add(-time.Duration(random.IntN(400)) * time.Millisecond)
		}
		rs = append(rs, r)
	}
	data := writeAll(t, WriterOptions{BlockSize: 2500}, rs...)
	ends, _ := blockEnds(t, data)
	all, _ := readAll(t, data)
	var flows []*flow.Flow
	for _, r := range all {
		if f, ok := r.(*flow.Flow); ok {
			flows = append(flows, f)
		}
	}
	for name, data := range map[string][]byte{"with index": data, "without index": data[:ends[len(ends)-1]]} {
		t.Run(name, func(t *testing.T) {
			r, err := newReader("mem", bytes.NewReader(data), int64(len(data)), ReaderOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			for _, n := range []int{0, 1, 119, 60, 59, 3} {
				if err := r.SeekFlow(uint64(n)); err != nil {
					t.Fatal(err)
				}
				for want := n; want < min(n+15, 120); want++ {
					if got := nextFlow(t, r); !cmp.Equal(got, flows[want], flowtest.Equal()) {
						t.Fatalf("after SeekFlow(%d): %+v, want %+v", n, got, flows[want])
					}
				}
			}
			for _, ms := range []int{-1000, 0, 5, 333, 600, 1189, 1190} {
				at := flowtest.ShopFlow(0).Start.Add(time.Duration(ms) * time.Millisecond)
				var want *flow.Flow
				for _, f := range flows {
					if !f.Start.Before(at) {
						want = f
						break
					}
				}
				if err := r.SeekTime(at); err != nil {
					t.Fatal(err)
				}
				if got := nextFlow(t, r); !cmp.Equal(got, want, flowtest.Equal()) {
					t.Fatalf("SeekTime(%d ms): %+v, want %+v", ms, got, want)
				}
			}
			if err := r.SeekFlow(120); err != nil {
				t.Fatal(err)
			}
			if f := nextFlow(t, r); f != nil {
				t.Errorf("behind the last flow: %+v", f)
			}
		})
	}
}

func nextFlow(t *testing.T, r *Reader) *flow.Flow {
	t.Helper()
	for {
		rec, err := r.Next()
		if err != nil {
			return nil
		}
		if f, ok := rec.(*flow.Flow); ok {
			return f
		}
	}
}

func TestHeadsNameSessionsAndEndpoints(t *testing.T) {
	data := writeAll(t, WriterOptions{BlockSize: 1}, flowtest.ShopFlow(0))
	r, err := newReader("mem", bytes.NewReader(data), int64(len(data)), ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for {
		if _, err := r.Next(); err != nil {
			break
		}
		h := r.block.head
		f := flowtest.ShopFlow(0)
		in := h.sessions.may(flow.ConnHash(f.Conn)) && h.sessions.may(f.Identity().Hash) && h.endpoints.may(f.Request.EndpointHash())
		other := h.sessions.may(flow.ConnHash(99)) || h.endpoints.may((&flow.Request{Method: "GET", Target: "/cart"}).EndpointHash())
		if !in || other {
			t.Errorf("head %+v: own flow %v, another %v", h, in, other)
		}
	}
	if (&flow.Request{Method: "GET", Target: "/items/7?x=1"}).EndpointHash() != (&flow.Request{Method: "GET", Target: "/items/{}"}).EndpointHash() {
		t.Error("an identifier in the path tells endpoints apart")
	}
}
