package flowfile

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flow/flowtest"
)

// noiseReader is n bytes that hardly compress, the same for the same seed.
func noiseReader(seed byte, n int64) io.Reader {
	return io.LimitReader(rand.NewChaCha8([32]byte{seed}), n)
}

// upload is a flow with a request body of n bytes, of which memory holds few.
func upload(t testing.TB, seed byte, n int64) *flow.Flow {
	t.Helper()
	h := xxhash.New()
	if _, err := io.Copy(h, noiseReader(seed, n)); err != nil {
		t.Fatal(err)
	}
	begin, err := io.ReadAll(noiseReader(seed, min(n, 5000)))
	if err != nil {
		t.Fatal(err)
	}
	f := flowtest.ShopFlow(int(seed))
	f.Request.Method = "PUT"
	f.Request.Body = flow.Body{Data: begin, Size: n, Hash: h.Sum64(), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(noiseReader(seed, n)), nil
	}}
	return f
}

// wholeSum reads the content behind Open.
func wholeSum(t testing.TB, b flow.Body) (n int64, sum uint64) {
	t.Helper()
	content, err := b.Open()
	if err != nil {
		t.Fatal(err)
	}
	h := xxhash.New()
	n, err = io.Copy(h, content)
	if err := errors.Join(err, content.Close()); err != nil {
		t.Fatal(err)
	}
	if again, err := content.Read(make([]byte, 1)); err == nil || again > 0 {
		t.Errorf("a body that was closed gives %d bytes, %v", again, err)
	}
	return n, h.Sum64()
}

func TestLongBodiesComeBackWhole(t *testing.T) {
	seal, open := testKey(t, 9)
	for _, test := range []struct {
		name string
		size int64
		w    WriterOptions
		r    ReaderOptions
	}{
		{"of a byte", 1, WriterOptions{}, ReaderOptions{}},
		{"of a piece", pieceSize, WriterOptions{}, ReaderOptions{}},
		{"of a piece and a byte", pieceSize + 1, WriterOptions{}, ReaderOptions{}},
		{"of several blocks", 5 << 20, WriterOptions{}, ReaderOptions{}},
		{"in blocks of a piece", 3*pieceSize + 7, WriterOptions{BlockSize: 1}, ReaderOptions{}},
		{"encrypted", 3 << 20, WriterOptions{Encrypt: seal}, ReaderOptions{Decrypt: open}},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := upload(t, 1, test.size)
			rs := append(flowtest.Shop(3), want, flowtest.ShopFlow(9))
			data := writeAll(t, test.w, rs...)
			test.r.Open = opening(data)
			check := func(f *flow.Flow) {
				t.Helper()
				b := f.Request.Body
				if b.Size != test.size || !b.Kept() || b.Truncated() != (test.size > pieceSize) {
					t.Fatalf("size %d, data %d, kept %v, cut %v", b.Size, len(b.Data), b.Kept(), b.Truncated())
				}
				if !b.Truncated() {
					if b.Sum() != want.Request.Body.Hash || b.Open != nil {
						t.Fatal("the data is another one, or needs no opening")
					}
					return
				}
				for range 2 {
					if n, sum := wholeSum(t, b); n != test.size || sum != b.Hash || sum != want.Request.Body.Hash {
						t.Fatalf("%d bytes with hash %x, want %d with %x", n, sum, test.size, want.Request.Body.Hash)
					}
				}
			}
			records, errs := readWith(t, data, test.r)
			if len(errs) > 0 || len(records) != len(rs) {
				t.Fatalf("%d records of %d, %v", len(records), len(rs), errs)
			}
			check(records[len(records)-2].(*flow.Flow))
			s, err := OpenShelf("mem", test.r)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			f, err := s.Flow(3)
			if err != nil {
				t.Fatal(err)
			}
			check(f)
			totals, err := test.r.Verify("mem", func(err error) { t.Error(err) })
			if err != nil || totals.BytesRaw+totals.BytesLong < test.size {
				t.Errorf("%d raw bytes and %d behind pieces, %v", totals.BytesRaw, totals.BytesLong, err)
			}
		})
	}
}

