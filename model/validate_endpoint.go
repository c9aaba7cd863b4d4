package model

import (
	"slices"
	"strings"

	"github.com/starling-load/starling/model/problem"

	"github.com/starling-load/starling/model/content"
)

func (v *validator) endpoint(e *Endpoint) {
	p := v.at("endpoints", e.Name)
	if e.Name == End {
		p.addf("this name means the end of a session: choose another")
	}
	if e.Recorded < 0 {
		p.at("recorded").addf("is negative")
	}
	v.request(p, e)
	v.values(p, e)
	for i := range e.Needs {
		v.need(p.at("needs"), &e.Needs[i])
	}
	v.check(p.at("check"), &e.Check)
}

func (v *validator) request(p place, e *Endpoint) {
	r := &e.Request
	if !isToken(r.Method) {
		p.at("request", "method").addf("%s is not a method, such as GET", problem.Quote(r.Method))
	}
	if !strings.HasPrefix(r.Target, "/") && !strings.HasPrefix(r.Target, "${") {
		p.at("request", "target").addf("%s must begin with \"/\": the host is given to the replay", problem.Quote(r.Target))
	} else if strings.ContainsFunc(r.Target, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
		p.at("request", "target").addf("contains a space or control character: write it as %%20")
	}
	if r.Events < 0 {
		p.at("request", "events").addf("is negative")
	}
	for _, h := range r.Headers {
		at := p.at("request", "headers", h.Name)
		switch {
		case !isToken(h.Name):
			at.addf("%s is not the name of a header", problem.Quote(h.Name))
		case ownHeader(h.Name):
			at.addf("is made by the replayer: delete it")
		case strings.ContainsAny(h.Value, "\r\n\x00"):
			at.addf("the value contains a line break or zero byte")
		}
	}
	used := map[string]bool{}
	v.template(p.at("request", "target"), e, r.Target, used)
	for _, h := range r.Headers {
		v.template(p.at("request", "headers", h.Name), e, h.Value, used)
	}
	v.template(p.at("request", "body"), e, r.Body, used)
	for _, val := range e.Values {
		if !used[val.Name] && !Reserved(val.Name) {
			p.at("values", val.Name).addf("no ${%s} in the request uses this value: delete it", val.Name)
		}
	}
}

// template checks one template of e and notes the holes in used.
func (v *validator) template(p place, e *Endpoint, text string, used map[string]bool) {
	parts, err := ParseTemplate(text)
	if err != nil {
		p.addf("%v", err)
		return
	}
	for _, part := range parts {
		if part.Name == "" || Reserved(part.Name) || used[part.Name] {
			continue
		}
		used[part.Name] = true
		var names []string
		for _, val := range e.Values {
			names = append(names, val.Name)
		}
		if !slices.Contains(names, part.Name) {
			p.addf("nothing fills ${%s}: add it to values, or write $${%[1]s} for the text itself%s", part.Name, problem.Suggest(part.Name, names))
		}
	}
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

func (v *validator) values(p place, e *Endpoint) {
	seen := map[string]bool{}
	columns := 0
	for i := range e.Values {
		val := &e.Values[i]
		at := p.at("values", val.Name)
		switch {
		case Reserved(val.Name):
			at.addf("the replayer fills ${%s}: choose another name", val.Name)
		case !validHole(val.Name):
			at.addf("%s cannot be the name of a value", problem.Quote(val.Name))
		case seen[val.Name]:
			at.addf("is there twice")
		}
		seen[val.Name] = true
		if val.Kind == Row {
			columns++
		}
		v.value(at, val)
	}
	v.rows(p.at("rows"), e.Rows, columns)
}

func (v *validator) value(p place, val *Value) {
	switch val.Kind {
	case Bound:
		if !v.bindings[val.Ref] {
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
	case Fresh:
	case Now:
		if val.Ref != "s" && val.Ref != "ms" && val.Ref != "rfc3339" {
			p.addf("%s is not a form of the time: s, ms or rfc3339", problem.Quote(val.Ref))
		}
	default:
		p.addf("%s is not a kind of value: bound, data, row, fresh or now%s", problem.Quote(string(val.Kind)), problem.Suggest(string(val.Kind), valueKinds))
	}
}

// valueKinds are the kinds of values as they are written.
var valueKinds = []string{string(Bound), string(Data), string(Row), string(Fresh), string(Now)}

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
		p.addf("there is none for the values of kind row")
	case columns == 0 && len(rows) > 0:
		p.addf("there are %d, but no value of kind row", len(rows))
	}
	for i, row := range rows {
		if len(row) != columns {
			p.addf("row %d has %d columns, there are %d values of kind row", i+1, len(row), columns)
			return
		}
	}
}

