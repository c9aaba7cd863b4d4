package fidelity

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/starling-load/starling/model/fidelity/distance"
)

// Bounds of a comparison.
const (
	classes    = 6       // of status codes; 0: no answer
	mostKinds  = 1 << 18 // different pairs and triples; more fall together
	mostEdges  = 64      // transitions whose think times are compared one by one
	edgeCells  = 64      // of their distributions
	edgeThinks = 200     // think times that such a transition has at least, in either traffic
)

// The places before the first and behind the last step of a session.
const (
	outside int32 = -1
	over    int32 = -2
)

// A scheme is what two traffics have in common: numbers for what they consist of, and
// cells for what they measure.
type scheme struct {
	names  []string // endpoints of both
	types  []string
	values int // different values that are asked for

	think, length, duration, sent, received *distance.Grid // in seconds, requests and bytes

	pairs    kinds // steps one behind the other
	origins  kinds // the first of pairs
	from     []int32
	triples  kinds
	prefixes kinds // the first two of triples
	before   []int32
	edges    map[int32]int32 // by pair: transitions whose think times are compared one by one

	clock clock
	sides [2]*side
}

// kinds number what occurs.
type kinds struct{ numbers map[[3]int32]int32 }

func (k *kinds) number(key [3]int32) (n int32, fresh bool) {
	if k.numbers == nil {
		k.numbers = map[[3]int32]int32{}
	}
	n, known := k.numbers[key]
	if !known {
		n = int32(len(k.numbers))
		if n >= mostKinds {
			h := uint64(key[0])*0x9e3779b97f4a7c15 + uint64(key[1])*0xbf58476d1ce4e5b9 + uint64(key[2])*0x94d049bb133111eb
			return int32(h >> 32 % mostKinds), false
		}
		k.numbers[key] = n
	}
	return n, !known
}

// A side is one of the two traffics in the numbers of the scheme.
type side struct {
	of      *Traffic
	offset  float64 // seconds at which its first session begins
	visits  []codedVisit
	codes   []code
	byTime  []int32 // indices of codes, by start
	ofVisit []int32 // index of the visit of each code
}

// A codedVisit is a session in numbers.
type codedVisit struct {
	kind             int32
	length, duration int32 // cells; duration is -1 for a single step
	last             int32 // pair of the last step with the end
	lastTriple       int32
	pace, spread     float64 // sums for the correlation within sessions
	paced            bool
	from, to         float64 // seconds
}

// A code is a request in numbers.
type code struct {
	at       float64 // seconds since the first session of its traffic
	endpoint int32
	value    int32
	think    int32 // cell; -1: the request does not begin a step, or begins the first
	pair     int32 // of the steps before and at the request; -1: it begins no step
	triple   int32
	edge     int32 // of edges; -1: none
	sent     int32 // cells
	received int32
	class    uint8
}

// newScheme codes two traffics.
func newScheme(a, b *Traffic) *scheme {
	s := &scheme{sides: [2]*side{{of: a}, {of: b}}}
	s.makeGrids()
	names, types, values := map[string]int32{}, map[string]int32{}, map[uint64]int32{}
	for _, side := range s.sides {
		s.code(side, names, types, values)
	}
	s.values = len(values)
	s.findEdges()
	for _, side := range s.sides {
		s.findPace(side)
	}
	s.clock = newClock(s)
	return s
}

// makeGrids makes the cells of all measures from both traffics.
func (s *scheme) makeGrids() {
	var think, length, duration, sent, received []float64
	for _, side := range s.sides {
		t := side.of
		first, _ := t.starts()
		side.offset = first.Seconds()
		for _, v := range t.sessions {
			list := t.requests[v.first:v.next]
			length = append(length, float64(len(list)))
			leads := 0
			lead(list, func(i int, gap float64) {
				if leads++; leads > 1 {
					think = append(think, gap)
				}
			})
			if leads > 1 {
				duration = append(duration, lasts(list))
			}
			for i := range list {
				sent = append(sent, float64(list[i].sent))
				received = append(received, float64(list[i].received))
			}
		}
	}
	s.think, s.length, s.duration, s.sent, s.received = distance.NewGrid(think), distance.NewGrid(length), distance.NewGrid(duration), distance.NewGrid(sent), distance.NewGrid(received)
}

// lead calls step with each request of a session that begins a step: one that is sent
// when all before it have ended. gap is the time in seconds since then. Less than a
// microsecond is no time: access logs do not tell how long an answer took.
func lead(list []request, step func(i int, gap float64)) {
	ended := list[0].start
	for i := range list {
		if gap := (list[i].start - ended).Round(time.Microsecond); gap >= 0 {
			step(i, gap.Seconds())
		}
		ended = max(ended, list[i].end)
	}
}

// lasts is the time from the first to the last request of a session, in seconds.
func lasts(list []request) float64 { return (list[len(list)-1].start - list[0].start).Seconds() }

