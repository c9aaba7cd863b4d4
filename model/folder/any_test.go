package folder

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/starling-load/starling/model"
)

// maxThink is the longest pause that a model may have.
const maxThink = 7 * 24 * time.Hour

// nameable reports whether s can be the name of an endpoint.
func nameable(s string) bool {
	m := sample()
	m.Endpoints = append(m.Endpoints, model.Endpoint{Name: s, Variants: []model.Variant{{Request: model.Request{Method: "GET", Target: "/"}}}})
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

	m := &model.Model{Version: 2, Notes: rapid.SliceOfN(texts, 0, 3).Draw(t, "notes")}
	for range rapid.IntRange(0, 2).Draw(t, "unresolved") {
		m.Unresolved = append(m.Unresolved, model.Unresolved{Endpoint: "GET /" + texts.Draw(t, "unresolved endpoint"), Place: "x" + texts.Draw(t, "place"),
			Example: texts.Draw(t, "example"), Reason: "x" + texts.Draw(t, "reason"), Edit: texts.Draw(t, "edit"), Requests: count.Draw(t, "requests"), Identifies: rapid.Bool().Draw(t, "identifies")})
	}
	m.Recorded = model.Recorded{Flows: count.Draw(t, "flows"), Users: count.Draw(t, "users"), Duration: duration.Draw(t, "duration")}
	if rapid.Bool().Draw(t, "started") {
		m.Recorded.Start = time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "start"), 123)
	}
	for _, name := range names("origins", 0, 2) {
		m.Origins = append(m.Origins, model.Origin{Name: name, URL: "https://" + rapid.StringMatching(`[a-z]{1,9}(:[1-9])?`).Draw(t, "host")})
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
			Sources:  []model.Select{{Endpoint: rapid.SampledFrom(endpoints).Draw(t, "source"), Selector: rapid.SampledFrom([]string{"json:a.b[].c", "document:"}).Draw(t, "selector")}},
			Evidence: model.Evidence{Uses: count.Draw(t, "uses"), Match: rapid.Float64Range(0, 1).Draw(t, "match")}})
	}
	for _, at := range endpoints {
		m.Endpoints = append(m.Endpoints, anyEndpoint(t, m, at, endpoints, texts))
	}
	think := anyThink(duration)
	g := generator{m: m, endpoints: endpoints, texts: texts, think: think, duration: duration}
	for i, b := range names("behaviors", 1, 3) {
		m.Behaviors = append(m.Behaviors, model.Behavior{Name: b, Sessions: count.Draw(t, "sessions")})
		m.Behaviors[i].Apart = rapid.SampledFrom([]model.Apart{"", model.ApartRobot, model.ApartPoller}).Draw(t, "apart")
		g.behavior(t, &m.Behaviors[i], names("steps", 1, 4))
	}
	for i := range m.Behaviors {
		m.Behaviors[i].Weight = 1 / float64(len(m.Behaviors))
	}
	for _, b := range names("browsers", 0, 3) {
		m.Browsers = append(m.Browsers, model.Browser{Name: b, Headers: g.headers(t)})
	}
	for i := range m.Browsers {
		m.Browsers[i].Weight = 1 / float64(len(m.Browsers))
	}
	if rapid.Bool().Draw(t, "something is left out") {
		m.Recorded.From, m.Recorded.LeftOut = "5f2c", []model.LeftOut{{What: "a: b", Flows: 2, Writes: rapid.IntRange(0, 2).Draw(t, "writes"), Whole: rapid.Bool().Draw(t, "whole")}}
	}
	if rapid.Bool().Draw(t, "sessions are kept") {
		g.sessions(t)
	} else {
		m.Recorded.Starts = rapid.SliceOfN(duration, 0, 4).Draw(t, "starts")
		slices.Sort(m.Recorded.Starts)
	}
	if rapid.Bool().Draw(t, "overridden") {
		m.Overrides = "overrides:\n  notes: [we know, \"better\"] # than that\n"
		m.Notes = []string{"we know", "better"}
	}
	return m
}

func anyThink(duration *rapid.Generator[time.Duration]) *rapid.Generator[model.Think] {
	return rapid.Custom(func(t *rapid.T) model.Think {
		q := rapid.SliceOfN(duration, 2, 5).Draw(t, "quantiles")
		slices.Sort(q)
		return rapid.SampledFrom([]model.Think{{}, {Fixed: q[0]}, {Quantiles: q}}).Draw(t, "think")
	})
}

// A generator draws the parts of a model that refer to others.
type generator struct {
	m         *model.Model
	endpoints []string
	texts     *rapid.Generator[string]
	think     *rapid.Generator[model.Think]
	duration  *rapid.Generator[time.Duration]
}

