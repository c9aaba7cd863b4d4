package model

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/starling-load/starling/model/content"
)

// An Element is one of a list in an answer, as a user knows it among the others: by what
// stands beside it. Where ${FILE.COLUMN} stands in a text, the user has that column of a data
// file there.
type Element struct {
	Value  string   // that it had; "": not kept
	Own    []string // texts beside it and beside no other, what tells most first
	All    bool     // it has all texts of Own: others of its row have some of them
	Others []Other  // of the list
}

// An Other is another element of a list.
type Other struct {
	Text  string // as those of Own that it has alone
	Value string // that it had
}

// Limits on what is kept of an element.
const (
	maxOwn    = 4
	maxOthers = 3

	maxCompared = 200 // elements among which others are looked for
)

// See telling.
const (
	certain = 3
	named   = 5
)

// A List is a recorded list of which elements are looked at.
type List struct {
	elements []content.Element
	values   map[string]content.Element // each value once
	of       map[string]int             // how many values each text stands beside
}

// NewList returns the list of these elements.
func NewList(elements []content.Element) *List {
	l := &List{elements, make(map[string]content.Element, len(elements)), make(map[string]int, len(elements))}
	for _, x := range elements {
		if _, had := l.values[x.Value]; had {
			continue
		}
		l.values[x.Value] = x
		for _, t := range all(x) {
			l.of[t]++
		}
	}
	return l
}

// Len returns the number of elements.
func (l *List) Len() int { return len(l.elements) }

// Shows reports whether a text stands beside an element, or in its row.
func (l *List) Shows(at int, text string) bool {
	return at < len(l.elements) && l.elements[at].Has(text)
}

// Element says what tells one of the elements from the others. ok is false if nothing does.
// user holds the columns of data files that are of the user alone.
func (l *List) Element(at int, user []Field) (e Element, ok bool) {
	x := l.elements[at]
	e.Value = x.Value
	mates := l.mates(x)
	look := func(y content.Element) []string { return y.Beside }
	switch {
	case slices.ContainsFunc(x.Near, func(t string) bool { return telling(t) == named && l.of[t] == 1 }):
		// What is around the object or within it, such as an owner, is of something else.
		mates, look = nil, func(y content.Element) []string { return y.Near }
	case len(mates) > 0:
		look = func(y content.Element) []string { return y.Row }
	}
	row := look(x)
	e.Own = best(row, func(t string) bool { return l.of[t] == len(mates)+1 }, user)
	if len(mates) > 0 {
		e.among(x, mates, user)
	}
	if len(e.Own) == 0 {
		return e, len(mates) == 0 && isWord(e.Value) && len(l.values) > 1
	}
	least := telling(e.Own[0])
	for _, y := range l.elements[:min(len(l.elements), maxCompared)] {
		if len(e.Others) == maxOthers || least < certain {
			break
		}
		if own := best(look(y), func(t string) bool { return l.of[t] <= len(mates)+1 && !slices.Contains(row, t) }, user); len(own) > 0 && telling(own[0]) >= least && !slices.ContainsFunc(e.Others, func(o Other) bool { return o.Text == own[0] }) {
			e.Others = append(e.Others, Other{own[0], y.Value})
		}
	}
	return e, true
}

// mates returns the other elements of the row of x.
func (l *List) mates(x content.Element) (out []content.Element) {
	if len(x.Row) == 0 {
		return nil
	}
	for v, y := range l.values {
		if v != x.Value && slices.Equal(x.Row, y.Row) {
			out = append(out, y)
		}
	}
	return out
}

