package client

import "io"

// A source gives a body piece by piece. A piece is valid until the next call. After
// the last piece comes io.EOF, without a piece.
type source interface{ next() ([]byte, error) }

// readBody reads body to its end.
func readBody(body source, k *keeper) error {
	for {
		p, err := body.next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		k.add(p)
	}
}

// readEvents reads until that many events have come, or to the end of body. whole
// reports whether the end was reached. An event ends with a blank line (WHATWG HTML,
// 9.2.5).
func readEvents(body source, events int, k *keeper) (whole bool, err error) {
	var c eventCounter
	for c.seen < events {
		p, err := body.next()
		switch {
		case err == io.EOF:
			return true, nil
		case err != nil:
			return false, err
		}
		c.count(p)
		k.add(p)
	}
	return false, nil
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

// pieces makes a source of a reader.
type pieces struct {
	from io.Reader
	buf  []byte
}

func (p pieces) next() ([]byte, error) {
	for range 100 { // a reader may give nothing for a while, but not for ever
		n, err := p.from.Read(p.buf)
		if n > 0 {
			return p.buf[:n], nil
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, io.ErrNoProgress
}
