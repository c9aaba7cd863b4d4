package convert

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// ErrLongLine says that a line is longer than what ReadLine was told to take.
var ErrLongLine = errors.New("the line is too long")

// ReadLine returns the next line without its end, valid until the next read, and io.EOF
// after the last. It consumes a line longer than limit and returns ErrLongLine.
func ReadLine(r *bufio.Reader, limit int) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err == nil {
		return bytes.TrimRight(line, "\r\n"), nil
	}
	long := bytes.Clone(line)
	tooLong := false
	for errors.Is(err, bufio.ErrBufferFull) {
		line, err = r.ReadSlice('\n')
		if tooLong = tooLong || len(long)+len(line) > limit; !tooLong {
			long = append(long, line...)
		}
	}
	switch {
	case err != nil && !(errors.Is(err, io.EOF) && len(long) > 0):
		return nil, err
	case tooLong:
		return nil, ErrLongLine
	}
	return bytes.TrimRight(long, "\r\n"), nil
}
