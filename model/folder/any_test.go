package folder

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/starling-load/starling/model"

	"pgregory.net/rapid"
)

// maxThink is the longest pause that a model may have.
const maxThink = 7 * 24 * time.Hour

// nameable reports whether s can be the name of an endpoint.
func nameable(s string) bool {
	m := sample()
	m.Endpoints = append(m.Endpoints, model.Endpoint{Name: s, Request: model.Request{Method: "GET", Target: "/"}})
	return m.Validate() == nil
}

// anyModel draws a valid model with hard texts, names and numbers.
func anyModel(t *rapid.T) *model.Model {
	texts := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ \t]?[a-z:#'"{}\[\],&*!|>%@-]{0,5}[ \r\n]{0,2}[a-z]?[ \n]{0,2}`),
		rapid.SampledFrom([]string{"true", "null", "~", "1", "1e3", "0x1", "2026-01-01", "<<", "=", "- x", "? y", "\xff\xfe", "\u2028a", "\ufeffb", "a\n\nb\n", "  a\n b", "\u0085", "x: y", "#"}),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
	name := rapid.Custom(func(t *rapid.T) string {
		s := texts.Draw(t, "name")
		if !nameable(s) {
			return "GET /" + fmt.Sprint(rapid.IntRange(0, 9).Draw(t, "n")) + "/{}"
		}
		return s
	})
	names := func(label string, low, high int) []string {
		return rapid.SliceOfNDistinct(name, low, high, func(s string) string { return s }).Draw(t, label)
	}
	duration := rapid.Map(rapid.Int64Range(0, int64(maxThink)), func(n int64) time.Duration { return time.Duration(n) })
	count := rapid.IntRange(0, 1000)

	m := &model.Model{Version: 1, Notes: rapid.SliceOfN(texts, 0, 3).Draw(t, "notes")}
	m.Recorded = model.Recorded{Origin: texts.Draw(t, "origin"), Flows: count.Draw(t, "flows"), Users: count.Draw(t, "users"), Duration: duration.Draw(t, "duration"),
		Starts: rapid.SliceOfN(duration, 0, 4).Draw(t, "starts")}
	slices.Sort(m.Recorded.Starts)
	if rapid.Bool().Draw(t, "started") {
		m.Recorded.Start = time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "start"), 123)
	}
	columns := names("columns", 1, 3)
	var rows [][]string
	for range rapid.IntRange(0, 2).Draw(t, "lines") {
		rows = append(rows, rapid.SliceOfN(texts, len(columns), len(columns)).Draw(t, "line"))
	}
	m.Data = []model.Source{{Name: "accounts", Columns: columns, Rows: rows}}

	endpoints := names("endpoints", 1, 4)
	for _, b := range names("bindings", 1, 2) {
		m.Bindings = append(m.Bindings, model.Binding{Name: b, Pick: rapid.SampledFrom([]string{"", "first", "any"}).Draw(t, "pick"),
			Sources:  []model.Select{{Endpoint: rapid.SampledFrom(endpoints).Draw(t, "source"), Selector: "json:a.b[].c"}},
			Evidence: model.Evidence{Uses: count.Draw(t, "uses"), Match: rapid.Float64Range(0, 1).Draw(t, "match"), Shuffled: 0}})
	}
	for _, at := range endpoints {
		m.Endpoints = append(m.Endpoints, anyEndpoint(t, m, at, endpoints, texts))
	}
	think := rapid.Custom(func(t *rapid.T) model.Think {
		q := rapid.SliceOfN(duration, 2, 5).Draw(t, "quantiles")
		slices.Sort(q)
		return rapid.SampledFrom([]model.Think{{}, {Fixed: q[0]}, {Quantiles: q}}).Draw(t, "think")
	})
	edges := func(to []string, start bool) []model.Edge {
		list := make([]model.Edge, len(to))
		total := 0.0
		for i := range list {
			list[i] = model.Edge{To: to[i], Odds: rapid.Float64Range(1e-12, 1).Draw(t, "odds")}
			total += list[i].Odds
			if !start {
				list[i].Think = think.Draw(t, "pause")
			}
		}
		for i := range list {
			list[i].Odds /= total
		}
		return list
	}
	behaviors := names("behaviors", 1, 3)
	for _, b := range behaviors {
		behavior := model.Behavior{Name: b, Weight: 1 / float64(len(behaviors)), Sessions: count.Draw(t, "sessions"), Start: edges(endpoints, true)}
		for _, at := range endpoints {
			behavior.Steps = append(behavior.Steps, model.Step{At: at, Next: edges(append(slices.Clone(endpoints), model.End), false)})
		}
		m.Behaviors = append(m.Behaviors, behavior)
	}
	return m
}

func anyEndpoint(t *rapid.T, m *model.Model, name string, endpoints []string, texts *rapid.Generator[string]) model.Endpoint {
	feature := rapid.Custom(func(t *rapid.T) string { return "title:" + texts.Draw(t, "feature") })
	e := model.Endpoint{Name: name, Recorded: rapid.IntRange(0, 9).Draw(t, "recorded"), Request: model.Request{Method: "PUT", Target: "/x",
		Body: model.EscapeTemplate(texts.Draw(t, "body"))}}
	if rapid.Bool().Draw(t, "large") {
		e.Request.Body = strings.Repeat(e.Request.Body+"\r\n.", 9)
	}
	if v := texts.Draw(t, "header"); !strings.ContainsAny(v, "\r\n\x00") {
		e.Request.Headers = []model.Header{{Name: "X-A", Value: model.EscapeTemplate(v)}, {Name: "X-A", Value: "${referer}"}}
	}
	for i, v := range []model.Value{{Kind: model.Bound, Ref: m.Bindings[0].Name}, {Kind: model.Data, Ref: "accounts." + m.Data[0].Columns[0]},
		{Kind: model.Row}, {Kind: model.Row}, {Kind: model.Fresh, Ref: texts.Draw(t, "example")}, {Kind: model.Now, Ref: "rfc3339"}} {
		if rapid.Bool().Draw(t, "value") {
			v.Name = fmt.Sprintf("v[%d]:é", i)
			e.Values = append(e.Values, v)
			e.Request.Target += "/${" + v.Name + "}"
			if v.Kind == model.Row {
				column := rapid.SliceOfN(texts, 2, 2).Draw(t, "recorded values")
				if e.Rows == nil {
					e.Rows = make([][]string, 2)
				}
				e.Rows[0], e.Rows[1] = append(e.Rows[0], column[0]), append(e.Rows[1], column[1])
			}
		}
	}
	if n := (model.Need{Endpoint: rapid.SampledFrom(append(endpoints, "")).Draw(t, "after"), Since: rapid.SampledFrom(append(endpoints, "")).Draw(t, "since"), Sessions: 3}); n.Endpoint != n.Since {
		e.Needs = []model.Need{n}
	}
	e.Check = model.Check{Status: []int{2, 3}, Redirect: []string{"/{}?x={}"}, Content: []string{texts.Draw(t, "media")},
		Require: rapid.SliceOfN(feature, 0, 3).Draw(t, "require"), Known: rapid.SliceOfN(feature, 0, 3).Draw(t, "known")}
	return e
}
