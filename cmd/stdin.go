package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/starling-load/starling/record/flowfile"
)

// A stdinFile is a recording that comes from stdin. It can be read from any place
// and more than once: what comes through a pipe is copied into a temporary file
// without a name, which is gone when the program ends.
type stdinFile struct {
	ctx context.Context // of the command; at its end nothing more is read
	in  io.Reader

	once sync.Once
	file *os.File
	err  error
}

// open is flowfile.ReaderOptions.Open.
func (s *stdinFile) open(path string) (flowfile.File, error) {
	if path != "-" {
		return os.Open(path)
	}
	s.once.Do(func() { s.file, s.err = s.keep() })
	return openedFile{s.file}, s.err
}

// keep returns stdin itself if it is a regular file, and a copy of it otherwise.
func (s *stdinFile) keep() (*os.File, error) {
	if f, ok := s.in.(*os.File); ok {
		info, err := f.Stat()
		at, _ := f.Seek(0, io.SeekCurrent)
		if err == nil && info.Mode().IsRegular() && at == 0 {
			return f, nil
		}
	}
	f, err := os.CreateTemp("", "starling-*.flow.zst")
	if err != nil {
		return nil, fmt.Errorf("keep what comes from stdin: %w", err)
	}
	err = os.Remove(f.Name())
	if err == nil {
		_, err = io.Copy(f, endsWith(s.ctx, s.in))
	}
	if s.ctx.Err() != nil {
		err = s.ctx.Err()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("keep what comes from stdin: %w", err), f.Close())
	}
	return f, nil
}

// An openedFile stays open when one of its readers closes it.
type openedFile struct{ *os.File }

func (openedFile) Close() error { return nil }