func TestCopiesOfARecordingKeepLongBodies(t *testing.T) {
	want := upload(t, 2, 3<<20)
	data := writeAll(t, WriterOptions{}, want)
	o := ReaderOptions{Open: opening(data)}
	var rs []flow.Record
	for r, err := range o.Records("mem") {
		if err != nil {
			t.Fatal(err)
		}
		rs = append(rs, r)
	}
	again := writeAll(t, WriterOptions{id: 77}, rs...)
	records, errs := readWith(t, again, ReaderOptions{Open: opening(again)})
	if len(errs) > 0 || len(records) != 1 {
		t.Fatalf("%d records, %v", len(records), errs)
	}
	if n, sum := wholeSum(t, records[0].(*flow.Flow).Request.Body); n != 3<<20 || sum != want.Request.Body.Hash {
		t.Errorf("%d bytes with hash %x, want %d with %x", n, sum, 3<<20, want.Request.Body.Hash)
	}
}

func TestALongBodyInMemoryIsStoredInPieces(t *testing.T) {
	all, err := io.ReadAll(noiseReader(3, MaxData+1))
	if err != nil {
		t.Fatal(err)
	}
	f := flowtest.ShopFlow(0)
	f.Request.Body = flow.NewBody(all)
	data := writeAll(t, WriterOptions{MaxBody: MaxBody}, f)
	records, errs := readWith(t, data, ReaderOptions{Open: opening(data)})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	b := records[0].(*flow.Flow).Request.Body
	if n, sum := wholeSum(t, b); len(b.Data) != pieceSize || n != MaxData+1 || sum != xxhash.Sum64(all) {
		t.Errorf("data of %d bytes, %d behind it", len(b.Data), n)
	}
}