// all returns the texts beside an element, each once.
func all(x content.Element) []string {
	var out []string
	for _, t := range slices.Concat(x.Beside, x.Row) {
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// among makes e, which tells a row, tell one of its elements: by a text that the others of the
// row lack. Nothing is left of e if there is none.
func (e *Element) among(x content.Element, mates []content.Element, user []Field) {
	own := best(x.Beside, func(t string) bool {
		return !slices.ContainsFunc(mates, func(y content.Element) bool { return slices.Contains(y.Beside, t) })
	}, user)
	if len(e.Own) == 0 || len(own) == 0 {
		e.Own = nil
		return
	}
	e.Own, e.All = append(e.Own[:min(len(e.Own), maxOwn-1)], own[0]), true
}

// best returns those of some texts that keep admits, what tells most first: those of the user,
// which are others for others. What hardly tells is left out where there is better.
func best(texts []string, keep func(string) bool, user []Field) []string {
	var out []string
	for _, t := range texts {
		if keep(t) && telling(t) > 0 && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	slices.SortStableFunc(out, func(a, b string) int { return cmp.Compare(telling(b), telling(a)) })
	if len(out) == 0 {
		return nil
	}
	within, least := !isBefore(out[0]), min(certain, telling(out[0]))
	if telling(out[0]) == named {
		least++ // words with numbers, such as a place, go from one thing to another
	}
	var own, rest []string
	for _, t := range out {
		switch said := inWords(t, user); {
		case within && isBefore(t) || telling(t) < least:
		case said != t:
			own = append(own, said)
		default:
			rest = append(rest, t)
		}
	}
	out = append(own, rest...)
	return out[:min(len(out), maxOwn)]
}

// isBefore reports whether a text is not in the element but before it.
func isBefore(text string) bool { return strings.HasPrefix(text, "^") }

// isWord reports whether a value is a name that people gave, not one that the target drew.
func isWord(value string) bool { return content.Kind(value) == "" && telling(value) >= certain }

// inWords puts the columns of a user in place of what they hold.
func inWords(text string, user []Field) string {
	for _, f := range user {
		text = strings.ReplaceAll(text, f.Value, "${"+f.Ref+"}")
	}
	return text
}

// For returns the element as a user knows it who has these columns.
func (e *Element) For(column func(ref string) (value string, ok bool)) *Element {
	if !slices.ContainsFunc(e.Own, spoken.MatchString) && !slices.ContainsFunc(e.Others, func(o Other) bool { return spoken.MatchString(o.Text) }) {
		return e
	}
	say := func(text string) string {
		return spoken.ReplaceAllStringFunc(text, func(hole string) string {
			if v, ok := column(hole[2 : len(hole)-1]); ok {
				return v
			}
			return hole
		})
	}
	said := &Element{Value: e.Value, Own: slices.Clone(e.Own), All: e.All, Others: slices.Clone(e.Others)}
	for i := range said.Own {
		said.Own[i] = say(said.Own[i])
	}
	for i := range said.Others {
		said.Others[i].Text = say(said.Others[i].Text)
	}
	return said
}

// spoken is where a text has a column of the user.
var spoken = regexp.MustCompile(`\$\{[^{}.]+\.[^{}]+\}`)

// names are members that say what people call a thing.
var names = [...]string{"name", "title", "label", "subject", "summary", "displayname", "slug", "login", "username", "email", "path", "filename", "code", "sku"}

// telling says how well a text names a thing, however old the answer is: a name does, words
// do, words with numbers may be times or counts, a number alone hardly, and what a machine
// made does not: 0.
//
// From certain on, an answer without the text does not show what it names.
func telling(text string) int {
	rest, before := strings.CutPrefix(text, "^")
	name, value, ok := strings.Cut(rest, "=")
	if !ok {
		name, value = "", rest
	}
	if key, of, line := strings.Cut(value, ":"); line && isKey(key) { // a line of a text
		name, value = key, of
	}
	letters, digits := 0, 0
	for _, r := range value {
		switch {
		case unicode.IsLetter(r):
			letters++
		case unicode.IsDigit(r):
			digits++
		}
	}
	kind := content.Kind(value)
	switch {
	case value == "" || value == "true" || value == "false" || content.Opaque(value) || kind == "uuid" || kind == "hex" || kind == "date" || isTime(value):
		return 0
	case strings.HasPrefix(text, content.NthOfRow):
		return 1
	case letters < 2:
		return 2
	case before:
		return certain
	case slices.Contains(names[:], strings.ToLower(name)):
		return named
	case digits == 0:
		return 4
	}
	return 3
}

// isKey reports whether a text can be what the lines of a calendar, a contact or settings
// begin with.
func isKey(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_' })
}

// isTime reports whether a text begins as RFC 3339 times do.
func isTime(s string) bool {
	return len(s) >= 10 && s[4] == '-' && s[7] == '-' && strings.Trim(s[:4]+s[5:7]+s[8:10], "0123456789") == ""
}

// Find returns which element of another answer e is. Of several that are as much like it,
// that is the one nearest to at, its place in the recorded list. ok is false if the answer
// shows the others but not e. An answer that shows none of them is another list: the
// element is the one in the same place.
func (e *Element) Find(list []content.Element, at int) (i int, ok bool) {
	if len(list) == 0 {
		return 0, false
	}
	best, others, moved := 0, false, false
	other := make([]bool, len(list))
	for k := range list {
		for _, o := range e.Others {
			if list[k].Has(o.Text) {
				other[k], moved = true, moved || list[k].Value != o.Value
			}
		}
		others = others || other[k]
	}
	i = at % len(list)
	for k := range list {
		score := e.like(&list[k], moved || other[k])
		if score > best || score == best && score > 0 && distance(k, at) < distance(i, at) {
			best, i = score, k
		}
	}
	return i, best > 0 || !others
}

// Names reports whether the texts that tell most of e are those of an element, wherever that
// stands.
func (e *Element) Names(x *content.Element) bool {
	return slices.ContainsFunc(e.Own, func(t string) bool { return x.Has(t) && telling(t) >= telling(e.Own[0]) })
}

// like says how much an element is like e: a text tells more than all behind it. The value alone says little, unless it is a word,
// and nothing where it is given anew: the target may have given it to something else, such as
// to one of the others.
func (e *Element) like(x *content.Element, anew bool) (score int) {
	for n, t := range e.Own {
		switch {
		case x.Has(t):
			score += 2 << (len(e.Own) - n)
		case e.All:
			return 0
		}
	}
	switch {
	case x.Name() != e.Value:
	case isWord(e.Value):
		score += 4 << maxOwn
	case !anew:
		score++
	}
	return score
}

func distance(a, b int) int { return max(a-b, b-a) }