func (v *validator) need(p place, n *Need) {
	switch {
	case n.Endpoint == "" && n.Since == "":
		p.addf("is empty: name an endpoint that must have been visited")
	case n.Endpoint == n.Since:
		p.addf("nobody can have visited %s since the last visit to it", problem.Quote(n.Endpoint))
	default:
		if n.Endpoint != "" {
			p.known(n.Endpoint)
		}
		if n.Since != "" {
			p.known(n.Since)
		}
	}
	if n.Sessions < 0 {
		p.at("sessions").addf("is negative")
	}
}

func (v *validator) check(p place, c *Check) {
	for _, s := range c.Status {
		if s < 1 || s > 5 {
			p.at("status").addf("%d is not a status class: 2xx, 3xx, …", s)
		}
	}
	for _, r := range c.Redirect {
		if !strings.HasPrefix(r, "/") && !strings.Contains(r, "://") {
			p.at("redirect").addf("%s must begin with \"/\" or be a whole URL", problem.Quote(r))
		}
	}
	for _, list := range [][]string{c.Redirect, c.Content, c.Require, c.Known} {
		for _, s := range list {
			if len(s) > maxFeature {
				p.addf("%s is longer than %d bytes", problem.Quote(s), maxFeature)
			}
		}
	}
	for _, s := range c.Require {
		if s == "" {
			p.at("require").addf("contains an empty feature")
		}
	}
}

// maxFeature is the greatest length in bytes of an entry of a check.
const maxFeature = 10_000

func (v *validator) binding(b *Binding) {
	p := v.at("bindings", b.Name)
	if len(b.Sources) == 0 {
		p.at("from").addf("is empty: name the endpoint whose answer holds the value")
	}
	for _, s := range b.Sources {
		at := p.at("from")
		at.known(s.Endpoint)
		if _, err := content.ParseSelector(s.Selector); err != nil {
			at.at(s.Endpoint).addf("%v", err)
		}
	}
	if b.Pick != "" && b.Pick != "first" && b.Pick != "last" && b.Pick != "any" {
		p.at("pick").addf("%s is not first, last or any", problem.Quote(b.Pick))
	}
	e := p.at("evidence")
	if b.Uses < 0 {
		e.at("uses").addf("is negative")
	}
	for _, share := range []struct {
		key string
		x   float64
	}{{"match", b.Match}, {"shuffled", b.Shuffled}} {
		if !(share.x >= 0 && share.x <= 1) {
			e.at(share.key).addf("%v is not a share from 0 to 1", share.x)
		}
	}
}

func (v *validator) source(s *Source) {
	p := v.at("data", s.Name)
	if !validSource(s.Name) {
		p.addf("the name of a data file consists of letters, digits, - and _")
	}
	if len(s.Columns) == 0 {
		p.addf("names no columns")
	}
	seen := map[string]bool{}
	for _, c := range s.Columns {
		if why := badName(c); why != "" {
			p.addf("%s cannot be the name of a column: %s", problem.Quote(c), why)
		} else if seen[c] {
			p.addf("column %s is there twice", problem.Quote(c))
		}
		seen[c] = true
	}
	for i, row := range s.Rows {
		if len(row) != len(s.Columns) {
			p.addf("row %d has %d columns, not %d", i+1, len(row), len(s.Columns))
			return
		}
	}
}

// validSource reports whether name can be a file name everywhere and the first
// half of a reference such as accounts.user.
func validSource(name string) bool {
	for i := range len(name) {
		c := name[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return name != "" && len(name) <= 100
}
