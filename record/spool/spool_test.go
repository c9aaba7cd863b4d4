package spool

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func noise(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(b) // never fails
	return b
}

// fill writes data in pieces. It waits for the disk as a slow client would.
func fill(t *testing.T, f *File, data []byte) {
	t.Helper()
	for len(data) > 0 {
		n := min(len(data), 30_000)
		for len(f.pieces) == cap(f.pieces) {
			runtime.Gosched()
		}
		if !f.Write(data[:n]) {
			t.Fatal("a piece was refused")
		}
		data = data[n:]
	}
}

func TestWhatWasWrittenIsReadOnce(t *testing.T) {
	for _, n := range []int{1, 30_000, 30_001, 5 << 20} {
		s := New(10 << 20)
		f := s.File()
		want := noise(n)
		fill(t, f, want)
		content, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(content)
		if err != nil || !bytes.Equal(want, got) {
			t.Errorf("%d bytes came back of %d, %v", len(got), n, err)
		}
		if s.free.Load() != 10<<20-int64(n) {
			t.Errorf("%d bytes are free while the file is open", s.free.Load())
		}
		if err := errors.Join(content.Close(), content.Close()); err != nil {
			t.Error(err)
		}
		for s.free.Load() != 10<<20 { // the writing goroutine may be the last to leave
			runtime.Gosched()
		}
		if _, err := f.Open(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("it opens a second time: %v", err)
		}
	}
}

func TestTheDiskHoldsNothingInClearAndNoNames(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	f := New(1 << 20).File()
	secret := bytes.Repeat([]byte("s3cr3t "), 1000)
	fill(t, f, secret)
	content, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	if _, err := io.ReadFull(content, make([]byte, 1)); err != nil { // it is on disk now
		t.Fatal(err)
	}
	raw := make([]byte, len(secret))
	if _, err := f.file.ReadAt(raw, 0); err != nil || bytes.Contains(raw, []byte("s3cr3t")) || bytes.Equal(raw[:16], raw[7*16:8*16]) {
		t.Errorf("the file holds %.40q, %v", raw, err)
	}
	if names, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(names) > 0 {
		t.Errorf("files %v, %v", names, err)
	}
}

func TestWhatIsNotWholeCannotBeReadAndGivesItsRoomBack(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(t *testing.T, f *File)
	}{
		{"over the limit", func(_ *testing.T, f *File) { f.Write(make([]byte, 1001)) }},
		{"over the limit in the end", func(_ *testing.T, f *File) { f.Write(make([]byte, 900)); f.Write(make([]byte, 101)) }},
		{"the disk too slow", func(_ *testing.T, f *File) {
			f.pieces, f.patience = make(chan []byte), 0 // no piece is ever taken at once
			for f.Write([]byte{1}) {
			}
		}},
		{"no folder for it", func(t *testing.T, f *File) {
			t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "gone"))
			f.Write([]byte("x"))
			for len(f.pieces) > 0 { // until the goroutine has taken all
				runtime.Gosched()
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := New(1000)
			f := s.File()
			test.spoil(t, f)
			content, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(content); f.size > 0 && !errors.Is(err, ErrIncomplete) || len(got) > 0 {
				t.Errorf("%d bytes and error %v, want none and %v", len(got), err, ErrIncomplete)
			}
			if err := content.Close(); err != nil {
				t.Error(err)
			}
			for s.free.Load() != 1000 {
				runtime.Gosched()
			}
		})
	}
}

func TestADiscardedFileGivesItsRoomBack(t *testing.T) {
	s := New(1 << 20)
	f := s.File()
	fill(t, f, noise(100_000))
	if err := errors.Join(f.Discard(), f.Discard(), s.File().Discard()); err != nil {
		t.Error(err)
	}
	for s.free.Load() != 1<<20 {
		runtime.Gosched()
	}
}
