package compose

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/starling-load/starling/record/convert"
)

// Files are the files that a command or a request may refer to.
type Files struct {
	Dir   fs.FS  // nil: none
	Stdin []byte // what a command reads from its standard input; nil: nothing
}

// Read returns a file of at most convert.MaxEntry bytes.
func (f Files) Read(name string) ([]byte, error) {
	if name == "-" && f.Stdin != nil {
		return f.Stdin, nil
	}
	if name == "-" {
		return nil, errors.New("it reads its standard input")
	}
	clean := strings.TrimPrefix(name, "./")
	if f.Dir == nil || !fs.ValidPath(clean) {
		return nil, fmt.Errorf("it refers to the file %q; put files that may be read into one folder and name it", name)
	}
	file, err := f.Dir.Open(clean)
	if err != nil {
		return nil, fmt.Errorf("read what it refers to: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, convert.MaxEntry+1))
	if err != nil {
		return nil, fmt.Errorf("read what it refers to: %w", err)
	}
	if len(data) > convert.MaxEntry {
		return nil, fmt.Errorf("the file %q is %w", name, convert.ErrTooLong)
	}
	return data, nil
}
