package flowfile

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flow/flowtest"
)

// testKey makes a pair of functions that encrypt with AES-GCM. The nonces are
// counted, so that a file comes out the same each time.
func testKey(t interface{ Fatal(...any) }, key byte) (seal, open func([]byte) ([]byte, error)) {
	block, err := aes.NewCipher(bytes.Repeat([]byte{key}, 16))
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	nonce := make([]byte, gcm.NonceSize())
	seal = func(plain []byte) ([]byte, error) {
		nonce[0]++
		return gcm.Seal(bytes.Clone(nonce), nonce, plain, nil), nil
	}
	open = func(sealed []byte) ([]byte, error) {
		if len(sealed) < len(nonce) {
			return nil, io.ErrUnexpectedEOF
		}
		return gcm.Open(nil, sealed[:len(nonce)], sealed[len(nonce):], nil)
	}
	return seal, open
}

func readWith(t testing.TB, data []byte, o ReaderOptions) (records []flow.Record, errs []error) {
	t.Helper()
	r, err := newReader("mem", bytes.NewReader(data), int64(len(data)), o)
	if err != nil {
		return nil, []error{err}
	}
	defer r.Close()
	return drain(t, r, len(data))
}

func TestEncryptedFileIsReadWithItsKeyAlone(t *testing.T) {
	seal, open := testKey(t, 1)
	_, wrong := testKey(t, 2)
	input := append([]flow.Record{&flow.Info{Recording: 7, Source: "test"}}, flowtest.Shop(60)...)
	data := writeAll(t, WriterOptions{BlockSize: 3000, Encrypt: seal}, input...)

	records, errs := readWith(t, data, ReaderOptions{Decrypt: open})
	if d := cmp.Diff(stripNumbers(input), stripNumbers(records), flowtest.Equal()); d != "" || len(errs) > 0 {
		t.Errorf("with the key (-want +got):\n%s\n%v", d, errs)
	}
	records, errs = readWith(t, data, ReaderOptions{})
	if len(records) > 0 || len(errs) != 1 || !errors.Is(errs[0], ErrEncrypted) || !strings.Contains(errs[0].Error(), "--identity") {
		t.Errorf("without a key: %d records, errors %v; want ErrEncrypted once", len(records), errs)
	}
	records, errs = readWith(t, data, ReaderOptions{Decrypt: wrong})
	if len(records) > 0 || len(errs) != 1 || errors.As(errs[0], new(*CorruptError)) {
		t.Errorf("with another key: %d records, errors %v; want one that is no damage", len(records), errs)
	}

	plain, err := zstd.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	if content, err := io.ReadAll(plain); err != nil || len(content) > 0 {
		t.Errorf("as a zstd stream: %d bytes, %v; want none", len(content), err)
	}
	for _, secret := range []string{"/products", "session=", "127.0.0.1"} {
		if bytes.Contains(data, []byte(secret)) {
			t.Errorf("%q stands in the file", secret)
		}
	}
	h, _, err := mustReader(t, data).blockHead(int64(fileHeadSize))
	if err != nil || !h.sessions.any || !h.endpoints.any {
		t.Errorf("the head of an encrypted block tells sessions or endpoints: %+v, %v", h, err)
	}
}

