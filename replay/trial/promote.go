package trial

import (
	"fmt"
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
)

// A candidate is a constant of a request that an earlier answer holds with another
// content, under the same name.
type candidate struct {
	endpoint, variant string
	place             content.Span // in the template of the variant
	from, selector    string
}

func (c *candidate) key() string {
	return strings.Join([]string{c.endpoint, c.variant, c.place.Selector, c.from, c.selector}, "\x00")
}

// candidates returns what the first failing step of each type may lack, and was not tried.
func (r *trial) candidates() []candidate {
	var list []candidate
	had := map[string]bool{}
	for _, b := range r.best.model.Behaviors {
		steps := r.best.steps[b.Name]
		for i := range steps {
			if steps[i].name == "" || steps[i].name == NoAnswer {
				continue
			}
			found := len(list)
			for _, c := range lacking(r.best.model, steps[:i], &steps[i]) {
				if !r.tried[c.key()] && !had[c.key()] {
					had[c.key()] = true
					list = append(list, c)
				}
			}
			if len(list) > found {
				break
			}
		}
	}
	return list
}

// lacking returns the constants of a step that earlier answers hold otherwise: of each
// the place in the latest of them.
func lacking(m *model.Model, before []step, x *step) []candidate {
	v := variantOf(m, x.endpoint, x.variant)
	if v == nil {
		return nil
	}
	var list []candidate
	for _, span := range constants(v) {
		name := nameOf(span.Selector)
		if name == "" || span.Value == "" {
			continue
		}
		for i := len(before) - 1; i >= 0; i-- {
			if selector := issues(&before[i], name, span.Value); selector != "" {
				list = append(list, candidate{x.endpoint, x.variant, span, before[i].endpoint, selector})
				break
			}
		}
	}
	return list
}

// issues returns the selector of a value of an answer that has a name, and one content
// other than the constant.
func issues(x *step, name, constant string) string {
	selector, value, several := "", "", false
	for _, l := range x.issued {
		if nameOf(l.Selector) != name {
			continue
		}
		if l.Value == constant {
			return "" // the target issues the same
		}
		if selector == "" {
			selector, value = l.Selector, l.Value
		} else if l.Selector == selector && l.Value != value {
			several = true
		}
	}
	if several {
		return ""
	}
	return selector
}

// constants returns the values of a request that are no holes, as its template has them.
func constants(v *model.Variant) []content.Span {
	var list []content.Span
	for _, span := range content.Spans(template(v)) {
		if span.Within == 0 && !span.Inner() && !strings.Contains(span.Value, "$") {
			list = append(list, span)
		}
	}
	return list
}

// template is the request of a variant with its holes as text.
func template(v *model.Variant) *flow.Request {
	r := &flow.Request{Method: v.Request.Method, Target: v.Request.Target, Body: flow.Body{Data: []byte(v.Request.Body), Size: int64(len(v.Request.Body))}}
	for _, h := range v.Request.Headers {
		r.Headers = append(r.Headers, flow.Header{Name: h.Name, Value: h.Value})
	}
	return r
}

// nameOf returns the name under which a selector finds its value, in the form in which
// names of requests and of answers are compared: "X-CSRF-Token" and "csrf_token" are one.
func nameOf(selector string) string {
	kind, rest, _ := strings.Cut(selector, ":")
	switch kind {
	case "query", "body", "header", "cookie", "json", "form", "meta":
		rest, _, _ = strings.Cut(rest, "@")
		rest, _, _ = strings.Cut(rest, "|")
	case "link", "redirect":
		i := strings.LastIndexAny(rest, "?&")
		if i < 0 || strings.Contains(rest, "#") {
			return ""
		}
		rest = rest[i+1:]
	default:
		return ""
	}
	if i := strings.LastIndexAny(rest, ".$"); kind == "json" || kind == "body" {
		rest = rest[i+1:]
	}
	if strings.ContainsAny(rest, "[]{}#*…") {
		return ""
	}
	name := strings.Map(func(c rune) rune {
		switch {
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			return c
		}
		return -1
	}, rest)
	if strings.HasPrefix(strings.ToLower(rest), "x-") {
		name = name[1:]
	}
	if kind == "header" && (name == "contenttype" || name == "accept" || strings.HasPrefix(name, "accept")) {
		return ""
	}
	return name
}

