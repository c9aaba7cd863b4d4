package folder

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/starling-load/starling/model"
)

func (e *encoder) behavior(b *model.Behavior) *yaml.Node {
	n := mapping()
	putNumber(n, "sessions", b.Sessions)
	if b.Apart != "" {
		put(n, "apart", text(string(b.Apart)))
	}
	put(n, "start", e.edges(b.Name, b.Start))
	steps := mapping()
	for i := range b.Steps {
		put(steps, b.Steps[i].ID, e.step(b.Name, &b.Steps[i]))
	}
	put(n, "steps", steps)
	return n
}

// step writes what a user does and where the user goes next. The endpoint of a
// request and the name of a strand are left out if they equal the name of the step.
func (e *encoder) step(behavior string, s *model.Step) *yaml.Node {
	n := mapping()
	if s.Page != nil {
		if s.Page.Endpoint != s.ID {
			put(n, "request", text(s.Page.Endpoint))
		}
		e.loads(n, behavior, s.Page)
	}
	group := sequence()
	for i := range s.Group {
		group.Content = append(group.Content, e.page(behavior, &s.Group[i]))
	}
	putSome(n, "group", group)
	if s.Open != nil {
		put(n, "open", text(s.Open.Endpoint))
		if s.Open.Name != s.ID {
			put(n, "strand", text(s.Open.Name))
		}
		if every := e.think(behavior, &s.Open.Every); every != nil {
			put(n, "every", every)
		}
	}
	putText(n, "close", s.Close)
	if s.Pause != nil {
		pause := e.think(behavior, s.Pause)
		if pause == nil {
			pause = plain("0s")
		}
		put(n, "pause", pause)
	}
	put(n, "next", e.edges(behavior, s.Next))
	return n
}

// page writes a member of a group.
func (e *encoder) page(behavior string, p *model.Page) *yaml.Node {
	if len(p.Loads) == 0 && p.AtOnce == 0 {
		return text(p.Endpoint)
	}
	n := mapping()
	put(n, "request", text(p.Endpoint))
	e.loads(n, behavior, p)
	return n
}

// loads writes what loads beside a page.
func (e *encoder) loads(n *yaml.Node, behavior string, p *model.Page) {
	list := sequence()
	for i := range p.Loads {
		l := &p.Loads[i]
		delay := e.think(behavior, &l.Delay)
		if l.Share == 1 && delay == nil {
			list.Content = append(list.Content, text(l.Endpoint))
			continue
		}
		how := decimal(l.Share)
		if delay != nil {
			how = oneLine(mapping())
			if l.Share != 1 {
				put(how, "share", decimal(l.Share))
			}
			put(how, "delay", delay)
		}
		one := mapping()
		put(one, l.Endpoint, how)
		list.Content = append(list.Content, one)
	}
	putSome(n, "loads", list)
	putNumber(n, "at_once", p.AtOnce)
}

func (e *encoder) edges(behavior string, edges []model.Edge) *yaml.Node {
	n := mapping()
	for i := range edges {
		edge := &edges[i]
		think := e.think(behavior, &edge.Think)
		if think == nil {
			put(n, edge.To, decimal(edge.Odds))
			continue
		}
		how := oneLine(mapping())
		put(how, "odds", decimal(edge.Odds))
		put(how, "think", think)
		put(n, edge.To, how)
	}
	return n
}

// think returns nil for no pause. Equal quantiles are kept once.
func (e *encoder) think(behavior string, t *model.Think) *yaml.Node {
	if len(t.Quantiles) == 0 {
		if t.Fixed == 0 {
			return nil
		}
		return plain(model.FormatDuration(t.Fixed))
	}
	var list []string
	for _, d := range t.Quantiles {
		list = append(list, seconds(d))
	}
	written := strings.Join(list, " ")
	name, had := e.thinks[written]
	if !had {
		name = e.unique("", behavior, "")
		e.thinks[written] = name
		e.rows = append(e.rows, []string{name, written})
	}
	n := oneLine(mapping())
	put(n, "median", plain(model.FormatDuration(t.Median())))
	put(n, "quantiles", text(name))
	return n
}
