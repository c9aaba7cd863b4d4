package flowfile

import (
	"errors"
	"fmt"
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrNotFlowFile says that a file is no flow file.
	ErrNotFlowFile = errors.New("not a flow file")

	// ErrVersion says that a file was written by a newer Starling.
	ErrVersion = errors.New("written by a newer version of Starling; update Starling to read it")

	// ErrTruncated says that a file ends before its index: its writer was
	// killed, is still writing, or the end was cut off. Everything up to there
	// was read.
	ErrTruncated = errors.New("the recording ends without its index: its writer was killed or is still writing, or the file was cut off")

	// ErrLocked says that another process is writing the file.
	ErrLocked = errors.New("another process is recording into it; choose another name")

	// ErrFull says that a record does not fit under WriterOptions.MaxBytes.
	ErrFull = errors.New("the size limit of the recording is reached")

	// ErrTooLong says that a record exceeds the limits of the format even
	// without its bodies and messages.
	ErrTooLong = errors.New("the record exceeds the limits of a flow file")

	// ErrEncrypted says that a recording is encrypted and nothing was given to
	// decrypt it.
	ErrEncrypted = errors.New("it is encrypted; name the file with your key: --identity FILE")

	// ErrTwice says that a recording was named twice where its flows would then
	// count twice.
	ErrTwice = errors.New("its flows would count twice; name it once")

	errClosed = errors.New("already closed")
)

// A CorruptError reports damage in a flow file. Reading goes on behind it: call
// Next again.
type CorruptError struct {
	Path   string
	Offset int64 // of the damaged frame in the file, in bytes
	Block  int64 // number of the damaged block, counted from 0; -1: outside the blocks
	Err    error
}

// Error names the file, the block and the offset.
func (e *CorruptError) Error() string {
	if e.Block < 0 {
		return fmt.Sprintf("read %s at offset %d: %v", e.Path, e.Offset, e.Err)
	}
	return fmt.Sprintf("read %s, block %d at offset %d: %v", e.Path, e.Block, e.Offset, e.Err)
}

// Unwrap returns what is wrong there.
func (e *CorruptError) Unwrap() error { return e.Err }

// A WriteError reports that a block could not be stored. What was sealed before
// it is intact, and the Writer can be used on.
type WriteError struct {
	Path  string
	Flows uint64 // flows that are lost with the block
	Err   error
}

// Error names the file and the number of flows lost.
func (e *WriteError) Error() string {
	return fmt.Sprintf("write %s: %d flows lost: %v", e.Path, e.Flows, e.Err)
}

// Unwrap returns the error of the device.
func (e *WriteError) Unwrap() error { return e.Err }
