package cmd

import (
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"
)

// byteSize is a flag of a number of bytes above 0: 512MiB, 2GB, 65536.
type byteSize int64

var errNotBytes = errors.New("write a size above 0, as 65536, 512MiB or 2GB")

func (b *byteSize) String() string {
	if *b == 0 {
		return "0"
	}
	return humanize.IBytes(uint64(*b))
}

func (b *byteSize) Set(s string) error {
	n, err := humanize.ParseBytes(s)
	if err != nil || n == 0 || n > math.MaxInt64 {
		return errNotBytes
	}
	*b = byteSize(n)
	return nil
}

func (b *byteSize) Type() string { return "bytes" }

// positive is a flag of a whole number above 0. It begins with its default, of
// which 0 is none.
type positive int

var errNotPositive = errors.New("give a whole number above 0")

func newPositive(n *int, normal int) *positive {
	*n = normal
	return (*positive)(n)
}

func (n *positive) String() string {
	if *n == 0 {
		return ""
	}
	return strconv.Itoa(int(*n))
}

func (n *positive) Set(s string) error {
	v, err := strconv.ParseInt(s, 10, 32)
	if err != nil || v < 1 {
		return errNotPositive
	}
	*n = positive(v)
	return nil
}

func (n *positive) Type() string { return "positive" }

// span is a flag of a time above 0 and of at most a year. It begins with its default, of
// which 0 is none.
type span time.Duration

const longestSpan = 365 * 24 * time.Hour

var (
	errNotSpan  = errors.New("write a time above 0 with its unit, as 500ms, 30s or 1m30s")
	errLongSpan = errors.New("write a time of at most a year, 8760h")
)

func newSpan(d *time.Duration, normal time.Duration) *span {
	*d = normal
	return (*span)(d)
}

func (d *span) String() string {
	if *d == 0 {
		return ""
	}
	return time.Duration(*d).String()
}

func (d *span) Set(s string) error {
	v, err := time.ParseDuration(s)
	if err != nil || v <= 0 {
		return errNotSpan
	}
	if v > longestSpan {
		return errLongSpan
	}
	*d = span(v)
	return nil
}

func (d *span) Type() string { return "span" }
