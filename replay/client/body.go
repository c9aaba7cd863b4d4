package client

import (
	"fmt"
	"io"
	"sync"
)

// chunks are buffers that bodies pass through.
var chunks = sync.Pool{New: func() any { return new([16 << 10]byte) }}

// readBody reads body to its end.
func readBody(body io.Reader, k *keeper) error {
	buf := chunks.Get().(*[16 << 10]byte)
	defer chunks.Put(buf)
	for {
		n, err := body.Read(buf[:])
		k.add(buf[:n])
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// readEvents reads until so many events have come, or the end of body. An event
// ends with a blank line (WHATWG HTML, 9.2.5).
func readEvents(body io.Reader, events int, k *keeper) error {
	buf := chunks.Get().(*[16 << 10]byte)
	defer chunks.Put(buf)
	var c eventCounter
	for c.seen < events {
		n, err := body.Read(buf[:])
		c.count(buf[:n])
		k.add(buf[:n])
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
	return nil
}

// An eventCounter counts the events of a stream of server-sent events.
type eventCounter struct {
	seen   int
	line   int  // length of the line so far
	fields bool // a line that is not blank has come since the last event
}

func (c *eventCounter) count(p []byte) {
	for _, b := range p {
		switch {
		case b == '\r':
		case b != '\n':
			c.line++
		case c.line > 0:
			c.line, c.fields = 0, true
		case c.fields:
			c.seen++
			c.fields = false
		}
	}
}

// measured is the source of a body that must have a certain length.
type measured struct {
	source io.ReadCloser
	left   int64
	err    error // what was wrong with the source
}

// Read gives an error, and no end, where the source is too short: an end would
// make a cut request a whole one.
func (m *measured) Read(p []byte) (int, error) {
	if m.err != nil {
		return 0, m.err
	}
	if m.left == 0 {
		return 0, io.EOF
	}
	n, err := m.source.Read(p[:min(int64(len(p)), m.left)])
	m.left -= int64(n)
	switch {
	case err == io.EOF && m.left > 0:
		m.err = named(upload, fmt.Errorf("the body to send is %d bytes too short", m.left))
	case err != nil && err != io.EOF:
		m.err = named(upload, fmt.Errorf("read the body to send: %w", err))
	}
	if n > 0 {
		return n, nil
	}
	return 0, m.err
}

func (m *measured) Close() error { return m.source.Close() }
