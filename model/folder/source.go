package folder

import (
	"fmt"
	"io"

	"github.com/starling-load/starling/model"
)

// maxSourceBytes bounds a data file.
const maxSourceBytes = 256 << 20

// ReadSource reads the data file of a source: comma separated values with a
// header line that names the columns. The error names the line.
func ReadSource(name string, r io.Reader) (model.Source, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSourceBytes+1))
	if err != nil {
		return model.Source{}, err
	}
	if len(data) > maxSourceBytes {
		return model.Source{}, fmt.Errorf("the file is larger than %d MiB", maxSourceBytes>>20)
	}
	columns, rows, err := parseTable(data)
	if err != nil {
		return model.Source{}, err
	}
	return model.Source{Name: name, Columns: columns, Rows: rows}, nil
}
