package lines

import (
	"strings"
	"unicode/utf8"
)

// Limits within which a text is told by its changes.
const (
	minLines = 3       // of both texts
	maxCells = 1 << 18 // of the table of equal lines
	maxOps   = 200
	maxCount = 100 // by which a number is counted on
)

// Between returns what a client did to the text shown before it sent it back, and how many
// lines it left alone. An empty list means that it sent the text unchanged. ok is false if
// that is not told by changes: half of what was sent is new, also by the keys of its lines,
// or a text is too long or not in UTF-8.
func Between(shown, sent string) (ops []Op, kept int, ok bool) {
	if !utf8.ValidString(shown) || !utf8.ValidString(sent) {
		return nil, 0, false
	}
	a, b := split(shown), split(sent)
	if len(a) < minLines || len(b) < minLines {
		return nil, 0, false
	}
	d := &differ{}
	_, closed := cutEnd(a[len(a)-1])
	if from, to := ends(a), ends(b); from != "" && to != "" && (from != to || !closed && strings.HasSuffix(sent, to)) {
		d.ops = append(d.ops, Op{Ends: to})
		a, _ = d.ops[0].apply(a)
	}
	kept, ok = d.compare(a, b)
	if !ok || 4*kept < len(b) || 2*(kept+d.keyed) < len(b) || len(d.ops) > maxOps {
		return nil, 0, false
	}
	again, ok := Apply(shown, d.ops)
	return d.ops, kept, ok && again == sent
}

// Count returns the number of lines of a text.
func Count(text string) int { return len(split(text)) }

// ends returns the end that all lines have, "" if they differ.
func ends(list []string) string {
	end := endOf(list[0])
	for _, l := range list[:len(list)-1] {
		if endOf(l) != end {
			return ""
		}
	}
	return end
}

// A differ collects changes.
type differ struct {
	ops   []Op
	list  []string // the text as it is after the changes so far
	keyed int      // lines of which the key was kept
}

// compare finds the changes from a to b, and the number of lines that were kept.
func (d *differ) compare(a, b []string) (kept int, ok bool) {
	d.list = a
	head := 0
	for head < len(a) && head < len(b) && same(a[head], b[head]) {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && same(a[len(a)-1-tail], b[len(b)-1-tail]) {
		tail++
	}
	x, y := a[head:len(a)-tail], b[head:len(b)-tail]
	if len(x)*len(y) > maxCells {
		return 0, false
	}
	kept = head + tail
	at := head // in d.list
	table := common(x, y)
	i, k := 0, 0
	for i < len(x) || k < len(y) {
		if i < len(x) && k < len(y) && same(x[i], y[k]) {
			i, k, at, kept = i+1, k+1, at+1, kept+1
			continue
		}
		gone, come := i, k
		for i < len(x) || k < len(y) {
			if i < len(x) && k < len(y) && same(x[i], y[k]) {
				break
			}
			if k == len(y) || i < len(x) && table[i+1][k] >= table[i][k+1] {
				i++
			} else {
				k++
			}
		}
		at = d.hunk(at, x[gone:i], y[come:k])
	}
	return kept, true
}

// same reports whether two lines are equal, whatever their ends.
func same(a, b string) bool {
	x, _ := cutEnd(a)
	y, _ := cutEnd(b)
	return x == y
}

// common returns the length of the longest common part of x[i:] and y[k:] for all i and k.
func common(x, y []string) [][]int32 {
	cells := make([]int32, (len(x)+1)*(len(y)+1))
	table := make([][]int32, len(x)+1)
	for i := range table {
		table[i] = cells[i*(len(y)+1) : (i+1)*(len(y)+1)]
	}
	for i := len(x) - 1; i >= 0; i-- {
		for k := len(y) - 1; k >= 0; k-- {
			if same(x[i], y[k]) {
				table[i][k] = table[i+1][k+1] + 1
			} else {
				table[i][k] = max(table[i+1][k], table[i][k+1])
			}
		}
	}
	return table
}

// hunk notes that the lines come stand in place of the lines gone, which begin at a place of
// the text, and returns the place behind them. Lines of one key are changes of a line each.
func (d *differ) hunk(at int, gone, come []string) int {
	for len(gone) > 0 || len(come) > 0 {
		switch i, k := pair(gone, come); {
		case i < 0 && len(gone) == 0:
			d.put(at, Op{Put: strings.Join(come, "")})
			return at + len(come)
		case i < 0:
			d.put(at, Op{Find: strings.Join(gone, ""), Put: strings.Join(come, "")})
			return at + len(come)
		case i > 0 || k > 0:
			at = d.hunk(at, gone[:i], come[:k])
			gone, come = gone[i:], come[k:]
		default:
			o := Op{Find: gone[0], Put: come[0]}
			if by := counts(gone[0], come[0]); by != 0 {
				o.Put, o.By = "", by
			}
			d.put(at, o)
			d.keyed++
			at, gone, come = at+1, gone[1:], come[1:]
		}
	}
	return at
}

// pair returns the first lines that have a key which no other line of theirs has.
func pair(gone, come []string) (i, k int) {
	for i, l := range gone {
		if byKey(gone, l) == i {
			if k := byKey(come, l); k >= 0 {
				return i, k
			}
		}
	}
	return -1, -1
}

// counts returns by how much a number was counted on, 0 if nothing else of the line stayed.
func counts(before, after string) int64 {
	start, end, n, ok := number(before)
	from, to, m, fine := number(after)
	if !ok || !fine || before[:start] != after[:from] || before[end:] != after[to:] || key(before) == "" || m-n > maxCount || m < n {
		return 0
	}
	return m - n
}

// put notes a change at a place of the text, and does it.
func (d *differ) put(at int, o Op) {
	want := split(o.Find)
	if o.Find == "" && at > 0 {
		o.After = d.list[at-1]
		if at < len(d.list) {
			o.Until = d.list[at]
		}
		want = []string{o.After}
		at--
	}
	for i := 0; i < at && len(want) > 0; i++ {
		if i+len(want) <= len(d.list) && equal(d.list[i:i+len(want)], want) {
			o.Nth++
		}
	}
	d.list, _ = o.apply(d.list)
	d.ops = append(d.ops, o)
}
