package folder

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/problem"
)

func (x node) endpoint(name string) model.Endpoint {
	e := model.Endpoint{Name: name}
	only := variantReader{endpoint: name}
	fields := append(only.fields(),
		field{"needs", func(x node) { x.items(func(x node) { e.Needs = append(e.Needs, x.need()) }) }},
		field{"check", func(x node) { x.check(&e.Check) }},
	)
	if !x.d.first {
		fields = append(fields,
			field{"origin", func(x node) { e.Origin = x.text() }},
			field{"asset", func(x node) { e.Asset = x.flag() }},
			field{"outcomes", func(x node) {
				x.each(func(name string, _ *yaml.Node, x node) {
					o := model.Outcome{Name: name}
					x.check(&o.Check, field{"recorded", func(x node) { o.Recorded = x.count() }})
					e.Outcomes = append(e.Outcomes, o)
				})
			}},
			field{"variants", func(x node) {
				x.each(func(variant string, _ *yaml.Node, x node) {
					r := variantReader{endpoint: name, variant: model.Variant{Name: variant}}
					x.fields(r.fields()...)
					e.Variants = append(e.Variants, r.finish())
				})
			}},
		)
	}
	x.fields(fields...)
	switch {
	case e.Variants == nil:
		e.Variants = []model.Variant{only.finish()}
	case only.used:
		x.failf("there are variants and what belongs to one: move recorded, request, values and rows to a variant")
	}
	return e
}

// A variantReader reads the keys of a variant.
type variantReader struct {
	endpoint string
	variant  model.Variant
	rows     node // read after the values: they are its columns
	used     bool // whether a key is there
}

func (r *variantReader) fields() []field {
	v := &r.variant
	fields := []field{
		{"recorded", func(x node) { v.Recorded = x.count() }},
		{"request", func(x node) { x.request(&v.Request) }},
		{"values", func(x node) {
			x.each(func(name string, _ *yaml.Node, x node) { v.Values = append(v.Values, x.value(name)) })
		}},
		{"rows", func(x node) { r.rows = x }},
	}
	for i := range fields {
		read := fields[i].read
		fields[i].read = func(x node) { r.used = true; read(x) }
	}
	return fields
}

// finish returns the variant. If the file gives no method and no target, they come
// from the name of the endpoint, if that is a method and a target.
func (r *variantReader) finish() model.Variant {
	q := &r.variant.Request
	if q.Method == "" && q.Target == "" {
		if method, target, ok := strings.Cut(r.endpoint, " "); ok && !strings.ContainsAny(target, "{}$ ") {
			q.Method, q.Target = method, target
		}
	}
	if r.rows.d != nil {
		r.variant.Rows = r.rows.rows(r.variant.RowColumns())
	}
	return r.variant
}

func (x node) request(r *model.Request) {
	fields := []field{
		{"method", func(x node) { r.Method = x.text() }},
		{"target", func(x node) { r.Target = x.text() }},
		{"headers", func(x node) { r.Headers = x.headers() }},
		{"body", func(x node) { x.body(r, x.text()) }},
		{"body_file", func(x node) {
			b, _ := x.bytes(x.text())
			x.body(r, string(b))
		}},
		{"events", func(x node) { r.Events = x.count() }},
	}
	if !x.d.first {
		fields = append(fields,
			field{"changes", func(x node) { r.Changes = x.text() }},
			field{"trailers", func(x node) { r.Trailers = x.headers() }},
			field{"protocol", func(x node) { r.Protocol = model.Protocol(x.text()) }},
		)
	}
	x.fields(fields...)
}

// headers reads a list of field lines.
func (x node) headers() []model.Header {
	var list []model.Header
	x.items(func(x node) {
		if name, value, ok := x.pair("one header, such as \"Accept: text/html\","); ok {
			list = append(list, model.Header{Name: name, Value: value.text()})
		}
	})
	return list
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
	if x.y.Kind != yaml.MappingNode {
		v.Kind = model.ValueKind(x.text())
		return v
	}
	x.each(func(key string, _ *yaml.Node, x node) {
		switch {
		case key == "own":
			v.Own = x.flag()
		case key == "codec":
			v.Codec = x.text()
		case v.Kind != "":
			x.failf("is of kind %s already: a value has one kind", v.Kind)
		default:
			v.Kind, v.Ref = model.ValueKind(key), x.text()
			if x.d.first && v.Kind == model.Fresh { // an example, in which a brace is a brace
				v.Ref = strings.ReplaceAll(v.Ref, "{", "{{")
			}
		}
	})
	return v
}

// rows reads recorded values. The columns of the file may be in any order.
func (x node) rows(want []string) [][]string {
	header, rows := x.table(x.text())
	if header == nil || slices.Equal(header, want) {
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

// check reads a check, and the keys of more that stand beside it.
func (x node) check(c *model.Check, more ...field) {
	fields := append(more,
		field{"status", func(x node) { x.items(func(x node) { x.status(c) }) }},
		field{"redirect", func(x node) { c.Redirect = x.texts() }},
		field{"content", func(x node) { c.Content = x.texts() }},
		field{"require", func(x node) { c.Require = x.texts() }},
		field{"known", func(x node) { c.Known = x.texts() }},
	)
	if !x.d.first {
		fields = append(fields,
			field{"facts", func(x node) {
				x.each(func(selector string, _ *yaml.Node, x node) {
					c.Facts = append(c.Facts, model.Fact{Selector: selector, Value: x.text()})
				})
			}},
			field{"links", func(x node) { c.Links = x.count() }},
		)
	}
	x.fields(fields...)
}

// status reads one accepted status, or class of them.
func (x node) status(c *model.Check) {
	s := x.text()
	if n, err := strconv.Atoi(s); err == nil && n >= 100 && n <= 599 && !x.d.first {
		c.Status = append(c.Status, n)
		return
	}
	if len(s) != 3 || s[0] < '1' || s[0] > '5' || s[1:] != "xx" {
		x.failf("%s is neither a status class, 2xx, 3xx, …, nor a status", problem.Quote(s))
		return
	}
	c.Status = append(c.Status, int(s[0]-'0'))
}
