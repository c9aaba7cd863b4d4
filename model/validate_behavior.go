package model

import (
	"slices"
	"strconv"
	"time"

	"github.com/starling-load/starling/model/problem"
)

func (v *validator) behavior(b *Behavior) {
	p := v.at("behaviors", b.Name)
	if b.Sessions < 0 {
		p.at("sessions").addf("is negative")
	}
	if !slices.Contains([]Apart{"", ApartRobot, ApartPoller}, b.Apart) {
		p.at("apart").addf("%s is unknown: write %s or %s, or leave it out", problem.Quote(string(b.Apart)), ApartRobot, ApartPoller)
	}
	v.names(p.at("steps"), len(b.Steps), func(i int) string { return b.Steps[i].ID })
	steps := make(map[string]*Step, len(b.Steps))
	strands := map[string]bool{}
	for i := range b.Steps {
		s := &b.Steps[i]
		steps[s.ID] = s
		if s.Open != nil {
			strands[s.Open.Name] = true
		}
		if s.ID == End {
			p.at("steps", s.ID).addf("this name means the end of a session: choose another")
		}
	}
	v.edges(p.at("start"), b.Start, steps, true)
	for i := range b.Steps {
		s := &b.Steps[i]
		at := p.at("steps", s.ID)
		v.step(at, s, strands)
		v.edges(at.at("next"), s.Next, steps, false)
	}
	reached := reachable(b, steps)
	for i := range b.Steps {
		if id := b.Steps[i].ID; !reached[id] {
			p.at("steps", id).addf("nothing leads to this step: delete it, or add it to start or to another step")
		}
	}
}

// step checks what a user does at s. strands are the strands that the behavior opens.
func (v *validator) step(p place, s *Step, strands map[string]bool) {
	kinds := 0
	for _, is := range []bool{s.Page != nil, len(s.Group) > 0, s.Open != nil, s.Close != "", s.Pause != nil} {
		if is {
			kinds++
		}
	}
	if kinds != 1 {
		p.addf("must be one of request, group, open, close and pause, not %d of them", kinds)
	}
	if s.Page != nil {
		p.page(s.Page)
	}
	for i := range s.Group {
		p.at("group", strconv.Itoa(i+1)).page(&s.Group[i])
	}
	if s.Open != nil {
		p.at("open").endpoint(s.Open.Endpoint)
		if why := badName(s.Open.Name); why != "" {
			p.at("strand").addf("%s cannot be a name: %s", problem.Quote(s.Open.Name), why)
		}
		p.at("every").think(&s.Open.Every)
	}
	if s.Close != "" && !strands[s.Close] {
		p.at("close").addf("no step of this behavior opens a strand %s%s", problem.Quote(s.Close), problem.Suggest(s.Close, sortedKeys(strands)))
	}
	if s.Pause != nil {
		p.at("pause").think(s.Pause)
	}
}

func sortedKeys(set map[string]bool) []string {
	var keys []string
	for k := range set {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (p place) page(page *Page) {
	p.at("request").endpoint(page.Endpoint)
	if page.AtOnce < 0 {
		p.at("at_once").addf("is negative")
	}
	for i := range page.Loads {
		l := &page.Loads[i]
		at := p.at("loads", l.Endpoint)
		at.endpoint(l.Endpoint)
		if !(l.Share >= 0 && l.Share <= 1) {
			at.at("share").addf("%v is not a share from 0 to 1", l.Share)
		}
		at.at("delay").think(&l.Delay)
	}
}

func (v *validator) edges(p place, edges []Edge, steps map[string]*Step, start bool) {
	if len(edges) == 0 {
		if start {
			p.addf("is empty: name the first step")
		} else {
			p.addf("nothing follows this step: write \"next: end\" to end the session here")
		}
		return
	}
	seen := make(map[string]bool, len(edges))
	shares := make([]float64, len(edges))
	bad := false
	for i := range edges {
		e := &edges[i]
		at := p.at(e.To)
		shares[i] = e.Odds
		if why := badShare(e.Odds); why != "" {
			at.addf("odds %v %s", e.Odds, why)
			bad = true
		}
		if seen[e.To] {
			at.addf("is there twice: add up the odds")
		}
		seen[e.To] = true
		switch {
		case start && e.To == End:
			at.addf("a session cannot end before it begins")
		case e.To != End && steps[e.To] == nil:
			ids := map[string]bool{}
			for id := range steps {
				ids[id] = true
			}
			at.addf("this behavior has no step %s%s", problem.Quote(e.To), problem.Suggest(e.To, sortedKeys(ids)))
		}
		if start && !e.Think.None() {
			at.addf("the first step has no think time: nothing was answered before it")
		}
		at.at("think").think(&e.Think)
	}
	if !bad {
		p.sum("odds", shares)
	}
}

func (p place) think(t *Think) {
	switch {
	case t.Fixed != 0 && len(t.Quantiles) > 0:
		p.addf("is fixed and has quantiles: keep one")
	case t.Fixed < 0:
		p.addf("%v is negative", t.Fixed)
	case len(t.Quantiles) == 1:
		p.addf("has one quantile: two or more are needed, or a fixed time")
	case len(t.Quantiles) > 0 && (t.Quantiles[0] < 0 || !slices.IsSorted(t.Quantiles)):
		p.addf("the quantiles must be in ascending order from 0 on")
	case t.Fixed > MaxThink || len(t.Quantiles) > 0 && t.Quantiles[len(t.Quantiles)-1] > MaxThink:
		p.addf("is longer than %v", MaxThink)
	}
}

// MaxThink is the longest pause within a session.
const MaxThink = 7 * 24 * time.Hour

// reachable returns the steps that a walk can visit by the odds alone.
func reachable(b *Behavior, steps map[string]*Step) map[string]bool {
	reached := make(map[string]bool, len(steps))
	var todo []Edge
	todo = append(todo, b.Start...)
	for len(todo) > 0 {
		e := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		s := steps[e.To]
		if s == nil || reached[e.To] || !(e.Odds > 0) {
			continue
		}
		reached[e.To] = true
		todo = append(todo, s.Next...)
	}
	return reached
}