// behavior draws a graph over steps of all kinds, in which each leads to all.
func (g *generator) behavior(t *rapid.T, b *model.Behavior, ids []string) {
	edges := func(to []string, start bool) []model.Edge {
		list := make([]model.Edge, len(to))
		total := 0.0
		for i := range list {
			list[i] = model.Edge{To: to[i], Odds: rapid.Float64Range(1e-12, 1).Draw(t, "odds")}
			total += list[i].Odds
			if !start {
				list[i].Think = g.think.Draw(t, "pause")
			}
		}
		for i := range list {
			list[i].Odds /= total
		}
		return list
	}
	b.Start = edges(ids, true)
	opened := ""
	for _, id := range ids {
		s := model.Step{ID: id, Next: edges(append(slices.Clone(ids), model.End), false)}
		switch kind := rapid.IntRange(0, 5).Draw(t, "kind"); {
		case kind == 0:
			s.Group = []model.Page{g.page(t), g.page(t)}
		case kind == 1:
			opened = rapid.SampledFrom(append(ids, "news")).Draw(t, "strand")
			s.Open = &model.Strand{Name: opened, Endpoint: rapid.SampledFrom(g.endpoints).Draw(t, "stream"), Every: g.think.Draw(t, "every")}
		case kind == 2 && opened != "":
			s.Close = opened
		case kind == 3:
			pause := g.think.Draw(t, "pausing")
			s.Pause = &pause
		default:
			p := g.page(t)
			if rapid.Bool().Draw(t, "named after its endpoint") && slices.Contains(g.endpoints, id) {
				p.Endpoint = id
			}
			s.Page = &p
		}
		b.Steps = append(b.Steps, s)
	}
}

func (g *generator) page(t *rapid.T) model.Page {
	p := model.Page{Endpoint: rapid.SampledFrom(g.endpoints).Draw(t, "page")}
	for range rapid.IntRange(0, 2).Draw(t, "loads") {
		p.Loads = append(p.Loads, model.Load{Endpoint: rapid.SampledFrom(g.endpoints).Draw(t, "load"),
			Share: rapid.SampledFrom([]float64{1, 0, 1. / 3, 1e-9}).Draw(t, "share"), Delay: g.think.Draw(t, "delay")})
	}
	if len(p.Loads) > 0 {
		p.AtOnce = rapid.IntRange(0, 9).Draw(t, "at once")
	}
	return p
}

func (g *generator) headers(t *rapid.T) []model.Header {
	var list []model.Header
	if v := g.texts.Draw(t, "field"); !strings.ContainsAny(v, "\r\n\x00") {
		list = []model.Header{{Name: "X-A", Value: v}, {Name: "X-B", Value: ""}}
	}
	return list
}

func (g *generator) sessions(t *rapid.T) {
	for range rapid.IntRange(0, 2).Draw(t, "elements") {
		e := model.Element{Value: g.texts.Draw(t, "value")}
		for range rapid.IntRange(0, 2).Draw(t, "own") {
			e.Own = append(e.Own, g.texts.Draw(t, "beside"))
			e.Others = append(e.Others, model.Other{Text: g.texts.Draw(t, "beside another"), Value: g.texts.Draw(t, "value of another")})
		}
		e.All = len(e.Own) > 0 && rapid.Bool().Draw(t, "all")
		g.m.Elements = append(g.m.Elements, e)
	}
	start := time.Duration(0)
	for range rapid.IntRange(1, 3).Draw(t, "sessions") {
		s := model.Session{Begun: rapid.Bool().Draw(t, "begun"), User: g.texts.Draw(t, "user"), Start: start, Behavior: g.m.Behaviors[0].Name}
		if len(g.m.Browsers) > 0 {
			s.Browser = g.m.Browsers[0].Name
		}
		start += g.duration.Draw(t, "later")
		if v := &g.m.Endpoints[0].Variants[0]; rapid.Bool().Draw(t, "entry") {
			s.Entry = []model.Act{{Endpoint: g.m.Endpoints[0].Name, Variant: v.Name}, {Endpoint: g.m.Endpoints[0].Name, Variant: v.Name, After: []int{0}}}
		}
		for k := range rapid.IntRange(1, 4).Draw(t, "acts") {
			e := &g.m.Endpoints[rapid.IntRange(0, len(g.m.Endpoints)-1).Draw(t, "act")]
			v := &e.Variants[rapid.IntRange(0, len(e.Variants)-1).Draw(t, "variant")]
			a := model.Act{Endpoint: e.Name, Variant: v.Name, Delay: g.duration.Draw(t, "delay"), Conn: rapid.IntRange(0, 9).Draw(t, "connection"),
				Row: rapid.IntRange(0, len(v.Rows)).Draw(t, "row"), Status: rapid.SampledFrom([]int{0, 200, 404}).Draw(t, "status")}
			for w := range k {
				if rapid.Bool().Draw(t, "waits") {
					a.After = append(a.After, w)
				}
			}
			if k := len(e.Outcomes); k > 0 && rapid.Bool().Draw(t, "outcome") {
				a.Outcome = e.Outcomes[k-1].Name
			}
			for _, i := range v.Takers() {
				take := model.Take{Act: model.Latest}
				if v.Values[i].Own && a.Row > 0 && rapid.Bool().Draw(t, "own") {
					take.Act = model.Own
				}
				a.Takes = append(a.Takes, take)
			}
			s.Acts = append(s.Acts, a)
		}
		g.m.Sessions = append(g.m.Sessions, s)
	}
}

