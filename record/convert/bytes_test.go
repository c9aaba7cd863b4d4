package convert_test

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"

	"github.com/starling-load/starling/record/convert/converttest"
	"github.com/starling-load/starling/record/flowfile"
)

// How many bytes a flow takes in a flow file and in the formats of others, for
// the same recording. `go test -run TestBytesPerFlow -v` prints the table.
func TestBytesPerFlow(t *testing.T) {
	mitm := converttest.Shared(t, "own/dokuwiki.mitm")
	r := converttest.ReadAll(t, "mitm", mitm, converttest.Options{})
	path := filepath.Join(t.TempDir(), "dokuwiki.flow.zst")
	w, err := flowfile.Create(path, flowfile.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for id := uint64(1); id <= uint64(len(r.Conns)); id++ {
		err = w.Write(r.Conns[id])
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range r.Flows {
		if err := w.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	har, gor := converttest.Export(t, "har", r), converttest.Export(t, "gor", r)
	sizes := []struct {
		name  string
		bytes int
	}{
		{"flow file", len(file)}, {"HAR", len(har)}, {"HAR, gzip", zippedSize(t, har)}, {"GoReplay .gor", len(gor)},
		{"GoReplay .gor.gz", zippedSize(t, gor)}, {"mitmproxy dump", len(mitm)}, {"mitmproxy dump, gzip", zippedSize(t, mitm)},
	}
	t.Logf("%d flows of DokuWiki:", len(r.Flows))
	for _, s := range sizes {
		t.Logf("%-22s %9d bytes %8d a flow %6.2f times the flow file", s.name, s.bytes, s.bytes/len(r.Flows), float64(s.bytes)/float64(len(file)))
		if s.name != "flow file" && s.bytes < len(file) {
			t.Errorf("%s is smaller than the flow file", s.name)
		}
	}
}

func zippedSize(t *testing.T, data []byte) int {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.DefaultCompression)
	if err != nil {
		t.Fatal(err)
	}
	z.Write(data) // a bytes.Buffer takes all
	z.Close()
	return b.Len()
}
