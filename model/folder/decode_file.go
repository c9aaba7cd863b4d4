package folder

import (
	"errors"
	"io/fs"
	"strings"
	"time"

	"github.com/starling-load/starling/model/problem"
)

// bytes reads a file in data/ that the model names.
func (x node) bytes(name string) ([]byte, bool) {
	if !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, "\\\x00:") {
		x.failf("%s is not the name of a file in data/, such as accounts.csv", problem.Quote(name))
		return nil, false
	}
	b, err := x.d.from.read(dataFolder+name, maxFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		x.failf("there is no file data/%s", problem.Shorten(name))
	case err != nil:
		x.failf("%v", err)
	}
	return b, err == nil
}

// table reads a table in data/. The header is nil when it cannot be read.
func (x node) table(name string) (header []string, rows [][]string) {
	b, ok := x.bytes(name)
	if !ok {
		return nil, nil
	}
	header, rows, err := parseTable(b)
	x.tableProblem(name, err)
	return header, rows
}

// tableProblem notes why a file is not a table.
func (x node) tableProblem(name string, err error) {
	var te *tableError
	if errors.As(err, &te) {
		x.d.found.Add(&problem.Problem{File: dataFolder + name, Line: te.line, Place: x.path, Text: te.reason})
	}
}

// parseSeconds is the inverse of seconds.
func parseSeconds(s string) (time.Duration, bool) {
	if s == "" || strings.Trim(s, "0123456789.-") != "" {
		return 0, false
	}
	d, err := time.ParseDuration(s + "s")
	return d, err == nil
}
