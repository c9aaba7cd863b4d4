package endpoint

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
)

// maxName bounds the length of a name in bytes.
const maxName = 80

// nameFamilies names the variants of one address. The result has a name for each of
// their sets of tokens.
func nameFamilies(base string, list []family) map[string]string {
	count, pairs := map[string]int{}, map[[2]string]int{}
	for _, f := range list {
		tokens := ranked(f.core)
		for i, a := range tokens {
			count[a]++
			for _, b := range tokens[i+1 : min(len(tokens), i+maxPairs)] {
				pairs[[2]string{a, b}]++
			}
		}
	}
	out, taken := map[string]string{}, map[string]bool{}
	for _, f := range list {
		name := render(base, distinguish(f.core, len(list), count, pairs))
		if taken[name] { // they have nothing in common: the largest set names them
			name = render(base, slices.MaxFunc(f.sets, func(a, b []string) int { return cmp.Compare(len(a), len(b)) }))
		}
		taken[name] = true
		for _, set := range f.sets {
			out[strings.Join(set, "\x00")] = name
		}
	}
	return out
}

// maxPairs bounds how many pairs with one token are tried.
const maxPairs = 8

// distinguish returns the one or two tokens of set that no other set holds together.
// If there are none, it returns the whole set. A single set needs no tokens: what
// named returns is enough.
func distinguish(set []string, sets int, count map[string]int, pairs map[[2]string]int) []string {
	if sets == 1 {
		return named(set)
	}
	tokens := ranked(set)
	for _, s := range tokens {
		if count[s] == 1 {
			return []string{s}
		}
	}
	for i, a := range tokens {
		for _, b := range tokens[i+1 : min(len(tokens), i+maxPairs)] {
			if pairs[[2]string{a, b}] == 1 {
				pair := []string{a, b}
				slices.Sort(pair)
				return pair
			}
		}
	}
	return set
}

// ranked sorts tokens: operations and decisive values, then buttons, then keys; the
// short ones first.
func ranked(set []string) []string {
	out := slices.Clone(set)
	slices.SortStableFunc(out, func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
	return out
}

// named returns the tokens worth showing if there is one variant: those that say
// what is done.
func named(set []string) []string {
	var out []string
	for _, s := range set {
		if s[0] != '?' && rank(s) < 3 {
			out = append(out, s)
		}
	}
	return out
}

func rank(token string) int {
	switch {
	case token[0] == '!':
		return 0
	case strings.Contains(token, "="):
		return 1
	case strings.HasPrefix(token, "[") && strings.Contains(token[1:], "["):
		return 2
	}
	return 3
}

// render writes the name of a variant. A name that is too long keeps its ends and
// has a number that depends on all of it.
func render(base string, tokens []string) string {
	var query, body []string
	for _, t := range tokens {
		if t[0] == '?' {
			query = append(query, t[1:])
		} else {
			body = append(body, t[1:])
		}
	}
	name := base
	if len(query) > 0 {
		name += "?" + strings.Join(query, "&")
	}
	if len(body) > 0 {
		name += " [" + strings.Join(body, " ") + "]"
	}
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' || r == '\u0085' || r == '\ufeff' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, "")))
	if len(name) <= maxName {
		return name
	}
	h := fnv.New32a()
	h.Write([]byte(name))
	number := fmt.Sprintf("~%06x", h.Sum32()&0xffffff)
	head := maxName/2 - len("…") - len(number)
	return strings.ToValidUTF8(name[:head], "") + "…" + strings.ToValidUTF8(name[len(name)-maxName/2:], "") + number
}
