package edit

import (
	"slices"

	"github.com/starling-load/starling/model"
)

// A Check changes what is expected of the answers of endpoints, whichever outcome a step
// expects. Status, Redirect, Content and Links of Want take the place of what is expected;
// Require, Known and Facts are added.
type Check struct {
	Endpoints []string // at least one
	Want      model.Check
	Drop      []string // what is not asked for any more: features, redirections, media types, selectors of facts
}

func (x Check) apply(e *editor) {
	at := e.endpoints(x.Endpoints)
	if e.failed() {
		return
	}
	for i := range e.m.Endpoints {
		p := &e.m.Endpoints[i]
		if !at[p.Name] {
			continue
		}
		x.change(&p.Check)
		for k := range p.Outcomes {
			x.change(&p.Outcomes[k].Check)
		}
	}
	if len(x.Want.Status) == 0 {
		return
	}
	e.sessions(nil, func(s *script) []model.Act {
		for k := range s.acts {
			if at[s.acts[k].Endpoint] {
				s.acts[k].Status = 0 // the check tells what is accepted
			}
		}
		return s.acts
	})
}

func (x Check) change(c *model.Check) {
	isGone := func(s string) bool { return slices.Contains(x.Drop, s) }
	c.Redirect, c.Content = without(c.Redirect, isGone), without(c.Content, isGone)
	c.Require, c.Known = without(c.Require, isGone), without(c.Known, isGone)
	c.Facts = slices.DeleteFunc(slices.Clone(c.Facts), func(f model.Fact) bool {
		return isGone(f.Selector) || slices.ContainsFunc(x.Want.Facts, func(w model.Fact) bool { return w.Selector == f.Selector })
	})
	w := &x.Want
	if len(w.Status) > 0 {
		c.Status = w.Status
	}
	if len(w.Redirect) > 0 {
		c.Redirect = w.Redirect
	}
	if len(w.Content) > 0 {
		c.Content = w.Content
	}
	if w.Links > 0 {
		c.Links = w.Links
	}
	c.Require, c.Known = with(c.Require, w.Require), with(c.Known, w.Known)
	c.Facts = append(c.Facts, w.Facts...)
}

func without(list []string, isGone func(string) bool) []string {
	return slices.DeleteFunc(slices.Clone(list), isGone)
}

// with returns a list with those of more that it lacks.
func with(list, more []string) []string {
	for _, s := range more {
		if !slices.Contains(list, s) {
			list = append(slices.Clip(list), s)
		}
	}
	return list
}
