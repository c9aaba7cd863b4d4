package modelled

import (
	"fmt"
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
)

// fieldsOf returns what a session says of the row of a data file.
func fieldsOf(of *model.Session, file string) []model.Field {
	var list []model.Field
	for _, f := range of.Account {
		if name, column, _ := strings.Cut(f.Ref, "."); name == file {
			list = append(list, model.Field{Ref: column, Value: f.Value})
		}
	}
	return list
}

// A rowFinder finds rows of a data file by values of columns. Lists of columns are joined
// by zero bytes, as are their values.
type rowFinder struct {
	file  *model.Source
	first map[string]map[string]int // the first row with some values, by columns
	kinds map[string][]int          // rows, by kind
}

func newRowFinder(file *model.Source) *rowFinder {
	f := &rowFinder{file: file, first: make(map[string]map[string]int), kinds: make(map[string][]int)}
	for r := range file.Rows {
		kind := f.kindText(func(column string) (string, bool) { return file.Rows[r][slices.Index(file.Columns, column)], true })
		f.kinds[kind] = append(f.kinds[kind], r)
	}
	return f
}

// kindText describes a kind of rows by the values of the columns that tell it. It is ""
// if one is not known.
func (f *rowFinder) kindText(value func(column string) (string, bool)) string {
	parts := make([]string, len(f.file.Kinds))
	for i, column := range f.file.Kinds {
		v, ok := value(column)
		if !ok {
			return ""
		}
		parts[i] = column + "=" + v
	}
	return strings.Join(parts, ", ")
}

// kind returns the kind of a row with some values, "" if they do not tell it.
func (f *rowFinder) kind(fields []model.Field) string {
	return f.kindText(func(column string) (string, bool) {
		i := slices.IndexFunc(fields, func(x model.Field) bool { return x.Ref == column })
		if i < 0 {
			return "", false
		}
		return fields[i].Value, true
	})
}

// of returns the rows of a kind, or all if there are none.
func (f *rowFinder) of(kind string) []int {
	if rows := f.kinds[kind]; len(rows) > 0 {
		return rows
	}
	all := make([]int, len(f.file.Rows))
	for r := range all {
		all[r] = r
	}
	return all
}

// find returns the first row with some values, or -1. Those that only say of which kind
// the row is find none.
func (f *rowFinder) find(fields []model.Field) int {
	if !slices.ContainsFunc(fields, func(x model.Field) bool { return !slices.Contains(f.file.Kinds, x.Ref) }) {
		return -1
	}
	var columns, values []string
	for _, x := range fields {
		columns, values = append(columns, x.Ref), append(values, x.Value)
	}
	key := strings.Join(columns, "\x00")
	index, had := f.first[key]
	if !had {
		index = make(map[string]int, len(f.file.Rows))
		for r, row := range f.file.Rows {
			at := make([]string, len(columns))
			for i, column := range columns {
				at[i] = row[slices.Index(f.file.Columns, column)]
			}
			text := strings.Join(at, "\x00")
			if _, had := index[text]; !had {
				index[text] = r
			}
		}
		f.first[key] = index
	}
	if r, ok := index[strings.Join(values, "\x00")]; ok {
		return r
	}
	return -1
}

// A kindUsed is a kind of rows of a data file that recorded users had.
type kindUsed struct {
	text  string // such as "role=admin"; "": the file has no kinds, or those of the users are not known
	rows  int    // that the file has
	users int    // recorded ones with a row of their own, or with none that is known
}

// kindsOf returns the kinds of rows of a file that the users of sessions had, in the order
// of their first session.
func kindsOf(file *model.Source, sessions []model.Session) []kindUsed {
	rows := newRowFinder(file)
	var list []kindUsed
	seen, index := make(map[string]bool), make(map[string]int)
	for i := range sessions {
		fields := fieldsOf(&sessions[i], file.Name)
		kind, user := rows.kind(fields), fmt.Sprintf("%q", fields)
		if len(fields) == 0 {
			user = sessions[i].User
		}
		if seen[user] && user != "" {
			continue
		}
		seen[user] = true
		at, had := index[kind]
		if !had {
			at = len(list)
			index[kind], list = at, append(list, kindUsed{text: kind, rows: len(rows.kinds[kind])})
		}
		list[at].users++
	}
	if at, ok := index[""]; ok {
		list[at].rows = len(file.Rows)
	}
	return list
}
