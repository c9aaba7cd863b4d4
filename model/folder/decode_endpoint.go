package folder

import (
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/problem"

	"go.yaml.in/yaml/v3"
)

func (x node) endpoint(name string) model.Endpoint {
	e := model.Endpoint{Name: name}
	var rows node
	x.fields(
		field{"recorded", func(x node) { e.Recorded = x.count() }},
		field{"request", func(x node) { x.request(&e.Request) }},
		field{"values", func(x node) {
			x.each(func(name string, _ *yaml.Node, x node) { e.Values = append(e.Values, x.value(name)) })
		}},
		field{"rows", func(x node) { rows = x }},
		field{"needs", func(x node) { x.items(func(x node) { e.Needs = append(e.Needs, x.need()) }) }},
		field{"check", func(x node) { x.check(&e.Check) }},
	)
	if e.Request.Method == "" && e.Request.Target == "" { // hand-written: the name says it all
		if method, target, ok := strings.Cut(name, " "); ok && !strings.ContainsAny(target, "{}$ ") {
			e.Request.Method, e.Request.Target = method, target
		}
	}
	if rows.d != nil {
		e.Rows = rows.rows(&e)
	}
	return e
}

func (x node) request(r *model.Request) {
	x.fields(
		field{"method", func(x node) { r.Method = x.text() }},
		field{"target", func(x node) { r.Target = x.text() }},
		field{"headers", func(x node) {
			x.items(func(x node) {
				if name, value, ok := x.pair("one header, such as \"Accept: text/html\","); ok {
					r.Headers = append(r.Headers, model.Header{Name: name, Value: value.text()})
				}
			})
		}},
		field{"body", func(x node) { x.body(r, x.text()) }},
		field{"body_file", func(x node) {
			b, _ := x.bytes(x.text())
			x.body(r, string(b))
		}},
		field{"events", func(x node) { r.Events = x.count() }},
	)
}

func (x node) body(r *model.Request, body string) {
	if r.Body != "" {
		x.failf("there are body and body_file: keep one")
	}
	r.Body = body
}

// value reads a kind, or a kind and what it refers to.
func (x node) value(name string) model.Value {
	v := model.Value{Name: name}
	if x.y.Kind == yaml.MappingNode {
		key, ref, ok := x.pair("a kind of value and its reference")
		if !ok {
			return v
		}
		v.Kind, v.Ref = model.ValueKind(key), ref.text()
	} else {
		v.Kind = model.ValueKind(x.text())
	}
	return v
}

// rows reads the recorded values of e. The columns of the file may be in any order.
func (x node) rows(e *model.Endpoint) [][]string {
	header, rows := x.table(x.text())
	if header == nil {
		return nil
	}
	var want []string
	for _, v := range e.Values {
		if v.Kind == model.Row {
			want = append(want, v.Name)
		}
	}
	if slices.Equal(header, want) {
		return rows
	}
	from := make([]int, len(want))
	for i, name := range want {
		if from[i] = slices.Index(header, name); from[i] < 0 {
			x.failf("the file has no column for the value %s%s", problem.Quote(name), problem.Suggest(name, header))
			return nil
		}
	}
	for i, row := range rows {
		ordered := make([]string, len(from))
		for k, n := range from {
			ordered[k] = row[n]
		}
		rows[i] = ordered
	}
	return rows
}

func (x node) need() model.Need {
	var n model.Need
	var since, never string
	x.fields(
		field{"after", func(x node) { n.Endpoint = x.text() }},
		field{"since", func(x node) { since = x.text() }},
		field{"never_after", func(x node) { never = x.text() }},
		field{"sessions", func(x node) { n.Sessions = x.count() }},
	)
	switch {
	case never != "" && (n.Endpoint != "" || since != ""):
		x.failf("never_after stands alone: write two needs")
	case never != "":
		n.Since = never
	case since != "" && n.Endpoint == "":
		x.failf("since needs after: which endpoint must have been visited?")
	default:
		n.Since = since
	}
	return n
}

func (x node) check(c *model.Check) {
	x.fields(
		field{"status", func(x node) {
			x.items(func(x node) {
				s := x.text()
				if len(s) != 3 || s[0] < '1' || s[0] > '5' || s[1:] != "xx" {
					x.failf("%s is not a status class: 2xx, 3xx, …", problem.Quote(s))
					return
				}
				c.Status = append(c.Status, int(s[0]-'0'))
			})
		}},
		field{"redirect", func(x node) { c.Redirect = x.texts() }},
		field{"content", func(x node) { c.Content = x.texts() }},
		field{"require", func(x node) { c.Require = x.texts() }},
		field{"known", func(x node) { c.Known = x.texts() }},
	)
}
