package model

import (
	"slices"
	"strings"

	"github.com/starling-load/starling/model/content/codec"
	"github.com/starling-load/starling/model/made"
	"github.com/starling-load/starling/model/problem"
)

func (v *validator) endpoint(e *Endpoint) {
	p := v.at("endpoints", e.Name)
	if e.Origin != "" && !slices.ContainsFunc(v.m.Origins, func(o Origin) bool { return o.Name == e.Origin }) {
		p.at("origin").unknown("origin", e.Origin, len(v.m.Origins), func(i int) string { return v.m.Origins[i].Name })
	}
	switch {
	case len(e.Variants) == 0:
		p.addf("has no request")
	case len(e.Variants) == 1 && e.Variants[0].Name == "":
		v.variant(p, &e.Variants[0])
	default:
		v.names(p.at("variants"), len(e.Variants), func(i int) string { return e.Variants[i].Name })
		for i := range e.Variants {
			v.variant(p.at("variants", e.Variants[i].Name), &e.Variants[i])
		}
	}
	for i := range e.Needs {
		v.need(p.at("needs"), &e.Needs[i])
	}
	v.check(p.at("check"), &e.Check)
	if len(e.Outcomes) > 0 {
		v.names(p.at("outcomes"), len(e.Outcomes), func(i int) string { return e.Outcomes[i].Name })
	}
	for i := range e.Outcomes {
		o := &e.Outcomes[i]
		at := p.at("outcomes", o.Name)
		if o.Recorded < 0 {
			at.at("recorded").addf("is negative")
		}
		v.check(at, &o.Check)
	}
}

func (v *validator) variant(p place, x *Variant) {
	if x.Recorded < 0 {
		p.at("recorded").addf("is negative")
	}
	v.request(p, x)
	v.values(p, x)
}

func (v *validator) request(p place, x *Variant) {
	r := &x.Request
	p = p.at("request")
	if !isToken(r.Method) {
		p.at("method").addf("%s is not a method, such as GET", problem.Quote(r.Method))
	}
	if !strings.HasPrefix(r.Target, "/") && !strings.HasPrefix(r.Target, "${") {
		p.at("target").addf("%s must begin with \"/\": the host is that of the origin", problem.Quote(r.Target))
	} else if strings.ContainsFunc(r.Target, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
		p.at("target").addf("contains a space or control character: write it as %%20")
	}
	if r.Protocol != AnyProtocol && r.Protocol != HTTP1 && r.Protocol != HTTP2 {
		p.at("protocol").addf("%s is not a protocol: %s or %s", problem.Quote(string(r.Protocol)), HTTP1, HTTP2)
	}
	if r.Events < 0 {
		p.at("events").addf("is negative")
	}
	used, values := map[string]bool{}, make(map[string]int, len(x.Values))
	for i := range slices.Backward(x.Values) {
		values[x.Values[i].Name] = i
	}
	x.template(p.at("target"), r.Target, values, used)
	for _, list := range []struct {
		key    string
		fields []Header
	}{{"headers", r.Headers}, {"trailers", r.Trailers}} {
		for _, h := range list.fields {
			at := p.at(list.key, h.Name)
			at.header(&h, list.key == "headers")
			x.template(at, h.Value, values, used)
		}
	}
	x.template(p.at("body"), r.Body, values, used)
	if r.Changes != "" {
		x.changes(p.at("changes"), v, used)
	}
	x.templates(p, values, used)
	for name := range x.computedFrom() {
		used[name] = true
	}
	if _, err := x.Computation(); err != nil {
		p.v.at(append(slices.Clone(p.path[:len(p.path)-1]), "values")...).addf("%v", err)
	}
	for _, val := range x.Values {
		if !used[val.Name] && !reserved(val.Name) {
			p.v.at(append(slices.Clone(p.path[:len(p.path)-1]), "values", val.Name)...).addf("no ${%s} in the request uses this value: delete it", val.Name)
		}
	}
}

// header checks a field line at p. Only requests may have cookies: those that a script
// sets.
func (p place) header(h *Header, cookies bool) {
	switch {
	case !isToken(h.Name):
		p.addf("%s is not the name of a header", problem.Quote(h.Name))
	case cookies && strings.EqualFold(h.Name, "Cookie") && !strings.ContainsAny(h.Value, "\r\n\x00"):
	case ownHeader(h.Name):
		p.addf("is made by the replayer: delete it")
	case strings.ContainsAny(h.Value, "\r\n\x00"):
		p.addf("the value contains a line break or zero byte")
	}
}

// template checks one template of x and notes the holes in used. values are the indices of
// the values of x by name.
func (x *Variant) template(p place, text string, values map[string]int, used map[string]bool) {
	parts, err := ParseTemplate(text)
	if err != nil {
		p.addf("%v", err)
		return
	}
	for _, part := range parts {
		if part.Name == "" || reserved(part.Name) || used[part.Name] {
			continue
		}
		used[part.Name] = true
		if i, ok := values[part.Name]; !ok || i >= len(x.Values) {
			var names []string
			for _, val := range x.Values {
				names = append(names, val.Name)
			}
			p.addf("nothing fills ${%s}: add it to values, or write $${%[1]s} for the text itself%s", part.Name, problem.Suggest(part.Name, names))
		}
	}
}

