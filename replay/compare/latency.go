package compare

import (
	"math"
	"time"

	"github.com/starling-load/starling/replay/stats"
)

// A figure is a quantile of the response time that may be tested.
type figure struct {
	name  string
	q     float64
	least uint64 // it is tested from this many requests per block on
	below uint64 // and below this many; 0: without a limit
}

// p95 takes the place of p99 where a block has too few requests for that: even
// with 3,000 its p99 is only known to lie between p98.8 and p99.2.
var figures = []figure{
	{"p50", 0.50, 6, 0},
	{"p90", 0.90, 50, 0},
	{"p95", 0.95, 100, 3000},
	{"p99", 0.99, 3000, 0},
}

const (
	// fewestPairs is the number of pairs that a test needs.
	fewestPairs = 4

	// fewestShared is the number of endpoints that are needed to tell apart a shift
	// that all share and a shift of one endpoint.
	fewestShared = 8
)

// A cell is one endpoint's figure over all pairs.
type cell struct {
	endpoint int // index into the report
	fig      figure
	limit    float64   // least change that matters, as a log-ratio
	base     []float64 // µs, by pair used
	cand     []float64
	pair     []int     // which pairs are used
	d        []float64 // ln cand − ln base
	load     float64   // ln of requests per block

	total sample // of d
	own   sample // of d without the shared shift; total where there is none
}

func (o Options) limit(name string) float64 {
	switch name {
	case "p50":
		return o.P50
	case "p90":
		return o.P90
	case "p95":
		return o.P95
	}
	return o.P99
}

// latencies fills the Latency of all endpoints and Global.
func (r *Report) latencies(p pairs, o Options) {
	var all []*cell
	for _, f := range figures {
		var cells []*cell
		for e := range r.Endpoints {
			if c := p.measure(e, r.Endpoints[e].Name, f, o); c != nil {
				cells = append(cells, c)
			}
		}
		shared := r.share(cells, f, o)
		estimate(cells, shared)
		all = append(all, cells...)
	}
	ps := make([]float64, len(all))
	for i, c := range all {
		ps[i] = c.own.p()
	}
	global := map[string]*Latency{}
	for i := range r.Global {
		global[r.Global[i].Figure] = &r.Global[i]
	}
	found := discoveries(ps, o.FalseRate)
	for i, c := range all {
		e := &r.Endpoints[c.endpoint]
		e.Latency = append(e.Latency, c.judge(found[i], ps[i], global[c.fig.name], o))
	}
}

// measure collects the figure of an endpoint over the pairs, or returns nil when
// it cannot be tested.
func (p pairs) measure(index int, name string, f figure, o Options) *cell {
	c := &cell{endpoint: index, fig: f, limit: math.Log1p(o.limit(f.name))}
	var counts []float64
	for i := range p.baseline {
		a, b := p.baseline[i].cell(name).Response, p.candidate[i].cell(name).Response
		n := min(a.Count(), b.Count())
		counts = append(counts, float64(n))
		if n < max(3, f.least/3) {
			continue
		}
		qa, qb := quantile(a, f.q), quantile(b, f.q)
		c.base, c.cand = append(c.base, qa), append(c.cand, qb)
		c.pair = append(c.pair, i)
		c.d = append(c.d, math.Log(qb)-math.Log(qa))
	}
	n := uint64(median(counts))
	if n < f.least || f.below > 0 && n >= f.below || len(c.d) < fewestPairs {
		return nil
	}
	c.load = math.Log(float64(n))
	return c
}

