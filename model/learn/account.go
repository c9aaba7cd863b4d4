package learn

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/model/way"
)

// keepAccounts says of each session which rows of data files its user had, and finds the
// columns that tell kinds of rows. rows are those of the sessions, by file.
func (l *learner) keepAccounts(m *model.Model, rows []map[string]int) {
	for i := range m.Data {
		f := &m.Data[i]
		who := identifying(f)
		f.Kinds = l.kindsOf(m, f, who, rows)
		l.report.Data = append(l.report.Data, suppliesOf(f, rows)...)
		for k := range m.Sessions {
			r, ok := rows[k][f.Name]
			if !ok {
				continue
			}
			s := &m.Sessions[k]
			for c, column := range f.Columns {
				if slices.Contains(who, c) || slices.Contains(f.Kinds, column) {
					s.Account = append(s.Account, model.Field{Ref: f.Name + "." + column, Value: f.Rows[r][c]})
				}
			}
		}
	}
}

// letIn gives the sessions whose users were in already the way in of others.
func (l *learner) letIn(m *model.Model) {
	traces := make([]way.Trace, len(l.sessions))
	for i := range l.sessions {
		traces[i] = l.sessions[i].trace
	}
	l.report.entries = way.Lend(m, traces)
	for i := range m.Sessions {
		s := &m.Sessions[i]
		if s.Begun = s.Begun || l.report.entries.Ways == 0 && l.sessions[i].cut&session.CutStart != 0; s.Begun {
			l.report.begun++
		}
	}
}

// suppliesOf counts the rows of a file and those of recorded users, of each kind that these
// have. rows are those of the sessions, by file.
func suppliesOf(f *model.Source, rows []map[string]int) (list []Supply) {
	kind := func(row []string) string {
		var parts []string
		for c, column := range f.Columns {
			if slices.Contains(f.Kinds, column) {
				parts = append(parts, column+"="+row[c])
			}
		}
		return strings.Join(parts, ", ")
	}
	index, seen := map[string]int{}, map[int]bool{}
	for _, of := range rows {
		r, ok := of[f.Name]
		if !ok || seen[r] {
			continue
		}
		seen[r] = true
		with := kind(f.Rows[r])
		if _, had := index[with]; !had {
			index[with] = len(list)
			list = append(list, Supply{File: f.Name, With: with})
		}
		list[index[with]].Recorded++
	}
	for _, row := range f.Rows {
		if i, ok := index[kind(row)]; ok {
			list[i].Rows++
		}
	}
	return list
}

// identifying returns columns of a file whose values tell its rows apart: one, if there is
// one, or the first several that do together.
func identifying(f *model.Source) []int {
	all := make([]int, len(f.Columns))
	for c := range all {
		all[c] = c
	}
	most := distinct(f, all)
	for c := range f.Columns {
		if distinct(f, all[c:c+1]) == most {
			return all[c : c+1]
		}
	}
	for n := range all {
		if distinct(f, all[:n]) == most {
			return all[:n]
		}
	}
	return all
}

// distinct returns how many different values some columns of a file have together.
func distinct(f *model.Source, columns []int) int {
	seen := make(map[string]bool, len(f.Rows))
	var key []byte
	for _, row := range f.Rows {
		key = key[:0]
		for _, c := range columns {
			key = append(append(key, row[c]...), 0)
		}
		seen[string(key)] = true
	}
	return len(seen)
}

// maxKindChance is the greatest chance with which what only users of one kind ask for may
// be of that kind by accident. It is not small: to keep copies within a kind that does not
// matter only means that fewer rows are used.
const maxKindChance = 0.1

// kindsOf returns the columns of a file that tell kinds of rows: those with few values,
// where users of one value ask for what no others ask for, or where all recorded users
// have one value. What it finds is noted.
func (l *learner) kindsOf(m *model.Model, f *model.Source, who []int, rows []map[string]int) []string {
	var kinds []string
	for c, column := range f.Columns {
		if n := distinct(f, []int{c}); n < 2 || 2*n > len(f.Rows) || slices.Contains(who, c) {
			continue
		}
		values := make(map[int]string) // by session
		for k := range m.Sessions {
			if r, ok := rows[k][f.Name]; ok {
				values[k] = f.Rows[r][c]
			}
		}
		ref := f.Name + "." + column
		switch why := whyKind(m, column, values); {
		case len(values) == 0:
		case why == "":
			l.report.accounts = append(l.report.accounts, fmt.Sprintf(
				"%s may tell kinds of users, and nothing in the recording shows it: copies of a session get rows of any kind; if they must not, write %s: {columns: [%s], kinds: [%s]} under data",
				ref, f.Name, strings.Join(f.Columns, ", "), column))
		default:
			kinds = append(kinds, column)
			l.report.accounts = append(l.report.accounts, fmt.Sprintf("%s tells kinds of users: %s; copies of a session get rows of its kind", ref, why))
		}
	}
	return kinds
}

// whyKind says why a column tells kinds of users, or "". values are those of the sessions
// whose rows are known.
func whyKind(m *model.Model, column string, values map[int]string) string {
	of := make(map[string]int) // sessions, by value
	for _, v := range values {
		of[v]++
	}
	if len(of) == 1 {
		for v := range of {
			return fmt.Sprintf("all recorded users have %s=%s", column, v)
		}
	}
	asked := make(map[string]map[string]int) // sessions, by endpoint and value
	for k := range m.Sessions {
		v, known := values[k]
		seen := make(map[string]bool)
		for i := range m.Sessions[k].Acts {
			e := m.Sessions[k].Acts[i].Endpoint
			if !known || seen[e] {
				continue
			}
			seen[e] = true
			if asked[e] == nil {
				asked[e] = make(map[string]int)
			}
			asked[e][v]++
		}
	}
	best, why := maxKindChance, ""
	for i := range m.Endpoints {
		e := m.Endpoints[i].Name
		if len(asked[e]) != 1 {
			continue
		}
		for v, n := range asked[e] {
			if p := byChance(n, of[v], len(values)); p < best || p == best && why == "" {
				best, why = p, fmt.Sprintf("only those with %s=%s ask for %s, in %d of %d %s", column, v, e, n, len(values), plural(len(values), "session"))
			}
		}
	}
	return why
}

// byChance returns the chance that n sessions, drawn from all, are of the same kind.
func byChance(n, kind, all int) float64 {
	p := 1.0
	for i := range n {
		p *= float64(kind-i) / float64(all-i)
	}
	return math.Max(p, 0)
}