// templates checks the values that are templates. They use values before them.
func (x *Variant) templates(p place, values map[string]int, used map[string]bool) {
	for i := len(x.Values) - 1; i >= 0; i-- {
		val := &x.Values[i]
		if val.Kind != Template || !used[val.Name] {
			continue
		}
		at := p.v.at(append(slices.Clone(p.path[:len(p.path)-1]), "values", val.Name)...)
		within, before := map[string]bool{}, Variant{Values: x.Values[:i]}
		before.template(at, val.Ref, values, within)
		for name := range within {
			used[name] = true
		}
	}
}

// changes checks the value that a request changes, and notes it in used.
func (x *Variant) changes(p place, v *validator, used map[string]bool) {
	used[x.Request.Changes] = true
	for i := range x.Values {
		val := &x.Values[i]
		if val.Name != x.Request.Changes {
			continue
		}
		if b := v.bindings[val.Ref]; val.Kind != Bound || val.Own || b != nil && !changeable(b.Sources) {
			p.addf("%s is no form and no document: its binding must have selectors entries:, as: or document:", problem.Quote(val.Name))
		}
		return
	}
	p.addf("there is no value %s", problem.Quote(x.Request.Changes))
}

// changeable reports whether all sources give forms, or all give documents.
func changeable(sources []Select) bool {
	last := func(selector string) string { // step
		kind, _, _ := strings.Cut(selector[strings.LastIndexByte(selector, '|')+1:], ":")
		if kind == "as" {
			return "entries"
		}
		return kind
	}
	for _, s := range sources {
		kind, first := last(s.Selector), last(sources[0].Selector)
		if kind != first || kind != "entries" && kind != "document" {
			return false
		}
	}
	return true
}

// isToken reports whether s is a token of RFC 9110, as methods and header names are.
func isToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != "" && len(s) <= maxName
}

// ownHeader reports whether the replayer makes the header itself.
func ownHeader(name string) bool {
	switch strings.ToLower(name) {
	case "host", "cookie", "content-length", "connection", "keep-alive", "proxy-connection",
		"transfer-encoding", "te", "trailer", "upgrade":
		return true
	}
	return false
}

func (v *validator) values(p place, e *Variant) {
	seen := map[string]bool{}
	columns := 0
	for i := range e.Values {
		val := &e.Values[i]
		at := p.at("values", val.Name)
		switch {
		case reserved(val.Name):
			at.addf("the replayer fills ${%s}: choose another name", val.Name)
		case !validHole(val.Name):
			at.addf("%s cannot be the name of a value", problem.Quote(val.Name))
		case seen[val.Name]:
			at.addf("is there twice")
		}
		seen[val.Name] = true
		if val.InRows() {
			columns++
		}
		v.value(at, val)
		if _, err := codec.Parse(val.Codec); err != nil {
			at.at("codec").addf("%v", err)
		}
	}
	v.rows(p.at("rows"), e.Rows, columns)
}

func (v *validator) value(p place, val *Value) {
	switch val.Kind {
	case Bound:
		if b := v.bindings[val.Ref]; b != nil && b.Refused {
			p.addf("binding %s is refused: nothing can be bound to it", problem.Quote(val.Ref))
		} else if b == nil {
			var names []string
			for i := range v.m.Bindings {
				names = append(names, v.m.Bindings[i].Name)
			}
			p.addf("there is no binding %s%s", problem.Quote(val.Ref), problem.Suggest(val.Ref, names))
		}
	case Data:
		v.column(p, val.Ref)
	case Row:
		if val.Ref != "" {
			p.addf("a value of kind row has no reference: its column has its name")
		}
		if val.Own {
			p.addf("a value of kind row is always recorded: delete own")
		}
	case Fresh:
		if _, err := made.Parse(val.Ref); err != nil {
			p.addf("%v", err)
		}
	case Now:
		if _, err := made.ParseClock(val.Ref); err != nil {
			p.addf("%v", err)
		}
	case Template:
		if val.Own {
			p.addf("a template has no content of its own: delete own")
		}
	case Computed: // the formulas of a variant are checked together
	default:
		p.addf("%s is not a kind of value: bound, data, row, fresh, now, template or computed%s", problem.Quote(string(val.Kind)), problem.Suggest(string(val.Kind), valueKinds))
	}
}

// valueKinds are the kinds of values as they are written.
var valueKinds = []string{string(Bound), string(Data), string(Row), string(Fresh), string(Now), string(Template), string(Computed)}

func (v *validator) column(p place, ref string) {
	name, column, ok := strings.Cut(ref, ".")
	source := v.sources[name]
	switch {
	case !ok:
		p.addf("%s is not FILE.COLUMN, such as accounts.user", problem.Quote(ref))
	case source == nil:
		var names []string
		for i := range v.m.Data {
			names = append(names, v.m.Data[i].Name)
		}
		p.addf("there is no data file %s%s", problem.Quote(name), problem.Suggest(name, names))
	case !slices.Contains(source.Columns, column):
		p.addf("data/%s.csv has no column %s%s", name, problem.Quote(column), problem.Suggest(column, source.Columns))
	}
}

func (v *validator) rows(p place, rows [][]string, columns int) {
	switch {
	case columns > 0 && len(rows) == 0:
		p.addf("there is none for the recorded values")
	case columns == 0 && len(rows) > 0:
		p.addf("there are %d, but no value of kind row or own", len(rows))
	}
	for i, row := range rows {
		if len(row) != columns {
			p.addf("row %d has %d columns, there are %d recorded values", i+1, len(row), columns)
			return
		}
	}
}
