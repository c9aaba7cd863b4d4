package run

import (
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/folder"
	"github.com/starling-load/starling/replay/modelled"
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

// tellShared says which data files have fewer rows than the run has users, of all kinds or
// of one, so that several users share one.
func (in *input) tellShared(w *work) {
	if in.model == nil {
		return
	}
	for i := range in.model.Data {
		src := &in.model.Data[i]
		if !uses(in.model, src.Name) {
			continue
		}
		kinds := modelled.KindsOf(src, in.model.Sessions)
		if len(kinds) == 0 {
			kinds = []modelled.Kind{{Rows: len(src.Rows), Users: 1}} // there are no sessions, but walks
		}
		for _, k := range kinds {
			need := in.users(w, k.Users, kinds)
			switch rows := uint64(k.Rows); {
			case rows == 0:
				in.note(fmt.Sprintf("needs %s %s%s, none supplied: their users get rows of other kinds; add rows to %s.csv, and give it with --data",
					humanize.Comma(int64(need)), src.Name, with(k.Text), src.Name))
			case rows < need:
				in.note(fmt.Sprintf("needs %s %s%s, %s supplied: several users share one; add rows to %s.csv, and give it with --data",
					humanize.Comma(int64(need)), src.Name, with(k.Text), humanize.Comma(int64(rows)), src.Name))
			}
		}
	}
}

// with says which kind of accounts is meant.
func with(kind string) string {
	if kind == "" {
		return ""
	}
	return " with " + kind
}

// users is how many different users of one kind the run has, of which so many were recorded.
// Of a run with arrivals it is as many per session as in the recording, where users came
// back.
func (in *input) users(w *work, recorded int, kinds []modelled.Kind) uint64 {
	n, of := uint64(in.job.Plan.Users), 0
	for _, k := range kinds {
		of += k.Users
	}
	if n == 0 {
		n, of = w.arriving(in.job.Plan.Duration), max(of, len(in.model.Sessions))
	}
	return uint64(math.Ceil(float64(n) * float64(recorded) / float64(of)))
}

// uses reports whether requests of m carry values of a data source.
func uses(m *model.Model, source string) bool {
	for i := range m.Endpoints {
		for k := range m.Endpoints[i].Variants {
			for _, v := range m.Endpoints[i].Variants[k].Values {
				if name, _, _ := strings.Cut(v.Ref, "."); v.Kind == model.Data && name == source {
					return true
				}
			}
		}
	}
	return false
}
