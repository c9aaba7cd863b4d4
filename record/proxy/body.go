package proxy

import (
	"errors"
	"io"
	"sync"
)

// errClosed is the end of a body that was closed before it was read to its end.
var errClosed = errors.New("closed before its end")

// A watcher is shown a body.
type watcher interface {
	saw(p []byte)    // each piece as it was read
	ended(err error) // once: nil at the whole end, the error, or errClosed
}

// A tee passes a body on unchanged and shows it to an exchange while it does.
type tee struct {
	io.ReadCloser
	watcher
	once sync.Once
}

func (t *tee) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	if n > 0 {
		t.saw(p[:n])
	}
	if err == io.EOF {
		t.once.Do(func() { t.ended(nil) })
	} else if err != nil {
		t.once.Do(func() { t.ended(err) })
	}
	return n, err
}

func (t *tee) Close() error {
	t.once.Do(func() { t.ended(errClosed) })
	return t.ReadCloser.Close()
}
