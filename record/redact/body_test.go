package redact

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

// reversed is a content coding for this test.
func reversed(coding string, data []byte, limit int64) (decoded []byte, whole bool) {
	if coding != "rev" {
		return nil, false
	}
	out := make([]byte, len(data))
	for i, c := range data {
		out[len(data)-1-i] = c
	}
	return out[:min(int64(len(out)), limit)], int64(len(out)) <= limit
}

func TestCodedBodiesAgreeWithTheirHeaders(t *testing.T) {
	const secret, clean = `{"token":"Zx81kQpL0vR7wT2n"}`, `{"item":"bench"}`
	rev := func(s string) []byte { d, _ := reversed("rev", []byte(s), 1<<20); return d }
	for _, c := range []struct {
		name, coding string
		data         []byte
		want         string // the coding of the result; "" is dropped
	}{
		{"gzip stays gzip", "gzip", gzipped(secret), "gzip"},
		{"deflate becomes gzip", "Deflate", deflated(secret), "gzip"},
		{"gzip twice becomes gzip", "gzip, gzip", gzipped(string(gzipped(secret))), "gzip"},
		{"another coding becomes none", "rev", rev(secret), "identity"},
		{"gzip under another becomes none", "gzip, rev", rev(string(gzipped(secret))), "identity"},
		{"what has no secret stays as it is", "deflate", deflated(clean), "deflate"},
		{"an unknown coding is dropped", "lzw", []byte(clean), ""},
		{"what is no gzip is dropped", "gzip", []byte(clean), ""},
		{"five codings are dropped", "gzip,gzip,gzip,gzip,gzip", gzipped(clean), ""},
	} {
		f := packed(get("/"), "application/json", c.coding, c.data)
		r, err := New(Options{Key: testKey, Decode: reversed})
		if err != nil {
			t.Fatal(err)
		}
		r.Flow(f)
		b, h := f.Response.Body, f.Response.Headers
		if c.want == "" {
			if b.Data != nil || b.Size != int64(len(c.data)) || b.Hash == flow.NewBody(c.data).Sum() {
				t.Errorf("%s: body of %d bytes, size %d and hash %x is left", c.name, len(b.Data), b.Size, b.Hash)
			}
			continue
		}
		if h.Value("Content-Encoding") != c.want || h.Value("Content-Length") != fmt.Sprint(len(b.Data)) || b.Truncated() {
			t.Errorf("%s: headers %v for a body of %d bytes", c.name, h, len(b.Data))
		}
		data := b.Data
		if c.want == "gzip" {
			z, err := gzip.NewReader(bytes.NewReader(data))
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				continue
			}
			data, _ = io.ReadAll(z)
		}
		if strings.Contains(string(data), "Zx81") || c.want != "deflate" && !strings.HasPrefix(string(data), `{"token":"`) {
			t.Errorf("%s: body %q", c.name, data)
		}
	}
}

func TestHashesOfWhatIsNotThereAreKeyed(t *testing.T) {
	whole := flow.NewBody([]byte(strings.Repeat("a word and ", 100)))
	hash := func(key []byte) uint64 {
		f := get("/")
		f.Response.Headers = flow.Headers{{Name: "Content-Type", Value: "text/plain"}}
		f.Response.Body = whole.Cut(50)
		newRedactor(t, key, "").Flow(f)
		if b := f.Response.Body; b.Size != whole.Size || len(b.Data) != 50 {
			t.Errorf("body of %d of %d bytes, want 50 of %d", len(b.Data), b.Size, whole.Size)
		}
		return f.Response.Body.Hash
	}
	a, again, other := hash(testKey), hash(testKey), hash(bytes.Repeat([]byte{9}, KeySize))
	if a == whole.Sum() || a != again || a == other {
		t.Errorf("hashes %x and %x with one key, %x with another, %x clear", a, again, other, whole.Sum())
	}
}

func TestPicturesAreNotLookedInto(t *testing.T) {
	f := get("/")
	data := []byte("\x89PNG ada@shop.example")
	f.Response.Headers = flow.Headers{{Name: "Content-Type", Value: "image/png"}}
	f.Response.Body = flow.NewBody(data)
	newRedactor(t, testKey, "").Flow(f)
	if !same(f.Response.Body.Data, data) {
		t.Errorf("picture became %q", f.Response.Body.Data)
	}
}

func TestAddressesAreReplacedWhenAsked(t *testing.T) {
	for _, c := range []struct{ name, address, prefix string }{
		{"IPv4", "203.0.113.9:50412", "198.1"},
		{"IPv6", "[2a00:1450::7]:50412", "[2001:db8"},
		{"no address", "localhost:1", "localhost:1"},
	} {
		conn := &flow.Conn{Client: c.address, Server: "192.0.2.1:443"}
		r, err := New(Options{Key: testKey, Addresses: true})
		if err != nil {
			t.Fatal(err)
		}
		r.Conn(conn)
		if !strings.HasPrefix(conn.Client, c.prefix) || conn.Server != "192.0.2.1:443" {
			t.Errorf("%s: %s became %s, server %s", c.name, c.address, conn.Client, conn.Server)
		}
		newRedactor(t, testKey, "").Conn(&flow.Conn{})
	}
	r, err := New(Options{Key: testKey, Addresses: true})
	if err != nil {
		t.Fatal(err)
	}
	f := get("/", `Forwarded: for=192.0.2.43;proto=https, for="[2001:db8:cafe::17]"`, "X-Forwarded-For: 203.0.113.9, 10.0.0.1")
	r.Flow(f)
	got := f.Request.Headers.Value("Forwarded") + " " + f.Request.Headers.Value("X-Forwarded-For")
	for _, gone := range []string{"192.0.2.43", "cafe", "203.0.113.9", "10.0.0.1"} {
		if strings.Contains(got, gone) {
			t.Errorf("%s is still in %s", gone, got)
		}
	}
	if !strings.Contains(got, ";proto=https, for=\"[2001:db8:") {
		t.Errorf("forwarded by %s", got)
	}
}
