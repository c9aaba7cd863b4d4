package edit

import (
	"slices"
	"time"

	"github.com/starling-load/starling/model"
)

// A Skip leaves out requests. Where a step of the user begins with one, what loads beside
// it is left out too. The time of the user stays: what came after waits as long as both.
type Skip struct {
	Endpoints []string // at least one
	Types     []string // none: of all
}

func (x Skip) apply(e *editor) {
	at, of := e.endpoints(x.Endpoints), e.types(x.Types)
	if e.failed() {
		return
	}
	e.sessions(of, func(s *script) []model.Act {
		gone := make([]bool, len(s.acts))
		for k := range s.acts {
			gone[k] = at[s.acts[k].Endpoint]
		}
		for _, l := range s.legs {
			for k := l.first; k < l.next && at[l.page]; k++ {
				gone[k] = true
			}
		}
		return s.without(gone)
	})
	e.behaviors(of, func(b *model.Behavior) {
		var steps []string
		strands := set{}
		for i := range b.Steps {
			s := &b.Steps[i]
			if s.Open != nil && at[s.Open.Endpoint] {
				strands[s.Open.Name] = true
			}
			if leaveOut(s, at) {
				steps = append(steps, s.ID)
			}
		}
		for i := range b.Steps {
			if strands[b.Steps[i].Close] {
				steps = append(steps, b.Steps[i].ID)
			}
		}
		for _, id := range steps {
			bypass(b, id)
		}
		if len(b.Steps) == 0 {
			e.addf("nothing is left of type %s", b.Name)
		}
	})
}

// leaveOut leaves the endpoints out of a step. It reports whether nothing is left of it.
func leaveOut(s *model.Step, at set) bool {
	isGone := func(p model.Page) bool { return at[p.Endpoint] }
	trim := func(p *model.Page) {
		p.Loads = slices.DeleteFunc(slices.Clone(p.Loads), func(l model.Load) bool { return at[l.Endpoint] })
	}
	switch {
	case s.Page != nil && isGone(*s.Page), s.Open != nil && at[s.Open.Endpoint]:
		return true
	case s.Page != nil:
		trim(s.Page)
	case s.Group != nil:
		s.Group = slices.DeleteFunc(s.Group, isGone)
		for i := range s.Group {
			trim(&s.Group[i])
		}
		return len(s.Group) == 0
	}
	return false
}

// bypass takes a step out of a behavior: what led to it leads to what came after it.
func bypass(b *model.Behavior, id string) {
	at := slices.IndexFunc(b.Steps, func(s model.Step) bool { return s.ID == id })
	gone := b.Steps[at]
	b.Steps = slices.Delete(b.Steps, at, at+1)
	var on []model.Edge // without coming back to the step
	total := 0.0
	for _, x := range gone.Next {
		if x.To != id {
			on = append(on, x)
			total += x.Odds
		}
	}
	for i := range on {
		on[i].Odds /= total
	}
	if len(on) == 0 || total == 0 {
		on = []model.Edge{{To: model.End, Odds: 1}}
	}
	b.Start = begin(around(b.Start, id, on))
	for i := range b.Steps {
		b.Steps[i].Next = around(b.Steps[i].Next, id, on)
	}
}

// begin makes edges ones that a session can begin with: none ends it, none has a think time.
func begin(edges []model.Edge) []model.Edge {
	total := 0.0
	var out []model.Edge
	for _, x := range edges {
		if x.To != model.End {
			out = append(out, model.Edge{To: x.To, Odds: x.Odds})
			total += x.Odds
		}
	}
	for i := range out {
		out[i].Odds /= total
	}
	return out
}

// around returns edges that lead to what came after a step instead of to it.
func around(edges []model.Edge, id string, on []model.Edge) []model.Edge {
	at := slices.IndexFunc(edges, func(x model.Edge) bool { return x.To == id })
	if at < 0 {
		return edges
	}
	gone := edges[at]
	edges = slices.Delete(slices.Clone(edges), at, at+1)
	for _, x := range on {
		x.Odds *= gone.Odds
		x.Think = both(gone.Think, x.Think)
		edges = addEdge(edges, x)
	}
	return edges
}

// addEdge adds an edge, or its odds to the one that leads there already.
func addEdge(edges []model.Edge, x model.Edge) []model.Edge {
	for i := range edges {
		if edges[i].To == x.To {
			edges[i].Odds += x.Odds
			return edges
		}
	}
	return append(edges, x)
}

// both is one think time and then another.
func both(a, b model.Think) model.Think {
	n := max(len(a.Quantiles), len(b.Quantiles))
	if n == 0 {
		return model.Think{Fixed: min(a.Fixed+b.Fixed, model.MaxThink)}
	}
	sum := model.Think{Quantiles: make([]time.Duration, n)}
	for i := range sum.Quantiles {
		p := float64(i) / float64(n-1)
		sum.Quantiles[i] = min(a.Draw(p)+b.Draw(p), model.MaxThink)
	}
	return sum
}
