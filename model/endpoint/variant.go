package endpoint

import (
	"maps"
	"slices"
	"strings"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/endpoint/operation"
	"github.com/starling-load/starling/record/flow"
)

const (
	maxVariants = 24    // sets of keys at one address that are told apart
	maxSets     = 200   // sets of keys at one address; with more, keys do not count
	maxActions  = 2_000 // operations at one address; with more, they do not count
)

// An item is one key of a query ("?key") or body ("[key") with its value, or the
// operation that a protocol names ("!name").
type item struct{ key, value string }

// items returns the keys of a request that can tell its kind. If its protocol names
// the operation, that is all there is.
func items(r *flow.Request) []item {
	if len(r.Body.Data) == 0 && strings.IndexByte(r.Target, '?') < 0 && operation.InHeader(r) == "" {
		return nil
	}
	leaves := append(content.TargetLeaves(r), content.BodyLeaves(r)...)
	if name := operation.Of(r, leaves); name != "" {
		return []item{{"!" + name, ""}}
	}
	var out []item
	for _, l := range leaves {
		switch {
		case content.OfPart(l.Selector):
		case strings.HasPrefix(l.Selector, "query:") && l.Selector != "query:{}" && !strings.Contains(l.Selector, "#"):
			key := strings.TrimPrefix(l.Selector, "query:")
			if content.Kind(key) != "" {
				key = "{}"
			}
			out = append(out, item{"?" + short(key), l.Value})
		case strings.HasPrefix(l.Selector, "body:$."):
			key := strings.TrimPrefix(l.Selector, "body:$.")
			if i := strings.IndexAny(key, ".["); i >= 0 {
				out = append(out, item{"[" + short(key[:i]), ""})
			} else {
				out = append(out, item{"[" + short(key), l.Value})
			}
		case strings.HasPrefix(l.Selector, "body:") && !strings.HasPrefix(l.Selector, "body:$") && l.Selector != "body:*" && !strings.Contains(l.Selector, "#"):
			key := strings.TrimPrefix(l.Selector, "body:")
			if template, _, ok := content.FieldKey(key); ok {
				key = template
			}
			out = append(out, item{"[" + short(key), l.Value})
		}
	}
	return out
}

// short limits the length of a key in a name.
func short(key string) string {
	if len(key) > 40 {
		key = strings.ToValidUTF8(key[:40], "")
	}
	return key
}

// A rule says what tells the variants of one method and path template apart.
type rule struct {
	decisive map[string]bool   // keys whose values count
	present  map[string]bool   // keys of the query whose presence counts
	keys     bool              // whether the presence of keys of the body counts
	owned    map[string]bool   // tokens of texts that hold a value of a data file, of several users
	names    map[string]string // by tokens
}

