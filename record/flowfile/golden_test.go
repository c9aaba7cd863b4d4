package flowfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flow/flowtest"
)

// TestGoldenFiles reads the files that each state of the format wrote, and checks
// that the same input still makes them.
func TestGoldenFiles(t *testing.T) {
	seal, open := testKey(t, 9)
	tests := []struct {
		name  string
		input []flow.Record
		w     WriterOptions
		r     ReaderOptions
	}{
		{"v1.flow.zst", goldenRecords(), WriterOptions{}, ReaderOptions{}},
		{"v1-info.flow.zst", goldenInfos(), WriterOptions{}, ReaderOptions{}},
		{"v1-process.flow.zst", []flow.Record{&flow.Conn{ID: 7, Client: "127.0.0.1:50412", Process: 300}, &flow.Conn{ID: 8, TLS: &flow.TLS{ALPN: "h2"}, Process: 1}}, WriterOptions{}, ReaderOptions{}},
		{"v1-encrypted.flow.zst", goldenInfos(), WriterOptions{Encrypt: seal}, ReaderOptions{Decrypt: open}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join("testdata", test.name)
			test.w.BlockSize = 3000
			made := writeAll(t, test.w, test.input...)
			if _, err := os.Stat(path); os.Getenv("UPDATE_GOLDEN") != "" && errors.Is(err, os.ErrNotExist) {
				if err := os.WriteFile(path, made, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			golden, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			records, errs := readWith(t, golden, test.r)
			if d := cmp.Diff(test.input, records, flowtest.Equal()); d != "" || len(errs) > 0 {
				t.Errorf("reading the golden file (-want +got):\n%s\n%v", d, errs)
			}
			again, errs := readWith(t, made, test.r)
			if d := cmp.Diff(test.input, again, flowtest.Equal()); d != "" || len(errs) > 0 {
				t.Errorf("writing it anew (-want +got):\n%s\n%v", d, errs)
			}
		})
	}
}

func goldenInfos() []flow.Record {
	f := flowtest.ShopFlow(25)
	f.Protocol = "HTTP/2.0"
	f.Messages = []flow.Message{{At: 1, FromClient: true, Kind: flow.MessageGRPC, Data: []byte{10, 1, 'x'}, Size: 3}}
	rs := []flow.Record{
		&flow.Info{Recording: 0x5354, Part: 2, Source: "capture", Redaction: "default", Sample: "25% by cookie sid"},
		&flow.Info{Recording: 0x5355, Source: "proxy", Redaction: "none"},
	}
	return append(append(rs, goldenRecords()...), f, &flow.Loss{At: f.Start, Reason: flow.LossSampled, Sessions: 2, Flows: 9})
}

func goldenRecords() []flow.Record {
	rs := flowtest.Shop(24)
	f := flowtest.ShopFlow(24)
	f.Request.Body, f.Response.Body = flow.NewBody(bytes.Repeat([]byte{0, 255}, 50)), flow.NewBody(bytes.Repeat([]byte("cut"), 50)).Cut(100)
	f.Interim = []flow.Response{{Status: 103, Headers: flow.Headers{{Name: "Link", Value: "</a.css>"}}}}
	f.Response.Trailers = flow.Headers{{Name: "X-Sum", Value: "1"}, {Name: "x-sum", Value: "2"}}
	f.Messages = []flow.Message{{At: 1, FromClient: true, Kind: flow.MessageText, Data: []byte("hi"), Size: 2}, {At: 2, Kind: flow.MessageClose}}
	f.Error = "response cut"
	return append(rs, f, &flow.Loss{At: f.Start, Reason: flow.LossUnparsed, Packets: 1, Bytes: 2, Gaps: 3, Messages: 4})
}

// TestGoldenPieces is TestGoldenFiles for a body that stands in pieces.
func TestGoldenPieces(t *testing.T) {
	var text bytes.Buffer
	for i := range 90_000 {
		fmt.Fprintln(&text, "line", i)
	}
	want := flowtest.ShopFlow(0)
	want.Request.Method = "PUT"
	want.Request.Body = flow.Body{Data: text.Bytes()[:10], Size: int64(text.Len()), Hash: xxhash.Sum64(text.Bytes()),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text.Bytes())), nil }}
	made := writeAll(t, WriterOptions{}, want, flowtest.ShopFlow(1))
	path := filepath.Join("testdata", "v1-pieces.flow.zst")
	if _, err := os.Stat(path); os.Getenv("UPDATE_GOLDEN") != "" && errors.Is(err, os.ErrNotExist) {
		if err := os.WriteFile(path, made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"golden file": golden, "written anew": made} {
		records, errs := readWith(t, data, ReaderOptions{Open: opening(data)})
		if len(errs) > 0 || len(records) != 2 {
			t.Fatalf("%s: %d records, %v", name, len(records), errs)
		}
		b := records[0].(*flow.Flow).Request.Body
		if n, sum := wholeSum(t, b); n != b.Size || sum != want.Request.Body.Hash || !bytes.Equal(b.Data, text.Bytes()[:pieceSize]) {
			t.Errorf("%s: %d bytes of %d with hash %x, want %x", name, n, b.Size, sum, want.Request.Body.Hash)
		}
	}
}
