package run

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/folder"
	"github.com/starling-load/starling/replay/faithful"
)

// replaceData puts the rows of CSV files in the place of a model's data sources.
func replaceData(m *model.Model, data map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(data)) {
		i := slices.IndexFunc(m.Data, func(s model.Source) bool { return s.Name == name })
		if i < 0 {
			return noSource(m, name, data[name])
		}
		src, err := ReadData(name, data[name])
		if err != nil {
			return err
		}
		for _, column := range m.Data[i].Columns {
			if !slices.Contains(src.Columns, column) {
				return fmt.Errorf("%s has no column %q, which the model needs; its header is %s", data[name], column, strings.Join(src.Columns, ","))
			}
		}
		src.Kinds = m.Data[i].Kinds
		m.Data[i] = src
	}
	return nil
}

// noSource says that the model has no data source of that name.
func noSource(m *model.Model, name, path string) error {
	var have []string
	for _, src := range m.Data {
		have = append(have, src.Name)
	}
	if len(have) == 0 {
		return jobErrorf("%s: the model has no data sources; learn it with data files", path)
	}
	return jobErrorf("%s: the model has no data source %q; it has %s", path, name, strings.Join(have, ", "))
}

// ReadData reads the data source of that name from a CSV file with a header and
// at least one row.
func ReadData(name, path string) (model.Source, error) {
	f, err := os.Open(path)
	if err != nil {
		return model.Source{}, err
	}
	defer f.Close()
	src, err := folder.ReadSource(name, f)
	if err != nil {
		return model.Source{}, fmt.Errorf("read %s: %w", path, err)
	}
	if len(src.Rows) == 0 {
		return model.Source{}, fmt.Errorf("%s has no rows below its header; add some", path)
	}
	return src, nil
}

// tellShared says which data files have fewer rows than the run has users, so that
// several users share one.
func (in *input) tellShared(supplies []faithful.Supply) {
	for _, s := range supplies {
		what := ": several users share one"
		switch {
		case !s.Short():
			continue
		case s.Supplied == 0:
			what = ": their users get rows of other kinds"
		case s.InUse > 0:
			what = fmt.Sprintf(": %s of %s sessions have one that another user has at the same time", humanize.Comma(int64(s.InUse)), humanize.Comma(int64(s.Sessions)))
		}
		in.note(fmt.Sprintf("%s%s; add rows to %s.csv, and give it with --data", s, what, s.File))
	}
}
