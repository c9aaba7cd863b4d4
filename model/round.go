package model

import (
	"math"
	"slices"
	"time"
)

// Rounded returns a copy of m with the weights, odds and ratios rounded to what a
// model folder keeps. The shares of a list sum to exactly 1. They have four decimals,
// or as many as the smallest share needs, at most nine. Shares that already have at
// most nine decimals and sum to exactly 1 stay. Empty slices become nil and times
// become UTC. A folder holds the rounded model, so reading gives back exactly that.
func (m *Model) Rounded() *Model {
	m = m.clone()
	m.round()
	return m
}

func (m *Model) round() {
	weights := make([]*float64, len(m.Behaviors))
	for i := range m.Behaviors {
		weights[i] = &m.Behaviors[i].Weight
		m.Behaviors[i].round()
	}
	roundShares(weights)
	weights = make([]*float64, len(m.Browsers))
	for i := range m.Browsers {
		weights[i] = &m.Browsers[i].Weight
		m.Browsers[i].Headers = orNil(m.Browsers[i].Headers)
	}
	roundShares(weights)
	for i := range m.Bindings {
		b := &m.Bindings[i]
		b.Match, b.Shuffled = decimals(b.Match, 4), decimals(b.Shuffled, 4)
		b.Sources = orNil(b.Sources)
	}
	for i := range m.Endpoints {
		m.Endpoints[i].round()
	}
	for i := range m.Data {
		s := &m.Data[i]
		s.Columns, s.Kinds, s.Rows = orNil(s.Columns), orNil(s.Kinds), orNil(s.Rows)
	}
	m.Recorded.Starts, m.Recorded.LeftOut = orNil(m.Recorded.Starts), orNil(m.Recorded.LeftOut)
	if !m.Recorded.Start.IsZero() {
		m.Recorded.Start = m.Recorded.Start.UTC().Round(0)
	} else {
		m.Recorded.Start = time.Time{}
	}
	m.Origins, m.Browsers, m.Behaviors, m.Endpoints = orNil(m.Origins), orNil(m.Browsers), orNil(m.Behaviors), orNil(m.Endpoints)
	m.Bindings, m.Data, m.Sessions, m.Notes = orNil(m.Bindings), orNil(m.Data), orNil(m.Sessions), orNil(m.Notes)
	m.Unresolved = orNil(m.Unresolved)
}

func (b *Behavior) round() {
	roundOdds(b.Start)
	b.Start, b.Steps = orNil(b.Start), orNil(b.Steps)
	for i := range b.Steps {
		s := &b.Steps[i]
		roundOdds(s.Next)
		s.Next, s.Group = orNil(s.Next), orNil(s.Group)
		if s.Page != nil {
			s.Page.round()
		}
		for k := range s.Group {
			s.Group[k].round()
		}
		if s.Open != nil {
			s.Open.Every.Quantiles = orNil(s.Open.Every.Quantiles)
		}
		if s.Pause != nil {
			s.Pause.Quantiles = orNil(s.Pause.Quantiles)
		}
	}
}

func (p *Page) round() {
	for i := range p.Loads {
		l := &p.Loads[i]
		if l.Share > 0 {
			l.Share = max(decimals(l.Share, minDecimals), math.Pow10(-minDecimals)) // never down to 0
		}
		l.Delay.Quantiles = orNil(l.Delay.Quantiles)
	}
	p.Loads = orNil(p.Loads)
}

func (e *Endpoint) round() {
	for i := range e.Variants {
		v := &e.Variants[i]
		v.Values, v.Rows = orNil(v.Values), orNil(v.Rows)
		v.Request.Headers, v.Request.Trailers = orNil(v.Request.Headers), orNil(v.Request.Trailers)
	}
	e.Variants, e.Needs = orNil(e.Variants), orNil(e.Needs)
	e.Outcomes = orNil(e.Outcomes)
	e.Check.round()
	for i := range e.Outcomes {
		e.Outcomes[i].Check.round()
	}
}

func (c *Check) round() {
	c.Status, c.Redirect, c.Content, c.Facts = orNil(c.Status), orNil(c.Redirect), orNil(c.Content), orNil(c.Facts)
	c.Require, c.Known = orNil(c.Require), orNil(c.Known)
}

