package convert_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"
	"time"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/flow"
)

// A result is everything that an import gave.
type result struct {
	flows   []*flow.Flow
	conns   map[uint64]*flow.Conn
	skipped []*convert.EntryError // not those that wrap ErrKept
	kept    []*convert.EntryError
	err     error // that ended it
}

// read imports data and checks what holds for every import: connections come
// before their flows, with numbers of their own.
func read(t testing.TB, format string, data []byte, o convert.ImportOptions) result {
	t.Helper()
	r := result{conns: map[uint64]*flow.Conn{}}
	for rec, err := range convert.Import(context.Background(), format, bytes.NewReader(data), o) {
		var entry *convert.EntryError
		switch {
		case errors.As(err, &entry) && errors.Is(err, convert.ErrKept):
			r.kept = append(r.kept, entry)
		case errors.As(err, &entry):
			r.skipped = append(r.skipped, entry)
		case err != nil:
			if r.err != nil {
				t.Fatalf("the import went on after %v", r.err)
			}
			r.err = err
		}
		switch rec := rec.(type) {
		case *flow.Conn:
			if rec.ID == 0 || r.conns[rec.ID] != nil {
				t.Fatalf("connection %d is not new", rec.ID)
			}
			r.conns[rec.ID] = rec
		case *flow.Flow:
			if rec.Conn != 0 && r.conns[rec.Conn] == nil {
				t.Fatalf("a flow names connection %d, which was not told", rec.Conn)
			}
			r.flows = append(r.flows, rec)
		}
	}
	return r
}

// readAll is read of sound input.
func readAll(t testing.TB, format string, data []byte, o convert.ImportOptions) result {
	t.Helper()
	r := read(t, format, data, o)
	if r.err != nil {
		t.Fatalf("import %s: %v", format, r.err)
	}
	for _, e := range r.skipped {
		t.Fatalf("import %s left out %v", format, e)
	}
	return r
}

// export writes the records of a result in a format.
func export(t testing.TB, format string, r result) []byte {
	t.Helper()
	var b bytes.Buffer
	x, err := convert.NewExporter(format, &b, convert.ExportOptions{Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	for id := uint64(1); id <= uint64(len(r.conns)); id++ {
		if err := x.Write(r.conns[id]); err != nil {
			t.Fatal(err)
		}
	}
	for i, f := range r.flows {
		f.Number = uint64(i)
		if err := x.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// shared reads a file of the recordings that others made, which stand beside
// the repository; where they do not, the test is skipped.
func shared(t testing.TB, name string) []byte {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no folder above holds go.mod")
		}
		dir = filepath.Dir(dir)
	}
	b, err := os.ReadFile(filepath.Join(dir, "..", "shared", "data", name))
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("the shared recordings are not beside this repository: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var errEOF = io.EOF

func itoa(n int) string { return strconv.Itoa(n) }

// peakOf returns how much the heap grew while f ran, in bytes, as seen by the
// garbage collector, which is told not to let much garbage lie.
func peakOf(t testing.TB, f func()) uint64 {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before, peak := m.HeapAlloc, uint64(0)
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapAlloc)
			}
		}
	}()
	f()
	close(done)
	<-ended
	return max(peak, before) - before
}
