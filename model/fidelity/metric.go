package fidelity

import (
	"math"

	"github.com/starling-load/starling/model/fidelity/distance"
)

// A measure is one part of a metric: a distance between the profiles of two sets of
// sessions, and its limits.
type measure struct {
	metric   string
	name     string  // of the part
	ratio    float64 // limit of the ratio to the floor
	absolute float64 // limit of the distance, below which it does not matter; 0: none
	linear   bool    // the floor falls with the number of sessions, not with its root
	timed    bool    // it depends on how many users are there at once, so sessions must start over about the same time
	of       func(s *scheme, a, b *profile) (d float64, ok bool)
}

// leastMinutes is how long traffic must last for its minutes to be compared.
const leastMinutes = 5

// The names of the metrics, in the order of the report.
const (
	Mix          = "request mix"
	Shares       = "share of each request"
	Transitions  = "transitions"
	Memory       = "memory of paths"
	Length       = "session length"
	Duration     = "session duration"
	ThinkTime    = "think time"
	Pace         = "pace of users"
	Burstiness   = "burstiness"
	Correlation  = "correlation of counts"
	Concurrency  = "users at once"
	Rate         = "rate over time"
	Bytes        = "bytes"
	Data         = "data"
	Types        = "types of users"
	Answers      = "answers"
	Punctuality  = "schedule"
	TellingApart = "telling apart"
)

