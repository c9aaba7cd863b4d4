package redact

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/starling-load/starling/record/flow"
)

// long gives f a request body of which memory holds only the beginning.
func long(f *flow.Flow) *flow.Flow {
	all := f.Request.Body
	f.Request.Body = flow.Body{Data: all.Data[:min(1000, len(all.Data))], Size: all.Size, Hash: all.Sum(),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(all.Data)), nil }}
	return f
}

// words is some MiB of text with a token here and there.
func words(seed uint64) string {
	random := rand.New(rand.NewPCG(seed, 1))
	var b strings.Builder
	for b.Len() < 5*longWindow/2 {
		switch random.IntN(40) {
		case 0:
			fmt.Fprintf(&b, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI%016x%016x.c2ln%016x ", random.Uint64(), random.Uint64(), random.Uint64())
		case 1:
			b.WriteString("s3cr3t-of-ada-4711 ")
		case 2:
			b.WriteString("\r\n")
		default:
			fmt.Fprintf(&b, "word%d ", random.IntN(1000))
		}
	}
	return b.String()
}

// table is some MiB of a table with a column of passwords.
func table() string {
	var b strings.Builder
	b.WriteString("name,password,note\n")
	for i := 0; b.Len() < 5*longWindow/2; i++ {
		fmt.Fprintf(&b, "user%d,sunny-place-%d,\"of note, %d\"\n", i, i*7919, i)
	}
	return b.String()
}

func multipart(parts ...string) string {
	return "--XX\r\n" + strings.Join(parts, "\r\n--XX\r\n") + "\r\n--XX--\r\n"
}

func TestALongBodyIsRedactedAsOneInMemory(t *testing.T) {
	file := "Content-Disposition: form-data; name=\"f\"; filename=\"a\"\r\nContent-Type: application/octet-stream\r\n\r\n" + words(2)
	picture := "Content-Disposition: form-data; name=\"p\"; filename=\"p\"\r\nContent-Type: image/png\r\n\r\n" + words(3)
	password := "Content-Disposition: form-data; name=\"password\"\r\n\r\ns3cr3t-of-ada-4711"
	for _, test := range []struct{ name, media, body string }{
		{"text", "text/plain", words(1)},
		{"bytes of no type", "", words(4)},
		{"a picture", "image/png", words(5)},
		{"a table", "text/csv", table()},
		{"a form with a table in a file", "multipart/form-data; boundary=XX", multipart("Content-Disposition: form-data; name=\"f\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\n"+table(), password)},
		{"a form with a file behind a password", "multipart/form-data; boundary=XX", multipart(password, file)},
		{"a form with files before a password", "multipart/form-data; boundary=XX", multipart(picture, file, password)},
	} {
		t.Run(test.name, func(t *testing.T) {
			login := func() *flow.Flow {
				return post(get("/login"), "application/x-www-form-urlencoded", "password=s3cr3t-of-ada-4711")
			}
			inMemory, streamed := newRedactor(t, testKey, ""), newRedactor(t, testKey, "")
			inMemory.Flow(login())
			streamed.Flow(login())
			want, got := post(get("/up"), test.media, test.body), long(post(get("/up"), test.media, test.body))
			inMemory.Flow(want)
			streamed.Flow(got)
			content, err := got.Request.Body.Open()
			if err != nil {
				t.Fatal(err)
			}
			all, err := io.ReadAll(iotest.OneByteReader(io.LimitReader(content, 100)))
			if err != nil {
				t.Fatal(err)
			}
			rest, err := io.ReadAll(content)
			if err := errors.Join(err, content.Close()); err != nil {
				t.Fatal(err)
			}
			all = append(all, rest...)
			if !bytes.Equal(all, want.Request.Body.Data) {
				at := 0
				for at < min(len(all), len(want.Request.Body.Data)) && all[at] == want.Request.Body.Data[at] {
					at++
				}
				t.Errorf("%d bytes, want %d; they differ from byte %d on: %.80q, want %.80q", len(all), len(want.Request.Body.Data), at, all[at:], want.Request.Body.Data[at:])
			}
			if test.media != "image/png" && bytes.Contains(all, []byte("s3cr3t-of-ada-4711")) != bytes.Contains(want.Request.Body.Data, []byte("s3cr3t-of-ada-4711")) {
				t.Error("a secret is left")
			}
		})
	}
}

func TestALongBodyIsCutWhereOnlyAllOfItTellsWhatIsSecret(t *testing.T) {
	for _, test := range []struct{ name, media, body string }{
		{"JSON", "application/json", `{"a":"` + words(1) + `"}`},
		{"JSON of another name", "text/plain", `{"a":"` + words(1) + `"}`},
		{"a form", "application/x-www-form-urlencoded", "a=" + words(1)},
		{"markup", "text/html", "<p>" + words(1)},
	} {
		f := long(post(get("/up"), test.media, test.body))
		newRedactor(t, testKey, "").Flow(f)
		if f.Request.Body.Open != nil || !f.Request.Body.Truncated() {
			t.Errorf("%s: the rest is kept", test.name)
		}
	}
	f := long(post(get("/up"), "application/octet-stream", words(1)))
	f.Request.Headers = append(f.Request.Headers, flow.Header{Name: "Content-Encoding", Value: "gzip"})
	newRedactor(t, testKey, "").Flow(f)
	if f.Request.Body.Open != nil {
		t.Error("behind a content coding: the rest is kept")
	}
	part := "Content-Disposition: form-data; name=\"f\"\r\nContent-Type: application/json\r\n\r\n" + words(2)
	f = long(post(get("/up"), "multipart/form-data; boundary=XX", multipart(part)))
	newRedactor(t, testKey, "").Flow(f)
	content, err := f.Request.Body.Open()
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, content); !errors.Is(err, errStructured) || n > 1000 {
		t.Errorf("a long part of JSON gives %d bytes and error %v", n, err)
	}
}

