package folder

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/model"
)

func archiveOf(t testing.TB, m *model.Model) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := Archive(&buf, m); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestArchive(t *testing.T) {
	a := archiveOf(t, sample())
	if !bytes.Equal(a, archiveOf(t, sample())) {
		t.Error("two archives of one model differ")
	}
	m, err := ReadArchive(bytes.NewReader(a))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample(), m); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := Archive(io.Discard, &model.Model{}); err == nil {
		t.Error("an invalid model was archived")
	}
}

func TestACutArchiveIsAnErrorOrComplete(t *testing.T) {
	a := archiveOf(t, sample())
	for n := 0; n < len(a); n += 7 {
		m, err := ReadArchive(bytes.NewReader(a[:n]))
		if err == nil && (!cmp.Equal(sample(), m) || n < len(a)-2048) { // the rest is empty blocks
			t.Fatalf("%d bytes of %d were read", n, len(a))
		}
	}
}

func TestHashNamesTheContent(t *testing.T) {
	h := Hash(sample())
	if len(h) != 64 || h != Hash(sample()) {
		t.Errorf("hash %q, again %q", h, Hash(sample()))
	}
	for _, tt := range []struct {
		name   string
		change func(m *model.Model)
	}{
		{"a weight", func(m *model.Model) { m.Behaviors[0].Weight, m.Behaviors[1].Weight = 0.6, 0.4 }},
		{"a quantile", func(m *model.Model) { m.Behaviors[0].Steps[0].Next[0].Think.Quantiles[1]++ }},
		{"a value of a data file", func(m *model.Model) { m.Data[0].Rows[0][1] = "q" }},
		{"a byte of a long body", func(m *model.Model) { m.Endpoints[4].Variants[0].Request.Body += "x" }},
	} {
		m := sample()
		if tt.change(m); Hash(m) == h {
			t.Errorf("%s changed and the hash did not", tt.name)
		}
	}
}

func TestHostileArchives(t *testing.T) {
	pack := func(headers ...tar.Header) []byte {
		var buf bytes.Buffer
		w := tar.NewWriter(&buf)
		for _, h := range headers {
			if err := w.WriteHeader(&h); err != nil {
				t.Fatal(err)
			}
			w.Write(make([]byte, min(h.Size, 1000)))
		}
		return buf.Bytes()
	}
	var many []tar.Header
	for i := range maxFiles + 1 {
		many = append(many, tar.Header{Name: fmt.Sprint("data/", i), Typeflag: tar.TypeReg})
	}
	for _, tt := range []struct {
		name string
		in   []byte
		want string
	}{
		{"a path upwards", pack(tar.Header{Name: "../x", Typeflag: tar.TypeReg}), "leads out"},
		{"an absolute path", pack(tar.Header{Name: "/etc/passwd", Typeflag: tar.TypeReg}), "leads out"},
		{"a link", pack(tar.Header{Name: "model.yaml", Linkname: "/etc/passwd", Typeflag: tar.TypeSymlink}), "not a regular file"},
		{"a device", pack(tar.Header{Name: "model.yaml", Typeflag: tar.TypeChar}), "not a regular file"},
		{"a file twice", pack(tar.Header{Name: "a", Typeflag: tar.TypeReg}, tar.Header{Name: "a", Typeflag: tar.TypeReg}), "twice"},
		{"a huge file", pack(tar.Header{Name: "a", Typeflag: tar.TypeReg, Size: maxFile + 1}), "larger than 256 MB"},
		{"a size that is not there", pack(tar.Header{Name: "a", Typeflag: tar.TypeReg, Size: maxFile}), "unexpected EOF"},
		{"too many files", pack(many...), "more than 20000 files"},
		{"no model", pack(tar.Header{Name: "a", Typeflag: tar.TypeReg}), "no model.yaml"},
		{"garbage", bytes.Repeat([]byte("garbage "), 200), "invalid tar header"},
		{"nothing", nil, "no model.yaml"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ReadArchive(bytes.NewReader(tt.in))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("ReadArchive: %v, want %q", err, tt.want)
			}
		})
	}
}
