package route

// An outcome is what a request looks like behind a position: the rest of its path,
// its method and the shape of its answer.
type outcome struct {
	rest, method, print int
	failed              bool // the answer is an error
}

// outcomes numbers the outcomes of one round.
type outcomes struct {
	rests  rests
	ids    map[outcome]int
	list   []outcome
	masked map[int][]int // outcomes with values in place of words, by number; see masks
}

func newOutcomes() *outcomes {
	return &outcomes{rests: newRests(), ids: map[outcome]int{}, masked: map[int][]int{}}
}

func (o *outcomes) number(one outcome) int {
	n, ok := o.ids[one]
	if !ok {
		n = len(o.list)
		o.ids[one] = n
		o.list = append(o.list, one)
	}
	return n
}

// words reports whether there are words in the rest of the path.
func (o *outcomes) words(n int) bool { return o.rests.list[o.list[n].rest].words > 0 }

// maxMasked bounds the words of an outcome that are taken for values.
const maxMasked = 3

// masks returns the outcomes that n is if some of its words are values.
func (o *outcomes) masks(n int) []int {
	out, ok := o.masked[n]
	if !ok {
		one := o.list[n]
		for _, rest := range o.rests.masks(one.rest, maxMasked) {
			if rest != one.rest {
				masked := one
				masked.rest = rest
				out = append(out, o.number(masked))
			}
		}
		o.masked[n] = out
	}
	return out
}

// rests numbers the ends of paths. Each is a first part and the number of what is
// behind it. 0 is the end of the path.
type rests struct {
	ids  map[rest]int
	list []rest
}

type rest struct {
	key   string // "{}" for a value
	next  int
	words int // in all of it
}

func newRests() rests { return rests{ids: map[rest]int{}, list: []rest{{}}} }

// add returns the number of key with the rest next behind it.
func (r *rests) add(key string, next int) int {
	one := rest{key, next, r.list[next].words}
	if key != "" && key != "{}" {
		one.words++
	}
	n, ok := r.ids[one]
	if !ok {
		n = len(r.list)
		r.ids[one] = n
		r.list = append(r.list, one)
	}
	return n
}

// masks returns the rests that n is if up to most of its words are values. Words
// that cannot be values stay.
func (r *rests) masks(n, most int) []int {
	one := r.list[n]
	if n == 0 || one.words == 0 {
		return []int{n}
	}
	var out []int
	fixed := one.key == "" || one.key == "{}" || most == 0 || valueness(one.key) < -2
	if !fixed {
		for _, next := range r.masks(one.next, most-1) {
			out = append(out, r.add("{}", next))
		}
	}
	for _, next := range r.masks(one.next, most) {
		out = append(out, r.add(one.key, next))
	}
	return out[:min(len(out), maxMasks)]
}

// maxMasks bounds the outcomes that one is compared with.
const maxMasks = 8

// restsOf returns, for each position of a row, the number of what is behind it.
// Before there are templates, a word counts if it stands behind many different ones.
func (g *grower) restsOf(i int) []int {
	r := &g.rows.list[i]
	out := make([]int, len(r.keys))
	for j := len(r.keys) - 2; j >= 0; j-- {
		key := r.keys[j+1]
		if g.ends != nil {
			key = g.ends[i][j+1]
		}
		if holds(key) || g.ends == nil && key != "" && !g.routes[position{j + 1, key}] {
			key = "{}"
		}
		out[j] = g.outcomes.rests.add(key, out[j+1])
	}
	return out
}

// outcome returns the outcome of a row behind a position.
func (g *grower) outcome(i, at int, old *node) int {
	r := &g.rows.list[i]
	o := outcome{g.rests[i][at], r.method, r.print, r.failed}
	if rest, ok := g.trial(r, i, at, old); ok {
		o.rest = rest
	}
	return g.outcomes.number(o)
}

// trial returns what the rest of a path is if the word at a position, which was no
// value in the round before, is one.
func (g *grower) trial(r *row, i, at int, old *node) (rest int, ok bool) {
	if g.ends == nil || old == nil || old.literal[g.ends[i][at]] == nil || holds(r.keys[at]) {
		return 0, false
	}
	for _, w := range old.wild {
		if keys := w.next.trial(r.keys[at+1:], r.first[at+1:]); keys != nil {
			for j := len(keys) - 1; j >= 0; j-- {
				if holds(keys[j]) {
					keys[j] = "{}"
				}
				rest = g.outcomes.rests.add(keys[j], rest)
			}
			return rest, true
		}
	}
	return 0, false
}

// trial returns the template of the rest of a path behind n. It is nil unless all
// of it is known there.
func (n *node) trial(keys, first []string) []string {
	out := make([]string, 0, len(keys))
	sure := len(keys) == 0
	for i, key := range keys {
		next, name := n.follow(key, first[i])
		if next == nil {
			return nil
		}
		if name == key || n.knows(key) {
			sure = true
		}
		out = append(out, name)
		n = next
	}
	if !sure {
		return nil
	}
	return out
}

// knows reports whether a word was seen as a value.
func (n *node) knows(key string) bool {
	for _, w := range n.wild {
		if w.words[key] {
			return true
		}
	}
	return false
}

// behind returns the node that the round before made behind a key.
func (n *node) behind(key string) *node {
	if n == nil {
		return nil
	}
	next, _ := n.follow(key, key)
	return next
}
