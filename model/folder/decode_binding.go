package folder

import (
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/problem"
)

func (x node) recorded(r *model.Recorded) {
	fields := []field{
		{"flows", func(x node) { r.Flows = x.count() }},
		{"sessions", func(x node) { r.Sessions = x.count() }},
		{"users", func(x node) { r.Users = x.count() }},
		{"start", func(x node) {
			t, err := time.Parse(time.RFC3339Nano, x.text())
			if err != nil {
				x.failf("%s is not a time such as 2006-01-02T15:04:05Z", problem.Quote(x.y.Value))
				return
			}
			r.Start = t.UTC()
		}},
		{"duration", func(x node) { r.Duration = x.duration() }},
		{"servers", func(x node) { r.Servers = x.texts() }},
		{"from", func(x node) { r.From = x.text() }},
		{"left_out", func(x node) { r.LeftOut = x.leftOut() }},
		{"starts", func(x node) {
			header, rows := x.table(x.text())
			if header != nil && !slices.Equal(header, []string{"seconds"}) {
				x.failf("the file must have the one column \"seconds\"")
				return
			}
			for i, row := range rows {
				d, ok := parseSeconds(row[0])
				if !ok {
					x.failf("row %d: %s is not a number of seconds", i+1, problem.Quote(row[0]))
					return
				}
				r.Starts = append(r.Starts, d)
			}
		}},
	}
	if x.d.first {
		fields = append(fields, field{"origin", func(x node) {
			if url := x.text(); url != "" {
				x.d.m.Origins = []model.Origin{{Name: "main", URL: url}}
			}
		}})
	}
	x.fields(fields...)
}

func (x node) leftOut() []model.LeftOut {
	var list []model.LeftOut
	x.items(func(x node) {
		var l model.LeftOut
		x.fields(
			field{"what", func(x node) { l.What = x.text() }},
			field{"flows", func(x node) { l.Flows = x.count() }},
			field{"writes", func(x node) { l.Writes = x.count() }},
			field{"whole", func(x node) { l.Whole = x.flag() }},
		)
		list = append(list, l)
	})
	return list
}

func (x node) source(name string) model.Source {
	s := model.Source{Name: name}
	if x.y.Kind == yaml.MappingNode {
		x.fields(
			field{"columns", func(x node) { s.Columns = orNil(x.texts()) }},
			field{"kinds", func(x node) { s.Kinds = orNil(x.texts()) }},
		)
	} else {
		s.Columns = orNil(x.texts())
	}
	header, rows := x.table(name + ".csv")
	if header != nil && !slices.Equal(header, s.Columns) {
		x.failf("data/%s.csv has the columns %s, not these", name, problem.Shorten("["+strings.Join(header, ", ")+"]"))
	}
	s.Rows = orNil(rows)
	return s
}

func (x node) binding(name string) model.Binding {
	b := model.Binding{Name: name}
	x.fields(
		field{"from", func(x node) {
			x.items(func(x node) {
				if endpoint, selector, ok := x.pair("one endpoint and its selector"); ok {
					b.Sources = append(b.Sources, model.Select{Endpoint: endpoint, Selector: selector.text()})
				}
			})
		}},
		field{"pick", func(x node) { b.Pick = x.text() }},
		field{"refused", func(x node) { b.Refused = x.flag() }},
		field{"evidence", func(x node) {
			x.fields(
				field{"uses", func(x node) { b.Uses = x.count() }},
				field{"match", func(x node) { b.Match = x.number() }},
				field{"shuffled", func(x node) { b.Shuffled = x.number() }},
				field{"compared", func(x node) { b.Compared = x.count() }},
				field{"rests_on", func(x node) { b.RestsOn = model.Ground(x.text()) }},
			)
		}},
	)
	return b
}

func (x node) unresolved() []model.Unresolved {
	var list []model.Unresolved
	x.items(func(x node) {
		u := model.Unresolved{}
		x.fields(
			field{"endpoint", func(x node) { u.Endpoint = x.text() }},
			field{"place", func(x node) { u.Place = x.text() }},
			field{"example", func(x node) { u.Example = x.text() }},
			field{"reason", func(x node) { u.Reason = x.text() }},
			field{"edit", func(x node) { u.Edit = x.text() }},
			field{"requests", func(x node) { u.Requests = x.count() }},
			field{"identifies", func(x node) { u.Identifies = x.flag() }},
		)
		list = append(list, u)
	})
	return list
}
