package route

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A found is a wildcard with the children that are its values.
type found struct {
	wildcard
	members []*child
}

// maxWild bounds the wildcards of one position.
const maxWild = 4

// wildcards finds the parameters at a position.
func (g *grower) wildcards(children []*child, at int, prefix string) []*found {
	var out []*found
	rest := slices.DeleteFunc(slices.Clone(children), func(c *child) bool { return c.key == "" })
	if at == 0 { // what stands before the first slash
		return nil
	}
	for len(out) < maxWild && len(rest) > 0 {
		f := g.best(rest, at, prefix)
		if f == nil {
			break
		}
		if p := len(out); p > 0 && f.name == out[0].name {
			f.name = "{name}"
			if p > 1 {
				f.name = "{name" + strconv.Itoa(p) + "}"
			}
		}
		out = append(out, f)
		members := map[*child]bool{}
		for _, c := range f.members {
			members[c] = true
		}
		rest = slices.DeleteFunc(rest, func(c *child) bool { return members[c] })
	}
	return out
}

// best returns the surest wildcard among children, or nil.
func (g *grower) best(rest []*child, at int, prefix string) *found {
	for _, seed := range seeds(rest) {
		p := &pool{g: g, prefix: prefix, root: at <= 1}
		p.fill(seed, rest)
		if p.typed > 0 || p.evidence() > 0 {
			return p.found()
		}
	}
	return nil
}

// seeds returns sets of children that may be values of one parameter: identifiers,
// words with one sign in front, words with the commonest outcome.
func seeds(rest []*child) [][]*child {
	var ids []*child
	signs, byOutcome := map[string][]*child{}, map[int][]*child{}
	for _, c := range rest {
		switch {
		case whole(c.key):
			ids = append(ids, c)
			continue
		case !alphanumeric(c.key[0]):
			signs[c.key[:1]] = append(signs[c.key[:1]], c)
		}
		for _, o := range c.order {
			byOutcome[o] = append(byOutcome[o], c)
		}
	}
	var out [][]*child
	if ids != nil {
		out = append(out, ids)
	}
	for _, sign := range slices.Sorted(maps.Keys(signs)) {
		out = append(out, signs[sign])
	}
	var top []int
	for o, list := range byOutcome {
		if len(list) >= 3 {
			top = append(top, o)
		}
	}
	slices.SortFunc(top, func(a, b int) int {
		return cmp.Or(cmp.Compare(len(byOutcome[b]), len(byOutcome[a])), cmp.Compare(a, b))
	})
	for _, o := range top[:min(len(top), 3)] {
		out = append(out, byOutcome[o])
	}
	return out
}

// found makes the wildcard.
func (p *pool) found() *found {
	f := &found{members: p.members}
	f.open = p.words > 0
	f.forms = p.forms
	f.words = map[string]bool{}
	for _, c := range p.members {
		if !whole(c.key) {
			f.words[c.key] = true
			p.g.values[c.key] = p.g.values[c.key].with(p.prefix)
		}
	}
	f.name = p.name()
	if p.typed == 0 {
		f.prefix, f.suffix = affixes(p.members)
		if f.prefix+f.suffix != "" {
			f.name = f.prefix + "{}" + f.suffix
		}
	}
	return f
}

// name returns the placeholder: a data column if one is among them, a form if all
// have it, or {id}.
func (p *pool) name() string {
	name := ""
	for _, c := range p.members {
		switch {
		case !whole(c.key):
			if name == "" || builtIn(name) {
				name = "{id}"
			}
		case !builtIn(c.key):
			return c.key
		case name == "":
			name = c.key
		case name != c.key:
			name = "{id}"
		}
	}
	return name
}

// builtIn reports whether a placeholder is not a data column.
func builtIn(key string) bool {
	switch key {
	case "{id}", "{date}", "{email}", "{token}", "{year}", "{month}", "{day}":
		return true
	}
	return false
}

// affixes returns the sign that all words begin with and the ending of a file name
// that all have.
func affixes(members []*child) (prefix, suffix string) {
	first := members[0].key
	if !alphanumeric(first[0]) && first[0] != '{' {
		prefix = first[:1]
	}
	if i := strings.LastIndexByte(first, '.'); i > 0 && len(first)-i <= 6 {
		suffix = first[i:]
	}
	for _, c := range members {
		if !strings.HasPrefix(c.key, prefix) {
			prefix = ""
		}
		if !strings.HasSuffix(c.key, suffix) {
			suffix = ""
		}
	}
	if strings.ContainsAny(suffix, "{}") || suffix != "" && strings.Trim(suffix[1:], "0123456789") == "" {
		suffix = ""
	}
	return prefix, suffix
}

// formsOf returns the forms of the identifiers among children.
func formsOf(list []*child, r *rows) map[form]bool {
	out := map[form]bool{}
	for _, c := range list {
		if !whole(c.key) {
			continue
		}
		for _, i := range c.rows[:min(len(c.rows), 200)] {
			row := &r.list[i]
			for j, key := range row.keys {
				if key == c.key {
					if f, ok := formOf(row.first[j]); ok {
						out[f] = true
					}
				}
			}
		}
	}
	return out
}
