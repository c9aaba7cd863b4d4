package folder

import (
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/problem"
)

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
