package lines

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// An Op is one change. Lines have their ends.
type Op struct {
	Find  string `json:"find,omitempty"`  // the lines that were there; "": none
	Put   string `json:"put,omitempty"`   // the lines that are there now; "": none
	Nth   int    `json:"nth,omitempty"`   // how many equal ones are before them
	By    int64  `json:"by,omitempty"`    // added to the number in the line, in place of Put
	After string `json:"after,omitempty"` // where Find is "": the line before, as far as there is one …
	Until string `json:"until,omitempty"` // … and the one behind
	Ends  string `json:"ends,omitempty"`  // all lines end so, the last one too; nothing else of the operation counts
}

// ErrGone says that a text or document lacks what was changed, so that it has no place for
// what was written.
var ErrGone = errors.New("what was changed is not there")

// Apply does the changes to another state of the text. ok is false if that has no place for
// lines that were written, and lacks them: neither the lines that they replace, nor the one
// before or behind them. Lines that were taken away may be gone already.
func Apply(live string, ops []Op) (text string, ok bool) {
	list := split(live)
	for i := range ops {
		if list, ok = ops[i].apply(list); !ok {
			return live, false
		}
	}
	return strings.Join(list, ""), true
}

// split returns the lines of a text with their ends.
func split(s string) []string {
	list := strings.SplitAfter(s, "\n")
	if list[len(list)-1] == "" {
		list = list[:len(list)-1]
	}
	return list
}

func (o *Op) apply(list []string) (out []string, ok bool) {
	if o.Ends != "" {
		out := make([]string, len(list))
		for i, l := range list {
			bare, _ := cutEnd(l)
			out[i] = bare + o.Ends
		}
		return out, true
	}
	find, put := split(o.Find), split(o.Put)
	at := o.place(list, find)
	switch {
	case at < 0:
		return list, o.By == 0 && (o.Put == "" || index(list, put, 0) >= 0)
	case o.By != 0 && len(find) > 0:
		line, ok := counted(list[at], o.By)
		return slices.Concat(list[:at], []string{line}, list[at+1:]), ok
	}
	return insert(append(list[:at:at], list[at+len(find):]...), at, put), true
}

// place returns where the lines of find stand or, where there are none, where lines are put
// that stand between two others; -1: nowhere.
func (o *Op) place(list, find []string) int {
	switch {
	case len(find) > 0:
		at := index(list, find, o.Nth)
		if at < 0 && len(find) == 1 {
			at = byKey(list, find[0])
		}
		return at
	case o.After == "":
		return 0
	}
	if at := index(list, []string{o.After}, o.Nth); at >= 0 {
		return at + 1
	}
	if at := byKey(list, o.After); at >= 0 {
		return at + 1
	}
	if o.Until == "" {
		return len(list)
	}
	if at := only(list, func(l string) bool { return same(l, o.Until) }); at >= 0 {
		return at
	}
	return byKey(list, o.Until)
}

// insert returns list with lines at a place. The line before them gets an end if it lacks it.
func insert(list []string, at int, put []string) []string {
	if len(put) == 0 {
		return list
	}
	out := append(list[:at:at], put...)
	if at > 0 {
		if _, ended := cutEnd(out[at-1]); !ended {
			out[at-1] += endOf(put[0])
		}
	}
	return append(out, list[at:]...)
}

// index returns where the lines of find stand that have so many equal ones before them, or,
// if there are fewer, the last ones; -1: nowhere.
func index(list, find []string, nth int) int {
	at := -1
	for i := 0; i+len(find) <= len(list); i++ {
		if equal(list[i:i+len(find)], find) {
			if at = i; nth == 0 {
				break
			}
			nth--
		}
	}
	return at
}

// equal reports whether lines are the same, whatever their ends.
func equal(a, b []string) bool {
	for i := range a {
		if !same(a[i], b[i]) {
			return false
		}
	}
	return true
}

// byKey returns the place of the only line with the key of another one, or -1.
func byKey(list []string, line string) int {
	want := key(line)
	if want == "" {
		return -1
	}
	return only(list, func(l string) bool { return key(l) == want })
}

// only returns the place of the only line that is as wanted, or -1.
func only(list []string, wanted func(line string) bool) int {
	at := -1
	for i, l := range list {
		if !wanted(l) {
			continue
		}
		if at >= 0 {
			return -1
		}
		at = i
	}
	return at
}

// key is what names a line: what stands before the first of : ; = with the space before it,
// "" if nothing does.
func key(line string) string {
	i := strings.IndexAny(line, ":;=")
	if i <= 0 || strings.TrimSpace(line[:i]) == "" || strings.ContainsAny(strings.TrimSpace(line[:i]), " \t") {
		return ""
	}
	return strings.TrimRight(line[:i], " \t")
}

// cutEnd cuts the end off a line. ended reports whether it had one.
func cutEnd(line string) (bare string, ended bool) {
	bare, ended = strings.CutSuffix(line, "\n")
	return strings.TrimSuffix(bare, "\r"), ended
}

func endOf(line string) string {
	if strings.HasSuffix(line, "\r\n") {
		return "\r\n"
	}
	return "\n"
}

// number returns where the only number of a line stands, behind its key.
func number(line string) (start, end int, n int64, ok bool) {
	from := len(key(line))
	for from < len(line) && !digit(line[from]) {
		from++
	}
	end = from
	for end < len(line) && digit(line[end]) {
		end++
	}
	if from == end || end-from > 12 || strings.ContainsAny(line[end:], "0123456789") || end-from > 1 && line[from] == '0' {
		return 0, 0, 0, false
	}
	n, err := strconv.ParseInt(line[from:end], 10, 64)
	return from, end, n, err == nil
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// counted returns a line with its number counted on. ok is false if it has none.
func counted(line string, by int64) (out string, ok bool) {
	start, end, n, ok := number(line)
	if !ok {
		return line, false
	}
	return line[:start] + strconv.FormatInt(n+by, 10) + line[end:], true
}
