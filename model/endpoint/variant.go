package endpoint

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
)

const (
	maxWords    = 12  // values of a decisive key
	maxVariants = 24  // of one address; with more, keys do not count
	minGain     = 0.3 // bits that a decisive key tells about the answer
	fewFlows    = 8   // fewer cannot be told from chance
)

// An item is one key of a query ("?key") or body ("[key]") with its value.
type item struct{ key, value string }

// items returns the keys of a request that can tell its kind.
func items(f *flow.Flow) []item {
	var out []item
	for _, l := range content.RequestLeaves(&f.Request) {
		switch {
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
			out = append(out, item{"[" + short(strings.TrimPrefix(l.Selector, "body:")), l.Value})
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

// tokens returns what tells f apart from the other requests to its address, sorted.
func (t *Templates) tokens(base string, f *flow.Flow) []string {
	r := t.rules[base]
	var out []string
	for _, it := range items(f) {
		switch {
		case r != nil && r.decisive[it.key]:
			out = append(out, it.key+"="+it.value)
		case it.key[0] == '?' && t.pattern(it.value) != "":
			out = append(out, it.key+"="+t.pattern(it.value))
		case r == nil || r.keys:
			out = append(out, it.key)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// learnVariants finds the rule of one address and names its variants.
func (t *Templates) learnVariants(base string, group []int, flows []*flow.Flow, prints []string) {
	r := &rule{decisive: map[string]bool{}, keys: true}
	t.rules[base] = r
	all := make([][]item, len(group))
	seen := map[string]bool{}
	for i, g := range group {
		all[i] = items(flows[g])
		for _, it := range all[i] {
			seen[it.key] = true
		}
	}
	for _, key := range sortedKeys(seen) {
		r.decisive[key] = t.isDecisive(key, all, group, prints)
	}
	variants := t.variants(base, group, flows)
	if len(variants) > maxVariants {
		r.keys = false
		variants = t.variants(base, group, flows)
	}
	sets := make([][]string, 0, len(variants))
	for _, joined := range sortedKeys(variants) {
		sets = append(sets, variants[joined])
	}
	for _, set := range sets {
		t.names[base+"\x00"+strings.Join(set, "\x00")] = render(base, distinguish(set, sets))
	}
}

// variants returns the token sets of a group by their joined form.
func (t *Templates) variants(base string, group []int, flows []*flow.Flow) map[string][]string {
	out := map[string][]string{}
	for _, g := range group {
		tokens := t.tokens(base, flows[g])
		out[strings.Join(tokens, "\x00")] = tokens
	}
	return out
}

// isDecisive reports whether the value of key tells what the answer looks like:
// a short list of words, each seen again, with at least minGain bits of
// information about the fingerprint (less what chance gives).
func (t *Templates) isDecisive(key string, all [][]item, group []int, prints []string) bool {
	values, answers := make([]string, len(group)), make([]string, len(group))
	words, shapes := map[string]int{}, map[string]int{}
	for i, g := range group {
		answers[i] = prints[g]
		for _, it := range all[i] {
			if it.key == key {
				values[i] = it.value
				if content.Kind(it.value) != "" || !isWord(it.value) || t.pattern(it.value) != "" {
					return false
				}
			}
		}
		words[values[i]]++
		shapes[answers[i]]++
	}
	n := len(group)
	if len(words) < 2 || len(words) > maxWords || n < 2*len(words) {
		return false
	}
	gain := information(values, answers)
	chance := float64((len(words)-1)*(len(shapes)-1)) / (2 * float64(n) * math.Ln2)
	if gain-chance < minGain {
		return false
	}
	if n < fewFlows {
		return len(shapes) == len(words) && gain > entropy(words, n)-1e-9 // each word its own answer
	}
	return beatsChance(gain, values, answers)
}

// isWord reports whether a value can be the name of an operation.
func isWord(s string) bool {
	if len(s) > 40 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') && c != '_' && c != '-' && c != '.' && c != ':' {
			return false
		}
	}
	return true
}

// beatsChance reports whether the values tell more about the answers than about the
// same answers dealt out at random, in each of 100 deals. An answer that depends on
// the user's state and not on the value, such as a page for members, fails this.
func beatsChance(gain float64, values, answers []string) bool {
	dealt := slices.Clone(answers)
	r := rand.New(rand.NewPCG(uint64(len(values)), 1)) // the same deals for the same input
	for range 100 {
		r.Shuffle(len(dealt), func(i, j int) { dealt[i], dealt[j] = dealt[j], dealt[i] })
		if information(values, dealt) >= gain-1e-9 {
			return false
		}
	}
	return true
}

// information returns how many bits the values tell about the answers.
func information(values, prints []string) float64 {
	n := len(values)
	total, counts, by := map[string]int{}, map[string]int{}, map[string]map[string]int{}
	for i, v := range values {
		total[prints[i]]++
		counts[v]++
		if by[v] == nil {
			by[v] = map[string]int{}
		}
		by[v][prints[i]]++
	}
	gain := entropy(total, n)
	for _, v := range sortedKeys(by) {
		gain -= float64(counts[v]) / float64(n) * entropy(by[v], counts[v])
	}
	return gain
}

// distinguish returns the one or two tokens of set that no other set holds together.
// If there are none, it returns the whole set. A single set needs no tokens: what
// named returns is enough.
func distinguish(set []string, sets [][]string) []string {
	if len(sets) == 1 || len(set) == 0 {
		return named(set, sets)
	}
	ranked := slices.Clone(set)
	slices.SortStableFunc(ranked, func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
	for size := 1; size <= min(2, len(ranked)); size++ {
		for i := range ranked {
			if size == 1 {
				if unique(ranked[i:i+1], set, sets) {
					return ranked[i : i+1]
				}
				continue
			}
			for j := i + 1; j < len(ranked); j++ {
				pair := []string{ranked[i], ranked[j]}
				if unique(pair, set, sets) {
					slices.Sort(pair)
					return pair
				}
			}
		}
	}
	return set
}

// named returns the tokens worth showing if there is one variant: those that say
// which button was pressed.
func named(set []string, sets [][]string) []string {
	var out []string
	for _, s := range set {
		if len(sets) == 1 && strings.HasPrefix(s, "[") && strings.Contains(s[1:], "[") {
			out = append(out, s)
		}
	}
	return out
}

// rank prefers decisive values, then buttons, then keys.
func rank(token string) int {
	switch {
	case strings.Contains(token, "="):
		return 1
	case strings.HasPrefix(token, "[") && strings.Contains(token[1:], "["):
		return 2
	}
	return 3
}

// unique reports whether own is the only set that holds all of tokens.
func unique(tokens, own []string, sets [][]string) bool {
	for _, other := range sets {
		if slices.Equal(other, own) {
			continue
		}
		has := 0
		for _, t := range tokens {
			if slices.Contains(other, t) {
				has++
			}
		}
		if has == len(tokens) {
			return false
		}
	}
	return true
}

// render writes the name of a variant.
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
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' || r == '\u0085' || r == '\ufeff' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, ""))
	if len(name) > 240 {
		name = strings.ToValidUTF8(name[:240], "")
	}
	return strings.TrimSpace(name)
}