func mustReader(t *testing.T, data []byte) *Reader {
	t.Helper()
	r, err := newReader("mem", bytes.NewReader(data), int64(len(data)), ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func TestEveryWayOfReadingTakesTheKey(t *testing.T) {
	seal, open := testKey(t, 1)
	data := writeAll(t, WriterOptions{BlockSize: 3000, Encrypt: seal}, flowtest.Shop(60)...)
	ends, _ := blockEndsOf(t, data, ReaderOptions{Decrypt: open})
	dir := t.TempDir()
	whole, cut := filepath.Join(dir, "whole"), filepath.Join(dir, "cut")
	for path, data := range map[string][]byte{whole: data, cut: data[:ends[len(ends)-1]]} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	key := ReaderOptions{Decrypt: open}
	ways := []struct {
		name string
		read func(o ReaderOptions, path string) (flows int, err error)
	}{
		{"Flows", func(o ReaderOptions, path string) (n int, err error) {
			for f, e := range o.Flows(path) {
				if f != nil {
					n++
				}
				err = errors.Join(err, e)
			}
			return n, err
		}},
		{"Records", func(o ReaderOptions, path string) (n int, err error) {
			for r, e := range o.Records(path) {
				if _, ok := r.(*flow.Flow); ok {
					n++
				}
				err = errors.Join(err, e)
			}
			return n, err
		}},
		{"Verify", func(o ReaderOptions, path string) (int, error) {
			var damage error
			t, err := o.Verify(path, func(err error) { damage = errors.Join(damage, err) })
			return int(t.Flows), errors.Join(err, damage)
		}},
		{"Stat", func(o ReaderOptions, path string) (int, error) { t, err := o.Stat(path); return int(t.Flows), err }},
		{"seek", func(o ReaderOptions, path string) (int, error) {
			r, err := OpenWith(path, o)
			if err != nil {
				return 0, err
			}
			defer r.Close()
			if err := r.SeekFlow(59); err != nil {
				return 0, err
			}
			rec, err := r.Next()
			if f, ok := rec.(*flow.Flow); ok {
				return int(f.Number) + 1, err
			}
			return 0, err
		}},
	}
	for _, way := range ways {
		for _, path := range []string{whole, cut} {
			n, err := way.read(key, path)
			if err != nil && !errors.Is(err, ErrTruncated) || n != 60 {
				t.Errorf("%s of %s with the key: %d flows, %v", way.name, filepath.Base(path), n, err)
			}
			n, err = way.read(ReaderOptions{}, path)
			if way.name == "Stat" && path == whole {
				if n != 60 || err != nil {
					t.Errorf("the totals are clear: %d flows, %v", n, err)
				}
			} else if n != 0 || !errors.Is(err, ErrEncrypted) {
				t.Errorf("%s of %s without a key: %d flows, %v; want ErrEncrypted", way.name, filepath.Base(path), n, err)
			}
		}
	}
}

func TestHostileEncryptedBlocksAreDamage(t *testing.T) {
	seal, open := testKey(t, 1)
	sound := writeAll(t, WriterOptions{Encrypt: seal}, flowtest.ShopFlow(0))
	ends, _ := blockEndsOf(t, sound, ReaderOptions{Decrypt: open})
	frame := func(content []byte) []byte { return closeFrame(append(openFrame(nil, sigSealed), content...), 0) }
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	huge, err := seal(enc.EncodeAll(make([]byte, 64<<20), nil))
	if err != nil {
		t.Fatal(err)
	}
	lying := frame([]byte("x"))
	lying[4] = 200
	tests := []struct {
		name   string
		stored []byte
		flags  uint32
		raw    uint32
	}{
		{"not a frame", []byte("hello"), flagEncrypted, 10},
		{"a frame of another kind", closeFrame(append(openFrame(nil, sigIndex), 1), 0), flagEncrypted, 10},
		{"a frame that lies about its length", lying, flagEncrypted, 10},
		{"nothing inside", frame(nil), flagEncrypted, 10},
		{"noise inside", frame([]byte("noise that nobody has encrypted")), flagEncrypted, 10},
		{"a bomb inside", frame(huge), flagEncrypted, 1000},
		{"an unknown flag", frame(huge), 2, 1000},
		{"longer than encryption makes it", frame(make([]byte, 200<<10)), flagEncrypted, 10},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := blockHead{id: fixed(WriterOptions{}).id, number: 1, flags: test.flags, raw: test.raw,
				stored: uint32(len(test.stored)), hash: xxhash.Sum64(test.stored)}
			h2 := h
			h2.number, h2.raw, h2.flags, h2.firstFlow = 2, 0, 0, 1
			tail := enc.EncodeAll(nil, nil)
			h2.stored, h2.hash = uint32(len(tail)), xxhash.Sum64(tail)
			data := append(h.append(bytes.Clone(sound[:ends[0]])), test.stored...)
			data = append(h2.append(data), tail...)
			r, err := newReader("mem", bytes.NewReader(data), int64(len(data)), ReaderOptions{Decrypt: open})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			records, errs := drain(t, r, len(data))
			var damage *CorruptError
			if len(records) != 1 || len(errs) != 2 || !errors.As(errs[0], &damage) || damage.Block != 1 || !errors.Is(errs[1], ErrTruncated) {
				t.Errorf("%d records, errors %v; want the first block and damage of the second", len(records), errs)
			}
			if cap(r.block.raw) > 2<<20 {
				t.Errorf("%d bytes are held", cap(r.block.raw))
			}
		})
	}
}

