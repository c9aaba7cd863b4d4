package gor

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/wire"
	"github.com/starling-load/starling/record/http1"
)

// separator ends a record of GoReplay. Nothing escapes it. A body that holds it is
// recognised by its length, or because no head of a record follows.
const separator = "\n🐵🙈🙉\n"

// headMax is the greatest length of the line at the head of a record, in bytes.
const headMax = 256

// A record is one message with the line before it.
type record struct {
	kind    byte // '1' request, '2' response, '3' replayed response
	id      string
	at      int64 // Unix ns
	latency int64 // ns that the message took
	raw     []byte
	open    bool // no separator ends it; the next record follows at once
}

// A scanner finds the records of a .gor file. It holds one of them.
type scanner struct {
	r      *bufio.Reader
	buf    []byte // from here on, at least what was looked at
	end    error  // the reader's; nothing follows buf then
	offset int64  // of buf in the input
}

var (
	errHead = errors.New("no record of GoReplay begins here")
	errCut  = fmt.Errorf("the file is cut off: %w", io.ErrUnexpectedEOF)
)

// fill reads until buf has n bytes or the input ends, and reports whether it has.
func (g *scanner) fill(n int) bool {
	for len(g.buf) < n && g.end == nil {
		if cap(g.buf)-len(g.buf) < 32<<10 {
			grown := make([]byte, len(g.buf), max(2*len(g.buf), 128<<10))
			copy(grown, g.buf)
			g.buf = grown
		}
		k, err := g.r.Read(g.buf[len(g.buf):cap(g.buf)])
		g.buf, g.end = g.buf[:len(g.buf)+k], err
	}
	return len(g.buf) >= n
}

// drop forgets the first n bytes of buf. fill frees their memory when it needs more.
func (g *scanner) drop(n int) {
	g.buf = g.buf[n:]
	g.offset += int64(n)
}

// next returns the next record, or io.EOF after the last. A *gorError concerns one
// record: call next again.
func (g *scanner) next() (record, error) {
	for g.fill(1) && (g.buf[0] == '\n' || g.buf[0] == '\r') {
		g.drop(1)
	}
	if !g.fill(1) {
		return record{}, g.end
	}
	g.fill(headMax)
	rec, head, ok := parseHead(g.buf)
	if !ok {
		return rec, g.recover(errHead)
	}
	end, err := g.messageEnd(head)
	if err != nil {
		return rec, g.recover(err)
	}
	rec.raw = bytes.Clone(g.buf[head:end])
	if g.drop(end); bytes.HasPrefix(g.buf, []byte(separator)) {
		g.drop(len(separator))
	} else {
		rec.open = len(g.buf) > 0
	}
	return rec, nil
}

// A gorError is one record that could not be read.
type gorError struct {
	offset int64
	err    error
}

func (e *gorError) Error() string { return fmt.Sprintf("record at byte %d: %v", e.offset, e.err) }
func (e *gorError) Unwrap() error { return e.err }

// recover goes to the next separator and returns what was wrong before it.
func (g *scanner) recover(err error) error {
	at := g.offset
	for {
		if i := bytes.Index(g.buf, []byte(separator)); i >= 0 {
			g.drop(i + len(separator))
			return &gorError{at, err}
		}
		keep := len(separator) - 1
		if len(g.buf) > keep {
			g.drop(len(g.buf) - keep)
		}
		if !g.fill(len(g.buf) + 1) {
			g.drop(len(g.buf))
			return &gorError{at, err}
		}
	}
}

