package folder

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/problem"
)

// Columns of the tables of recorded sessions and of their acts.
var (
	sessionColumns      = []string{"user", "behavior", "browser", "start", "account", "begun"}
	actColumns          = []string{"session", "act", "endpoint", "variant", "after", "delay", "strand", "connection", "row", "status", "takes", "step", "outcome", "poll", "echoes", "entry"}
	elementColumns      = []string{"element", "is", "text"}
	leastSessionColumns = 4  // those up to start
	leastActColumns     = 10 // those up to status
)

// What the rows of the table of elements are.
const (
	elementValue = "value"
	elementOwn   = "own"
	elementAll   = "all"
	elementOther = "other"
	otherValue   = "its value"
)

// yes is a flag that is set.
const yes = "yes"

// lines says in which lines the rows of a table are.
type lines struct {
	file string
	rows []int
}

// sessions reads the recorded sessions, without their acts.
func (x node) sessions() []model.Session {
	var list []model.Session
	x.rowsOf("sessions", sessionColumns, leastSessionColumns, func(r *tableRow) {
		list = append(list, model.Session{User: r.text(0), Behavior: r.text(1), Browser: r.text(2), Start: r.seconds(3), Account: r.account(4), Begun: r.flag(5)})
	})
	return list
}

// acts reads the acts of sessions. They are numbered from 1 on in each session, and before
// that in its entry, in the order of the sessions.
func (x node) acts(sessions []model.Session) {
	at := 0
	x.rowsOf("acts", actColumns, leastActColumns, func(r *tableRow) {
		n := r.count(0)
		if n < 1 || n > len(sessions) || n < at {
			r.failf("there is no session %d here: the acts follow the order of the %d sessions", n, len(sessions))
			return
		}
		at = n
		s := &sessions[n-1]
		list := &s.Acts
		if r.flag(15) && len(s.Acts) == 0 {
			list = &s.Entry
		} else if r.flag(15) {
			r.failf("is an act of the entry of session %d, which comes before its other acts", n)
			return
		}
		if act := r.count(1); act != len(*list)+1 {
			r.failf("is act %d, where act %d of session %d should stand", act, len(*list)+1, n)
			return
		}
		*list = append(*list, model.Act{
			Endpoint: r.text(2), Variant: r.text(3), After: r.after(4), Delay: r.seconds(5), Strand: r.text(6),
			Conn: r.count(7), Row: r.count(8), Status: r.count(9), Takes: r.takes(10), Step: r.text(11),
			Outcome: r.text(12), Poll: r.count(13), Echoes: r.echoes(14),
		})
	})
}

// elements reads the elements of lists. They are numbered from 1 on.
func (x node) elements() []model.Element {
	var list []model.Element
	x.rowsOf("elements", elementColumns, len(elementColumns), func(r *tableRow) {
		n, is := r.count(0), r.fields[1]
		if is == elementValue && n == len(list)+1 {
			list = append(list, model.Element{Value: r.text(2)})
			return
		}
		if n < 1 || n != len(list) {
			r.failf("is of element %d, behind %d elements: each begins with its %s", n, len(list), elementValue)
			return
		}
		e := &list[n-1]
		switch is {
		case elementOwn, elementAll:
			e.Own, e.All = append(e.Own, r.text(2)), is == elementAll
		case elementOther:
			e.Others = append(e.Others, model.Other{Text: r.text(2)})
		case otherValue:
			if len(e.Others) == 0 {
				r.failf("%s stands behind no %s", otherValue, elementOther)
				return
			}
			e.Others[len(e.Others)-1].Value = r.text(2)
		default:
			r.failf("%s is not %s, %s, %s, %s or %s", problem.Quote(is), elementValue, elementOwn, elementAll, elementOther, otherValue)
		}
	})
	return list
}

// rowsOf reads a table with fixed columns, of which those after the first least may be
// left out, row by row, and notes the lines. It stops at the first row that is wrong.
func (x node) rowsOf(key string, columns []string, least int, read func(*tableRow)) {
	name := x.text()
	data, ok := x.bytes(name)
	if !ok {
		return
	}
	where := &lines{file: dataFolder + name}
	x.d.tables[key] = where
	row := &tableRow{d: x.d, file: where.file, texts: map[string]string{}}
	err := eachRow(data, func(line int, fields []string) bool {
		if row.fields == nil && (len(fields) < least || len(fields) > len(columns) || !slices.Equal(fields, columns[:len(fields)])) {
			x.failf("data/%s must have the columns %s", problem.Shorten(name), strings.Join(columns, ", "))
			return false
		}
		header := row.fields == nil
		row.fields, row.line = fields, line
		for len(row.fields) < len(columns) {
			row.fields = append(row.fields, "")
		}
		if header {
			return true
		}
		where.rows = append(where.rows, line)
		read(row)
		return !row.bad
	})
	x.tableProblem(name, err)
}

