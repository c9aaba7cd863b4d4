package cmd

import (
	"errors"
	"math"

	"github.com/dustin/go-humanize"
)

var errNotBytes = errors.New("write a size as 65536, 512MiB or 2GB")

// byteSize is a flag of a number of bytes: 512MiB, 2GB, 65536.
type byteSize int64

func (b *byteSize) String() string {
	if *b == 0 {
		return "0"
	}
	return humanize.IBytes(uint64(*b))
}

func (b *byteSize) Set(s string) error {
	n, err := humanize.ParseBytes(s)
	if err != nil || n > math.MaxInt64 {
		return errNotBytes
	}
	*b = byteSize(n)
	return nil
}

func (b *byteSize) Type() string { return "bytes" }
