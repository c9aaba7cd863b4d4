package folder

import (
	"slices"
	"strings"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/problem"

	"go.yaml.in/yaml/v3"
)

func (x node) behavior(name string) model.Behavior {
	b := model.Behavior{Name: name}
	x.fields(
		field{"sessions", func(x node) { b.Sessions = x.count() }},
		field{"start", func(x node) { b.Start = x.edges() }},
		field{"steps", func(x node) {
			x.each(func(at string, _ *yaml.Node, x node) { b.Steps = append(b.Steps, model.Step{At: at, Next: x.edges()}) })
		}},
	)
	return b
}

// edges reads ways on: the name of one endpoint, or names with their odds and
// think times. Ways without odds share what the others leave.
func (x node) edges() []model.Edge {
	if x.null() {
		return nil
	}
	if x.y.Kind == yaml.ScalarNode {
		return []model.Edge{{To: x.text(), Odds: 1}}
	}
	var edges []model.Edge
	var given []bool
	x.each(func(to string, _ *yaml.Node, x node) {
		edge, has := model.Edge{To: to}, false
		odds := func(x node) { edge.Odds, has = x.number(), true }
		switch {
		case x.null():
		case x.y.Kind == yaml.ScalarNode:
			odds(x)
		default:
			x.fields(
				field{"odds", odds},
				field{"think", func(x node) { edge.Think = x.think() }},
			)
		}
		edges = append(edges, edge)
		given = append(given, has)
	})
	shareRest(edges, given)
	return edges
}

// shareRest divides among the edges without odds what the given ones leave of 1.
func shareRest(edges []model.Edge, given []bool) {
	rest, open := 1.0, 0
	for i, g := range given {
		if g {
			rest -= edges[i].Odds
		} else {
			open++
		}
	}
	if open == 0 {
		return
	}
	for i, g := range given {
		if !g {
			edges[i].Odds = max(0, rest/float64(open))
		}
	}
}

// think reads a fixed time, or quantiles with their median.
func (x node) think() model.Think {
	if x.y.Kind != yaml.MappingNode {
		return model.Think{Fixed: x.duration()}
	}
	var t model.Think
	var said node
	x.fields(
		field{"median", func(x node) { said = x }},
		field{"quantiles", func(x node) { t.Quantiles = x.quantiles(x.text()) }},
	)
	switch {
	case said.d == nil || t.Quantiles == nil && len(x.d.found.Found) > 0:
	case t.Quantiles == nil:
		said.failf("a median needs quantiles: for a fixed time write \"think: %s\"", problem.Shorten(said.y.Value))
	default:
		if is := t.Median(); said.duration() != is {
			said.failf("the median of these quantiles is %s: for a fixed time write \"think: %s\"", model.FormatDuration(is), problem.Shorten(said.y.Value))
		}
	}
	return t
}

// quantiles returns the quantiles of that name in data/.
func (x node) quantiles(name string) []time.Duration {
	if x.d.thinks == nil {
		x.d.thinks = map[string][]time.Duration{}
		x.thinkTable()
	}
	q, ok := x.d.thinks[name]
	if !ok {
		var names []string
		for n := range x.d.thinks {
			names = append(names, n)
		}
		slices.Sort(names)
		x.failf("data/%s has no row %s%s", thinkFile, problem.Quote(name), problem.Suggest(name, names))
	}
	return slices.Clone(q)
}

// thinkTable reads all quantiles.
func (x node) thinkTable() {
	header, rows := x.table(thinkFile)
	if header != nil && !slices.Equal(header, []string{"name", "seconds"}) {
		x.failf("data/%s must have the columns name and seconds", thinkFile)
		return
	}
	for i, row := range rows {
		p := &problem.Problem{File: dataFolder + thinkFile, Line: i + 2, Place: []string{row[0]}}
		if _, had := x.d.thinks[row[0]]; had {
			p.Text = "is there twice"
			x.d.found.Add(p)
		}
		var q []time.Duration
		for s := range strings.FieldsSeq(row[1]) {
			d, ok := parseSeconds(s)
			if !ok {
				p.Text = problem.Quote(s) + " is not a number of seconds"
				x.d.found.Add(p)
				break
			}
			q = append(q, d)
		}
		x.d.thinks[row[0]] = q
	}
}