// A tableRow gives the fields of one row. It notes only the first problem.
type tableRow struct {
	d      *decoder
	file   string
	line   int
	fields []string
	bad    bool
	texts  map[string]string // names that rows share, kept once
}

func (r *tableRow) failf(format string, args ...any) {
	if !r.bad {
		r.bad = true
		r.d.found.Add(problemIn(r.file, r.line, format, args...))
	}
}

func (r *tableRow) text(i int) string { return r.shared(r.fields[i]) }

// shared returns a copy of a text that all rows share.
func (r *tableRow) shared(text string) string {
	s, had := r.texts[text]
	if !had {
		s = strings.Clone(text)
		r.texts[s] = s
	}
	return s
}

// count reads a whole number. An empty field is 0.
func (r *tableRow) count(i int) int {
	s := r.fields[i]
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		r.failf("%s is not a whole number from 0 on", problem.Quote(s))
	}
	return n
}

// flag reads "yes", or nothing.
func (r *tableRow) flag(i int) bool {
	if s := r.fields[i]; s != "" && s != yes {
		r.failf("%s is neither %s nor empty", problem.Quote(s), yes)
	}
	return r.fields[i] == yes
}

// seconds reads a time. An empty field is 0.
func (r *tableRow) seconds(i int) time.Duration {
	if r.fields[i] == "" {
		return 0
	}
	d, ok := parseSeconds(r.fields[i])
	if !ok {
		r.failf("%s is not a number of seconds", problem.Quote(r.fields[i]))
	}
	return d
}

// after reads the numbers of acts, which count from 1, as indices.
func (r *tableRow) after(i int) []int {
	var list []int
	for s := range strings.FieldsSeq(r.fields[i]) {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			r.failf("%s is not the number of an act", problem.Quote(s))
			return nil
		}
		list = append(list, n-1)
	}
	return list
}

// account reads values of columns: FILE.COLUMN=VALUE, separated by & and encoded as in a
// query.
func (r *tableRow) account(i int) []model.Field {
	var list []model.Field
	if r.fields[i] == "" {
		return nil
	}
	for pair := range strings.SplitSeq(r.fields[i], "&") {
		name, value, ok := strings.Cut(pair, "=")
		ref, err := url.QueryUnescape(name)
		if err == nil {
			value, err = url.QueryUnescape(value)
		}
		if err != nil || !ok {
			r.failf("%s is not FILE.COLUMN=VALUE, such as accounts.user=ann", problem.Quote(pair))
			return nil
		}
		list = append(list, model.Field{Ref: ref, Value: value})
	}
	return list
}

// takes reads where the values of an act come from: "-" the row of the act, "." what
// the value says, and otherwise ACT[.SOURCE[.MATCH]][~ELEMENT], all counted from 1.
func (r *tableRow) takes(i int) []model.Take {
	var list []model.Take
	for s := range strings.FieldsSeq(r.fields[i]) {
		switch s {
		case "-":
			list = append(list, model.Take{Act: model.Own})
			continue
		case ".":
			list = append(list, model.Take{Act: model.Latest})
			continue
		}
		n := [3]int{1, 1, 1}
		place, element, known := strings.Cut(s, "~")
		e, err := strconv.Atoi(element)
		if known && (err != nil || e < 1) {
			r.failf("%s is not ACT.SOURCE.MATCH~ELEMENT, such as 3.1.2~5", problem.Quote(s))
			return nil
		}
		parts := strings.Split(place, ".")
		for k, part := range parts {
			x, err := strconv.Atoi(part)
			if err != nil || x < 1 || k == len(n) {
				r.failf("%s is not ACT.SOURCE.MATCH, such as 3.1.2", problem.Quote(s))
				return nil
			}
			n[k] = x
		}
		list = append(list, model.Take{Act: n[0] - 1, Source: n[1] - 1, Match: n[2] - 1, Element: e})
	}
	return list
}

// echoes reads what an answer shows: ACT:PLACE or, with room for others, ACT.ROOM:PLACE.
// Acts count from 1, and places are encoded as in a path.
func (r *tableRow) echoes(i int) []model.Echo {
	var list []model.Echo
	for s := range strings.FieldsSeq(r.fields[i]) {
		of, place, ok := strings.Cut(s, ":")
		act, room, shared := strings.Cut(of, ".")
		e := model.Echo{}
		var err error
		if e.Act, err = strconv.Atoi(act); err == nil && shared {
			e.Room, err = strconv.Atoi(room)
		}
		if err == nil {
			e.Place, err = url.PathUnescape(place)
		}
		if e.Act--; err != nil || !ok || e.Act < 0 {
			r.failf("%s is not ACT:PLACE, such as 3:body:title", problem.Quote(s))
			return nil
		}
		e.Place = r.shared(e.Place)
		list = append(list, e)
	}
	return list
}
