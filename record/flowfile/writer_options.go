package flowfile

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// WriterOptions are the limits of a Writer. The zero value is useful.
type WriterOptions struct {
	// MaxBody cuts bodies and messages to this many bytes; their size and hash
	// are kept. A body that has Open is kept whole or, where it is longer, as far
	// as its Data goes. Messages are cut to 48 MiB at most. 0 is 16 MiB; at most
	// the constant MaxBody.
	MaxBody int64

	// MaxBytes is the greatest length of the finished file in bytes; 0 is no
	// limit. It is never exceeded; at least 64 KiB.
	MaxBytes int64

	// BlockSize is the length in bytes, before compression, at which a block is
	// sealed. 0 is 1 MiB; at most 16 MiB.
	BlockSize int

	// Encrypt seals each compressed block before it is written. Each block is
	// decrypted without the others. Heads, index and totals stay clear: they tell
	// times, sizes, counts of status codes and protocols. Nil: the file is not
	// encrypted.
	Encrypt func(plain []byte) (sealed []byte, err error)

	// id makes the file reproducible in tests. 0: drawn at random.
	id uint64
	// created is the time of creation in tests. 0: now.
	created int64
}

const (
	defaultMaxBody   = 16 << 20
	defaultBlockSize = 1 << 20
	limitBlockSize   = 16 << 20
	leastMaxBytes    = 64 << 10
	lossReserve      = 2 << 10 // for Loss records after the limit is reached
)

func (o WriterOptions) withDefaults() WriterOptions {
	if o.MaxBody == 0 {
		o.MaxBody = defaultMaxBody
	}
	if o.BlockSize == 0 {
		o.BlockSize = defaultBlockSize
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = math.MaxInt64
	}
	if o.created == 0 {
		o.created = time.Now().UnixNano()
	}
	return o
}

func (o WriterOptions) validate() error {
	var errs []error
	if o.MaxBody < 0 || o.MaxBody > MaxBody {
		errs = append(errs, fmt.Errorf("MaxBody is %d; it goes from 0 to %d", o.MaxBody, MaxBody))
	}
	if o.BlockSize < 0 || o.BlockSize > limitBlockSize {
		errs = append(errs, fmt.Errorf("BlockSize is %d; it goes from 0 to %d", o.BlockSize, limitBlockSize))
	}
	if o.MaxBytes < leastMaxBytes {
		errs = append(errs, fmt.Errorf("MaxBytes is %d; the least is %d", o.MaxBytes, leastMaxBytes))
	}
	return errors.Join(errs...)
}
