package prose

import "strings"

// Limits within which a change is told by the part that changed.
const (
	minShown = 12      // bytes: a shorter text of one line is a value, not a text
	maxFind  = 4 << 10 // bytes of the lines that are replaced
)

// A Change is what a user did to a text.
type Change struct {
	Kind Kind
	Find string // of Replaced: the lines that were there
	Text string // what the user wrote
}

// A Kind is a way to change a text.
type Kind uint8

// The kinds of changes.
const (
	After    Kind = iota + 1 // Text was added behind it
	Before                   // Text was added before it
	Replaced                 // Text stands in place of Find
)

// Between returns how sent came out of shown. ok is false if that is not told by a
// part: the text is new, too short, or hardly anything of it was kept.
func Between(shown, sent string) (c Change, ok bool) {
	long := strings.Contains(shown, "\n")
	if !long && len(shown) < minShown || shown == sent {
		return Change{}, false
	}
	if rest, ok := strings.CutPrefix(sent, shown); ok {
		return Change{Kind: After, Text: rest}, true
	}
	if rest, ok := strings.CutSuffix(sent, shown); ok {
		return Change{Kind: Before, Text: rest}, true
	}
	start, end := differing(shown, sent)
	if kept := len(shown) - (end - start); !long || 2*kept < len(shown) {
		return Change{}, false
	}
	from, to := lines(shown, start, end)
	find := shown[from:to]
	if find == "" || len(find) > maxFind || strings.Index(shown, find) != from || strings.Contains(shown[from+1:], find) {
		return Change{}, false
	}
	return Change{Replaced, find, sent[from : len(sent)-(len(shown)-to)]}, true
}

// differing returns the part of a that lies between the lines that a and b begin with
// and the text that they end with.
func differing(a, b string) (start, end int) {
	n := min(len(a), len(b))
	for start < n && a[start] == b[start] {
		start++
	}
	start = strings.LastIndexByte(a[:start], '\n') + 1
	end = len(a)
	for rest := n - start; rest > 0 && a[end-1] == b[len(b)-(len(a)-end)-1]; rest-- {
		end--
	}
	return start, end
}

// lines widens a part of s to whole lines. An empty part between two lines becomes
// the line before it.
func lines(s string, start, end int) (from, to int) {
	from = strings.LastIndexByte(s[:start], '\n') + 1
	if from == end && start > 0 {
		from = strings.LastIndexByte(s[:start-1], '\n') + 1
	}
	if to = end; to > 0 && s[to-1] == '\n' {
		return from, to
	}
	if i := strings.IndexByte(s[to:], '\n'); i >= 0 {
		return from, to + i + 1
	}
	return from, len(s)
}

// Apply does the change to another text. Where the lines that were replaced are not
// there, it changes the lines that have most of their words, such as "Entry 7 of today"
// for "Entry 4 of today", and of these the words that the user changed. Without such lines
// what the user wrote comes last.
func (c Change) Apply(shown string) string {
	switch c.Kind {
	case After:
		return shown + c.Text
	case Before:
		return c.Text + shown
	case Replaced:
		if i := strings.Index(shown, c.Find); i >= 0 {
			return shown[:i] + c.Text + shown[i+len(c.Find):]
		}
		if from, to := similar(shown, c.Find); to > from {
			return shown[:from] + Merge(c.Find, c.Text, shown[from:to]) + shown[to:]
		}
		end := "\n"
		if strings.Contains(c.Find+c.Text, "\r\n") {
			end = "\r\n"
		}
		if shown != "" && !strings.HasSuffix(shown, "\n") {
			shown += end
		}
		return shown + c.Text
	}
	return shown
}
