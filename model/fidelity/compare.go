package fidelity

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// ErrTooFew says that there is too little to compare, ErrStopped that the caller ended the
// comparison.
var (
	ErrTooFew  = errors.New("too few sessions to compare")
	ErrStopped = errors.New("the comparison was stopped")
)

// Options steer Compare. The zero value works.
type Options struct {
	Seed     uint64
	Halvings int // of the recording; 0: 50

	// Progress, where not nil, is called after each halving. If it returns false, Compare
	// ends with ErrStopped.
	Progress func(done, all int) bool
}

const (
	defaultHalvings = 50
	leastSessions   = 8
)

// Compare measures how far other traffic is from a recording. It takes time in
// proportion to the requests of both and to Halvings. The error wraps ErrTooFew.
func Compare(recorded, other *Traffic, o Options) (*Report, error) {
	for _, t := range []*Traffic{recorded, other} {
		if len(t.sessions) < leastSessions {
			return nil, fmt.Errorf("%w: %d recorded and %d of the other traffic, of which there must be %d each; record more of them",
				ErrTooFew, len(recorded.sessions), len(other.sessions), leastSessions)
		}
	}
	o.Halvings = cmp.Or(o.Halvings, defaultHalvings)
	rounded := recorded.wholeSeconds() && !other.wholeSeconds()
	if rounded {
		other = other.rounded()
	}
	s := newScheme(recorded, other)
	s.findTypes()
	groups := [2][][]int32{s.sides[0].groups(), s.sides[1].groups()}
	wholeA, wholeB := s.whole(o.Seed, &groups)
	half := min(len(recorded.sessions), len(other.sessions)) / 2
	parts := newParts(s, wholeA, wholeB)
	band := newBands(s)
	for n := range o.Halvings {
		h := s.halve(o.Seed, n, half, &groups)
		for i := range parts {
			parts[i].add(s, &h)
		}
		band.add(s, h.a)
		if o.Progress != nil && !o.Progress(n+1, o.Halvings) {
			return nil, ErrStopped
		}
	}
	r := &Report{
		Recorded: sizes(recorded, s.sides[0]), Other: sizes(other, s.sides[1]), Halvings: o.Halvings,
		Curves: s.curves(wholeA, wholeB, band),
	}
	for i := range parts {
		if len(parts[i].floor) > 0 {
			r.add(parts[i].over(half))
		}
	}
	auc, spread, by := s.tell(o.Seed)
	r.add(tellingApart(auc, spread))
	if other.Schedule != nil {
		r.add(punctual("99 % of requests, ms late", other.Schedule.P99, 2*time.Millisecond))
		r.add(punctual("99.9 % of requests, ms late", other.Schedule.P999, 10*time.Millisecond))
	}
	r.explain(s, wholeA, wholeB, by)
	if rounded {
		r.Notes = append(r.Notes, "the recording tells whole seconds, so the times of the other traffic were cut to seconds too")
	}
	r.judge(half)
	return r, nil
}

func sizes(t *Traffic, s *side) Size {
	first, last := t.starts()
	return Size{Sessions: len(t.sessions), Users: len(t.users), Requests: len(t.requests), Seconds: (last - first).Seconds()}
}

// A part collects what the halvings say of a measure.
type part struct {
	measure
	value float64 // on the whole traffic
	known bool
	floor []float64
	other []float64
}

// newParts returns the measures that both traffics allow.
func newParts(s *scheme, a, b *profile) []part {
	var list []part
	for _, m := range measures() {
		if m.timed && !s.clock.comparable {
			continue
		}
		p := part{measure: m}
		if p.value, p.known = m.of(s, a, b); p.known {
			list = append(list, p)
		}
	}
	return list
}

// add adds a halving.
func (p *part) add(s *scheme, h *around) {
	floor, ok := p.of(s, h.a, h.b)
	other, both := p.of(s, h.a, h.g)
	if ok && both {
		p.floor, p.other = append(p.floor, floor), append(p.other, other)
	}
}

// over returns the part of the report, when all halvings are in, of which there is one.
func (p *part) over(half int) (metric string, out Part) {
	out = Part{Name: p.name, Value: p.value, RatioLimit: p.ratio, Limit: p.absolute}
	slices.Sort(p.floor)
	slices.Sort(p.other)
	out.Floor = quantile(p.floor, 0.5)
	least := max(p.absolute/2, 1e-6) // what is below counts as nothing
	ratio := func(at float64) float64 { return max(quantile(p.other, at), least) / max(out.Floor, least) }
	out.Ratio, out.Low, out.High = ratio(0.5), ratio(0.025), ratio(0.975)
	// Some of many metrics lie above their limit by chance. So a difference must be greater
	// than that of any two halves.
	out.Differs = out.Ratio > p.ratio && out.Value > p.absolute && out.Low > 1 && quantile(p.other, 0.5) > p.floor[len(p.floor)-1]
	if out.Differs {
		out.Excess = math.Log(out.Ratio / p.ratio)
	}
	if most := 3 * p.absolute; most > 0 && out.Floor > most && !p.timed {
		// The floor falls with the number of sessions, or with its root. That of curves over
		// time does not: a longer recording has longer curves.
		times := out.Floor / most
		if !p.linear {
			times *= times
		}
		out.More = int(math.Ceil(2 * float64(half) * (times - 1)))
	}
	return p.metric, out
}

// quantile of sorted numbers, of which there is one.
func quantile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	i := min(int(at), len(sorted)-1)
	k := min(i+1, len(sorted)-1)
	return sorted[i] + (at-float64(i))*(sorted[k]-sorted[i])
}

// tellingApart is the metric that asks whether a classifier tells sessions apart.
func tellingApart(auc, spread float64) (metric string, out Part) {
	const z = 1.96
	out = Part{Name: "area under the curve of a classifier", Value: auc, RatioLimit: 1, Limit: tellLimit}
	scale := tellLimit - 0.5
	out.Floor = 0.5
	out.Ratio = max(0, auc-0.5) / scale
	out.Low, out.High = max(0, auc-z*spread-0.5)/scale, max(0, auc+z*spread-0.5)/scale
	if out.Differs = auc > tellLimit && auc-z*spread > 0.5; out.Differs {
		out.Excess = math.Log(out.Ratio)
	}
	return TellingApart, out
}

// punctual is a part that says how late requests were sent.
func punctual(name string, late, limit time.Duration) (metric string, out Part) {
	out = Part{Name: name, Value: 1000 * late.Seconds(), RatioLimit: 1, Limit: 1000 * limit.Seconds()}
	out.Ratio = late.Seconds() / limit.Seconds()
	out.Low, out.High = out.Ratio, out.Ratio
	if out.Differs = late > limit; out.Differs {
		out.Excess = math.Log(out.Ratio)
	}
	return Punctuality, out
}
