package packet

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
)

// ReadOptions belong to Read. The zero value reads everything.
type ReadOptions struct {
	// Secrets, if not nil, is called with the TLS key log text of every
	// decryption-secrets block of a pcapng file, before the packets behind the block. The
	// text is valid during the call.
	Secrets func(keylog []byte)
	// Filter chooses segments, after tunnels and fragments are undone.
	Filter Filter
}

// DamageError says what is wrong at one place of a capture file.
type DamageError struct {
	// Offset is where the damaged record starts, in bytes of the uncompressed file.
	Offset int64
	Err    error
}

func (e *DamageError) Error() string { return fmt.Sprintf("at byte %d: %v", e.Offset, e.Err) }

// Unwrap returns the cause.
func (e *DamageError) Unwrap() error { return e.Err }

// Read reads a capture file from its present position. The file is pcap (microseconds or
// nanoseconds, either byte order) or pcapng, perhaps compressed with gzip or xz. Read
// recognises this by content. It does not seek, so r may be a pipe. To wake a Next that
// waits for r, close r: Close of the Source does not wake it.
func Read(r io.Reader, o ReadOptions) (Source, error) {
	in, err := unpack(r)
	if err != nil {
		return nil, fmt.Errorf("read capture file: %w", err)
	}
	s := &fileSource{decoder: newDecoder(o.Filter.clean())}
	if s.file, err = open(in, o.Secrets); err != nil {
		return nil, fmt.Errorf("read capture file: %w", err)
	}
	return s, nil
}

// frames is a pcap or pcapng file. Errors of next are io.EOF and *DamageError.
type frames interface {
	next(*frame) error
	drops() uint64 // packets that the file says were dropped, so far
}

// open recognises the kind of a file by its first four bytes.
func open(in *bufio.Reader, secrets func([]byte)) (frames, error) {
	magic, err := in.Peek(4)
	switch {
	case err == io.EOF && len(magic) == 0:
		return nil, errors.New("it is empty")
	case err != nil && err != io.EOF:
		return nil, err
	}
	switch string(magic) {
	case "\xa1\xb2\xc3\xd4", "\xd4\xc3\xb2\xa1", "\xa1\xb2\x3c\x4d", "\x4d\x3c\xb2\xa1":
		return newPcap(in)
	case "\x0a\x0d\x0d\x0a":
		return newPcapng(in, secrets), nil
	}
	return nil, fmt.Errorf("it is neither pcap nor pcapng, also not gzip'd or xz'd (it begins with %x): "+
		"write it anew with tcpdump -w or editcap -F pcapng", magic)
}

// fileSource is a Source that reads a file.
type fileSource struct {
	file    frames
	decoder *decoder
	frame   frame
	closed  atomic.Bool
	public  tally
}

// publishEvery is the number of packets after which the counts of a file are shown.
const publishEvery = 256

func (s *fileSource) Next(seg *Segment) error {
	for {
		if s.closed.Load() {
			return net.ErrClosed
		}
		if err := s.file.next(&s.frame); err != nil {
			if err == io.EOF {
				s.decoder.frags.end()
			}
			s.publish()
			return err
		}
		if s.decoder.counts.Packets%publishEvery == 0 {
			s.publish()
		}
		first, data := link(s.frame.link, s.frame.data)
		s.decoder.counts.Bytes += uint64(len(s.frame.data) - len(data))
		if s.decoder.decode(seg, first, data, s.frame.time) {
			return nil
		}
	}
}

func (s *fileSource) publish() {
	s.decoder.counts.KernelDrops = s.file.drops()
	s.public.set(s.decoder.counts)
}

func (s *fileSource) Counts() Counts { return s.public.get() }

func (s *fileSource) Close() error {
	s.closed.Store(true)
	return nil
}

// tally holds counts that other goroutines may read.
type tally struct {
	mu sync.Mutex
	n  Counts
}

func (t *tally) set(n Counts) {
	t.mu.Lock()
	t.n = n
	t.mu.Unlock()
}

func (t *tally) get() Counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.n
}
