package flowfile

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flow/flowtest"
)

// inMemory is a File under any path.
type inMemory struct{ *bytes.Reader }

func (m inMemory) Stat() (fs.FileInfo, error) { return m, nil }
func (inMemory) Close() error                 { return nil }
func (inMemory) Name() string                 { return "memory" }
func (inMemory) Mode() fs.FileMode            { return 0o600 }
func (inMemory) ModTime() time.Time           { return time.Time{} }
func (inMemory) IsDir() bool                  { return false }
func (inMemory) Sys() any                     { return nil }

func TestRecordingThatIsStreamedIsTheSame(t *testing.T) {
	var out bytes.Buffer
	w, err := NewWriter("stdout", &out, WriterOptions{BlockSize: 2000})
	if err != nil {
		t.Fatal(err)
	}
	want := append([]flow.Record{&flow.Info{Recording: 3, Source: "proxy"}}, flowtest.Shop(30)...)
	for _, r := range want {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	o := ReaderOptions{Open: func(path string) (File, error) {
		if path != "-" {
			return nil, fs.ErrNotExist
		}
		return inMemory{bytes.NewReader(out.Bytes())}, nil
	}}
	var got []flow.Record
	for r, err := range o.Records("-") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	if d := cmp.Diff(stripNumbers(want), stripNumbers(got), flowtest.Equal()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if totals, err := o.Verify("-", func(err error) { t.Error(err) }); err != nil || totals.Flows != 30 {
		t.Errorf("Verify: %d flows, %v", totals.Flows, err)
	}
	if _, err := o.Stat("other"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Stat of another file: %v", err)
	}
}

// A pipe takes so many bytes and then breaks.
type pipe struct {
	bytes.Buffer
	room int
}

func (p *pipe) Write(b []byte) (int, error) {
	n := min(len(b), p.room)
	p.room -= n
	p.Buffer.Write(b[:n])
	if n < len(b) {
		return n, os.ErrClosed
	}
	return n, nil
}

func TestStreamThatBreaksIsReadableUpToThere(t *testing.T) {
	p := &pipe{room: 3000}
	w, err := NewWriter("stdout", p, WriterOptions{BlockSize: 2000})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range flowtest.Shop(200) {
		if err = w.Write(r); err != nil {
			break
		}
	}
	if lost := (*WriteError)(nil); !errors.As(err, &lost) {
		t.Fatalf("error %v, want a WriteError", err)
	}
	if err := w.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Close: %v", err)
	}
	r, err := newReader("mem", bytes.NewReader(p.Bytes()), int64(p.Len()), ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	flows := 0
	for {
		rec, err := r.Next()
		if err == io.EOF {
			break
		}
		if _, ok := rec.(*flow.Flow); ok {
			flows++
		} else if err != nil && !errors.Is(err, ErrTruncated) {
			t.Error(err)
		}
	}
	if flows == 0 {
		t.Error("nothing can be read")
	}
}
