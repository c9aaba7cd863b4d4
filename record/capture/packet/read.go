package packet

import (
	"errors"
	"fmt"
	"io"
)

// ReadOptions belong to Read. The zero value reads everything.
type ReadOptions struct {
	// Secrets, if not nil, gets the TLS key log text of every decryption-secrets
	// block of a pcapng file, before the packets that follow it. The text is valid
	// during the call.
	Secrets func(keylog []byte)
	// Filter chooses segments, after tunnels and fragments are undone.
	Filter Filter
}

// DamageError is something wrong in a capture file.
type DamageError struct {
	// Offset is where the damaged record starts, in bytes of the uncompressed file.
	Offset int64
	Err    error
}

func (e *DamageError) Error() string { return fmt.Sprintf("at byte %d: %v", e.Offset, e.Err) }

// Unwrap returns the cause.
func (e *DamageError) Unwrap() error { return e.Err }

// Read reads a capture file from its present position: pcap (microseconds or
// nanoseconds, either byte order) or pcapng, as it is or compressed by gzip or xz,
// which is recognised by content. It needs no seeking; r may be a pipe.
func Read(r io.Reader, o ReadOptions) (Source, error) {
	return nil, errors.ErrUnsupported
}