func anyEndpoint(t *rapid.T, m *model.Model, name string, endpoints []string, texts *rapid.Generator[string]) model.Endpoint {
	feature := rapid.Custom(func(t *rapid.T) string { return "title:" + texts.Draw(t, "feature") })
	e := model.Endpoint{Name: name, Variants: []model.Variant{anyVariant(t, m, texts)}}
	if rapid.Bool().Draw(t, "several variants") {
		e.Variants = append(e.Variants, anyVariant(t, m, texts))
		e.Variants[0].Name, e.Variants[1].Name = "a", name
		if name == "a" {
			e.Variants[1].Name = "b"
		}
	}
	if len(m.Origins) > 0 && rapid.Bool().Draw(t, "elsewhere") {
		e.Origin = m.Origins[0].Name
	}
	if n := (model.Need{Endpoint: rapid.SampledFrom(append(endpoints, "")).Draw(t, "after"), Since: rapid.SampledFrom(append(endpoints, "")).Draw(t, "since"), Sessions: 3}); n.Endpoint != n.Since {
		e.Needs = []model.Need{n}
	}
	e.Check = model.Check{Status: []int{2, 3}, Redirect: []string{"/{}?x={}"}, Content: []string{texts.Draw(t, "media")},
		Require: rapid.SliceOfN(feature, 0, 3).Draw(t, "require"), Known: rapid.SliceOfN(feature, 0, 3).Draw(t, "known")}
	if rapid.Bool().Draw(t, "outcomes") {
		e.Check.Facts = []model.Fact{{Selector: "json:state", Value: texts.Draw(t, "fact")}}
		e.Outcomes = []model.Outcome{{Name: "200", Recorded: 3, Check: e.Check}, {Name: name, Check: model.Check{Status: []int{404}, Links: 7}}}
	}
	return e
}

func anyVariant(t *rapid.T, m *model.Model, texts *rapid.Generator[string]) model.Variant {
	e := model.Variant{Recorded: rapid.IntRange(0, 9).Draw(t, "recorded"), Request: model.Request{Method: "PUT", Target: "/x",
		Body:     model.EscapeTemplate(texts.Draw(t, "body")),
		Protocol: rapid.SampledFrom([]model.Protocol{model.AnyProtocol, model.HTTP1, model.HTTP2}).Draw(t, "protocol")}}
	if rapid.Bool().Draw(t, "large") {
		e.Request.Body = strings.Repeat(e.Request.Body+"\r\n.", 9)
	}
	if v := texts.Draw(t, "header"); !strings.ContainsAny(v, "\r\n\x00") {
		e.Request.Headers = []model.Header{{Name: "X-A", Value: model.EscapeTemplate(v)}, {Name: "X-A", Value: "${referer}"}}
		e.Request.Trailers = e.Request.Headers[:1]
	}
	if changed := m.Bindings[0]; changed.Sources[0].Selector == "document:" && rapid.Bool().Draw(t, "changes a document") {
		e.Values = append(e.Values, model.Value{Name: "document", Kind: model.Bound, Ref: changed.Name})
		e.Request.Changes = "document"
	}
	for i, v := range []model.Value{{Kind: model.Bound, Ref: m.Bindings[0].Name}, {Kind: model.Bound, Ref: m.Bindings[0].Name, Own: true}, {Kind: model.Data, Ref: "accounts." + m.Data[0].Columns[0]},
		{Kind: model.Row}, {Kind: model.Row, Codec: "json|percent-lower[!%7C]"}, {Kind: model.Template, Ref: model.EscapeTemplate(texts.Draw(t, "template")), Codec: "base64"}, {Kind: model.Fresh, Ref: strings.ReplaceAll(texts.Draw(t, "example"), "{", "{{")},
		{Kind: model.Fresh, Ref: "a{hex 8-9}", Own: true}, {Kind: model.Now, Ref: "2006-01-02 15:04:05 zone +02:00 plus 1h0m0s"}} {
		if rapid.Bool().Draw(t, "value") {
			v.Name = fmt.Sprintf("v[%d]:é", i)
			e.Values = append(e.Values, v)
			e.Request.Target += "/${" + v.Name + "}"
			if v.InRows() {
				column := rapid.SliceOfN(texts, 2, 2).Draw(t, "recorded values")
				if e.Rows == nil {
					e.Rows = make([][]string, 2)
				}
				e.Rows[0], e.Rows[1] = append(e.Rows[0], column[0]), append(e.Rows[1], column[1])
			}
		}
	}
	return e
}
