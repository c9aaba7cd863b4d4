package modelled

import (
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
)

// accounts says which row of a data file each recorded session gets. The first session
// that plays it gets the row that its user had in the recording. Further ones get rows
// that no recorded user had, each another one, until none is left. Then it begins anew
// with the recorded row. Sessions of one recorded user get the same row where they play
// the same copy.
//
//	recorded     ann   bob        free rows: cy dee eve fay
//	copy 0       ann   bob
//	copy 1       cy    dee
//	copy 2       eve   fay
//	copy 3       ann   bob
//
// Where the file has kinds of rows, all this holds within each kind. See holder for
// plans of a number of users.
type accounts struct {
	owners []*owner // by recorded session; nil: it uses no row
	kinds  []*kindOfRow
}

// An owner is a recorded user of a row.
type owner struct {
	kind    *kindOfRow
	row     int    // that it had; -1: it is not in the file
	number  uint64 // among the owners of its kind
	without uint64 // among those of them whose row is not in the file
}

// A kindOfRow is the rows of a data file that are of one kind, and the recorded users of
// such rows.
type kindOfRow struct {
	text    string // for people, such as "role=admin"; "": the file has no kinds
	rows    []int
	free    []int // those that no recorded user had
	owners  uint64
	without uint64 // owners whose row is not in the file
	cycle   uint64 // number of copies after which the recorded rows come again
}

// compileAccounts finds the rows of the recorded sessions in all data files.
func (s *source) compileAccounts() {
	for i := range s.data {
		s.accounts = append(s.accounts, s.accountsOf(i))
	}
}

func (s *source) accountsOf(at int) accounts {
	rows := newRowFinder(&s.data[at])
	a := accounts{owners: make([]*owner, len(s.sessions))}
	kinds := make(map[string]*kindOfRow)
	byUser, byRow := make(map[[2]string]*owner), make(map[int]*owner)
	for i := range s.sessions {
		fields := fieldsOf(&s.sessions[i], s.data[at].Name)
		if len(fields) == 0 && !s.uses(&s.sessions[i], at) {
			continue
		}
		kind, row := rows.kind(fields), rows.find(fields)
		if o := byRow[row]; o != nil {
			a.owners[i] = o
			continue
		}
		user := [2]string{kind, s.sessions[i].User}
		if o := byUser[user]; o != nil && row < 0 {
			a.owners[i] = o
			continue
		}
		k := kinds[kind]
		if k == nil {
			k = &kindOfRow{text: kind, rows: rows.of(kind)}
			kinds[kind], a.kinds = k, append(a.kinds, k)
		}
		o := &owner{kind: k, row: row, number: k.owners, without: k.without}
		k.owners++
		if a.owners[i] = o; row < 0 {
			k.without++
			byUser[user] = o
		} else {
			byRow[row] = o
		}
	}
	for _, k := range a.kinds {
		k.settle(byRow)
	}
	return a
}

// settle finds the rows that no recorded user had.
func (k *kindOfRow) settle(owned map[int]*owner) {
	for _, r := range k.rows {
		if owned[r] == nil {
			k.free = append(k.free, r)
		}
	}
	k.cycle = 1
	if free := uint64(len(k.free)); free > k.without {
		k.cycle += (free - k.without + k.owners - 1) / k.owners
	}
}

// copy returns the row of copy n of a recorded session.
func (o *owner) copy(n uint64) int {
	k := o.kind
	n %= k.cycle
	if n == 0 && o.row >= 0 {
		return o.row
	}
	next := o.without
	if n > 0 {
		next = k.without + (n-1)*k.owners + o.number
	}
	switch {
	case next < uint64(len(k.free)):
		return k.free[next]
	case o.row >= 0:
		return o.row
	}
	return k.rows[next%uint64(len(k.rows))]
}

// A holder is who has a row: somebody who plays a copy of the sessions of a recorded user,
// or, where the plan says how many users there are, one of these. Such a user has one row
// for all its sessions, since sessions of one recorded user that followed each other are
// played at the same time.
type holder struct {
	owner  *owner     // nil: it is a user of the plan
	kind   *kindOfRow // of the row
	number uint64     // of the copy, or of the user
}

// holder returns who plays a copy of a session of o, as session i of the plan.
func (s *source) holder(o *owner, copy, i uint64) holder {
	if s.plan.Users > 0 {
		return holder{nil, o.kind, i % uint64(s.plan.Users)}
	}
	return holder{o, o.kind, copy}
}

func (h holder) row() int {
	if h.owner == nil {
		return h.kind.rows[h.number%uint64(len(h.kind.rows))]
	}
	return h.owner.copy(h.number)
}

// row returns the row of a data file that the user has.
func (v *visitor) row(file int) int {
	if v.track >= 0 {
		if o := v.source.accounts[file].owners[v.track]; o != nil {
			return v.source.holder(o, v.copy, v.user).row()
		}
	}
	return int(v.user % uint64(len(v.source.data[file].Rows)))
}

// column returns what the user has in a column of a data file: FILE.COLUMN.
func (v *visitor) column(ref string) (value string, ok bool) {
	name, column, _ := strings.Cut(ref, ".")
	for i := range v.source.data {
		of := &v.source.data[i]
		if k := slices.Index(of.Columns, column); of.Name == name && k >= 0 && len(of.Rows) > 0 {
			return of.Rows[v.row(i)][k], true
		}
	}
	return "", false
}

// uses reports whether requests of a session carry values of a data file.
func (s *source) uses(of *model.Session, file int) bool {
	for _, a := range slices.Concat(of.Entry, of.Acts) {
		if slices.ContainsFunc(s.variantOf(&a).values, func(v value) bool { return v.kind == model.Data && v.index == file }) {
			return true
		}
	}
	return false
}