// measures are all parts of all metrics that compare profiles.
func measures() []measure {
	plain := func(of func(a, b *profile) float64) func(*scheme, *profile, *profile) (float64, bool) {
		return func(_ *scheme, a, b *profile) (float64, bool) { return of(a, b), true }
	}
	return []measure{
		{Mix, "divergence of endpoints, bits", 1.15, 0.001, true, false, plain(func(a, b *profile) float64 { return distance.JensenShannon(a.mix, b.mix) })},
		{Shares, "greatest error", 1.15, 0.005, false, false, plain(func(a, b *profile) float64 { return distance.Greatest(a.mix, b.mix) })},
		{Transitions, "divergence of pairs, bits", 1.15, 0, true, false, plain(func(a, b *profile) float64 { return distance.JensenShannon(a.pairs, b.pairs) })},
		{Transitions, "variation of the next step", 1.15, 0.03, false, false, variation},
		{Memory, "divergence of triples, bits", 1.15, 0, true, false, plain(func(a, b *profile) float64 { return distance.JensenShannon(a.triples, b.triples) })},
		{Memory, "uncertainty of the next step, bits", 1.15, 0.02, false, false, func(s *scheme, a, b *profile) (float64, bool) {
			return math.Abs(s.uncertainty(a) - s.uncertainty(b)), true
		}},
		{Length, "distribution of requests (KS)", 1.15, 0.01, false, false, plain(func(a, b *profile) float64 { return distance.Kolmogorov(a.length, b.length) })},
		{Length, "mean", 1.15, 0.02, false, false, func(s *scheme, a, b *profile) (float64, bool) {
			return distance.Relative(s.length.Mean(a.length), s.length.Mean(b.length)), true
		}},
		{Length, "95 % point", 1.15, 0.05, false, false, quantileOfLength(0.95)},
		{Length, "99 % point", 1.15, 0.05, false, false, quantileOfLength(0.99)},
		{Duration, "distribution (KS)", 1.15, 0.02, false, false, known(func(p *profile) []float64 { return p.duration }, distance.Kolmogorov)},
		{ThinkTime, "distribution (KS)", 1.10, 0.01, false, false, known(func(p *profile) []float64 { return p.think }, distance.Kolmogorov)},
		{ThinkTime, "shift, of the mean", 1.10, 0.01, false, false, func(s *scheme, a, b *profile) (float64, bool) {
			return distance.Wasserstein(s.think, a.think, b.think), distance.Sum(a.think) > 0 && distance.Sum(b.think) > 0
		}},
		{ThinkTime, "worst transition (KS)", 1.5, 0.05, false, false, worstEdge},
		{Pace, "correlation within sessions", 1.15, 0.05, false, false, func(_ *scheme, a, b *profile) (float64, bool) {
			return math.Abs(a.together() - b.together()), a.spread > 0 && b.spread > 0
		}},
		{Burstiness, "requests", 1.15, math.Log(1.1), false, true, bursts(func(p *profile) []float64 { return p.counts })},
		{Burstiness, "session starts", 1.15, math.Log(1.1), false, true, bursts(func(p *profile) []float64 { return p.starts })},
		{Correlation, "greatest at 1, 10, 60 s", 1.15, 0.05, false, true, correlations},
		{Concurrency, "area between the curves", 1.15, 0.03, false, true, plain(func(a, b *profile) float64 { return distance.Area(a.active, b.active) })},
		{Concurrency, "peak", 1.15, 0.03, false, true, plain(func(a, b *profile) float64 { return distance.Relative(peak(a.active), peak(b.active)) })},
		{Rate, "area between the curves", 1.15, 0.02, false, true, plain(func(a, b *profile) float64 { return distance.Area(a.rate, b.rate) })},
		{Rate, "bytes by the minute, area", 1.15, 0.02, false, true, func(_ *scheme, a, b *profile) (float64, bool) {
			return distance.Area(a.volume, b.volume), len(a.volume) >= leastMinutes
		}},
		{Bytes, "sent, for each request", 1.15, 0.01, false, false, plain(func(a, b *profile) float64 { return distance.Relative(a.sentTotal/a.requests, b.sentTotal/b.requests) })},
		{Bytes, "received, for each request", 1.15, 0.01, false, false, plain(func(a, b *profile) float64 {
			return distance.Relative(a.receivedTotal/a.requests, b.receivedTotal/b.requests)
		})},
		{Bytes, "shift of sizes sent, of the mean", 1.15, 0.01, false, false, func(s *scheme, a, b *profile) (float64, bool) {
			return distance.Wasserstein(s.sent, a.sent, b.sent), true
		}},
		{Bytes, "shift of sizes received, of the mean", 1.15, 0.01, false, false, func(s *scheme, a, b *profile) (float64, bool) {
			return distance.Wasserstein(s.received, a.received, b.received), true
		}},
		{Data, "different values", 1.15, 0.05, false, false, plain(func(a, b *profile) float64 { return distance.Relative(a.distinct/a.requests, b.distinct/b.requests) })},
		{Data, "share of the commonest 100", 1.15, 0.01, false, false, plain(func(a, b *profile) float64 { return math.Abs(a.top - b.top) })},
		{Data, "hits of a cache of 1 %", 1.15, 0.02, false, true, plain(func(a, b *profile) float64 { return math.Abs(a.cached[0] - b.cached[0]) })},
		{Data, "hits of a cache of 10 %", 1.15, 0.02, false, true, plain(func(a, b *profile) float64 { return math.Abs(a.cached[1] - b.cached[1]) })},
		{Types, "greatest error of a weight", 1.15, 0.005, false, false, func(_ *scheme, a, b *profile) (float64, bool) {
			return distance.Greatest(a.types, b.types), len(a.types) > 1 && distance.Sum(a.types) > 0 && distance.Sum(b.types) > 0
		}},
		{Answers, "other class of status", 1.15, 0.01, false, false, plain(otherAnswers)},
	}
}

// known is a distance between distributions that both profiles must have.
func known(of func(*profile) []float64, d func(a, b []float64) float64) func(*scheme, *profile, *profile) (float64, bool) {
	return func(_ *scheme, a, b *profile) (float64, bool) {
		x, y := of(a), of(b)
		return d(x, y), distance.Sum(x) > 0 && distance.Sum(y) > 0
	}
}

