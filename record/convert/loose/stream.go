package loose

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/starling-load/starling/record/convert"
)

// A Stream walks through JSON of any length. It finds where values begin and end,
// whatever they hold, so that it can pass over a broken or over-long value and read the
// next one. (json.Decoder holds each value whole, and ends at the first error.)
type Stream struct {
	r   *bufio.Reader
	buf []byte
}

// NewStream returns a Stream that reads r.
func NewStream(r *bufio.Reader) *Stream { return &Stream{r: r} }

// MaxValues bounds the number of values inside one value that is read whole. The
// smallest of them takes two bytes in the file and a hundred in memory.
const MaxValues = 2 << 20

// ErrJSON says that the input is not JSON between its entries. The entries behind that
// place cannot be found.
var ErrJSON = errors.New("not JSON")

// Peek returns the next byte that is not white space, without taking it.
func (s *Stream) Peek() (byte, error) {
	for {
		c, err := s.r.ReadByte()
		if err != nil {
			return 0, Cut(err)
		}
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return c, s.r.UnreadByte()
		}
	}
}

// Cut returns io.ErrUnexpectedEOF in place of io.EOF, for places where the input must
// not end.
func Cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Take consumes the next byte, which must be c.
func (s *Stream) Take(c byte) error {
	got, err := s.Peek()
	if err != nil {
		return err
	}
	if got != c {
		return fmt.Errorf("%w: %q where %q belongs", ErrJSON, got, c)
	}
	_, err = s.r.Discard(1)
	return err
}

// Next moves to the next element of an object or array that ends with end, and
// reports whether there is one. first says that none was read yet.
func (s *Stream) Next(first bool, end byte) (bool, error) {
	c, err := s.Peek()
	if err != nil {
		return false, err
	}
	if c == end {
		_, err := s.r.Discard(1)
		return false, err
	}
	if first {
		return true, nil
	}
	if err := s.Take(','); err != nil {
		return false, err
	}
	// A comma before the end is a common fault of hand-written files.
	if c, err = s.Peek(); err == nil && c == end {
		_, err := s.r.Discard(1)
		return false, err
	}
	return err == nil, err
}

// Members calls member for each member of the object that comes next; member
// must consume the value.
func (s *Stream) Members(member func(name string) error) error {
	if err := s.Take('{'); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := s.Next(first, '}')
		if err != nil || !more {
			return err
		}
		raw, err := s.Value(1 << 20)
		if err != nil {
			return err
		}
		var name string
		if json.Unmarshal(raw, &name) != nil {
			return fmt.Errorf("%w: a member has no name", ErrJSON)
		}
		if err := s.Take(':'); err != nil {
			return err
		}
		if err := member(name); err != nil {
			return err
		}
	}
}

// Value consumes the next value and returns it, valid until the next call. A value
// longer than limit, or of more than MaxValues values, is consumed too, and the error
// is convert.ErrTooLong.
func (s *Stream) Value(limit int) ([]byte, error) {
	if cap(s.buf) > 4<<20 {
		s.buf = nil // not kept for the sake of one long entry
	}
	s.buf = s.buf[:0]
	if _, err := s.Peek(); err != nil {
		return nil, err
	}
	var v valueScan
	tooLong := false
	for {
		b, err := s.r.Peek(max(1, s.r.Buffered()))
		if len(b) == 0 {
			if v.scalar && errors.Is(err, io.EOF) {
				break
			}
			return nil, Cut(err)
		}
		n, done := v.scan(b)
		if tooLong = tooLong || len(s.buf)+n > limit || v.commas > MaxValues; !tooLong {
			s.buf = append(s.buf, b[:n]...)
		}
		s.r.Discard(n) // cannot fail: Peek has them
		if done {
			break
		}
	}
	if tooLong {
		s.buf = s.buf[:0]
		return nil, convert.ErrTooLong
	}
	if len(s.buf) == 0 {
		return nil, fmt.Errorf("%w: a value is missing", ErrJSON)
	}
	return s.buf, nil
}

// A valueScan finds the end of a value.
type valueScan struct {
	depth    int
	inString bool
	escaped  bool
	scalar   bool // a number or word: what ends it is not its own
	commas   int  // outside of strings: about the number of values
}

// scan returns how many bytes of b belong to the value, and whether it ends
// with them.
func (v *valueScan) scan(b []byte) (n int, done bool) {
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case v.escaped:
			v.escaped = false
		case v.inString:
			k := bytes.IndexAny(b[i:], "\"\\")
			if k < 0 {
				return len(b), false
			}
			i += k
			if b[i] == '\\' {
				v.escaped = true
			} else if v.inString = false; v.depth == 0 {
				return i + 1, true
			}
		case v.scalar:
			if strings.IndexByte(",]}: \t\r\n", c) >= 0 {
				return i, true
			}
		case c == '"':
			v.inString = true
		case c == '{' || c == '[':
			v.depth++
		case c == '}' || c == ']':
			if v.depth--; v.depth <= 0 {
				return i + max(0, v.depth+1), true
			}
		case c == ',' && v.depth > 0:
			v.commas++
		case v.depth == 0:
			if c == ',' || c == ':' {
				return i, true
			}
			v.scalar = true
		}
	}
	return len(b), false
}

// TooMany reports whether JSON holds more than MaxValues values.
func TooMany(data []byte) bool {
	var v valueScan
	v.scan(data)
	return v.commas > MaxValues
}
