package model

// A numbering gives behaviors, steps and conditions their numbers in a Graph.
type numbering struct {
	endpoints map[string]*Endpoint
	bindings  map[string]*Binding
}

func newNumbering(m *Model) *numbering {
	n := &numbering{endpoints: map[string]*Endpoint{}, bindings: map[string]*Binding{}}
	for i := range m.Endpoints {
		n.endpoints[m.Endpoints[i].Name] = &m.Endpoints[i]
	}
	for i := range m.Bindings {
		n.bindings[m.Bindings[i].Name] = &m.Bindings[i]
	}
	return n
}

func (n *numbering) walk(b *Behavior) walk {
	number := make(map[string]int32, len(b.Steps))
	for i := range b.Steps {
		number[b.Steps[i].ID] = int32(i)
	}
	edges := func(list []Edge) []edge {
		out := make([]edge, 0, len(list))
		for _, e := range list {
			to := ended
			if e.To != End {
				to = number[e.To]
			}
			out = append(out, edge{to: to, odds: e.Odds, think: e.Think})
		}
		return out
	}
	w := walk{start: edges(b.Start), steps: make([]step, len(b.Steps))}
	for i := range b.Steps {
		w.steps[i].next = edges(b.Steps[i].Next)
	}
	n.conditions(b, &w)
	return w
}

// A condition says that a binding has a value, or that endpoint was visited after
// the last visit to since.
type condition struct{ binding, endpoint, since string }

// A conditionSet numbers the conditions of one behavior.
type conditionSet struct {
	numbers map[condition]int
	visits  map[string][]*step // steps that visit an endpoint
	walk    *walk
}

// conditions gives a number to each condition that a step of w depends on. It notes
// which visits meet the condition, and which visits undo that.
func (n *numbering) conditions(b *Behavior, w *walk) {
	c := &conditionSet{numbers: map[condition]int{}, visits: map[string][]*step{}, walk: w}
	for i := range b.Steps {
		for _, name := range b.Steps[i].Endpoints() {
			c.visits[name] = append(c.visits[name], &w.steps[i])
		}
	}
	for i := range b.Steps {
		s := &w.steps[i]
		for _, name := range b.Steps[i].required() {
			e := n.endpoints[name]
			for _, need := range e.Needs {
				s.needs.set(c.number(condition{endpoint: need.Endpoint, since: need.Since}, need.Endpoint))
			}
			variants := make([]conditions, len(e.Variants))
			for k := range e.Variants {
				for _, binding := range e.Variants[k].bound() {
					var sources []string
					for _, from := range n.bindings[binding].Sources {
						sources = append(sources, from.Endpoint)
					}
					variants[k].set(c.number(condition{binding: binding}, sources...))
				}
			}
			if len(variants) == 1 {
				s.needs.change(&variants[0], &conditions{})
			} else {
				s.variants = append(s.variants, variants)
			}
		}
	}
}

// number returns the number of a condition. A visit to any endpoint of by meets it.
func (c *conditionSet) number(of condition, by ...string) int {
	n, had := c.numbers[of]
	if had {
		return n
	}
	n = len(c.numbers)
	c.numbers[of] = n
	for _, name := range by {
		for _, s := range c.visits[name] {
			s.met.set(n)
		}
	}
	if of.since != "" {
		for _, s := range c.visits[of.since] {
			s.unmet.set(n)
		}
	}
	if of.binding == "" && of.endpoint == "" { // met from the start until since is visited
		c.walk.initial.set(n)
	}
	return n
}

// required returns the endpoints whose conditions a visit to s must meet. Loads of a
// page are not among them: a load whose values are missing is skipped.
func (s *Step) required() []string {
	var names []string
	for _, p := range s.pages() {
		names = append(names, p.Endpoint)
	}
	if s.Open != nil {
		names = append(names, s.Open.Endpoint)
	}
	return names
}

// bound returns the names of the bindings that v takes values from.
func (v *Variant) bound() []string {
	var names []string
	for _, value := range v.Values {
		if value.Kind == Bound {
			names = append(names, value.Ref)
		}
	}
	return names
}
