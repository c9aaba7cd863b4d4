package run

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/folder"
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
