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
	// waiting is how many pieces of a file may wait for the disk.
	waiting = 256

	// patience is how long the writes to one file wait for the disk, all together.
	// Then the file is given up.
	patience = time.Second
)

// ErrIncomplete says that a file lacks a part of what was written to it: the disk
// was too slow or failed, or the limit was reached.
var ErrIncomplete = errors.New("a long body could not be kept whole")

// A Spool makes temporary files, which together take no more than its limit. It may
// be used by many goroutines.
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
	pieces chan []byte // wait for the disk; see waiting
	size   int64
	lacks  bool // a piece was refused
	closed bool // it was opened

	patience time.Duration // that is left

	users   atomic.Int32 // who still needs the file: the goroutine that writes, the one that reads
	dropped atomic.Bool  // nobody wants the content
	ended   chan struct{}

	// These belong to the goroutine that writes, until ended is closed.
	file  *os.File
	block cipher.Block
	err   error
}

// Write adds a piece, which it copies. Where the disk is slower than what comes, it
// waits, but not longer than a second for all pieces of the file. It reports whether
// the file is whole so far.
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

// store writes the pieces, encrypted, until there are no more. It ends when the file
// is opened.
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
	_ = f.leave() // the file has no name, and its content is read or not wanted
}

// create makes the file, without a name, and its key.
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

// stream begins the key stream anew. The key is of this file alone, so that the
// counter may begin at 0.
func (f *File) stream() cipher.Stream {
	return cipher.NewCTR(f.block, make([]byte, f.block.BlockSize()))
}

// Open returns what was written. It does not wait, but the first Read does, until
// everything is on disk; where a part is lacking, that Read is ErrIncomplete.
// Closing removes the file; it cannot be opened again.
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
		return nil // it is gone, or somebody reads it
	}
	return content.Close()
}

// leave gives up the file; the last who does so removes it.
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

// begin waits for the disk.
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
