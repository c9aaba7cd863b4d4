package model

import (
	"strings"

	"github.com/starling-load/starling/model/content/codec"
)

// ColumnsByValue returns the values of data files with the names of their columns: the
// first that holds a value counts. A value that one row alone has counts in other cases
// too, as software writes the names of its users, but not where that is the value of
// another row, and no short word, which everybody may say.
func ColumnsByValue(files []Source) map[string]string {
	columns, many := map[string]string{}, map[string]bool{}
	rows := map[string]*[]string{} // the first row of each value
	each := func(visit func(row *[]string, column, value string)) {
		for i := range files {
			for r := range files[i].Rows {
				for c, v := range files[i].Rows[r] {
					visit(&files[i].Rows[r], files[i].Columns[c], v)
				}
			}
		}
	}
	each(func(row *[]string, column, value string) {
		if rows[value] == nil {
			columns[value], rows[value] = column, row
		} else if rows[value] != row {
			many[value] = true
		}
	})
	each(func(_ *[]string, column, value string) {
		if many[value] || len(value) < 5 && !strings.ContainsAny(value, "0123456789") {
			return
		}
		for _, k := range codec.Cases() {
			text := codec.Chain{codec.New(k)}.Encode(value)
			if _, had := columns[text]; !had {
				columns[text] = column
			}
		}
	})
	return columns
}
