package correlate

import (
	"slices"
	"strconv"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/content/codec"
	"github.com/starling-load/starling/model/endpoint"
)

// data knows which row of each data file a session's user has.
type data struct {
	files []model.Source
	index []map[string][]int // see rowIndex
}

func newData(files []model.Source) *data {
	d := &data{files: files}
	for i := range files {
		d.index = append(d.index, rowIndex(&files[i]))
	}
	return d
}

// assign finds the row of each session: the one with the most values in one request
// of the session. If several requests have as many, the earliest counts.
func (d *data) assign(sessions []*session) {
	for i := range d.files {
		for _, s := range sessions {
			if row, ok := findRow(&d.files[i], d.index[i], s); ok {
				s.row[d.files[i].Name] = row
				for k, v := range d.files[i].Rows[row] {
					if len(d.index[i][v]) == 1 && len(v) >= minOwn {
						s.own = append(s.own, model.Field{Ref: d.files[i].Name + "." + d.files[i].Columns[k], Value: v})
					}
				}
			}
		}
	}
}

// minOwn is the least length in bytes of a word that is a user's own in links.
const minOwn = 3

// anybodys returns a selector of links with {} in place of each segment that only the row of
// the session's user has: where others have theirs.
func (s *session) anybodys(selector string) string {
	if !slices.ContainsFunc(s.own, func(f model.Field) bool { return strings.Contains(selector, "/"+f.Value) }) {
		return selector
	}
	from := strings.LastIndex(selector, "link:/")
	if from < 0 {
		from = strings.LastIndex(selector, "redirect:/")
	}
	if from < 0 {
		return selector
	}
	path, rest := selector[from:], ""
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		path, rest = path[:i], path[i:]
	}
	hole, holes := -1, 0 // the wanted {} and those before the segment at hand
	if n, err := strconv.Atoi(strings.TrimPrefix(rest, "#")); err == nil {
		hole = n
	}
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if i > 0 && slices.ContainsFunc(s.own, func(f model.Field) bool { return f.Value == segment }) {
			segments[i] = "{}"
			if holes <= hole {
				hole++
			}
		}
		holes += strings.Count(segments[i], "{}")
	}
	if hole >= 0 {
		rest = "#" + strconv.Itoa(hole)
	}
	return selector[:from] + strings.Join(segments, "/") + rest
}

// rowIndex maps every value of a file to the rows that hold it.
func rowIndex(f *model.Source) map[string][]int {
	index := map[string][]int{}
	for r, row := range f.Rows {
		for _, v := range row {
			if rows := index[v]; v != "" && (len(rows) == 0 || rows[len(rows)-1] != r) {
				index[v] = append(index[v], r)
			}
		}
	}
	return index
}

// maxAlike is the number of rows with one value from which on it tells nobody.
const maxAlike = 1000

// findRow returns the row that the requests of a session identify.
func findRow(f *model.Source, index map[string][]int, s *session) (row int, ok bool) {
	best := 0
	for _, e := range s.exchanges {
		scores := map[int]int{}
		count := func(value string) {
			rows := index[value]
			if len(rows) == 0 || len(rows) > 1 && len(f.Columns) == 1 || len(rows) > maxAlike {
				return
			}
			for _, r := range rows {
				scores[r] += 2
				if len(rows) == 1 && len(value) >= 4 {
					scores[r]++
				}
			}
		}
		for _, sp := range e.spans {
			if sp.Place != content.InHeader || !strings.HasPrefix(sp.Selector, "header:User-Agent") {
				count(sp.Value)
			}
		}
		for _, v := range e.login(f, index) {
			count(v)
		}
		// It takes two columns in one request, or one long value that only one
		// row has. The earliest request counts, and in it the first row.
		had := best
		for r, score := range scores {
			if score >= 3 && (score > best || score == best && best > had && r < row) {
				row, best, ok = r, score, true
			}
		}
	}
	return row, ok
}

// fromData explains a leaf whose requests carry a column of their user's row,
// as the whole value or as a part between delimiters.
func (l *Learner) fromData(p *leaf) {
	if p.header() != "" && !tokenHeader(p.header()) || len(p.uses) == 0 || p.answersChallenge() || p.shown() {
		return
	}
	p.pieces = l.splitData(p.uses)
}

// shown reports whether all values of a leaf stood in the forms that the requests follow
// from: whatever those of the user show is sent.
func (p *leaf) shown() bool {
	return !slices.ContainsFunc(p.uses, func(u use) bool {
		_, ok := u.exchange.spots[p.span.Selector]
		return !ok
	})
}

// splitData cuts values at the data column that nearly all of them hold, or that some
// hold as a part: as it is in the file, or else in another case.
func (l *Learner) splitData(uses []use) []piece {
	for _, in := range append([]codec.Kind{""}, codec.Cases()...) {
		for _, whole := range []bool{true, false} {
			for i := range l.data.files {
				for c := range l.data.files[i].Columns {
					if pieces := l.splitColumn(uses, column{i, c, in}, whole); pieces != nil {
						return pieces
					}
				}
			}
		}
	}
	return nil
}

