package model

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

	// Place is the way to the key, outermost first:
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
		b.WriteString(shorten(s))
		b.WriteString(": ")
	}
	b.WriteString(p.Text)
	return b.String()
}

// Problems returns every *Problem in err, in order, looking into joined and
// wrapped errors.
func Problems(err error) []*Problem {
	if err == nil {
		return nil
	}
	if p, ok := err.(*Problem); ok {
		return []*Problem{p}
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*Problem
		for _, e := range joined.Unwrap() {
			all = append(all, Problems(e)...)
		}
		return all
	}
	return Problems(errors.Unwrap(err))
}

// maxProblems is how many problems are listed. A hostile file could have millions.
const maxProblems = 100

// problems collects problems and the place that they are found at.
type problems struct {
	list []*Problem
	more int
}

func (ps *problems) add(p *Problem) {
	if len(ps.list) == maxProblems {
		ps.more++
		return
	}
	ps.list = append(ps.list, p)
}

// addf adds a problem at place.
func (ps *problems) addf(place []string, format string, args ...any) {
	ps.add(&Problem{Place: slices.Clone(place), Text: fmt.Sprintf(format, args...)})
}

// err joins the problems, nil when there are none.
func (ps *problems) err() error {
	var errs []error
	for _, p := range ps.list {
		errs = append(errs, p)
	}
	if ps.more > 0 {
		errs = append(errs, fmt.Errorf("and %d more problems", ps.more))
	}
	return errors.Join(errs...)
}

// shorten cuts what is too long for one line and makes control characters
// visible.
func shorten(s string) string {
	const most = 80
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return visible(s)
}

// visible returns s, in quotes when it contains what a terminal would obey.
func visible(s string) string {
	if strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) }) || !utf8.ValidString(s) {
		return strconv.Quote(s)
	}
	return s
}

// quote returns s in quotes for an error.
func quote(s string) string {
	const most = 80
	if len(s) > most {
		return fmt.Sprintf("%q…", s[:most])
	}
	return fmt.Sprintf("%q", s)
}

// suggest returns "; did you mean …?" for the candidate nearest to name, or ""
// when none is near. All candidates are in the order in which ties are decided.
func suggest(name string, candidates []string) string {
	best, least := "", 1+max(1, min(len(name)/3, 4))
	for _, c := range candidates {
		if len(c) > maxName || len(name) > maxName || max(len(c)-len(name), len(name)-len(c)) >= least {
			continue
		}
		if d := distance(strings.ToLower(name), strings.ToLower(c)); d < least {
			best, least = c, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + quote(best) + "?"
}

// distance is the number of insertions, deletions, replacements and swaps of
// neighbouring bytes that make b of a.
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