// clone returns a copy of m for round to change. m stays as it is. The copy shares
// with m what round only reads.
func (m *Model) clone() *Model {
	c := *m
	c.Behaviors = slices.Clone(m.Behaviors)
	for i := range c.Behaviors {
		b := &c.Behaviors[i]
		b.Start, b.Steps = slices.Clone(b.Start), slices.Clone(b.Steps)
		for j := range b.Steps {
			b.Steps[j] = b.Steps[j].clone()
		}
	}
	c.Browsers, c.Endpoints = slices.Clone(m.Browsers), slices.Clone(m.Endpoints)
	for i := range c.Endpoints {
		c.Endpoints[i].Variants = slices.Clone(c.Endpoints[i].Variants)
		c.Endpoints[i].Outcomes = slices.Clone(c.Endpoints[i].Outcomes)
	}
	c.Bindings, c.Data = slices.Clone(m.Bindings), slices.Clone(m.Data)
	return &c
}

func (s Step) clone() Step {
	s.Next, s.Group = slices.Clone(s.Next), slices.Clone(s.Group)
	for i := range s.Group {
		s.Group[i].Loads = slices.Clone(s.Group[i].Loads)
	}
	if s.Page != nil {
		p := *s.Page
		p.Loads = slices.Clone(p.Loads)
		s.Page = &p
	}
	if s.Open != nil {
		o := *s.Open
		s.Open = &o
	}
	if s.Pause != nil {
		t := *s.Pause
		s.Pause = &t
	}
	return s
}

// roundOdds rounds the odds of edges as shares. Empty quantiles become nil.
func roundOdds(edges []Edge) {
	shares := make([]*float64, len(edges))
	for i := range edges {
		shares[i] = &edges[i].Odds
		edges[i].Think.Quantiles = orNil(edges[i].Think.Quantiles)
	}
	roundShares(shares)
}

// The least and the greatest number of decimals of a rounded share.
const minDecimals, maxDecimals = 4, 9

// roundShares rounds shares to decimals that sum to exactly 1, by the method of the
// largest remainder. The shares must sum to 1 within the tolerance. Other shares
// stay as they are, for Validate to name.
func roundShares(shares []*float64) {
	sum, smallest := 0.0, 1.0
	for _, p := range shares {
		if !(*p >= 0) || *p > 1+shareTolerance {
			return
		}
		sum += *p
		if *p > 0 {
			smallest = min(smallest, *p)
		}
	}
	if math.Abs(sum-1) > shareTolerance || areDecimals(shares) {
		return
	}
	digits := min(max(minDecimals, 1-int(math.Floor(math.Log10(smallest)))), maxDecimals)
	unit := math.Pow10(digits)
	units := make([]float64, len(shares))
	order := make([]int, len(shares))
	missing := unit
	for i, p := range shares {
		exact := *p / sum * unit
		units[i] = math.Floor(exact)
		if exact > 0 && units[i] == 0 {
			units[i] = 1 // a share above 0 never becomes 0
		}
		missing -= units[i]
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmpFloat(*shares[b]/sum*unit-units[b], *shares[a]/sum*unit-units[a])
	})
	for _, i := range order {
		if missing <= 0 {
			break
		}
		units[i]++
		missing--
	}
	if missing < 0 { // small shares were raised to the last decimal: the largest share pays
		largest := 0
		for i := range units {
			if units[i] > units[largest] {
				largest = i
			}
		}
		units[largest] += missing
	}
	for i, p := range shares {
		*p = units[i] / unit
	}
}

// areDecimals reports whether all shares have at most maxDecimals decimals and
// sum to exactly 1.
func areDecimals(shares []*float64) bool {
	const unit = 1e9 // 10 to the power of maxDecimals
	sum := 0.0
	for _, p := range shares {
		units := math.Round(*p * unit)
		if units/unit != *p {
			return false
		}
		sum += units
	}
	return sum == unit
}

// decimals rounds x to n decimals.
func decimals(x float64, n int) float64 {
	unit := math.Pow10(n)
	return math.Round(x*unit) / unit
}

func cmpFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// orNil returns s, or nil when it is empty.
func orNil[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return s
}
