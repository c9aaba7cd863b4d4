package model

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/starling-load/starling/model/content"
)

// An Element is one of a list in an answer, as a user knows it among the others: by what
// stands beside it.
type Element struct {
	Value  string   // that it had; "": not kept
	Own    []string // texts beside it and beside no other, what tells most first
	Others []string // such texts of others of the list
}

// Limits on what is kept of an element.
const (
	maxOwn    = 4
	maxOthers = 3
)

const certain = 3 // see telling

// ElementOf says what tells one of the elements of a list from the others. ok is false if
// nothing does. Texts with one of words in them, which are those of a user, tell nothing.
func ElementOf(list []content.Element, at int, words []string) (e Element, ok bool) {
	of := map[string]string{} // the only value that a text stands beside; "": there are several
	values := map[string][]string{}
	for _, x := range list {
		if _, had := values[x.Value]; had {
			continue
		}
		values[x.Value] = x.Beside
		for _, t := range x.Beside {
			if v, had := of[t]; had && v != x.Value {
				of[t] = ""
			} else {
				of[t] = x.Value
			}
		}
	}
	own := only(list[at], of, words)
	e.Value = list[at].Value
	if len(own) == 0 {
		return e, isWord(e.Value) && len(values) > 1
	}
	e.Own = own[:min(len(own), maxOwn)]
	least := telling(own[0])
	for _, x := range list {
		if len(e.Others) == maxOthers || least < certain {
			break
		}
		if _, left := values[x.Value]; !left || x.Value == list[at].Value {
			continue
		}
		delete(values, x.Value)
		if texts := only(x, of, words); len(texts) > 0 && telling(texts[0]) >= least {
			e.Others = append(e.Others, texts[0])
		}
	}
	return e, true
}

// isWord reports whether a value is a name that people gave, not one that the target drew.
func isWord(value string) bool { return content.Kind(value) == "" && telling(value) >= certain }

// only returns the texts that stand beside x alone, what tells most first. What hardly tells
// is left out where there is better.
func only(x content.Element, of map[string]string, words []string) []string {
	var out []string
	for _, t := range x.Beside {
		if of[t] != x.Value || x.Value == "" || telling(t) == 0 || slices.Contains(out, t) ||
			slices.ContainsFunc(words, func(w string) bool { return strings.Contains(t, w) }) {
			continue
		}
		out = append(out, t)
	}
	slices.SortStableFunc(out, func(a, b string) int { return cmp.Compare(telling(b), telling(a)) })
	if len(out) == 0 {
		return nil
	}
	within, sure := !isBefore(out[0]), telling(out[0]) >= certain
	return slices.DeleteFunc(out, func(t string) bool { return within && isBefore(t) || sure && telling(t) < certain })
}

// isBefore reports whether a text is not in the element but before it.
func isBefore(text string) bool { return strings.HasPrefix(text, "^") }

// names are members that say what people call a thing.
var names = [...]string{"name", "title", "label", "subject", "summary", "displayname", "slug", "login", "username", "email", "path", "filename", "code", "sku"}

// telling says how well a text names a thing, however old the answer is: a name does, words
// do, words with numbers may be times or counts, a number alone hardly, and what a machine
// made does not: 0.
//
// From certain on, an answer without the text does not show what it names.
func telling(text string) int {
	rest, before := strings.CutPrefix(text, "^")
	name, value, named := strings.Cut(rest, "=")
	if !named {
		name, value = "", rest
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
	case letters < 2:
		return 2
	case before:
		return certain
	case slices.Contains(names[:], strings.ToLower(name)):
		return 5
	case digits == 0:
		return 4
	}
	return 3
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
	best, others := 0, false
	i = at % len(list)
	for k := range list {
		other := slices.ContainsFunc(e.Others, func(t string) bool { return slices.Contains(list[k].Beside, t) })
		others = others || other
		score := e.like(&list[k], other)
		if score > best || score == best && score > 0 && distance(k, at) < distance(i, at) {
			best, i = score, k
		}
	}
	return i, best > 0 || !others
}

// like says how much an element is like e. The value alone says little, unless it is a word:
// another target may have given it to something else, such as to one of the others.
func (e *Element) like(x *content.Element, other bool) (score int) {
	for n, t := range e.Own {
		if slices.Contains(x.Beside, t) {
			score += 2 * (len(e.Own) - n)
		}
	}
	switch {
	case x.Value != e.Value:
	case isWord(e.Value):
		score += 2 * (maxOwn + 1)
	case !other:
		score++
	}
	return score
}

func distance(a, b int) int { return max(a-b, b-a) }