// tokens returns what tells a request apart from the others to its address, sorted.
func (t *Templates) tokens(r *rule, list []item) []string {
	var out []string
	for _, it := range list {
		pattern := ""
		if it.key[0] == '?' {
			pattern = t.pattern(it.value)
			if r != nil && sentence(pattern) && !r.owned[it.key+"="+pattern] {
				pattern = ""
			}
		}
		switch {
		case r != nil && r.decisive[it.key]:
			out = append(out, it.key+"="+it.value)
		case pattern != "":
			out = append(out, it.key+"="+pattern)
		case r == nil, it.key[0] == '!', it.key[0] == '?' && r.present[it.key], it.key[0] == '[' && r.keys:
			out = append(out, it.key)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// beside reports whether a pattern holds a column beside other text.
func beside(pattern string) bool {
	return pattern != "" && !(strings.HasPrefix(pattern, "{") && strings.HasSuffix(pattern, "}"))
}

// sentence reports whether a pattern holds a column beside so much text that a person may
// have written it.
func sentence(pattern string) bool {
	words := strings.FieldsFunc(pattern, func(c rune) bool { return c < 0x80 && !alphanumeric(byte(c)) })
	return len(words) > 3
}

// ownedIn returns the tokens of the texts beside a value of a data file that several
// values have in common. A text that only one user wrote tells no kind of request.
func (t *Templates) ownedIn(all [][]item) map[string]bool {
	owned, first := map[string]bool{}, map[string]string{}
	for _, list := range all {
		for _, it := range list {
			if it.key[0] != '?' || len(first) == maxOwned {
				continue
			}
			if pattern := t.pattern(it.value); sentence(pattern) {
				token := it.key + "=" + pattern
				if value, had := first[token]; had && value != it.value {
					owned[token] = true
				} else if !had {
					first[token] = it.value
				}
			}
		}
	}
	return owned
}

// learnVariants finds the rule of one address and names its variants.
func (t *Templates) learnVariants(base string, group []int, flows []*flow.Flow, p *printer) {
	all := make([][]item, len(group))
	r := &rule{decisive: map[string]bool{}, present: map[string]bool{}}
	t.rules[base] = r
	for i, g := range group {
		all[i] = items(&flows[g].Request)
		r.keys = r.keys || len(all[i]) > 0
	}
	if !r.keys {
		return
	}
	r.owned = t.ownedIn(all)
	t.findKeys(r, sampleOf(all, group, flows, p))
	sets := t.sets(r, all)
	if len(sets) > maxSets {
		r.keys = false
		if sets = t.sets(r, all); len(sets) > maxActions {
			r.decisive = map[string]bool{}
			sets = t.sets(r, all)
		}
	}
	families := related(sets)
	if len(families) > maxVariants && r.keys && len(r.decisive) == 0 {
		r.keys = false
		sets = t.sets(r, all)
		families = related(sets)
	}
	r.names = nameFamilies(base, families)
}

// sampleOf takes up to maxSample requests, evenly.
func sampleOf(all [][]item, group []int, flows []*flow.Flow, p *printer) *sample {
	n := min(len(all), maxSample)
	at := func(i int) int { return i * len(all) / n }
	s := &sample{items: make([][]item, n), read: func(i int) string { return p.print(flows[group[at(i)]]) }}
	for i := range s.items {
		s.items[i] = all[at(i)]
	}
	return s
}

// findKeys finds the keys whose value or presence tells operations apart.
func (t *Templates) findKeys(r *rule, s *sample) {
	counts := map[string]int{}
	for _, list := range s.items {
		for _, it := range list {
			counts[it.key]++
		}
	}
	keys := slices.Sorted(maps.Keys(counts))
	slices.SortStableFunc(keys, func(a, b string) int { return counts[b] - counts[a] })
	for _, key := range keys[:min(len(keys), maxKeys)] {
		switch {
		case t.isDecisive(key, s):
			r.decisive[key] = true
		case key[0] == '?' && counts[key] < len(s.items):
			r.present[key] = tells(s.present(key), s.answers())
		}
	}
}

// sets returns the different token sets of a group, sorted.
func (t *Templates) sets(r *rule, all [][]item) [][]string {
	byText := map[string][]string{}
	for _, list := range all {
		tokens := t.tokens(r, list)
		byText[strings.Join(tokens, "\x00")] = tokens
		if len(byText) > maxActions {
			break
		}
	}
	out := make([][]string, 0, len(byText))
	for _, text := range slices.Sorted(maps.Keys(byText)) {
		out = append(out, byText[text])
	}
	return out
}

// A family is sets of tokens that are one variant: each holds another, or is held
// by another, since fields may be left out.
type family struct {
	core []string // what all have in common
	sets [][]string
}

// related groups sets. Sets with different values of decisive keys never meet.
func related(sets [][]string) []family {
	byValues := map[string][][]string{}
	for _, set := range sets {
		values := ""
		for _, token := range set {
			if strings.Contains(token, "=") {
				values += token + "\x00"
			}
		}
		byValues[values] = append(byValues[values], set)
	}
	var out []family
	for _, values := range slices.Sorted(maps.Keys(byValues)) {
		out = append(out, families(byValues[values])...)
	}
	return out
}

// families joins the sets of which one holds the other.
func families(sets [][]string) []family {
	of := make([]int, len(sets))
	for i := range sets {
		of[i] = i
	}
	for i, a := range sets {
		for j, b := range sets[:i] {
			if len(sets) <= maxSets && of[i] != of[j] && (holdsAll(a, b) || holdsAll(b, a)) {
				old := of[i]
				for k := range of {
					if of[k] == old {
						of[k] = of[j]
					}
				}
			}
		}
	}
	var out []family
	number := map[int]int{}
	for i, set := range sets {
		n, ok := number[of[i]]
		if !ok {
			n = len(out)
			number[of[i]] = n
			out = append(out, family{core: set})
		}
		out[n].sets = append(out[n].sets, set)
		out[n].core = slices.DeleteFunc(slices.Clone(out[n].core), func(s string) bool { return !slices.Contains(set, s) })
	}
	return out
}

// holdsAll reports whether a holds all of b. Both are sorted.
func holdsAll(a, b []string) bool {
	for _, s := range b {
		if _, ok := slices.BinarySearch(a, s); !ok {
			return false
		}
	}
	return true
}
