package fidelity

import (
	"cmp"
	"slices"

	"github.com/starling-load/starling/model/fidelity/distance"
	"github.com/starling-load/starling/model/fidelity/series"
)

// A profile is all that is measured of a set of sessions.
type profile struct {
	sessions float64
	requests float64

	mix     []float64 // requests by endpoint
	answers []float64 // by endpoint and class of status
	types   []float64 // sessions by type
	pairs   []float64
	triples []float64

	think, length, duration, sent, received []float64 // over the cells of their grids
	edges                                   []float64 // think times of transitions, edgeCells each
	sentTotal                               float64   // bytes
	receivedTotal                           float64
	pace, spread                            float64

	starts, counts []float64 // sessions and requests in each of the shortest windows
	active         []float64 // sessions under way, by point of time, for each session of the set
	rate           []float64 // requests by point of time, for each session of the set
	volume         []float64 // share of the bytes by minute

	distinct float64 // values that were asked for
	top      float64 // share of the commonest hundred of them
	cached   [2]float64
}

// profile measures the sessions of a side that are in a set, given by index.
func (s *scheme) profile(of *side, set []int32) *profile {
	p := &profile{
		sessions: float64(len(set)),
		mix:      make([]float64, len(s.names)), answers: make([]float64, classes*len(s.names)), types: make([]float64, len(s.types)),
		pairs: make([]float64, len(s.pairs.numbers)), triples: make([]float64, max(len(s.triples.numbers), 1)),
		think: make([]float64, len(s.think.Tops)), length: make([]float64, len(s.length.Tops)), duration: make([]float64, len(s.duration.Tops)),
		sent: make([]float64, len(s.sent.Tops)), received: make([]float64, len(s.received.Tops)), edges: make([]float64, edgeCells*len(s.edges)),
		starts: make([]float64, s.clock.windows), counts: make([]float64, s.clock.windows),
		active: make([]float64, s.clock.points), rate: make([]float64, s.clock.points), volume: make([]float64, int(s.clock.span/60)+1),
	}
	for _, n := range set {
		p.visit(s, of, int(n))
	}
	for i := 1; i < len(p.active); i++ {
		p.active[i] += p.active[i-1]
	}
	p.active, p.rate = s.clock.smoothed(p.active), s.clock.smoothed(p.rate)
	scale(p.active, p.sessions)
	scale(p.rate, p.sessions)
	scale(p.volume, distance.Sum(p.volume))
	p.data(s, of, set)
	return p
}

// scale divides a curve, unless by 0.
func scale(curve []float64, by float64) {
	for i := range curve {
		if by > 0 {
			curve[i] /= by
		}
	}
}

// visit adds a session.
func (p *profile) visit(s *scheme, of *side, n int) {
	v, t := &of.visits[n], &of.of.sessions[n]
	if v.kind >= 0 {
		p.types[v.kind]++
	}
	p.length[v.length]++
	if v.duration >= 0 {
		p.duration[v.duration]++
	}
	p.pairs[v.last]++
	p.triples[v.lastTriple]++
	if v.paced {
		p.pace += v.pace
		p.spread += v.spread
	}
	p.starts[at(v.from, s.clock.window, len(p.starts))]++
	p.active[at(v.from, s.clock.point, len(p.active))]++
	if end := int(v.to/s.clock.point) + 1; end < len(p.active) {
		p.active[end]--
	}
	for i := t.first; i < t.next; i++ {
		p.request(s, &of.codes[i], &of.of.requests[i])
	}
}

// request adds a request.
func (p *profile) request(s *scheme, c *code, q *request) {
	p.requests++
	p.mix[c.endpoint]++
	p.answers[classes*int(c.endpoint)+int(c.class)]++
	p.sent[c.sent]++
	p.received[c.received]++
	p.sentTotal += float64(q.sent)
	p.receivedTotal += float64(q.received)
	if c.at <= s.clock.span {
		p.counts[at(c.at, s.clock.window, len(p.counts))]++
		p.rate[at(c.at, s.clock.point, len(p.rate))] += 1 / s.clock.point
		p.volume[at(c.at, 60, len(p.volume))] += float64(q.sent + q.received)
	}
	if c.pair >= 0 {
		p.pairs[c.pair]++
		p.triples[c.triple]++
	}
	if c.think >= 0 {
		p.think[c.think]++
		if c.edge >= 0 {
			p.edges[int(c.edge)*edgeCells+s.edgeCell(c.think)]++
		}
	}
}

// at is the index of the cell of width seconds that a time is in.
func at(seconds, width float64, cells int) int { return min(max(0, int(seconds/width)), cells-1) }

// data measures what is asked for, in the order of time.
func (p *profile) data(s *scheme, of *side, set []int32) {
	in := make([]bool, len(of.visits))
	for _, n := range set {
		in[n] = true
	}
	counts := make([]int32, s.values)
	var order []int32
	for _, i := range of.byTime {
		if in[of.ofVisit[i]] {
			v := of.codes[i].value
			counts[v]++
			order = append(order, v)
		}
	}
	slices.SortFunc(counts, func(a, b int32) int { return cmp.Compare(b, a) })
	top := 0
	for i, n := range counts {
		if n == 0 {
			break
		}
		p.distinct++
		if i < 100 {
			top += int(n)
		}
	}
	if len(order) == 0 {
		return
	}
	p.top = float64(top) / float64(len(order))
	for i, share := range cacheShares() {
		p.cached[i] = series.Hits(order, s.values, max(1, int(share*p.distinct)))
	}
}

// cacheShares are the sizes of the caches, as shares of what is asked for.
func cacheShares() [2]float64 { return [2]float64{0.01, 0.1} }