// share returns the shift that all endpoints have in common, for each pair: the median
// of theirs. It also tests that shift. It returns nil when there are too few endpoints.
func (r *Report) share(cells []*cell, f figure, o Options) []float64 {
	if len(cells) < fewestShared {
		return nil
	}
	shift := make([]float64, r.Pairs)
	var used []float64
	for i := range shift {
		var ds []float64
		for _, c := range cells {
			for k, pair := range c.pair {
				if pair == i {
					ds = append(ds, c.d[k])
				}
			}
		}
		// The median of fewer endpoints is not a shift that all share.
		if len(ds) >= fewestShared {
			shift[i] = median(ds)
			used = append(used, shift[i])
		}
	}
	s := describe(used)
	if s.n < fewestPairs {
		return shift
	}
	limit := math.Log1p(o.limit(f.name))
	p := s.p()
	l := s.latency(f.name, limit, p)
	// Three figures are tested.
	l.Verdict = s.verdict(p <= o.FalseRate/3 && math.Abs(s.hl) >= limit, limit)
	r.Global = append(r.Global, l)
	return shift
}

// estimate describes the cells of one figure and moderates their variances.
func estimate(cells []*cell, shared []float64) {
	total, own := make([]sample, len(cells)), make([]sample, len(cells))
	load := make([]float64, len(cells))
	for i, c := range cells {
		rest := make([]float64, len(c.d))
		for k, pair := range c.pair {
			rest[k] = c.d[k]
			if shared != nil {
				rest[k] -= shared[pair]
			}
		}
		total[i], own[i], load[i] = describe(c.d), describe(rest), c.load
	}
	moderate(total, load)
	moderate(own, load)
	for i, c := range cells {
		c.total, c.own = total[i], own[i]
	}
}

// judge decides one cell. found tells whether its own shift is significant among
// all cells; global is the shared shift of its figure, or nil.
func (c *cell) judge(found bool, p float64, global *Latency, o Options) Latency {
	base, cand := median(c.base), median(c.cand)
	absolute := float64(o.Absolute) / float64(time.Microsecond)
	// The limit is the larger of the relative one and of what the absolute one
	// means at this latency.
	limit := max(c.limit, math.Log1p(absolute/base))
	same := c.own.hl*c.total.hl > 0
	changed := found && same && math.Abs(c.total.hl) >= limit && math.Abs(c.own.hl) >= c.limit
	l := c.total.latency(c.fig.name, limit, p)
	l.Baseline, l.Candidate = base, cand
	l.MDE = math.Expm1(c.own.mde())
	l.Verdict = c.total.verdict(changed, limit)
	if global != nil && !changed && (global.Verdict == Regression || global.Verdict == Improvement) {
		low, high := c.total.interval()
		if global.Verdict == Regression && low >= limit || global.Verdict == Improvement && high <= -limit {
			l.Verdict, l.Shared = global.Verdict, true
		}
	}
	if l.Verdict == Inconclusive {
		l.MorePairs = c.own.more(limit)
	}
	return l
}

// latency renders a sample of log-ratios.
func (s sample) latency(name string, limit, p float64) Latency {
	low, high := s.interval()
	return Latency{
		Figure: name, Change: math.Expm1(s.hl), Low: math.Expm1(low), High: math.Expm1(high),
		Limit: math.Expm1(limit), P: p, Pairs: s.n, MDE: math.Expm1(s.mde()),
	}
}

// verdict turns a significant change, or an interval, into one of the four.
func (s sample) verdict(changed bool, limit float64) Verdict {
	low, high := s.interval()
	switch {
	case changed && s.hl > 0:
		return Regression
	case changed:
		return Improvement
	case -limit < low && high < limit:
		return Equivalent
	}
	return Inconclusive
}

// side summarizes an endpoint over the blocks of one side.
func side(blocks []*Block, name string) Side {
	whole := new(stats.Cell)
	for _, b := range blocks {
		whole.Merge(b.cell(name))
	}
	return Side{
		Requests: whole.Requests(), Failures: whole.Failures(),
		P50: whole.Response.Quantile(0.50).Microseconds(),
		P95: whole.Response.Quantile(0.95).Microseconds(),
		P99: whole.Response.Quantile(0.99).Microseconds(),
	}
}
