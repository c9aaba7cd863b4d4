package folder

import (
	"go.yaml.in/yaml/v3"

	"github.com/starling-load/starling/model"
)

func (x node) behavior(name string) model.Behavior {
	b := model.Behavior{Name: name}
	x.fields(
		field{"sessions", func(x node) { b.Sessions = x.count() }},
		field{"apart", func(x node) { b.Apart = model.Apart(x.text()) }},
		field{"start", func(x node) { b.Start = x.edges() }},
		field{"steps", func(x node) {
			x.each(func(id string, _ *yaml.Node, x node) {
				if x.d.first { // a step is an endpoint and where users go from there
					b.Steps = append(b.Steps, model.Step{ID: id, Page: &model.Page{Endpoint: id}, Next: x.edges()})
				} else {
					b.Steps = append(b.Steps, x.step(id))
				}
			})
		}},
	)
	return b
}

// step reads what a user does and where the user goes next. A step that does not say
// what the user does requests the endpoint of its own name.
func (x node) step(id string) model.Step {
	s := model.Step{ID: id}
	if x.y.Kind == yaml.ScalarNode && !x.null() {
		s.Page, s.Next = &model.Page{Endpoint: id}, x.edges()
		return s
	}
	var page model.Page
	var open model.Strand
	var keys []node // of a page or a strand
	pageKeys := x.pageFields(&page)
	for i := range pageKeys {
		read := pageKeys[i].read
		pageKeys[i].read = func(x node) { keys = append(keys, x); read(x) }
	}
	x.fields(append(pageKeys,
		field{"group", func(x node) { x.items(func(x node) { s.Group = append(s.Group, x.page()) }) }},
		field{"open", func(x node) { open.Endpoint = x.text(); s.Open = &open }},
		field{"strand", func(x node) { open.Name = x.text(); keys = append(keys, x) }},
		field{"every", func(x node) { open.Every = x.think(); keys = append(keys, x) }},
		field{"close", func(x node) { s.Close = x.text() }},
		field{"pause", func(x node) { t := x.think(); s.Pause = &t }},
		field{"next", func(x node) { s.Next = x.edges() }},
	)...)
	if other := s.Group != nil || s.Close != "" || s.Pause != nil; page.Endpoint == "" && s.Open == nil && !other {
		page.Endpoint = id
	}
	if page.Endpoint != "" {
		s.Page = &page
	}
	if s.Open != nil && open.Name == "" {
		open.Name = id
	}
	x.misplaced(&s, keys)
	return s
}

// misplaced notes keys of a page or a strand in a step that has no page or strand.
func (x node) misplaced(s *model.Step, keys []node) {
	for _, k := range keys {
		key := k.path[len(k.path)-1]
		switch {
		case (key == "loads" || key == "at_once") && s.Page == nil:
			k.failf("goes with \"request\" only")
		case (key == "strand" || key == "every") && s.Open == nil:
			k.failf("goes with \"open\" only")
		}
	}
}

// page reads an endpoint, or an endpoint and what loads beside it.
func (x node) page() model.Page {
	var p model.Page
	if x.y.Kind == yaml.ScalarNode {
		p.Endpoint = x.text()
	} else {
		x.fields(x.pageFields(&p)...)
	}
	return p
}

func (x node) pageFields(p *model.Page) []field {
	return []field{
		{"request", func(x node) { p.Endpoint = x.text() }},
		{"loads", func(x node) { x.items(func(x node) { p.Loads = append(p.Loads, x.load()) }) }},
		{"at_once", func(x node) { p.AtOnce = x.count() }},
	}
}

// load reads an endpoint, or an endpoint with its share and delay.
func (x node) load() model.Load {
	if x.y.Kind == yaml.ScalarNode {
		return model.Load{Endpoint: x.text(), Share: 1}
	}
	l := model.Load{Share: 1}
	endpoint, value, ok := x.pair("one endpoint")
	if !ok {
		return l
	}
	l.Endpoint = endpoint
	share := func(x node) { l.Share = x.number() }
	switch {
	case value.null():
	case value.y.Kind == yaml.ScalarNode:
		share(value)
	default:
		value.fields(
			field{"share", share},
			field{"delay", func(x node) { l.Delay = x.think() }},
		)
	}
	return l
}

// edges reads where users go next: one name, or names with their odds and think
// times. Edges without odds share equally what the others leave of 1.
func (x node) edges() []model.Edge {
	if x.null() {
		return nil
	}
	if x.y.Kind == yaml.ScalarNode {
		return []model.Edge{{To: x.text(), Odds: 1}}
	}
	var edges []model.Edge
	var shares []*share
	x.each(func(to string, _ *yaml.Node, x node) {
		edge, odds := model.Edge{To: to}, &share{}
		read := func(x node) { odds = x.share() }
		switch {
		case x.null():
		case x.y.Kind == yaml.ScalarNode:
			read(x)
		default:
			x.fields(
				field{"odds", read},
				field{"think", func(x node) { edge.Think = x.think() }},
			)
		}
		edges, shares = append(edges, edge), append(shares, odds)
	})
	fill(shares)
	for i := range edges {
		edges[i].Odds = shares[i].x
	}
	return edges
}
