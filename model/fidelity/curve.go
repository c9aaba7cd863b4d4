package fidelity

import (
	"cmp"
	"math"
	"slices"

	"github.com/starling-load/starling/model/fidelity/distance"
)

// curvePoints bounds the points of a curve.
const curvePoints = 160

// barsOf bounds the bars of a chart of shares.
const barsOf = 15

// A Curve shows one measure of both traffics over the same points.
type Curve struct {
	Metric string    `json:"metric"`
	Title  string    `json:"title"`
	Unit   string    `json:"unit"`           // of X
	Log    bool      `json:"log"`            // X is best shown on a logarithmic scale
	X      []float64 `json:"x,omitempty"`    // ascending; none: Bars
	Bars   []string  `json:"bars,omitempty"` // what the values stand for

	Recorded []float64 `json:"recorded"`
	Other    []float64 `json:"other"`

	// Low and High are the least and the greatest of the halves of the recording: what
	// chance makes of it.
	Low  []float64 `json:"low,omitempty"`
	High []float64 `json:"high,omitempty"`
}

// A drawing is how a curve is drawn from a profile.
type drawing struct {
	Curve
	of func(*profile) []float64
}

// drawings are all curves, without values.
func (s *scheme) drawings() []drawing {
	list := []drawing{s.bars()}
	below := func(metric, title, unit string, g *distance.Grid, of func(*profile) []float64) {
		at := spread(len(g.Tops), curvePoints)
		x := make([]float64, len(at))
		for i, k := range at {
			x[i] = g.Tops[k]
		}
		list = append(list, drawing{Curve{Metric: metric, Title: title, Unit: unit, Log: true, X: x}, func(p *profile) []float64 {
			h := of(p)
			total, sofar, next := max(1, distance.Sum(h)), 0.0, 0
			y := make([]float64, len(at))
			for i, n := range h {
				if sofar += n; next < len(at) && at[next] == i {
					y[next] = sofar / total
					next++
				}
			}
			return y
		}})
	}
	below(ThinkTime, "think times up to", "s", s.think, func(p *profile) []float64 { return p.think })
	below(Length, "sessions with requests up to", "requests", s.length, func(p *profile) []float64 { return p.length })
	below(Duration, "sessions that last up to", "s", s.duration, func(p *profile) []float64 { return p.duration })
	below(Bytes, "answers with bytes up to", "bytes", s.received, func(p *profile) []float64 { return p.received })
	if s.clock.comparable {
		list = append(list, s.timed(Rate, "requests a second, for each session", func(p *profile) []float64 { return p.rate }),
			s.timed(Concurrency, "users at once, for each session", func(p *profile) []float64 { return p.active }))
		if widths := s.clock.widths(); len(widths) > 0 {
			list = append(list, drawing{Curve{Metric: Burstiness, Title: "index of dispersion of requests in windows of", Unit: "s", Log: true, X: widths},
				func(p *profile) []float64 { return s.clock.dispersion(p.counts) }})
		}
	}
	return list
}

// bars are the shares of the commonest endpoints of the recording.
func (s *scheme) bars() drawing {
	places := s.commonest(barsOf)
	order := make([]int32, len(places))
	d := drawing{Curve: Curve{Metric: Mix, Title: "share of requests", Bars: make([]string, len(places))}}
	for e, place := range places {
		order[place], d.Bars[place] = e, s.names[e]
	}
	d.of = func(p *profile) []float64 {
		y := make([]float64, len(order))
		for i, e := range order {
			y[i] = p.mix[e] / max(1, p.requests)
		}
		return y
	}
	return d
}

// timed is a curve over the time of the traffic.
func (s *scheme) timed(metric, title string, of func(*profile) []float64) drawing {
	at := spread(s.clock.points, curvePoints)
	d := drawing{Curve: Curve{Metric: metric, Title: title, Unit: "s"}}
	for _, i := range at {
		d.X = append(d.X, float64(i)*s.clock.point)
	}
	d.of = func(p *profile) []float64 {
		y := make([]float64, len(at))
		for k, i := range at {
			y[k] = of(p)[i]
		}
		return y
	}
	return d
}

// spread returns at most n indices below size, the first and the last among them.
func spread(size, n int) []int {
	var list []int
	for i := range min(size, n) {
		if size <= n {
			list = append(list, i)
		} else {
			list = append(list, i*(size-1)/(n-1))
		}
	}
	return list
}

// bands collect what halves of the recording look like.
type bands struct {
	drawings  []drawing
	low, high [][]float64
}

func newBands(s *scheme) *bands {
	b := &bands{drawings: s.drawings()}
	b.low, b.high = make([][]float64, len(b.drawings)), make([][]float64, len(b.drawings))
	return b
}

func (b *bands) add(s *scheme, p *profile) {
	for i, d := range b.drawings {
		y := d.of(p)
		if b.low[i] == nil {
			b.low[i], b.high[i] = slices.Clone(y), y
			continue
		}
		for k := range y {
			b.low[i][k], b.high[i][k] = min(b.low[i][k], y[k]), max(b.high[i][k], y[k])
		}
	}
}

// curves returns all curves.
func (s *scheme) curves(a, b *profile, halves *bands) []Curve {
	var list []Curve
	for i, d := range halves.drawings {
		d.Recorded, d.Other, d.Low, d.High = d.of(a), d.of(b), halves.low[i], halves.high[i]
		list = append(list, d.Curve)
	}
	return list
}

// A Change is an endpoint whose share of the requests differs.
type Change struct {
	Endpoint string  `json:"endpoint"`
	Recorded float64 `json:"recorded"` // shares, 0 to 1
	Other    float64 `json:"other"`
}

// changes are the endpoints whose shares differ most.
func (s *scheme) changes(a, b *profile) []Change {
	list := make([]Change, 0, len(s.names))
	for e, name := range s.names {
		list = append(list, Change{name, a.mix[e] / max(1, a.requests), b.mix[e] / max(1, b.requests)})
	}
	slices.SortStableFunc(list, func(x, y Change) int {
		return cmp.Compare(math.Abs(y.Recorded-y.Other), math.Abs(x.Recorded-x.Other))
	})
	return slices.DeleteFunc(list[:min(len(list), 5)], func(c Change) bool { return c.Recorded == c.Other })
}