// splitColumn cuts values at one column, or returns nil.
func (l *Learner) splitColumn(uses []use, of column, whole bool) []piece {
	f := &l.data.files[of.file]
	var before, at, after []use
	known, rows := 0, map[int]bool{}
	for _, u := range uses {
		r, ok := u.exchange.session.row[f.Name]
		if !ok {
			continue
		}
		known++
		v := l.data.value(of, r)
		if whole {
			if u.value == v && v != "" {
				before = append(before, use{u.exchange, ""})
				at = append(at, u)
				after = append(after, use{u.exchange, ""})
				rows[r] = true
			}
			continue
		}
		if len(v) < 3 {
			continue
		}
		if i := u.holds(v); i >= 0 {
			before = append(before, use{u.exchange, u.value[:i]})
			at = append(at, use{u.exchange, v})
			after = append(after, use{u.exchange, u.value[i+len(v):]})
			rows[r] = true
		}
	}
	n := len(before)
	// A part that is the name of several users in the requests of each says so, also
	// where other requests of the endpoint do not hold it: they are made of other pieces.
	named := !whole && n >= 3 && len(rows) > 1 && len(at[0].value) >= 4
	if !whole && n > 0 && constant(at) && !l.data.own(of.file, at[0].value) {
		return nil // a word that stands for many rows, such as a role, is part of texts and addresses by chance
	}
	if n == 0 || 10*n < 9*known && !named || 2*known < len(uses) || len(rows) == 1 && constant(uses) && len(uses[0].value) < 3 {
		return nil
	}
	if of.in != "" && len(rows) == 1 && !strings.ContainsAny(at[0].value, "0123456789") {
		return nil // a word of everybody may look so
	}
	name := f.Columns[of.number]
	hole := piece{value: model.Value{Name: name, Kind: model.Data, Ref: f.Name + "." + name, Codec: string(of.in)}, uses: at}
	return append(append(l.rest(before), hole), l.rest(after)...)
}

// own reports whether one row of a file alone holds a value.
func (d *data) own(file int, v string) bool { return len(d.index[file][v]) == 1 }

// A column is one of a data file as it is, or in another case.
type column struct {
	file, number int
	in           codec.Kind // "": as it is
}

// value returns what a row has in a column, "" where that tells nobody: in another case
// only what one row alone has counts, and no other row may have it so.
func (d *data) value(of column, row int) string {
	v := d.files[of.file].Rows[row][of.number]
	if of.in == "" {
		return v
	}
	index := d.index[of.file]
	text := codec.Chain{codec.New(of.in)}.Encode(v)
	if len(text) < 3 || len(index[v]) != 1 || text != v && len(index[text]) > 0 {
		return ""
	}
	return text
}

// holds returns where a value holds a part, between delimiters, or -1. Another value of the
// request may show that it is one: the end of a range of keys has the beginning of the keys
// and then the next character ("notes/ann/" to "notes/ann0").
func (u use) holds(part string) int {
	if i := endpoint.Delimited(u.value, part); i >= 0 {
		return i
	}
	for i := range u.exchange.spans {
		v := u.exchange.spans[i].Value
		if n := len(v); n > 1 && n == len(u.value) && v[:n-1] == u.value[:n-1] && v[n-1]+1 == u.value[n-1] {
			return endpoint.Delimited(v, part)
		}
	}
	return -1
}

// rest returns the pieces beside a data value: text, another column, or a hole that
// is explained later.
func (l *Learner) rest(uses []use) []piece {
	same := constant(uses)
	if same && uses[0].value == "" {
		return nil
	}
	if pieces := l.splitData(uses); pieces != nil {
		return pieces
	}
	if same {
		return []piece{{text: uses[0].value}}
	}
	return split(uses, delimiters)
}

// delimiters end a part of a value.
const delimiters = " \t\r\n/:;,=\"'&?#|()<>[]"

// joiners end a part of a value where that is known by what an answer held: they may stand
// within identifiers.
const joiners = "-_.~!*$@"

// split cuts off the text that all values begin and end with, at marks,
// and leaves the rest as one hole.
func split(uses []use, marks string) []piece {
	prefix, suffix := affixes(uses, marks)
	var out []piece
	if prefix > 0 {
		out = append(out, piece{text: uses[0].value[:prefix]})
	}
	core := make([]use, len(uses))
	for i, u := range uses {
		core[i] = use{u.exchange, u.value[prefix : len(u.value)-suffix]}
	}
	out = append(out, piece{uses: core})
	if suffix > 0 {
		v := uses[0].value
		out = append(out, piece{text: v[len(v)-suffix:]})
	}
	return out
}

// affixes returns the lengths of the common prefix and suffix up to marks.
func affixes(uses []use, marks string) (prefix, suffix int) {
	first := uses[0].value
	prefix, suffix = len(first), len(first)
	for _, u := range uses[1:] {
		n := 0
		for n < prefix && n < len(u.value) && u.value[n] == first[n] {
			n++
		}
		prefix = n
		n = 0
		for n < suffix && n < len(u.value) && u.value[len(u.value)-1-n] == first[len(first)-1-n] {
			n++
		}
		suffix = n
	}
	for prefix > 0 && !strings.ContainsRune(marks, rune(first[prefix-1])) {
		prefix--
	}
	for suffix > 0 && !strings.ContainsRune(marks, rune(first[len(first)-suffix])) {
		suffix--
	}
	shortest := len(first)
	for _, u := range uses {
		shortest = min(shortest, len(u.value))
	}
	if prefix+suffix > shortest {
		suffix = max(0, shortest-prefix)
		for suffix > 0 && !strings.ContainsRune(marks, rune(first[len(first)-suffix])) {
			suffix--
		}
	}
	if rest := strings.TrimLeft(first[len(first)-suffix:], "="); rest == "" || !alphanumeric(rest[0]) { // the padding of base64
		suffix = len(rest)
	}
	return prefix, suffix
}

// tokenHeader reports whether a header may carry a user's own value.
func tokenHeader(name string) bool {
	switch name {
	case "User-Agent", "Accept", "Accept-Language", "Accept-Encoding", "Cache-Control", "Pragma", "Referer", "Origin",
		"Content-Type", "Priority", "Dnt", "Upgrade-Insecure-Requests", "X-Requested-With", "Range":
		return name == "Content-Type"
	}
	return !strings.HasPrefix(name, "Sec-")
}
