package route

import (
	"math"
	"slices"
)

// A pool is a set of children that may be the values of one parameter.
type pool struct {
	g       *grower
	prefix  string
	root    bool
	prints  map[int]bool // of the identifiers, which alone say what answers look like; nil: any
	members []*child
	in      map[*child]bool
	strict  float64       // against words, where the identifiers are dates or the like
	typed   int           // members that are identifiers by their form
	words   int           // members that are not
	forms   map[form]bool // of the identifiers in the seed
	counts  map[int]int   // bounded for each member
	support map[int]int   // members that have the outcome
	total   int           // sum of counts
	once    int           // outcomes of which counts holds 1
	asked   int           // requests of all members
	values  int           // words of all members
}

const (
	maxOfWord = 3  // what one word adds to counts
	maxOfKind = 50 // what all identifiers of a kind add
	rounds    = 5
)

// What an outcome that others have counts at most: for a member to join the others,
// and as proof that all are values.
const (
	mostOfShared = 3.0
	mostAsProof  = 1.5
)

// weight bounds what one member adds, so that popular values do not drown the rest.
func weight(c *child, count int) int {
	if whole(c.key) {
		return min(count, maxOfKind)
	}
	return min(count, maxOfWord)
}

func (p *pool) set(members []*child) {
	p.members, p.in = members, map[*child]bool{}
	p.counts, p.support = map[int]int{}, map[int]int{}
	p.strict, p.typed, p.words, p.total, p.once, p.asked, p.values = 0, 0, 0, 0, 0, 0, 0
	for _, c := range members {
		p.in[c] = true
		p.asked += c.count
		p.values += c.values
		if whole(c.key) {
			p.typed++
			p.strict = max(p.strict, strictness(c.key))
		} else {
			p.words++
		}
		for _, o := range c.order {
			if p.prints != nil && !p.prints[p.g.outcomes.list[o].print] {
				continue
			}
			p.counts[o] += weight(c, c.outcomes[o])
			p.support[o]++
		}
	}
	for _, n := range p.counts {
		p.total += n
		if n == 1 {
			p.once++
		}
	}
}

// strictness says how far words do not belong beside a kind of identifiers.
func strictness(key string) float64 {
	switch key {
	case "{year}", "{month}", "{day}":
		return 8
	case "{id}":
		return 0
	}
	return 2.5
}

// fill begins with a seed and lets members in and out until nothing changes.
func (p *pool) fill(seed, rest []*child) {
	p.begin(seed)
	candidates := 0
	for _, c := range rest {
		if !whole(c.key) && c.lexical > -2 {
			candidates++
		}
	}
	sign := signOf(seed)
	for range rounds {
		var next []*child
		for _, c := range rest {
			if sign != 0 && c.key[0] != sign {
				continue
			}
			if whole(c.key) && p.in[c] || p.score(c, mostOfShared)+c.lexical+p.popular(c)+p.known(c)+p.context(c, candidates) > 0 {
				next = append(next, c)
			}
		}
		if slices.Equal(next, p.members) || len(next) == 0 {
			break
		}
		p.set(next)
	}
}

// begin makes the seed the members.
func (p *pool) begin(seed []*child) {
	if whole(seed[0].key) {
		prints := map[int]bool{}
		for _, c := range seed {
			for _, o := range c.order {
				prints[p.g.outcomes.list[o].print] = true
			}
		}
		p.prints = prints
	}
	p.forms = formsOf(seed, p.g.rows)
	p.set(seed)
}

// signOf returns the sign that all children begin with, or 0.
func signOf(list []*child) byte {
	sign := list[0].key[0]
	if whole(list[0].key) || alphanumeric(sign) {
		return 0
	}
	for _, c := range list {
		if c.key[0] != sign {
			return 0
		}
	}
	return sign
}

// score says in nats how well the outcomes of c agree with those of the others. An
// outcome that others have counts for c as far as it is rare elsewhere, up to most.
// As proof it must be rarer, since routes too may be alike. An outcome that no other
// has counts against c as far as new ones are rare among the others (the estimate of
// Good and Turing).
func (p *pool) score(c *child, most float64) float64 {
	loss := min(6, -math.Log(min(1, p.novelty(c))))
	score := 0.0
	for _, o := range c.order {
		others := p.support[o]
		if p.in[c] && others > 0 {
			others--
		}
		switch {
		case others > 0:
			share := p.g.share[p.g.outcomes.list[o].print]
			if most == mostAsProof {
				share = min(1, share*math.E*math.E)
			}
			if p.g.outcomes.words(o) {
				share *= 0.2
			}
			score += min(most, -math.Log(share))
		case p.masked(o):
			score -= 0.25
		case !p.g.outcomes.list[o].failed:
			score -= loss * (1 + 0.3*float64(min(c.outcomes[o], 4)-1))
		}
	}
	return score
}

// novelty estimates how often a member other than c has an outcome that no member
// had before.
func (p *pool) novelty(c *child) float64 {
	once, total := p.once, p.total
	if p.in[c] {
		for _, o := range c.order {
			if p.support[o] == 0 {
				continue
			}
			w := weight(c, c.outcomes[o])
			total -= w
			switch p.counts[o] {
			case w + 1:
				once++
			case 1:
				once--
			}
		}
	}
	return (float64(once) + 0.5) / (float64(total) + 1)
}

// masked reports whether others have the outcome with values in place of words.
func (p *pool) masked(o int) bool {
	for _, n := range p.g.outcomes.masks(o) {
		if p.support[n] > 0 {
			return true
		}
	}
	return false
}

// popular lowers the score of a word that is asked for nearly as often as all
// others together.
func (p *pool) popular(c *child) float64 {
	rest := p.asked
	if p.in[c] {
		rest -= c.count
	}
	share := float64(c.count) / float64(max(1, rest))
	if c.count < 5 || share < 0.4 {
		return 0
	}
	return -1.5 - 2*math.Log(share/0.4)
}

// known raises the score of a word that is a value somewhere else and lowers that
// of one that is a route there.
func (p *pool) known(c *child) float64 {
	n := p.g.before[c.key].others(p.prefix) - p.g.fixed[c.key].others(p.prefix)
	return float64(max(-1, min(2, n)))
}

// context is what the company says about a word: a single one beside identifiers
// is a route, several are values.
func (p *pool) context(c *child, candidates int) float64 {
	switch {
	case p.typed == 0:
		return 0.5
	case p.hasForm(c):
		return 4
	}
	return min(1, -1.5+0.75*float64(candidates-1)) - p.strict
}

func (p *pool) hasForm(c *child) bool {
	f, ok := formOf(c.key)
	f.digits = true
	return ok && p.forms[f]
}

// evidence says in nats how far a set of words is the vocabulary of a parameter
// and not a set of routes.
func (p *pool) evidence() float64 {
	if p.values < 3 {
		return -1
	}
	sum := -5.0
	if p.root {
		sum -= 4
	}
	direct := 0.0
	for _, c := range p.members {
		sum += max(-3, min(6, p.score(c, mostAsProof))) + c.lexical
		sum += 0.108*float64(c.values) + 0.5*float64(c.once) - 0.05*float64(c.values-c.once)
		if c.lexical <= 0.5 && c.count >= 3 {
			direct += 4 * float64(c.ids) / float64(c.count)
		}
		sum += 0.5 * p.known(c)
	}
	return sum - min(16, direct)
}