// quantileOfLength compares a quantile that some sessions lie beyond.
func quantileOfLength(p float64) func(*scheme, *profile, *profile) (float64, bool) {
	const beyond = 2
	return func(s *scheme, a, b *profile) (float64, bool) {
		d := distance.Relative(s.length.Quantile(a.length, p), s.length.Quantile(b.length, p))
		return d, min(a.sessions, b.sessions)*(1-p) >= beyond
	}
}

// variation is how differently users go on: Σ π_i·TV(P_i, Q_i) over the steps i, with π
// their shares in a.
func variation(s *scheme, a, b *profile) (float64, bool) {
	rows := len(s.origins.numbers)
	fromA, fromB := make([]float64, rows), make([]float64, rows)
	for i, from := range s.from {
		fromA[from] += a.pairs[i]
		fromB[from] += b.pairs[i]
	}
	d, n := 0.0, distance.Sum(fromA)
	for i, from := range s.from {
		switch {
		case fromA[from] == 0:
		case fromB[from] == 0:
			d += a.pairs[i] / n
		default:
			d += fromA[from] / n * math.Abs(a.pairs[i]/fromA[from]-b.pairs[i]/fromB[from]) / 2
		}
	}
	return d, n > 0
}

// uncertainty is the entropy of the next step given the two before, in bits.
func (s *scheme) uncertainty(p *profile) float64 {
	before := make([]float64, len(s.prefixes.numbers))
	for i, n := range p.triples {
		before[s.before[i]] += n
	}
	h, total := 0.0, distance.Sum(p.triples)
	for i, n := range p.triples {
		if n > 0 {
			h -= n / total * math.Log2(n/before[s.before[i]])
		}
	}
	return h
}

// worstEdge is the greatest distance of the think times of a transition.
func worstEdge(s *scheme, a, b *profile) (float64, bool) {
	d, ok := 0.0, false
	for e := range len(s.edges) {
		x, y := a.edges[e*edgeCells:(e+1)*edgeCells], b.edges[e*edgeCells:(e+1)*edgeCells]
		if least := edgeThinks / 4.0; distance.Sum(x) >= least && distance.Sum(y) >= least {
			d, ok = max(d, distance.Kolmogorov(x, y)), true
		}
	}
	return d, ok
}

// together is the correlation of think times within sessions.
func (p *profile) together() float64 { return p.pace / p.spread }

// bursts is the greatest difference of ln I(w), the index of dispersion in windows of w.
func bursts(of func(*profile) []float64) func(*scheme, *profile, *profile) (float64, bool) {
	return func(s *scheme, a, b *profile) (float64, bool) {
		x, y := s.clock.dispersion(of(a)), s.clock.dispersion(of(b))
		d := 0.0
		for i := range x {
			if x[i] > 0 && y[i] > 0 {
				d = max(d, math.Abs(math.Log(x[i]/y[i])))
			}
		}
		return d, len(x) > 0
	}
}

func correlations(s *scheme, a, b *profile) (float64, bool) {
	x, y := s.clock.correlation(a.counts), s.clock.correlation(b.counts)
	d := 0.0
	for i := range x {
		d = max(d, math.Abs(x[i]-y[i]))
	}
	return d, s.clock.span >= float64(10*lags()[0])
}

func peak(curve []float64) float64 {
	top := 0.0
	for _, x := range curve {
		top = max(top, x)
	}
	return top
}

// otherAnswers is the share of requests whose answer is of another class of status than
// that of the same endpoint in a.
func otherAnswers(a, b *profile) float64 {
	d, n := 0.0, 0.0
	for e := range a.mix {
		if a.mix[e] == 0 || b.mix[e] == 0 {
			continue
		}
		n += b.mix[e]
		for c := range classes {
			d += b.mix[e] * math.Abs(a.answers[classes*e+c]/a.mix[e]-b.answers[classes*e+c]/b.mix[e]) / 2
		}
	}
	if n == 0 {
		return 0
	}
	return d / n
}
