package correlate

import (
	"slices"
	"strconv"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/endpoint"
)

// A namer gives the holes of one endpoint their names.
type namer struct {
	list   []model.Value
	values map[string]model.Value // by name
	rows   map[string][]use       // of Row values, by name
}

// name returns the name of a hole: that of an earlier hole with the same value, or a
// new one.
func (n *namer) name(p *leaf, q piece) string {
	v := q.value
	base := v.Name
	switch {
	case v.Kind == model.Bound:
		v.Ref = q.binding.name
		base = v.Ref
	case base == "":
		base = holeName(p.key())
	}
	base = holeName(base)
	name := base
	for k := 2; ; k++ {
		old, had := n.values[name]
		if !had {
			break
		}
		if old.Kind == v.Kind && old.Ref == v.Ref && (v.Kind != model.Row && v.Kind != model.Fresh || v.Kind == model.Row && equalUses(n.rows[name], q.uses)) {
			return name
		}
		name = base + "_" + strconv.Itoa(k)
	}
	v.Name = name
	n.values[name] = v
	n.list = append(n.list, v)
	if v.Kind == model.Row {
		n.rows[name] = q.uses
	}
	return name
}

// equalUses reports whether two places carry the same value in each request.
func equalUses(a, b []use) bool {
	return slices.EqualFunc(a, b, func(x, y use) bool { return x.exchange == y.exchange && x.value == y.value })
}

// holeName turns a key into a name that can stand between braces.
func holeName(key string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '-', r == '.', r == '[', r == ']':
			return r
		}
		return '_'
	}, key)
	if len(name) > 60 {
		name = name[:60]
	}
	switch name {
	case model.RefererHole, model.OriginHole, model.ETagHole, model.ModifiedHole: // the replayer fills these
		return name + "_value"
	}
	if strings.Trim(name, "_") == "" {
		return "value"
	}
	return name
}

// nameBindings gives the bindings names and puts them into the result.
func (l *learner) nameBindings() {
	taken := map[string]bool{}
	for _, b := range l.bindings {
		base := holeName(bindingName(b.sources[0]))
		name := base
		for k := 2; taken[name]; k++ {
			name = base + "_" + strconv.Itoa(k)
		}
		taken[name] = true
		b.name = name
		m := model.Binding{Name: name, Evidence: model.Evidence{Uses: b.uses, Match: round(b.match), Shuffled: round(b.shuffled)}}
		if b.pick != "first" {
			m.Pick = b.pick
		}
		for _, s := range b.sources {
			m.Sources = append(m.Sources, model.Select{Endpoint: s.endpoint, Selector: s.selector})
		}
		l.result.Bindings = append(l.result.Bindings, m)
	}
}

// round keeps three decimals.
func round(x float64) float64 { return float64(int(x*1000+0.5)) / 1000 }

// bindingName names a binding after the place of its first source.
func bindingName(s source) string {
	kind, rest, _ := strings.Cut(strings.TrimSuffix(s.selector, "|percent"), ":")
	switch kind {
	case "header", "cookie", "meta":
		return strings.ToLower(rest)
	case "attr":
		return strings.TrimPrefix(rest, "data-")
	case "form":
		name, _, _ := strings.Cut(rest, "@/")
		return name
	case "json":
		parts := strings.FieldsFunc(rest, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
		if len(parts) == 0 {
			return "value"
		}
		last := parts[len(parts)-1]
		if (last == "id" || last == "number") && len(parts) > 1 {
			return singular(parts[len(parts)-2]) + "_" + last
		}
		if last == "id" {
			return resource(s.endpoint) + "id"
		}
		return last
	case "link", "redirect":
		if path, query, ok := strings.Cut(rest, "?"); ok {
			key := query[strings.LastIndexByte(query, '&')+1:]
			if key == "{}" {
				return holeName(endpoint.Stem(path[strings.LastIndexByte(path, '/')+1:]))
			}
			return key
		}
		return resource(rest) + "id"
	}
	return "token"
}

// resource returns the last word of a path that says what the path is about, in the
// singular and with "_". It returns "" if there is none.
func resource(path string) string {
	path, _, _ = strings.Cut(path, "?")
	path, _, _ = strings.Cut(path, "#")
	plain := ""
	segments := strings.Split(path, "/")
	for i := len(segments) - 1; i > 0; i-- {
		switch s, _, _ := strings.Cut(segments[i], " "); {
		case s == "" || strings.HasPrefix(s, "{"):
		case s == "records" || s == "items" || s == "data" || s == "collections" || s == "api":
			plain = max(plain, singular(s)+"_")
		default:
			return singular(s) + "_"
		}
	}
	return plain
}

func singular(s string) string {
	if strings.HasSuffix(s, "s") && !strings.HasSuffix(s, "ss") && len(s) > 3 {
		return s[:len(s)-1]
	}
	return s
}