// code codes one side.
func (s *scheme) code(side *side, names, types map[string]int32, values map[uint64]int32) {
	t := side.of
	side.codes = make([]code, len(t.requests))
	for n := range t.sessions {
		v := &t.sessions[n]
		list, codes := t.requests[v.first:v.next], side.codes[v.first:v.next]
		for i := range list {
			q, c := &list[i], &codes[i]
			*c = code{at: q.start.Seconds() - side.offset, think: -1, pair: -1, triple: -1, edge: -1, class: q.class,
				sent: int32(s.sent.Cell(float64(q.sent))), received: int32(s.received.Cell(float64(q.received)))}
			c.endpoint = named(names, t.names[q.endpoint], &s.names)
			id, known := values[q.value]
			if !known {
				id = int32(len(values))
				values[q.value] = id
			}
			c.value = id
			side.ofVisit = append(side.ofVisit, int32(n))
		}
		c := codedVisit{kind: -1, length: int32(s.length.Cell(float64(len(list)))), duration: -1,
			from: codes[0].at, to: codes[len(codes)-1].at}
		if v.kind >= 0 {
			c.kind = named(types, t.typeNames[v.kind], &s.types)
		}
		if s.codePath(list, codes, &c) > 1 {
			c.duration = int32(s.duration.Cell(lasts(list)))
		}
		side.visits = append(side.visits, c)
	}
	side.byTime = make([]int32, len(side.codes))
	for i := range side.byTime {
		side.byTime[i] = int32(i)
	}
	slices.SortStableFunc(side.byTime, func(a, b int32) int { return cmp.Compare(side.codes[a].at, side.codes[b].at) })
}

// named returns the number of a name, which it adds to list if it is new.
func named(numbers map[string]int32, name string, list *[]string) int32 {
	n, known := numbers[name]
	if !known {
		n = int32(len(numbers))
		numbers[name] = n
		*list = append(*list, name)
	}
	return n
}

// codePath codes the steps of a session, and returns how many there are.
func (s *scheme) codePath(list []request, codes []code, v *codedVisit) (steps int) {
	two, one := outside, outside // the steps before
	lead(list, func(i int, gap float64) {
		c := &codes[i]
		c.pair, c.triple = s.follow(two, one, c.endpoint)
		if steps++; steps > 1 {
			c.think = int32(s.think.Cell(gap))
		}
		two, one = one, c.endpoint
	})
	v.last, v.lastTriple = s.follow(two, one, over)
	return steps
}

// follow returns the numbers of the pair and the triple that end with a step.
func (s *scheme) follow(two, one, at int32) (pair, triple int32) {
	origin, _ := s.origins.number([3]int32{one})
	pair, fresh := s.pairs.number([3]int32{one, at})
	if fresh {
		s.from = append(s.from, origin)
	}
	triple, fresh = s.triples.number([3]int32{two, one, at})
	if fresh {
		before, _ := s.prefixes.number([3]int32{two, one})
		s.before = append(s.before, before)
	}
	return pair, triple
}

// findEdges finds the transitions that have enough think times in both traffics to be
// compared one by one: the most frequent.
func (s *scheme) findEdges() {
	var counts [2]map[int32]int
	for k, side := range s.sides {
		counts[k] = map[int32]int{}
		for i := range side.codes {
			if c := &side.codes[i]; c.think >= 0 {
				counts[k][c.pair]++
			}
		}
	}
	var list []int32
	for pair, n := range counts[0] {
		if n >= edgeThinks && counts[1][pair] >= edgeThinks {
			list = append(list, pair)
		}
	}
	slices.SortFunc(list, func(a, b int32) int { return cmp.Or(cmp.Compare(counts[0][b], counts[0][a]), cmp.Compare(a, b)) })
	s.edges = map[int32]int32{}
	for i, pair := range list[:min(len(list), mostEdges)] {
		s.edges[pair] = int32(i)
	}
	for _, side := range s.sides {
		for i := range side.codes {
			if c := &side.codes[i]; c.think >= 0 {
				if e, is := s.edges[c.pair]; is {
					c.edge = e
				}
			}
		}
	}
}

// edgeCell is the cell of a think time among those of its transition.
func (s *scheme) edgeCell(think int32) int { return int(think) * edgeCells / len(s.think.Tops) }

// findPace sums up, for each session, by how much its think times go together: by their
// normal scores among all of the same transition.
//
//	ρ = Σ_s Σ_{i≠j} z_i z_j/(m_s(m_s−1)) / Σ_s Σ_i z_i²/m_s
func (s *scheme) findPace(side *side) {
	scores := make([][]float64, len(s.edges)+1) // the last: of all other transitions
	for i := range scores {
		scores[i] = make([]float64, edgeCells)
	}
	edge := func(c *code) int {
		if c.edge < 0 {
			return len(s.edges)
		}
		return int(c.edge)
	}
	for i := range side.codes {
		if c := &side.codes[i]; c.think >= 0 {
			scores[edge(c)][s.edgeCell(c.think)]++
		}
	}
	for _, h := range scores {
		normalScores(h)
	}
	for n := range side.visits {
		v, of := &side.visits[n], &side.of.sessions[n]
		total, squares, m := 0.0, 0.0, 0.0
		for i := of.first; i < of.next; i++ {
			if c := &side.codes[i]; c.think >= 0 {
				z := scores[edge(c)][s.edgeCell(c.think)]
				total, squares, m = total+z, squares+z*z, m+1
			}
		}
		if v.paced = m >= 2; v.paced {
			v.pace, v.spread = (total*total-squares)/(m*(m-1)), squares/m
		}
	}
}

// normalScores replaces the counts of a histogram by the normal score of each cell: that
// of its middle rank.
func normalScores(h []float64) {
	n, below := distance.Sum(h), 0.0
	for i, k := range h {
		if n > 0 {
			h[i] = math.Sqrt2 * math.Erfinv(2*(below+k/2)/n-1)
		}
		below += k
	}
}
