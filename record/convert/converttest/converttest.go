// Package converttest holds what the tests of all formats share: reading and writing by
// the name of a format, recordings that others made, and flows drawn at random.
package converttest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/accesslog"
	"github.com/starling-load/starling/record/convert/curl"
	"github.com/starling-load/starling/record/convert/gor"
	"github.com/starling-load/starling/record/convert/har"
	"github.com/starling-load/starling/record/convert/mitm"
	"github.com/starling-load/starling/record/convert/netlog"
	"github.com/starling-load/starling/record/convert/postman"
	"github.com/starling-load/starling/record/convert/text"
	"github.com/starling-load/starling/record/flow"
)

// Options are those of all formats.
type Options struct {
	Origin      string        // as in convert.Options
	Start       time.Time     // as in convert.Options
	LogFormat   string        // Lines of package accesslog
	SessionGap  time.Duration // of package accesslog
	Environment []byte        // of package postman
	Files       fs.FS         // of packages curl and postman
}

// Formats returns all formats.
func Formats(o Options) []convert.Format {
	return []convert.Format{
		{Name: "text", In: text.Format{}},
		{Name: "gor", In: gor.Format{}, Out: gor.Format{}},
		{Name: "mitm", In: mitm.Format{}},
		{Name: "har", In: har.Format{}, Out: har.Format{Version: "test"}},
		{Name: "netlog", In: netlog.Format{}},
		{Name: "postman", In: postman.Format{Environment: o.Environment, Files: o.Files}},
		{Name: "log", In: accesslog.Format{Lines: o.LogFormat, SessionGap: o.SessionGap}},
		{Name: "curl", In: curl.Format{Files: o.Files}, Out: curl.Format{}},
	}
}

// Named returns the format of that name.
func Named(t testing.TB, name string, o Options) convert.Format {
	t.Helper()
	for _, f := range Formats(o) {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("no format is called %q", name)
	return convert.Format{}
}

// A Result is everything that an import gave.
type Result struct {
	Flows   []*flow.Flow
	Conns   map[uint64]*flow.Conn
	Skipped []*convert.EntryError // not those that wrap ErrKept
	Kept    []*convert.EntryError
	Err     error // that ended it
}

// Read imports data and checks what holds for every import: connections come before
// their flows, and each has a new number.
func Read(t testing.TB, format string, data []byte, o Options) Result {
	t.Helper()
	r := Result{Conns: map[uint64]*flow.Conn{}}
	in, f := io.Reader(bytes.NewReader(data)), convert.Format{}
	if format == "" {
		if f, in, r.Err = convert.Detect(in, Formats(o)); r.Err != nil {
			return r
		}
	} else {
		f = Named(t, format, o)
	}
	for rec, err := range convert.Import(context.Background(), f, in, convert.Options{Origin: o.Origin, Start: o.Start}) {
		var entry *convert.EntryError
		switch {
		case errors.As(err, &entry) && errors.Is(err, convert.ErrKept):
			r.Kept = append(r.Kept, entry)
		case errors.As(err, &entry):
			r.Skipped = append(r.Skipped, entry)
		case err != nil:
			if r.Err != nil {
				t.Fatalf("the import went on after %v", r.Err)
			}
			r.Err = err
		}
		switch rec := rec.(type) {
		case *flow.Conn:
			if rec.ID == 0 || r.Conns[rec.ID] != nil {
				t.Fatalf("connection %d is not new", rec.ID)
			}
			r.Conns[rec.ID] = rec
		case *flow.Flow:
			if rec.Conn != 0 && r.Conns[rec.Conn] == nil {
				t.Fatalf("a flow names connection %d, which was not told", rec.Conn)
			}
			r.Flows = append(r.Flows, rec)
		}
	}
	return r
}

// ReadAll is Read of sound input.
func ReadAll(t testing.TB, format string, data []byte, o Options) Result {
	t.Helper()
	r := Read(t, format, data, o)
	if r.Err != nil {
		t.Fatalf("import %s: %v", format, r.Err)
	}
	for _, e := range r.Skipped {
		t.Fatalf("import %s left out %v", format, e)
	}
	return r
}

// Export writes the records of a Result in a format.
func Export(t testing.TB, format string, r Result) []byte {
	t.Helper()
	var b bytes.Buffer
	x := Named(t, format, Options{}).Out.Export(&b)
	for id := uint64(1); id <= uint64(len(r.Conns)); id++ {
		if err := x.Write(r.Conns[id]); err != nil {
			t.Fatal(err)
		}
	}
	for i, f := range r.Flows {
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

// Shared reads one of the recordings that others made. They stand beside the
// repository; where they are missing, the test is skipped.
func Shared(t testing.TB, name string) []byte {
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

// BrowserDir makes a folder for a browser, and removes it at the end. The processes of a
// browser write there for a moment after it has ended.
func BrowserDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "browser")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 100 {
			if err = os.RemoveAll(dir); err == nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Error(err)
	})
	return dir
}

// PeakOf returns how many bytes the heap grew while f ran. The garbage collector runs
// often meanwhile, so that little garbage is counted.
func PeakOf(t testing.TB, f func()) uint64 {
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
