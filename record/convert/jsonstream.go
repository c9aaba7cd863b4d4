package convert

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A jsonStream walks through JSON of any length. It finds where values begin
// and end, whatever stands in them, so that a broken or over-long value is
// passed over and the next one read. (json.Decoder holds a whole value however
// long it is, and ends at the first error.)
type jsonStream struct {
	r   *bufio.Reader
	buf []byte
}

// maxValues bounds the values in one value that is read whole: the smallest has
// two bytes in the file and a hundred in memory.
const maxValues = 2 << 20

// errJSON says that the input is not JSON at a place that holds it together.
var errJSON = errors.New("not JSON")

// peek returns the next byte that is not white space, without taking it.
func (s *jsonStream) peek() (byte, error) {
	for {
		c, err := s.r.ReadByte()
		if err != nil {
			return 0, cut(err)
		}
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return c, s.r.UnreadByte()
		}
	}
}

// cut turns the end of input within something into io.ErrUnexpectedEOF.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// take consumes the next byte, which must be c.
func (s *jsonStream) take(c byte) error {
	got, err := s.peek()
	if err != nil {
		return err
	}
	if got != c {
		return fmt.Errorf("%w: %q where %q belongs", errJSON, got, c)
	}
	_, err = s.r.Discard(1)
	return err
}

// next moves to the next element of an object or array that ends with end, and
// reports whether there is one. first says that none was read yet.
func (s *jsonStream) next(first bool, end byte) (bool, error) {
	c, err := s.peek()
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
	if err := s.take(','); err != nil {
		return false, err
	}
	// A comma before the end is a common fault of hand-written files.
	if c, err = s.peek(); err == nil && c == end {
		_, err := s.r.Discard(1)
		return false, err
	}
	return err == nil, err
}

// members calls member for each member of the object that comes next; member
// must consume the value.
func (s *jsonStream) members(member func(name string) error) error {
	if err := s.take('{'); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := s.next(first, '}')
		if err != nil || !more {
			return err
		}
		raw, err := s.value(1 << 20)
		if err != nil {
			return err
		}
		var name string
		if json.Unmarshal(raw, &name) != nil {
			return fmt.Errorf("%w: a member has no name", errJSON)
		}
		if err := s.take(':'); err != nil {
			return err
		}
		if err := member(name); err != nil {
			return err
		}
	}
}

// value consumes the next value and returns it, valid until the next call. One
// longer than limit, or of more than maxValues values, is consumed too and is
// errTooLong.
func (s *jsonStream) value(limit int) ([]byte, error) {
	if cap(s.buf) > 4<<20 {
		s.buf = nil // not kept for the sake of one long entry
	}
	s.buf = s.buf[:0]
	if _, err := s.peek(); err != nil {
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
			return nil, cut(err)
		}
		n, done := v.scan(b)
		if tooLong = tooLong || len(s.buf)+n > limit || v.commas > maxValues; !tooLong {
			s.buf = append(s.buf, b[:n]...)
		}
		s.r.Discard(n) // cannot fail: Peek has them
		if done {
			break
		}
	}
	if tooLong {
		s.buf = s.buf[:0]
		return nil, errTooLong
	}
	if len(s.buf) == 0 {
		return nil, fmt.Errorf("%w: a value is missing", errJSON)
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

// A looseText is text where a writer may have put something else: a number
// becomes its digits, null nothing, other JSON itself.
type looseText string

// UnmarshalJSON never fails on JSON.
func (t *looseText) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(t))
	}
	if string(b) != "null" {
		*t = looseText(b)
	}
	return nil
}

// A looseNumber is a number that may stand in quotes, or be missing.
type looseNumber struct {
	value float64
	known bool
}

// UnmarshalJSON never fails on JSON.
func (n *looseNumber) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseFloat(strings.Trim(string(b), `" `), 64)
	*n = looseNumber{value: v, known: err == nil && v == v}
	return nil
}

// MarshalJSON writes the number alone.
func (n looseNumber) MarshalJSON() ([]byte, error) { return json.Marshal(n.value) }

// positive returns the number if it is known and above 0, otherwise 0. It is
// less than 2^53.
func (n looseNumber) positive() float64 {
	if !n.known || n.value <= 0 {
		return 0
	}
	return min(n.value, 1<<53)
}

// A looseList is a list where a writer may have put null, text or an object;
// elements that do not fit are left out.
type looseList[T any] []T

// UnmarshalJSON never fails on JSON.
func (l *looseList[T]) UnmarshalJSON(b []byte) error {
	var raw []json.RawMessage
	if json.Unmarshal(b, &raw) != nil {
		return nil
	}
	for _, r := range raw {
		var v T
		if json.Unmarshal(r, &v) == nil {
			*l = append(*l, v)
		}
	}
	return nil
}