// parseHead reads the line "TYPE ID TIMESTAMP LATENCY" at the beginning of b
// and returns where the message begins. Older files have no latency.
func parseHead(b []byte) (rec record, n int, ok bool) {
	line, _, found := bytes.Cut(b[:min(len(b), headMax)], []byte("\n"))
	if !found {
		return rec, 0, false
	}
	fields := bytes.Fields(line)
	if len(fields) < 3 || len(fields) > 4 || len(fields[0]) != 1 || fields[0][0] < '1' || fields[0][0] > '3' {
		return rec, 0, false
	}
	rec.kind, rec.id = fields[0][0], string(fields[1])
	for _, c := range fields[1] {
		if !isHex(c) && c != '-' {
			return rec, 0, false
		}
	}
	var err error
	if rec.at, err = strconv.ParseInt(string(fields[2]), 10, 64); err != nil {
		return rec, 0, false
	}
	if len(fields) == 4 {
		if rec.latency, err = strconv.ParseInt(string(fields[3]), 10, 64); err != nil {
			return rec, 0, false
		}
	}
	return rec, len(line) + 1, true
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// messageEnd returns where the message that begins at head ends in buf.
func (g *scanner) messageEnd(head int) (int, error) {
	if end := g.framedEnd(head); end >= 0 {
		return end, nil
	}
	sep := []byte(separator)
	from := head
	for {
		i := bytes.Index(g.buf[from:], sep)
		if i < 0 {
			if len(g.buf)-head > convert.MaxEntry {
				return 0, convert.ErrTooLong
			}
			from = max(from, len(g.buf)-len(sep)+1)
			if g.fill(len(g.buf) + 1) {
				continue
			}
			return g.lastEnd(head)
		}
		end := from + i
		if end-head > convert.MaxEntry {
			return 0, convert.ErrTooLong
		}
		if g.startsAfter(end) {
			return end, nil
		}
		from = end + 1
	}
}

// startsAfter reports whether the separator at end does end a record: behind it the
// input ends, or a record begins.
func (g *scanner) startsAfter(end int) bool {
	after := end + len(separator)
	g.fill(after + headMax)
	if after >= len(g.buf) {
		return true
	}
	_, _, ok := parseHead(g.buf[after:])
	return ok
}

// lastEnd returns the end of a message that no separator follows. That is the end of
// the input if the message's own framing says so; otherwise the message is cut.
func (g *scanner) lastEnd(head int) (int, error) {
	if g.end != nil && g.end != io.EOF {
		return 0, fmt.Errorf("%w: %w", errCut, g.end)
	}
	m, err := wire.Parse(g.buf[head:])
	if err != nil {
		return 0, errCut
	}
	if n := wire.ContentLength(m.Headers); n > int64(len(m.Content)) || wire.Chunked(m.Headers) {
		return 0, errCut
	}
	return len(g.buf), nil
}

// framedEnd returns the end that the message's own framing tells, if a separator, the
// head of a record or the end of the input is there; otherwise -1.
func (g *scanner) framedEnd(head int) int {
	size, isChunked := g.framing(head)
	body := -1
	switch {
	case isChunked:
		body = g.chunksEnd(head + size.head)
	case size.length >= 0 && size.length <= convert.MaxEntry:
		body = head + size.head + int(size.length)
	}
	if body < 0 {
		return -1
	}
	if g.fill(body + headMax); len(g.buf) < body {
		return -1
	}
	rest := g.buf[body:]
	if _, _, record := parseHead(bytes.TrimLeft(rest, "\r\n")); record || bytes.HasPrefix(rest, []byte(separator)) || len(rest) == 0 {
		return body
	}
	return -1
}

type gorSize struct {
	head   int
	length int64
}

// framing reads the head of the message.
func (g *scanner) framing(head int) (size gorSize, isChunked bool) {
	size.length = -1
	for limit := 8 << 10; ; limit *= 4 {
		whole := g.fill(head + limit)
		b := g.buf[head:min(len(g.buf), head+limit)]
		m, err := wire.Parse(b)
		if end := bytes.Index(b, []byte(separator)); end >= 0 && (err != nil || end < len(b)-len(m.Content)) {
			return size, false // the head is cut; nothing of it tells a length
		}
		switch {
		case err == http1.ErrMore && whole:
			continue
		case err != nil:
			return size, false
		}
		size = gorSize{len(b) - len(m.Content), wire.ContentLength(m.Headers)}
		if size.length < 0 && (m.Status == 0 || !http1.BodyAllowed("", m.Status)) {
			size.length = 0 // without either field there is no body (RFC 9112, 6.3)
		}
		return size, wire.Chunked(m.Headers)
	}
}

// chunksEnd returns the end of the chunks that begin at from; -1 if they are not whole.
func (g *scanner) chunksEnd(from int) int {
	var c http1.Chunks
	for at := from; at-from <= convert.MaxEntry && c.Left() <= convert.MaxEntry && g.fill(at+1); {
		_, _, rest, err := c.Next(g.buf[at:])
		if err != nil {
			return -1
		}
		if at = len(g.buf) - len(rest); c.Done() {
			return at
		}
	}
	return -1
}