func TestEncryptionThatFailsLosesItsBlockAndNoOther(t *testing.T) {
	seal, open := testKey(t, 1)
	fails := errors.New("no entropy")
	for _, bad := range []func([]byte) ([]byte, error){
		func([]byte) ([]byte, error) { return nil, fails },
		func(b []byte) ([]byte, error) { return make([]byte, 2*len(b)+sealedExtra*2), nil },
	} {
		calls := 0
		m := &memory{space: -1}
		w, err := newWriter("mem", m, fixed(WriterOptions{BlockSize: 1, Encrypt: func(b []byte) ([]byte, error) {
			if calls++; calls == 5 {
				return bad(b)
			}
			return seal(b)
		}}))
		if err != nil {
			t.Fatal(err)
		}
		var lost uint64
		for i := range 10 {
			var failed *WriteError
			if err := w.Write(flowtest.ShopFlow(i)); errors.As(err, &failed) {
				lost += failed.Flows
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		records, errs := readWith(t, m.Bytes(), ReaderOptions{Decrypt: open})
		if len(records) < 8 || len(errs) > 0 {
			t.Errorf("%d flows and %v; %d reported lost", len(records), errs, lost)
		}
		for _, r := range records {
			if f := r.(*flow.Flow); f.Response.Body.Truncated() {
				t.Errorf("flow %d refers to a body of the lost block", f.Number)
			}
		}
	}
}

func TestEncryptedFileNeverExceedsItsLimit(t *testing.T) {
	seal, open := testKey(t, 1)
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Int64Range(leastMaxBytes, 200_000).Draw(t, "limit")
		cost := rapid.IntRange(0, 2000).Draw(t, "cost of a block")
		m := &memory{space: -1}
		w, err := newWriter("mem", m, fixed(WriterOptions{MaxBytes: limit, BlockSize: rapid.SampledFrom([]int{1, 5000}).Draw(t, "block"),
			Encrypt: func(b []byte) ([]byte, error) { s, err := seal(b); return append(make([]byte, cost), s...), err }}))
		if err != nil {
			t.Fatal(err)
		}
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		for i := 0; ; i++ {
			f := flowtest.ShopFlow(i)
			f.Response.Body = flow.NewBody(noise(random, random.IntN(5000)))
			if err := w.Write(f); errors.Is(err, ErrFull) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if err := w.Write(&flow.Info{Recording: uint64(i + 1), Sample: "<&>"}); err != nil && !errors.Is(err, ErrFull) {
				t.Fatal(err)
			}
		}
		if err := errors.Join(w.Write(&flow.Loss{Reason: flow.LossDiskLimit, Flows: 1}), w.Close()); err != nil {
			t.Fatal(err)
		}
		if int64(m.Len()) > limit {
			t.Fatalf("the file has %d bytes, the limit is %d", m.Len(), limit)
		}
		r, err := newReader("mem", bytes.NewReader(m.Bytes()), int64(m.Len()), ReaderOptions{Decrypt: func(b []byte) ([]byte, error) { return open(b[cost:]) }})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		for {
			if _, err := r.Next(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	})
}
