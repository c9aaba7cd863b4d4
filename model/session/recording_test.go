package session_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
)

// writeLarge records users who upload and download side by side, and returns the
// number of flows.
func writeLarge(t *testing.T, path string, users, each, bodyBytes int) int {
	t.Helper()
	w, err := flowfile.Create(path, flowfile.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	noise := rand.NewChaCha8([32]byte{1})
	body := make([]byte, bodyBytes)
	for i := range users * each {
		noise.Read(body) // cannot fail
		user := i % users
		f := &flow.Flow{
			Conn: uint64(user) + 1, Scheme: "http", Protocol: "HTTP/1.1", Done: time.Millisecond,
			Start:   time.Unix(1_700_000_000, 0).Add(time.Duration(i) * time.Millisecond),
			Request: flow.Request{Method: "PUT", Target: fmt.Sprint("/", user, "/", i/users), Authority: "shop.test"},
			Response: &flow.Response{Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: "application/octet-stream"},
				{Name: "Set-Cookie", Value: fmt.Sprintf("sid=%016x%016x", uint64(user+1)*0x9E3779B97F4A7C15, uint64(user+1)*0xC2B2AE3D27D4EB4F)}}},
		}
		if i%2 == 0 {
			f.Request.Body = flow.NewBody(body)
		} else {
			f.Response.Body = flow.NewBody(body)
		}
		if err := w.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return users * each
}

// A heap watches how much memory is in use.
type heap struct{ before, peak uint64 }

func (h *heap) look() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	h.peak = max(h.peak, m.HeapAlloc)
}

func TestARecordingLargerThanMemoryIsCutAndPlayed(t *testing.T) {
	if testing.Short() || underRace {
		t.Skip("it writes 512 MiB")
	}
	const users, each, bodyBytes, limit = 64, 256, 32 << 10, 72 << 20
	path := filepath.Join(t.TempDir(), "large.flow.zst")
	flows := writeLarge(t, path, users, each, bodyBytes)
	if info, err := os.Stat(path); err != nil || info.Size() < 7*limit {
		t.Fatalf("the recording is too small for this test: %v", err)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	runtime.GC()
	var h heap
	h.look()
	h.before, h.peak = h.peak, 0

	shelf, err := flowfile.OpenShelf(path, flowfile.ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	all := shelf.NewSessions()
	defer func() {
		if err := errors.Join(all.Close(), shelf.Close()); err != nil {
			t.Error(err)
		}
	}()
	read := 0
	err = session.Find(func(yield func(*flow.Flow, error) bool) {
		for f, err := range shelf.Flows() {
			if read++; read%200 == 0 {
				h.look()
			}
			if !yield(f, err) {
				return
			}
		}
	}, session.Options{}, func(v session.Visit) error { return all.Add(v.Start, v.End, v.Flows) })
	if err != nil || all.Len() != users {
		t.Fatalf("%d sessions and error %v, want %d", all.Len(), err, users)
	}
	cursors := make([]*flowfile.Cursor, users)
	for i := range cursors {
		cursors[i] = all.Cursor(i)
	}
	for step := range each {
		for i, c := range cursors {
			f, err := c.Next()
			if err != nil {
				t.Fatal(err)
			}
			if want := fmt.Sprint("/", i, "/", step); f.Request.Target != want || len(f.Request.Body.Data)+len(f.Response.Body.Data) != bodyBytes {
				t.Fatalf("session %d has %s with %d and %d bytes, want %s with %d", i, f.Request.Target, len(f.Request.Body.Data), len(f.Response.Body.Data), want, bodyBytes)
			}
		}
		h.look()
	}
	for i, c := range cursors {
		if _, err := c.Next(); err != io.EOF {
			t.Errorf("session %d goes on behind its end: %v", i, err)
		}
	}
	t.Logf("%d flows; heap %d KiB before, %d KiB at most", flows, h.before>>10, h.peak>>10)
	if grown := h.peak - min(h.peak, h.before); grown > limit {
		t.Errorf("%d MiB of memory, want at most %d", grown>>20, limit>>20)
	}
}
