package http1

import (
	"bytes"
	"math"
)

// The limits of the chunked coding, in bytes.
const (
	maxChunkLine = 4 << 10
	maxTrailer   = 64 << 10
)

// A chunkState is what the next byte of a chunked body belongs to.
type chunkState uint8

const (
	chunkStart chunkState = iota // blanks or the first digit of a size
	chunkSize                    // the digits of a size
	chunkBlank                   // what is between them and an extension or the line end
	chunkExtra                   // an extension
	chunkLF                      // the LF of a size line, whose CR was seen
	chunkData
	chunkEnd     // the line end behind a chunk
	chunkEndLF   // its LF
	chunkTrailer // trailer lines and the empty line
	chunkDone
)

// Chunks decodes a body in the chunked coding (RFC 9112, section 7.1), in place, from
// pieces of any size. It keeps no bytes. The zero value is ready for one body.
//
//	size [;extension] CRLF  data CRLF    any number of chunks
//	0    [;extension] CRLF               the last one
//	trailer fields CRLF CRLF
//
// Extensions are passed over. Lines may end in LF alone, and blanks may stand around
// a size.
type Chunks struct {
	left  uint64 // of the chunk; while its size is read: what was read of it
	line  uint32 // bytes of the line under way
	size  uint32 // bytes of trailers
	state chunkState
	cr    bool // trailer: the first byte of the line is a CR
}

// Next takes bytes from the beginning of p, up to the next piece of data or of the
// trailer section. It returns that piece and the rest of p. At most one of data and
// trailer is not empty. The pieces of the trailer section together are what
// Head.ParseTrailer parses. Call Next again with rest, then with the next bytes, until
// Done.
//
// The error is a Malformed. rest then begins with the wrong byte; the Pending bytes
// before it belong to the same line.
func (c *Chunks) Next(p []byte) (data, trailer, rest []byte, err error) {
	for len(p) > 0 {
		switch c.state {
		case chunkData:
			n := min(uint64(len(p)), c.left)
			if c.left -= n; c.left == 0 {
				c.state = chunkEnd
			}
			return p[:n:n], nil, p[n:], nil
		case chunkTrailer:
			n, err := c.trailer(p)
			return nil, p[:n:n], p[n:], err
		case chunkDone:
			return nil, nil, p, nil
		case chunkExtra:
			p, err = c.extra(p)
		default:
			if err = c.step(p[0]); err == nil {
				p = p[1:]
			}
		}
		if err != nil {
			return nil, nil, p, err
		}
	}
	return nil, nil, p, nil
}

// step takes a byte of a size line or of the line end behind a chunk.
func (c *Chunks) step(b byte) error {
	switch c.state {
	case chunkEnd, chunkEndLF:
		switch {
		case b == '\n':
			c.state, c.line = chunkStart, 0
		case b == '\r' && c.state == chunkEnd:
			c.state, c.line = chunkEndLF, 1
		default:
			return BadChunk
		}
		return nil
	}
	if b != '\n' && b != '\r' && c.line >= maxChunkLine {
		return LongLine
	}
	switch digit, ok := hexDigit(b); {
	case c.state == chunkStart && isBlank(b):
	case c.state <= chunkSize && ok:
		if c.left > math.MaxInt64>>4 {
			return BadChunk
		}
		c.state, c.left = chunkSize, c.left<<4|uint64(digit)
	case c.state == chunkStart:
		return BadChunk
	case b == '\n':
		c.sized()
		return nil
	case c.state == chunkLF:
		return BadChunk
	case b == '\r':
		c.state = chunkLF
	case isBlank(b):
		c.state = chunkBlank
	case b == ';':
		c.state = chunkExtra
	default:
		return BadChunk
	}
	c.line++
	return nil
}

// sized begins the chunk whose size line is complete.
func (c *Chunks) sized() {
	c.line, c.state = 0, chunkData
	if c.left == 0 {
		c.state = chunkTrailer
	}
}

// extra passes over an extension and returns what follows it.
func (c *Chunks) extra(p []byte) (rest []byte, err error) {
	n := bytes.IndexByte(p, '\n')
	if n >= 0 && int(c.line)+n <= maxChunkLine+1 { // a CR does not count
		c.sized()
		return p[n+1:], nil
	}
	if n = min(len(p), maxChunkLine+1-int(c.line)); n < len(p) {
		c.line += uint32(n)
		return p[n:], LongLine
	}
	c.line += uint32(n)
	return nil, nil
}

// trailer takes bytes of the trailer section and returns how many belong to it.
func (c *Chunks) trailer(p []byte) (n int, err error) {
	for n < len(p) {
		if c.line == 0 {
			c.cr = p[n] == '\r'
		}
		lf := bytes.IndexByte(p[n:], '\n')
		took := lf + 1
		if lf < 0 {
			took = len(p) - n
		}
		if over := int(c.size) + took - maxTrailer; over > 0 {
			n += took - over
			c.line += uint32(took - over)
			return n, LongTrailer
		}
		n, c.size = n+took, c.size+uint32(took)
		switch c.line += uint32(took); {
		case lf < 0:
		case c.line == 1, c.line == 2 && c.cr:
			c.line, c.state = 0, chunkDone
			return n, nil
		default:
			c.line = 0
		}
	}
	return n, nil
}

// Done reports whether the body and its trailer section are complete.
func (c *Chunks) Done() bool { return c.state == chunkDone }

// Pending returns how many bytes of an incomplete line were taken.
func (c *Chunks) Pending() int { return int(c.line) }

// Left returns how many bytes of the chunk under way are still to come; 0 between
// chunks.
func (c *Chunks) Left() int64 {
	if c.state == chunkData {
		return int64(c.left)
	}
	return 0
}

// Skip passes over n bytes of the chunk under way that are missing, at most Left.
func (c *Chunks) Skip(n int64) {
	if c.left -= uint64(n); c.left == 0 {
		c.state = chunkEnd
	}
}

func hexDigit(b byte) (digit byte, ok bool) {
	switch {
	case isDigit(b):
		return b - '0', true
	case 'a' <= b && b <= 'f':
		return b - 'a' + 10, true
	case 'A' <= b && b <= 'F':
		return b - 'A' + 10, true
	}
	return 0, false
}