func TestALongBodyIsACutOneWhere(t *testing.T) {
	broken := errors.New("the disk is gone")
	for _, test := range []struct {
		name   string
		o      WriterOptions
		change func(b *flow.Body)
	}{
		{"it is longer than the writer keeps", WriterOptions{MaxBody: 1 << 20}, func(*flow.Body) {}},
		{"it does not open", WriterOptions{}, func(b *flow.Body) { b.Open = func() (io.ReadCloser, error) { return nil, broken } }},
		{"it is shorter than it says", WriterOptions{}, func(b *flow.Body) {
			b.Open = func() (io.ReadCloser, error) { return io.NopCloser(noiseReader(4, 2<<20)), nil }
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := upload(t, 4, 2<<20+1)
			test.change(&f.Request.Body)
			want := f.Request.Body
			data := writeAll(t, test.o, f)
			records, errs := readAll(t, data)
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			want.Open = nil
			if d := cmp.Diff(want, records[0].(*flow.Flow).Request.Body); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

// A reader that does not know pieces passes over what follows the fields that it
// knows, and what stands before is a cut body.
func TestARecordWithPiecesBeginsAsThatOfACutBody(t *testing.T) {
	f := upload(t, 5, 2<<20)
	f.Request.Body.Open = nil
	places := []*bodyPlace{{block: 100, index: 1}, nil}
	var cut, whole encoder
	cut.block, whole.block = 5000, 5000
	cut.flow(f, places, nil)
	whole.flow(f, places, []pieces{{0, []piece{{bodyPlace{100, 1}, pieceSize}, {bodyPlace{200, 0}, 9}}}})
	if !bytes.HasPrefix(whole.b, cut.b) || len(whole.b) == len(cut.b) {
		t.Errorf("a record of %d bytes with pieces does not begin with that of %d bytes without", len(whole.b), len(cut.b))
	}
}

func TestDamagedPiecesAreAnErrorOfTheirBody(t *testing.T) {
	data := writeAll(t, WriterOptions{}, upload(t, 6, 4<<20), flowtest.ShopFlow(1))
	r, err := newReader("mem", bytes.NewReader(data), int64(len(data)), ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var blocks []int64
	r.seekHeads(func(entry) bool { return false }, false, func(*blockHead) { blocks = append(blocks, r.off) })
	r.Close()
	data[blocks[2]-3] ^= 1
	records, _ := readWith(t, data, ReaderOptions{Open: opening(data)})
	if len(records) != 2 {
		t.Fatalf("%d records, want both flows", len(records))
	}
	content, err := records[0].(*flow.Flow).Request.Body.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	n, err := io.Copy(io.Discard, content)
	if !errors.As(err, new(*CorruptError)) || n == 0 || n >= 4<<20 {
		t.Errorf("%d bytes and error %v, want some and a *CorruptError", n, err)
	}
}

func TestPiecesThatLieAreRefused(t *testing.T) {
	good := []pieces{{0, []piece{{bodyPlace{40, 0}, 60}, {bodyPlace{60, 1}, 40}}}}
	for _, test := range []struct {
		name  string
		parts []pieces
		fails bool
	}{
		{"good ones", good, false},
		{"of a body that is not there", []pieces{{7, good[0].list}}, true},
		{"none", []pieces{{0, nil}}, true},
		{"too long", []pieces{{0, []piece{{bodyPlace{40, 0}, MaxRecord + 1}}}}, true},
		{"not as long as their body", []pieces{{0, good[0].list[:1]}}, true},
		{"before the file", []pieces{{0, []piece{{bodyPlace{-5, 0}, 100}}}}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := flowtest.ShopFlow(0)
			f.Request.Body = flow.Body{Data: []byte("begins"), Size: 100}
			e := encoder{block: 100}
			e.flow(f, make([]*bodyPlace, 2), test.parts)
			var wanted []wantedBody
			_, err := decodeRecord(e.b, &wanted)
			for i := range wanted {
				if err == nil && wanted[i].pieces != nil {
					err = wanted[i].place(100)
				}
			}
			if (err != nil) != test.fails {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestBodiesLongerThanMemoryAreWrittenAndRead(t *testing.T) {
	if testing.Short() {
		t.Skip("it writes 256 MiB")
	}
	const size, limit = 256 << 20, 32 << 20
	path := filepath.Join(t.TempDir(), "long.flow.zst")
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	f := upload(t, 7, size)
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before, peak := m.HeapAlloc, uint64(0)
	look := func() {
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapAlloc)
	}
	open := f.Request.Body.Open
	f.Request.Body.Open = func() (io.ReadCloser, error) {
		content, err := open()
		return io.NopCloser(watched{content, look}), err
	}
	w, err := Create(path, WriterOptions{MaxBody: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(f), w.Close()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() < size {
		t.Fatalf("the file is too short: %v", err)
	}
	s, err := OpenShelf(path, ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	got, err := s.Flow(0)
	if err != nil {
		t.Fatal(err)
	}
	open = got.Request.Body.Open
	got.Request.Body.Open = func() (io.ReadCloser, error) {
		content, err := open()
		return struct {
			io.Reader
			io.Closer
		}{watched{content, look}, content}, err
	}
	content, err := got.Request.Body.Open()
	if err != nil {
		t.Fatal(err)
	}
	h := xxhash.New()
	if n, err := io.CopyBuffer(struct{ io.Writer }{h}, content, make([]byte, 256<<10)); err != nil || n != size || h.Sum64() != f.Request.Body.Hash {
		t.Errorf("%d bytes, %v", n, err)
	}
	if grown := peak - min(peak, before); grown > limit+cacheLimit {
		t.Errorf("%d MiB of memory, want at most %d", grown>>20, (limit+cacheLimit)>>20)
	}
}

// watched calls look now and then.
type watched struct {
	io.Reader
	look func()
}

func (w watched) Read(p []byte) (int, error) {
	if rand.IntN(8) == 0 {
		w.look()
	}
	return w.Reader.Read(p)
}