func TestALongBodyThatBreaksOffIsAnError(t *testing.T) {
	broken := errors.New("the disk is gone")
	f := long(post(get("/up"), "multipart/form-data; boundary=XX", multipart("Content-Disposition: form-data; name=\"f\"\r\n\r\n"+words(2))))
	f.Request.Body.Open = func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader("--XX\r\nA: b\r\n\r\nhi"), iotest.ErrReader(broken))), nil
	}
	newRedactor(t, testKey, "").Flow(f)
	content, err := f.Request.Body.Open()
	if err != nil {
		t.Fatal(err)
	}
	if all, err := io.ReadAll(content); !errors.Is(err, broken) || len(all) != 16 {
		t.Errorf("%q and error %v, want all that came and %v", all, err, broken)
	}
}

func TestAddressesAmongBytesAreFoundAndNoiseIsNotTakenForThem(t *testing.T) {
	noise := make([]byte, 8<<20)
	rand.NewChaCha8([32]byte{3}).Read(noise) // never fails
	at := len(noise) / 2
	copy(noise[at:], "\x0a\x10ada@shop.example\x12\x03abc")
	f := post(get("/up"), "application/octet-stream", string(noise))
	newRedactor(t, testKey, "").Flow(f)
	changed := 0
	for i, c := range f.Request.Body.Data {
		if c != noise[i] && (i < at || i > at+20) {
			changed++
		}
	}
	if changed > 20 || bytes.Contains(f.Request.Body.Data, []byte("ada@shop.example")) {
		t.Errorf("%d bytes of noise changed, or the address is left: %q", changed, f.Request.Body.Data[at:at+24])
	}
}

func TestTheScannerLooksAtAllOfALongBody(t *testing.T) {
	behind := strings.Repeat("word ", longWindow/3)
	for _, test := range []struct{ name, media, body string }{
		{"text", "text/plain", behind + "ada@shop.example " + behind},
		{"JSON", "application/json", `{"a":"` + behind + `","mail":"ada@shop.example"}`},
		{"a part of a form", "multipart/form-data; boundary=XX",
			multipart("Content-Disposition: form-data; name=\"f\"\r\n\r\n"+behind, "Content-Disposition: form-data; name=\"mail\"\r\n\r\nada@shop.example")},
	} {
		var s Scanner
		var found []string
		s.Scan(long(post(get("/up"), test.media, test.body)), func(f Finding) { found = append(found, f.Place) })
		if len(found) != 1 || !strings.HasPrefix(found[0], "request body") {
			t.Errorf("%s: found %q, want one in the request body", test.name, found)
		}
	}
}
