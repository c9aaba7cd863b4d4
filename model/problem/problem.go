// Package problem says what is wrong in a file that people edit: every [Problem]
// has a place and a text that tells what to do.
package problem

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Problem is one thing that is wrong in a model.
type Problem struct {
	// File, Line and Column tell where, counted from 1. File is a path within
	// the model folder, or "" when the model was not read from one; Line and
	// Column are 0 when unknown.
	File         string
	Line, Column int

	// Place is the path of the key, outermost first:
	// ["endpoints", "GET /cart", "check", "status"].
	Place []string

	// Text says what is wrong and what to do.
	Text string
}

// Error returns the problem as one line, as compilers do.
func (p *Problem) Error() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d", p.Line)
		}
		if p.Column > 0 {
			fmt.Fprintf(&b, ":%d", p.Column)
		}
		b.WriteString(": ")
	}
	for _, s := range p.Place {
		b.WriteString(Shorten(s))
		b.WriteString(": ")
	}
	b.WriteString(p.Text)
	return b.String()
}

// All returns every *Problem in err, in order, looking into joined and
// wrapped errors.
func All(err error) []*Problem {
	if err == nil {
		return nil
	}
	if p, ok := err.(*Problem); ok {
		return []*Problem{p}
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*Problem
		for _, e := range joined.Unwrap() {
			all = append(all, All(e)...)
		}
		return all
	}
	return All(errors.Unwrap(err))
}

// Most is how many problems a [List] keeps: a hostile file could have millions.
const Most = 100

// A List collects problems. It keeps the first Most of them and counts the others.
type List struct {
	Found []*Problem
	more  int
}

// Add adds p.
func (l *List) Add(p *Problem) {
	if len(l.Found) == Most {
		l.more++
		return
	}
	l.Found = append(l.Found, p)
}

// Addf adds a problem at place.
func (l *List) Addf(place []string, format string, args ...any) {
	l.Add(&Problem{Place: slices.Clone(place), Text: fmt.Sprintf(format, args...)})
}

// Err joins the problems, nil when there are none.
func (l *List) Err() error {
	var errs []error
	for _, p := range l.Found {
		errs = append(errs, p)
	}
	if l.more > 0 {
		errs = append(errs, fmt.Errorf("and %d more problems", l.more))
	}
	return errors.Join(errs...)
}

// Shorten cuts what is too long for one line and makes control characters
// visible.
func Shorten(s string) string {
	const most = 80
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return Visible(s)
}

// Visible returns s, in quotes if it contains characters that control a terminal.
func Visible(s string) string {
	if strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) }) || !utf8.ValidString(s) {
		return strconv.Quote(s)
	}
	return s
}

// Quote returns s in quotes for an error.
func Quote(s string) string {
	const most = 80
	if len(s) > most {
		return fmt.Sprintf("%q…", s[:most])
	}
	return fmt.Sprintf("%q", s)
}

// Suggest returns "; did you mean …?" for the candidate nearest to name, or ""
// when none is near. Of equally near candidates, the first in the list counts.
func Suggest(name string, candidates []string) string {
	best, least := "", 1+max(1, min(len(name)/3, 4))
	for _, c := range candidates {
		if len(c) > maxSuggest || len(name) > maxSuggest || max(len(c)-len(name), len(name)-len(c)) >= least {
			continue
		}
		if d := distance(strings.ToLower(name), strings.ToLower(c)); d < least {
			best, least = c, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + Quote(best) + "?"
}

// maxSuggest is the greatest length in bytes of a name that Suggest compares.
const maxSuggest = 500

// distance is the number of insertions, deletions, replacements and swaps of
// neighbouring bytes that turn a into b.
func distance(a, b string) int {
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row := rows[(i+1)%3], rows[(i-1)%3], rows[i%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j-1]+cost, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return rows[len(a)%3][len(b)]
}