func variantOf(m *model.Model, endpoint, variant string) *model.Variant {
	for i := range m.Endpoints {
		if m.Endpoints[i].Name != endpoint {
			continue
		}
		for k := range m.Endpoints[i].Variants {
			if v := &m.Endpoints[i].Variants[k]; v.Name == variant {
				return v
			}
		}
	}
	return nil
}

// promote makes the constant a bound value of the variant in m.
func (c *candidate) promote(m *model.Model) (p Promoted, ok bool) {
	v := variantOf(m, c.endpoint, c.variant)
	if v == nil {
		return p, false
	}
	// Others that were promoted have moved it.
	i := slices.IndexFunc(constants(v), func(s content.Span) bool { return s.Selector == c.place.Selector && s.Value == c.place.Value })
	if i < 0 {
		return p, false
	}
	span := constants(v)[i]
	name := freeName(m, v, nameOf(span.Selector))
	if !put(v, &span, "${"+name+"}") {
		return p, false
	}
	v.Values = append(slices.Clone(v.Values), model.Value{Name: name, Kind: model.Bound, Ref: name})
	m.Bindings = append(m.Bindings, model.Binding{Name: name, Sources: []model.Select{{Endpoint: c.from, Selector: c.selector}}})
	for s := range m.Sessions {
		for _, acts := range [][]model.Act{m.Sessions[s].Entry, m.Sessions[s].Acts} {
			for k := range acts {
				if a := &acts[k]; a.Endpoint == c.endpoint && a.Variant == c.variant && len(a.Takes) > 0 {
					a.Takes = append(slices.Clone(a.Takes), model.Take{Act: model.Latest})
				}
			}
		}
	}
	return Promoted{c.endpoint, span.Selector, c.from, c.selector, name}, true
}

// put writes a hole in the place of a constant.
func put(v *model.Variant, span *content.Span, hole string) bool {
	splice := func(s string) (string, bool) {
		if span.Start < 0 || span.End > len(s) || span.Start > span.End {
			return s, false
		}
		return s[:span.Start] + hole + s[span.End:], true
	}
	ok := false
	switch kind, _, _ := strings.Cut(span.Selector, ":"); kind {
	case "query":
		v.Request.Target, ok = splice(v.Request.Target)
	case "body":
		v.Request.Body, ok = splice(v.Request.Body)
	case "header":
		if span.Header < len(v.Request.Headers) {
			v.Request.Headers = slices.Clone(v.Request.Headers)
			h := &v.Request.Headers[span.Header]
			h.Value, ok = splice(h.Value)
		}
	}
	return ok
}

// freeName returns a name that neither a binding of m nor a value of v has.
func freeName(m *model.Model, v *model.Variant, base string) string {
	taken := func(name string) bool {
		return slices.ContainsFunc(m.Bindings, func(b model.Binding) bool { return b.Name == name }) ||
			slices.ContainsFunc(v.Values, func(x model.Value) bool { return x.Name == name })
	}
	for n, name := 2, base; ; n++ {
		if !taken(name) {
			return name
		}
		name = fmt.Sprintf("%s_%d", base, n)
	}
}

// clone returns a copy of m that promote can change: m stays as it is.
func clone(m *model.Model) *model.Model {
	c := *m
	c.Endpoints, c.Bindings, c.Sessions = slices.Clone(m.Endpoints), slices.Clone(m.Bindings), slices.Clone(m.Sessions)
	for i := range c.Endpoints {
		c.Endpoints[i].Variants = slices.Clone(c.Endpoints[i].Variants)
	}
	for i := range c.Sessions {
		c.Sessions[i].Acts, c.Sessions[i].Entry = slices.Clone(c.Sessions[i].Acts), slices.Clone(c.Sessions[i].Entry)
	}
	return &c
}
