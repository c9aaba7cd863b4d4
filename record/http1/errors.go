package http1

import (
	"errors"
	"math/bits"
)

// ErrMore says that the bytes so far are right but not complete.
var ErrMore = errors.New("the head is not complete")

// A Malformed is the reason why bytes are no head, or no chunks. It is an error; its
// text is a stable name.
type Malformed uint8

// The reasons.
const (
	BadFirstLine Malformed = iota // neither a request line nor a status line of HTTP/1.x
	LongLine                      // a line exceeds its limit
	LongHead                      // the head exceeds its limit
	ManyFields                    // there are more lines than the limit of fields
	BadChunk                      // no chunk size where one has to be, or no line end behind a chunk
	LongTrailer                   // the trailer section exceeds its limit
)

// Error returns the name of the reason.
func (m Malformed) Error() string {
	return [...]string{"malformed first line", "line too long", "head too long", "too many fields",
		"malformed chunk", "trailer too long"}[m]
}

// An Odd is a set of liberties that a head takes with the grammar. The error of a
// refused head is a set of one.
type Odd uint8

// The liberties.
const (
	BareLF     Odd = 1 << iota // a line ends in LF without CR (RFC 9112, 2.2)
	Folded                     // a value goes on in the next line (5.2)
	NoColon                    // a line is no field; it is left out and counted in Head.Skipped
	BadName                    // the name of a field is no token, for instance because of a blank before the colon (5.1)
	Control                    // NUL, CR or another control character in a line (RFC 9110, 5.5)
	OddLine                    // first line: no target, a space in it, no single spaces, an unfinished version; an answer of HTTP/2 or in small letters (3)
	TwoLengths                 // Content-Length is repeated (6.3)
	BothFrames                 // Content-Length beside Transfer-Encoding (6.3)
)

// Strict is every liberty.
const Strict Odd = 1<<8 - 1

// Error returns the name of the first liberty in the set.
func (o Odd) Error() string {
	if o == 0 {
		return "nothing odd"
	}
	return [...]string{"bare line feed", "folded line", "line without colon", "malformed field name",
		"control character", "odd first line", "repeated content length", "content length beside transfer coding",
	}[bits.TrailingZeros8(uint8(o))]
}

// first returns the liberty with the lowest bit.
func (o Odd) first() Odd { return o & -o }
