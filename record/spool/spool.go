package spool

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"sync/atomic"
	"time"
)

const (
	// waiting is how many pieces of a file may wait to be written.
	waiting = 256

	// patience is how long all writes to one file together wait for the disk. After that
	// the file is given up.
	patience = time.Second
)

// ErrIncomplete says that a part of a file is missing: the disk was too slow or failed,
// or the limit was reached.
var ErrIncomplete = errors.New("a long body could not be kept whole")

// A Spool makes temporary files. Together they take no more than its limit. It may be
// used by many goroutines.
type Spool struct {
	free atomic.Int64 // bytes
}

// New returns a Spool that takes at most limit bytes of disk.
func New(limit int64) *Spool {
	s := &Spool{}
	s.free.Store(limit)
	return s
}

// File returns an empty file. It must be opened and closed once, or discarded.
func (s *Spool) File() *File {
	return &File{spool: s, pieces: make(chan []byte, waiting), ended: make(chan struct{}), patience: patience}
}

// A File is written piece by piece and then read once. Its methods are for one
// goroutine at a time.
type File struct {
	spool  *Spool
	pieces chan []byte // to be written; see waiting
	size   int64
	lacks  bool // a piece was refused
	closed bool // it was opened

	patience time.Duration // what is left of it

	users   atomic.Int32 // goroutines that still need the file: the writing one, the reading one
	dropped atomic.Bool  // nobody wants the content
	ended   chan struct{}

	// Until ended is closed, these belong to the goroutine that writes.
	file  *os.File
	block cipher.Block
	err   error
}

// Write adds a piece, which it copies. If the disk is too slow, it waits, but at most a
// second for all pieces of the file together. It reports whether the file is whole so
// far.
func (f *File) Write(p []byte) bool {
	if f.lacks {
		return false
	}
	n := int64(len(p))
	if f.spool.free.Add(-n) < 0 {
		f.spool.free.Add(n)
		f.lacks = true
		return false
	}
	if f.size == 0 {
		f.users.Add(1)
		go f.store()
	}
	f.size += n
	f.lacks = !f.pass(append([]byte(nil), p...))
	return !f.lacks
}

// pass hands a piece to the goroutine that writes.
func (f *File) pass(p []byte) bool {
	select {
	case f.pieces <- p:
		return true
	default:
	}
	began := time.Now()
	timer := time.NewTimer(f.patience)
	defer timer.Stop()
	select {
	case f.pieces <- p:
		f.patience = max(f.patience-time.Since(began), 0)
		return true
	case <-timer.C:
		f.patience = 0
		return false
	}
}

// store writes the pieces, encrypted. It ends when the file is opened and all pieces are
// written.
func (f *File) store() {
	f.err = f.create()
	var stream cipher.Stream
	if f.err == nil {
		stream = f.stream()
	}
	for p := range f.pieces {
		if f.err != nil || f.dropped.Load() {
			continue
		}
		stream.XORKeyStream(p, p)
		_, f.err = f.file.Write(p)
	}
	close(f.ended)
	_ = f.leave() // the file has no name; its content was read or is not wanted
}

// create makes the file, which has no name, and its key.
func (f *File) create() (err error) {
	var key [16]byte
	if _, err = rand.Read(key[:]); err != nil {
		return err
	}
	if f.block, err = aes.NewCipher(key[:]); err != nil {
		return err
	}
	if f.file, err = os.CreateTemp("", "starling-*.body"); err != nil {
		return err
	}
	return os.Remove(f.file.Name())
}

// stream begins the key stream at 0. That is safe because the key is used for this file
// only.
func (f *File) stream() cipher.Stream {
	return cipher.NewCTR(f.block, make([]byte, f.block.BlockSize()))
}

// Open returns what was written. Open does not wait. The first Read waits until all is on
// disk, and returns ErrIncomplete if a part is missing. Closing removes the file. It
// cannot be opened again.
func (f *File) Open() (io.ReadCloser, error) {
	if f.closed {
		return nil, os.ErrClosed
	}
	f.closed = true
	f.users.Add(1)
	close(f.pieces)
	return &content{f: f}, nil
}

// Discard removes a file that was not opened. It does not wait.
func (f *File) Discard() error {
	content, err := f.Open()
	if err != nil {
		return nil // it is gone, or it is being read
	}
	return content.Close()
}

// leave gives up the file for one goroutine. The last one removes it.
func (f *File) leave() error {
	if f.users.Add(-1) > 0 {
		return nil
	}
	f.spool.free.Add(f.size)
	if f.file == nil {
		return nil
	}
	return f.file.Close()
}

// content is a file that is read.
type content struct {
	f    *File
	r    io.Reader // nil before the first Read
	over bool
}

// Read implements io.Reader.
func (c *content) Read(p []byte) (int, error) {
	if c.over {
		return 0, os.ErrClosed
	}
	if c.r == nil {
		if err := c.begin(); err != nil {
			return 0, err
		}
	}
	return c.r.Read(p)
}

// begin waits until all is on disk.
func (c *content) begin() error {
	f := c.f
	if f.size == 0 {
		return io.EOF
	}
	<-f.ended
	err := f.err
	if err == nil && !f.lacks {
		_, err = f.file.Seek(0, io.SeekStart)
	}
	if err != nil || f.lacks {
		return errors.Join(ErrIncomplete, err)
	}
	c.r = cipher.StreamReader{S: f.stream(), R: f.file}
	return nil
}

// Close removes the file.
func (c *content) Close() error {
	if c.over {
		return nil
	}
	c.over = true
	c.f.dropped.Store(true)
	return c.f.leave()
}
